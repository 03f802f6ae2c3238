"""The model types: how each is fitted, and what of the rows it needs.

Libraries are loaded with the type that needs them.
"""

from __future__ import annotations

from services.trainer_trigger.pipeline.models.base import Examples, Fit, Learnt
from services.trainer_trigger.pipeline.models.checkpoints import Checkpoints
from shared.model_config import MODEL_TYPES, Inputs


def _fit_network(examples: Examples, seed: int, checkpoints: Checkpoints) -> Learnt:
    from services.trainer_trigger.pipeline.models import network  # noqa: PLC0415  loads scikit-learn

    return network.fit(examples, seed, checkpoints)


def _fit_trees(examples: Examples, seed: int, checkpoints: Checkpoints) -> Learnt:
    from services.trainer_trigger.pipeline.models import trees  # noqa: PLC0415  loads LightGBM

    return trees.fit(examples, seed, checkpoints)


def _fit_blend(*members: str) -> Fit:
    def fit(examples: Examples, seed: int, checkpoints: Checkpoints) -> Learnt:
        from services.trainer_trigger.pipeline.models import blend  # noqa: PLC0415  loads all of them

        return blend.fit(examples, seed, checkpoints, members)

    return fit


_FITS: dict[str, Fit] = {
    "neural_network": _fit_network,
    "lightgbm": _fit_trees,
    "ridge": _fit_blend("ridge"),
    "residual": _fit_blend("residual"),
    "auto": _fit_blend("ridge", "lightgbm", "residual", "neural_network"),
}


def _fit_forecast(*members: str) -> Fit:
    def fit(examples: Examples, seed: int, checkpoints: Checkpoints) -> Learnt:
        from services.trainer_trigger.pipeline.models import forecast  # noqa: PLC0415  loads all of them

        return forecast.fit(examples, seed, checkpoints, members)

    return fit


_FORECAST_FITS: dict[str, Fit] = {
    "neural_network": _fit_forecast("neural_network"),
    "lightgbm": _fit_forecast("lightgbm"),
    "ridge": _fit_forecast("ridge"),
    "residual": _fit_forecast("residual"),
    "auto": _fit_forecast("lightgbm", "residual", "median", "neural_network"),
}
FITS: dict[Inputs, dict[str, Fit]] = {
    "measured": {each: _FITS[each] for each in MODEL_TYPES},
    "forecast": {each: _FORECAST_FITS[each] for each in MODEL_TYPES},
}
# These see the sky of the hour before, where a block of rows shows it.
SEE_EARLIER_SKY = frozenset({"residual", "auto"})
# Networks go over the rows dozens of times: of a fleet's millions they see so many, spread evenly over time.
_ENOUGH = 400_000
MOST_ROWS: dict[str, int] = {each: _ENOUGH for each in MODEL_TYPES if each != "lightgbm"}
