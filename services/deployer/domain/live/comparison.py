"""Versions side by side as they did live: on the same days where there are any."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.deployer.domain.live.card import Line
from services.deployer.domain.live.scores import DayScore

_WHOLE = 0.9  # of a day's daylight rows: of less, two versions may have predicted different hours
_UNPREDICTED = "no_weather"


@dataclass(frozen=True, slots=True)
class Compared:
    """How one version did: on all its days, and on those that all compared versions were scored on.

    Attributes
    ----------
    first, last
        Its first and last scored day.
    common
        None where there is no day that all were scored on.
    days_of_all
        How many site-days these are; of forecasts a day has several leads.
    """

    every: Line
    first: date
    last: date
    common: Line | None
    days_of_all: int


def side_by_side(scores: Iterable[DayScore], versions: Sequence[int]) -> dict[int, Compared | None]:
    """Return how versions did; None for one that was scored nowhere.

    Days are those of one site, kind of weather and lead. One is common only where each version predicted
    nearly all of it: on the day of a deployment one version has the morning and the other the evening.
    """
    found: dict[int, dict[tuple[str, date, str, str], DayScore]] = {each: {} for each in versions}
    for score in scores:
        if score.version in found and score.state == "scored" and not score.hindsight:
            key = score.site_id, score.day, score.inputs, score.lead
            found[score.version][key] = score
    whole = [{key for key, each in days.items() if _is_whole(each)} for days in found.values()]
    common = set.intersection(*whole) if whole else set()
    return {version: _compared(version, days, common) for version, days in found.items()}


def _compared(
    version: int,
    days: Mapping[tuple[str, date, str, str], DayScore],
    common: set[tuple[str, date, str, str]],
) -> Compared | None:
    if not days:
        return None
    order = sorted(each.day for each in days.values())
    return Compared(
        _line(version, days.values()),
        order[0],
        order[-1],
        _line(version, [days[key] for key in common]) if common else None,
        len({key[:2] for key in common}),
    )


def _line(version: int, days: Iterable[DayScore]) -> Line:
    kept = list(days)
    line = Line(str(version), "+".join(sorted({each.inputs for each in kept}, reverse=True)))
    for each in kept:
        line.add(each)
    return line


def _is_whole(score: DayScore) -> bool:
    """Whether nearly all daylight rows were predicted; what was left out as doubtful was, too."""
    left_out = sum(count for why, count in score.masked.items() if why != _UNPREDICTED)
    return score.lit > 0 and score.sums.daylight + left_out >= _WHOLE * score.lit
