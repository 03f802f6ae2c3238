"""The way of a file: gather the evidence, judge it, take the effects.

There are two ways to gather evidence, and one way to judge. `refresh` looks at everything, and is right for
every key. `take` serves a batch of new files with the fewest calls: it presumes that nobody knows their keys
and bytes. Where that is wrong, the ledger refuses to save the verdict, and `refresh` decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from services.data_watcher.app.contention import insist
from services.data_watcher.app.intake.effects import Effects
from services.data_watcher.app.intake.recent import Recent
from services.data_watcher.app.intake.verdict import Judged, Judging
from services.data_watcher.domain import suspicion
from services.data_watcher.domain.identity import UNKNOWN_SITE, site_of
from services.data_watcher.domain.versions import Quarantined
from services.data_watcher.ports import (
    Configurations,
    EvidenceSource,
    Foresight,
    Meter,
    ParallelMap,
)
from shared import layout
from shared.active import ActiveSite
from shared.errors import ConflictError, NotFoundError, RetryableError


@dataclass(frozen=True, slots=True)
class Intake:
    """Takes in what is uploaded below `raw/`."""

    evidence: EvidenceSource
    foresight: Foresight
    configurations: Configurations
    judging: Judging
    effects: Effects
    meter: Meter
    onboard: Callable[[str], None]
    look_at_sources: Callable[[list[str]], None]
    get_to_know: Callable[[list[str]], None]
    look_for_overlaps: Callable[[list[str]], None]
    parallel: ParallelMap
    recent: Recent = field(default_factory=Recent)

    def take(self, keys: Sequence[str]) -> set[str]:
        """Take in those keys that are new and simple; return which are done."""
        keys = list(dict.fromkeys(keys))
        known, sites = self.foresight.look(keys)
        new = [key for key in keys if key not in known and site_of(key) in sites]
        judged = self.parallel(lambda key: self._presume(key, sites[site_of(key)]), new)
        try:
            return self._conclude([each for each in judged if each is not None])
        except ConflictError:
            return set()  # another process works on one of them; each is looked at again

    def _presume(self, key: str, site: ActiveSite) -> Judged | None:
        try:
            evidence = self.evidence.presume(key)
            return self.judging.judge(evidence, site) if evidence else None
        except (ConflictError, NotFoundError):
            return None

    def refresh(self, key: str) -> None:
        """Bring the ledger and the world to what S3 now holds under a key.

        Raises
        ------
        ConflictError
            Others kept changing the same key; the message has to come again.
        RetryableError
            A message about the key was refused.
        """
        insist(lambda: self._refresh(key))

    def _refresh(self, key: str) -> None:
        evidence = self.evidence.gather(key)
        if not evidence.listing and not evidence.stored.versions:
            return
        judged = self.judging.judge(evidence, self._site(evidence.stored.site_id))
        if judged.record.settled:
            self.effects.assert_markers(judged.record)
        elif not self._conclude([judged]):
            message = f"the messages about {key} were refused"
            raise RetryableError(message)

    def _site(self, site_id: str) -> ActiveSite | None:
        """Return a site's configuration; one that was uploaded but not heard of yet comes in first."""
        site = self.configurations.site(site_id)
        if site is None and site_id != UNKNOWN_SITE:
            self.onboard(layout.site_config(site_id))
            site = self.configurations.site(site_id)
        return site

    def _conclude(self, judged: Sequence[Judged]) -> set[str]:
        """Count the verdicts and take their effects; return the keys that are done."""
        figures: Counter[str] = Counter()
        for each in judged:
            figures.update(each.figures)
        if figures:
            self.meter.count(figures)
        refused = [each.record.site_id for each in judged if _is_sign(each)]
        noticed = self.recent.note(judged)
        # Before the effects: what is settled is not looked at again.
        self.look_at_sources([*refused, *noticed.doubtful])
        self.get_to_know(noticed.unknown)
        self.look_for_overlaps(noticed.overlapping)
        return self.effects.take(judged)


def _is_sign(judged: Judged) -> bool:
    """Whether a new refusal says something about the other files of its source."""
    version = judged.record.current
    return (
        isinstance(version, Quarantined)
        and version.published_at is None
        and suspicion.counts(version)
    )
