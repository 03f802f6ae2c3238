"""Which days of which sites people took out of training, as data_watcher put it in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta, tzinfo

from services.deployer.domain.live.excluded import Excluded
from shared import layout
from shared.active import ActiveSite
from shared.aws import S3Objects
from shared.errors import NotFoundError
from shared.exclusions import ActiveExclusions
from shared.solar.site import tzinfo_of

_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class S3Excluded:
    """Reads the exclusions in force; few sites have any."""

    objects: S3Objects

    def days(self) -> Excluded:
        """Return the excluded days of sites, in the zone of each."""
        found = {}
        for key in self.objects.keys(layout.all_active_exclusions()):
            stated = ActiveExclusions.model_validate_json(self.objects.read(key))
            zone = self._zone(stated.site_id)
            found[stated.site_id] = tuple(
                (each.start.astimezone(zone).date(), (each.end - _MOMENT).astimezone(zone).date())
                for each in stated.exclusions
            )
        return found

    def _zone(self, site_id: str) -> tzinfo:
        try:
            site = ActiveSite.model_validate_json(self.objects.read(layout.active_site(site_id)))
        except NotFoundError:
            return UTC  # excluded before the site is there
        return tzinfo_of(site.timezone)
