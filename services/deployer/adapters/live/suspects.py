"""Sites with a source that data_watcher finds suspect: what they measure is doubted as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from shared import layout
from shared.aws import S3Objects
from shared.errors import NotFoundError
from shared.suspects import ActiveSuspects


@dataclass(frozen=True, slots=True)
class S3Suspects:
    """Reads the suspect sources in force; few sites have ever had one."""

    objects: S3Objects

    def sites(self) -> frozenset[str]:
        """Return the sites with a suspect source."""
        found = map(self._read, self.objects.keys(layout.all_active_suspects()))
        return frozenset(each.site_id for each in found if each.sources)

    def sources(self, site_id: str) -> frozenset[str]:
        """Return the names of a site's suspect sources."""
        try:
            found = self._read(layout.active_suspects(site_id))
        except NotFoundError:
            return frozenset()
        return frozenset(each.source for each in found.sources)

    def _read(self, key: str) -> ActiveSuspects:
        return ActiveSuspects.model_validate_json(self.objects.read(key))
