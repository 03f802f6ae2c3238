"""How much wider the range of a prediction is where inputs of the model are missing.

A gap is filled by what is usual, so that it is no error. But a prediction without the irradiance is a guess
at the weather, and its range must say so. Training hides each input in turn and notes by how much the range
would have had to be wider to hold as often as it does with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from shared.evaluation import EVERY_IRRADIANCE
from shared.solar.position import Floats
from shared.solar.recipe import IRRADIANCES, Recipe
from shared.solar.rows import Rows


def groups(recipe: Recipe) -> dict[str, tuple[str, ...]]:
    """Return which inputs are hidden together: each alone, and all irradiances."""
    names = [each.name for each in recipe.inputs]
    sky = tuple(name for name in names if name in IRRADIANCES)
    found: dict[str, tuple[str, ...]] = {name: (name,) for name in names}
    if sky:
        found[EVERY_IRRADIANCE] = sky
    return found


def hide(rows: Rows, names: tuple[str, ...]) -> Rows:
    """Return rows as if some inputs had not been there."""
    gone = np.full(len(rows), np.nan)
    weather = {name: gone if name in names else values for name, values in rows.weather.items()}
    return replace(rows, weather=weather)


def factors(rows: Rows, recipe: Recipe, wider: Mapping[str, float]) -> Floats:
    """Return by how much the range of each row is wider, 1 where nothing is missing. [unitless]

    Parameters
    ----------
    wider
        By how much, by the group that is missing; of several that are missing the largest counts.
    """
    factor = np.ones(len(rows))
    for name, members in groups(recipe).items():
        missing = ~np.isfinite([rows.column(each) for each in members]).any(axis=0)
        if missing.any():
            factor = np.where(missing, np.maximum(factor, wider.get(name, 1.0)), factor)
    return factor
