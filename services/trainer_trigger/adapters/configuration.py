"""Configuration in force, of models and of what belongs to them."""

from __future__ import annotations

from dataclasses import dataclass

from shared import layout
from shared.active import ActiveSite
from shared.dataset import Exclusion
from shared.errors import NotFoundError
from shared.exclusions import ActiveExclusions
from shared.in_force import InForce
from shared.solar.site import Site
from shared.suspects import ActiveSuspects


@dataclass(frozen=True, slots=True)
class S3Configuration(InForce):
    """Configuration in force, of models and of what belongs to them."""

    def sites(self, model_id: str) -> tuple[Site, ...]:
        """Return the sites of a model, sorted by name."""
        return tuple(
            site
            for key, (_, named) in self.sites_named().items()
            if named == model_id
            for site in [ActiveSite.model_validate(self.objects.read_json(key))]
            if site.model_id == model_id  # it may have moved since it was listed
        )

    def exclusions(self, model_id: str) -> tuple[Exclusion, ...]:
        """Return the time ranges of a model's sites that must not be trained on, sorted."""
        return tuple(
            exclusion
            for key in self.objects.keys(layout.all_active_exclusions())
            for stated in [ActiveExclusions.model_validate(self.objects.read_json(key))]
            if self._is_of(model_id, stated.site_id)
            for exclusion in stated.for_dataset()
        )

    def suspects(self) -> tuple[ActiveSuspects, ...]:
        """Return the sites with a suspect source, or with one that is yet to be looked at, sorted."""
        found = (
            ActiveSuspects.model_validate(self.objects.read_json(key))
            for key in self.objects.keys(layout.all_active_suspects())
        )
        return tuple(each for each in found if each.sources or each.due_since)

    def _is_of(self, model_id: str, site_id: str) -> bool:
        try:
            found = self.objects.read_json(layout.active_site(site_id))
        except NotFoundError:
            return False  # its exclusions were in force before the site is
        return bool(ActiveSite.model_validate(found).model_id == model_id)
