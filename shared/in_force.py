"""Configuration in force as the bucket holds it: what every service reads the same way."""

from __future__ import annotations

from dataclasses import dataclass

from shared import layout
from shared.active import ActiveModel
from shared.aws import S3Objects
from shared.errors import NotFoundError
from shared.model_config import ModelConfig


@dataclass(frozen=True, slots=True)
class InForce:
    """Validated configuration below `active/`."""

    objects: S3Objects

    def model(self, model_id: str) -> ModelConfig:
        """Return a model's configuration; a model that nobody configured has the defaults."""
        try:
            found = self.objects.read_json(layout.active_model(model_id))
        except NotFoundError:
            return ModelConfig(model_id=model_id)
        return ActiveModel.model_validate(found)

    def models(self) -> set[str]:
        """Return the models that are configured, or named by a site."""
        configured = {
            key.rpartition("/")[2].removesuffix(".json")
            for key in self.objects.keys(layout.active_models())
        }
        named = {
            self.objects.read_json(key)["model_id"]
            for key in self.objects.keys(layout.active_sites())
        }
        return configured | named
