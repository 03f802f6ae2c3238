"""Sites with a source that data_watcher finds suspect: what they measure is doubted as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from shared import layout
from shared.aws import S3Objects
from shared.suspects import ActiveSuspects


@dataclass(frozen=True, slots=True)
class S3Suspects:
    """Reads the suspect sources in force; few sites have ever had one."""

    objects: S3Objects

    def sites(self) -> frozenset[str]:
        """Return the sites with a suspect source."""
        found = (
            ActiveSuspects.model_validate_json(self.objects.read(key))
            for key in self.objects.keys(layout.all_active_suspects())
        )
        return frozenset(each.site_id for each in found if each.sources)
