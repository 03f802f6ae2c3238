"""A loaded model, and what it says of itself."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from services.deployer.inference.reading import Knows
from shared.solar.predictor import Predictor


@dataclass(frozen=True)
class Service:
    """A loaded model and what it says of itself.

    Attributes
    ----------
    package_version
        Version of the model package that is deployed, or None where none was given.
    """

    predictor: Predictor
    package_version: int | None = None

    @cached_property
    def knows(self) -> Knows:
        """What the model was trained with."""
        recipe = self.predictor.card.recipe
        return Knows(tuple(plant.site_id for plant in recipe.plants), recipe.providers)

    @cached_property
    def described(self) -> dict[str, Any]:
        """What every answer says of the model."""
        card = self.predictor.card
        return {
            "model_id": card.model_id,
            "model_type": card.model_type,
            "model_package_version": self.package_version,
            "run_id": card.run_id,
            "dataset_id": card.dataset_id,
            "trained_until": card.train_window.end.isoformat().replace("+00:00", "Z"),
            "inputs": [each.name for each in card.recipe.inputs],
            **({"providers": list(card.recipe.providers)} if card.recipe.providers else {}),
        }

    @cached_property
    def described_json(self) -> str:
        """The same as JSON, made once."""
        return json.dumps(self.described, separators=(",", ":"), ensure_ascii=False)

    @cached_property
    def attributes(self) -> str:
        """Tells which version answered, in the middle of a canary too."""
        names = ("run_id", "dataset_id", "model_package_version")
        return ";".join(
            f"{name}={self.described[name]}" for name in names if self.described[name] is not None
        )
