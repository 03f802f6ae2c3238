"""How models are to be served, from the configuration in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.deployer.domain.deployment import Placed
from services.deployer.domain.night import Spot
from shared import layout
from shared.errors import NotFoundError
from shared.in_force import InForce


@dataclass(frozen=True, slots=True)
class S3Configuration(InForce):
    """Configuration in force, as far as it says how models are served; `place` names where."""

    place: str = ""

    def endpoint(self, model_id: str) -> Placed:
        """Return how a model is to be served; a model that nobody configured has the defaults."""
        return Placed(**self.model(model_id).endpoint.model_dump(), place=self.place)

    def changed_since(self, moment: datetime) -> set[str]:
        """Return the models whose YAML came into force at a time or later."""
        return {
            each["Key"].rpartition("/")[2].removesuffix(".json")
            for each in self.objects.entries(layout.active_models())
            if each["LastModified"] >= moment
        }

    def spots(self, model_id: str) -> list[Spot]:
        """Return where a model's sites are."""
        of_model = [key for key, (_, model) in self.sites_named().items() if model == model_id]
        found = [self.objects.read_json(key) for key in of_model]
        return [Spot(float(each["latitude"]), float(each["longitude"])) for each in found]

    def model_of_site(self, site_id: str) -> str | None:
        """Return the model that a site names; None for a site that is not in force."""
        try:
            return str(self.objects.read_json(layout.active_site(site_id))["model_id"])
        except NotFoundError:
            return None

    def tells_tomorrow(self, model_id: str) -> bool:
        """Whether people get a model's forecast of tomorrow once a day."""
        return self.model(model_id).forecast_mail == "on"

    def adjusts(self, model_id: str) -> bool:
        """Whether a model's predictions are adjusted by what each site's last week says."""
        return self.model(model_id).policy.adjuster == "on"
