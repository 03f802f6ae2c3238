"""The rhythm in which a provider issues forecasts for a site, and whether the next issue is late."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from services.deployer.domain.live.book import Made

_LEAST_ISSUES = 3  # from which a rhythm can be told
_SLACK = 0.5  # of the usual time between two issues, beyond which the next one is late
_LIVE = timedelta(
    days=2
)  # after its issue; what is uploaded later is history, of which nothing is due


@dataclass(frozen=True, slots=True)
class Feed:
    """The forecasts of one provider for a site.

    Attributes
    ----------
    issued_at, uploaded_at
        Of the newest issue.
    until
        End of its last interval.
    version
        Which version predicted it.
    gap_hours
        Usual time between two issues; None where too few are known. [h]
    delay_hours
        Usual time from an issue to its upload, of issues that came as they were made. [h]
    """

    site_id: str
    provider: str
    issued_at: datetime
    uploaded_at: datetime
    until: datetime
    version: int
    gap_hours: float | None = None
    delay_hours: float = 0.0

    @property
    def due_at(self) -> datetime | None:
        """When the next issue should be here; None where nobody can tell."""
        if self.gap_hours is None or self.uploaded_at - self.issued_at > _LIVE:
            return None
        wait = self.gap_hours * (1 + _SLACK) + self.delay_hours
        return self.issued_at + timedelta(hours=wait)

    def is_late(self, now: datetime) -> bool:
        """Whether the next issue should have been here."""
        return self.due_at is not None and now > self.due_at


def feeds(site_id: str, made: Iterable[Made]) -> list[Feed]:
    """Return what a site's predictions say of its providers.

    Parameters
    ----------
    made
        Predictions of the last days, of which each file is named with its newest issue.
    """
    by_provider: dict[str, list[Made]] = {}
    for each in made:
        if each.provider and each.issued_at is not None:
            by_provider.setdefault(each.provider, []).append(each)
    return [_feed(site_id, provider, found) for provider, found in sorted(by_provider.items())]


def _feed(site_id: str, provider: str, made: Sequence[Made]) -> Feed:
    newest = max(made, key=lambda each: (each.issued_at, each.rank))
    first_upload: dict[datetime, datetime] = {}
    for each in made:
        known = first_upload.setdefault(_issue(each), each.uploaded_at)
        first_upload[_issue(each)] = min(known, each.uploaded_at)
    issues = sorted(first_upload)
    gaps = [(later - earlier) / timedelta(hours=1) for earlier, later in pairwise(issues)]
    waits = [first_upload[each] - each for each in issues]
    # A history that is uploaded at once tells nothing of how long an issue takes to come.
    delays = [wait / timedelta(hours=1) for wait in waits if wait <= _LIVE]
    return Feed(
        site_id=site_id,
        provider=provider,
        issued_at=_issue(newest),
        uploaded_at=first_upload[_issue(newest)],
        until=newest.end,
        version=newest.version,
        gap_hours=round(median(gaps), 3) if len(issues) >= _LEAST_ISSUES else None,
        delay_hours=round(max(median(delays), 0.0), 3) if delays else 0.0,
    )


def _issue(made: Made) -> datetime:
    assert made.issued_at is not None  # noqa: S101  `feeds` takes no other
    return made.issued_at
