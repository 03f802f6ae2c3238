"""Spares a file that comes alone the look at what is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.data_watcher.domain import identity
from services.data_watcher.ports import Foresight
from shared.active import ActiveSite
from shared.clock import Clock

FRESH = timedelta(
    minutes=1
)  # well below `onboarding.LATER`, when files read by an older YAML are found
_MOST_SEEN = 10_000  # keys


@dataclass(frozen=True, slots=True)
class Remembered:
    """Implements the port `Foresight` by what this process looked up a moment ago.

    A key that it never saw is taken for a new one; where that is wrong, the ledger refuses the verdict, and
    the key goes the long way. A key that comes again, like a file that grows, is looked up.
    """

    ledger: Foresight
    clock: Clock
    _sites: dict[str, tuple[ActiveSite, datetime]] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    def look(self, keys: Sequence[str]) -> tuple[set[str], dict[str, ActiveSite]]:
        """Return which keys are known for certain, and the configurations in force a minute ago at most."""
        unseen = self._seen.isdisjoint(keys)
        self._see(keys)
        if len(keys) == 1 and unseen and (site := self._fresh(identity.site_of(keys[0]))):
            return set(), {site.site_id: site}
        known, sites = self.ledger.look(keys)
        now = self.clock()
        self._sites.update({site_id: (site, now) for site_id, site in sites.items()})
        return known, sites

    def _fresh(self, site_id: str) -> ActiveSite | None:
        site, since = self._sites.get(site_id, (None, None))
        return site if since is not None and self.clock() - since < FRESH else None

    def _see(self, keys: Sequence[str]) -> None:
        if len(self._seen) > _MOST_SEEN:
            self._seen.clear()
        self._seen.update(keys)
