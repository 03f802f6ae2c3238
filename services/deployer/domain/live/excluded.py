"""Days that a person took out of training say nothing of a model either."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date

from services.deployer.domain.live.scores import DayScore, Sums

EXCLUDED = "excluded"
Excluded = Mapping[str, tuple[tuple[date, date], ...]]  # first and last local days, by site


def masked(scores: Iterable[DayScore], excluded: Excluded) -> Iterator[DayScore]:
    """Yield scores, those of excluded days as masked.

    What is excluded is looked at when scores are read: to take a range in again brings its scores back. A
    day is out as a whole, however little of it is excluded.
    """
    for each in scores:
        if _is_out(each, excluded):
            yield replace(
                each,
                state="masked",
                sums=Sums(),
                unadjusted=None,
                level=None,
                scatter=None,
                hours=None,
                masked={EXCLUDED: max(each.lit, 1)},
            )
        else:
            yield each


def remaining(scores: Iterable[DayScore], excluded: Excluded) -> Iterator[DayScore]:
    """Yield the scores of days that are not excluded: only these say how a model does."""
    return (each for each in scores if not _is_out(each, excluded))


def _is_out(score: DayScore, excluded: Excluded) -> bool:
    return any(first <= score.day <= last for first, last in excluded.get(score.site_id, ()))
