"""Which days of which sites people took out of training, as data_watcher put it in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta, tzinfo

from services.deployer.domain.live.excluded import Excluded
from shared import layout
from shared.active import ActiveSite
from shared.aws import S3Objects
from shared.errors import NotFoundError
from shared.exclusions import ActiveExclusions, ExcludedRange
from shared.solar.zones import tzinfo_of

_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class S3Excluded:
    """Reads the exclusions in force; few sites have any."""

    objects: S3Objects

    def days(self) -> Excluded:
        """Return the excluded days of sites, in the zone of each."""
        found = {}
        for key in self.objects.keys(layout.all_active_exclusions()):
            stated = self._read(key)
            zone = self._zone(stated.site_id)
            found[stated.site_id] = tuple(
                (each.start.astimezone(zone).date(), (each.end - _MOMENT).astimezone(zone).date())
                for each in stated.exclusions
            )
        return found

    def ranges(self, site_id: str) -> tuple[ExcludedRange, ...]:
        """Return what is excluded of a site, each as [start, end)."""
        try:
            return self._read(layout.active_exclusions(site_id)).exclusions
        except NotFoundError:
            return ()

    def _read(self, key: str) -> ActiveExclusions:
        return ActiveExclusions.model_validate_json(self.objects.read(key))

    def _zone(self, site_id: str) -> tzinfo:
        try:
            site = ActiveSite.model_validate_json(self.objects.read(layout.active_site(site_id)))
        except NotFoundError:
            return UTC  # excluded before the site is there
        return tzinfo_of(site.timezone)
