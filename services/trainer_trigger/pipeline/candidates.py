"""What a model type gets and what it leaves; the types themselves are `network`, `trees` and `blend`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.trainer_trigger.pipeline.checkpoints import Checkpoints

Values = NDArray[np.float32]
Shares = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Examples:
    """Rows to learn from: site by site, each in the order of time.

    Attributes
    ----------
    values
        Features. [unitless]
    share
        Power as a share of AC capacity. [unitless]
    part
        Part of the training time that each row belongs to, see `folds`.
    seconds
        Start of each row's interval since 1970. [s]
    names
        Names of the features.
    """

    values: Values
    share: Shares
    part: NDArray[np.int64]
    seconds: NDArray[np.int64]
    names: tuple[str, ...]

    def take(self, which: NDArray[np.bool_]) -> Examples:
        """Return the rows that a mask names."""
        return Examples(
            self.values[which],
            self.share[which],
            self.part[which],
            self.seconds[which],
            self.names,
        )


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a fit leaves.

    Attributes
    ----------
    graph
        The model as ONNX with one input of float32 rows.
    unseen
        Prediction of each training row by a fit that had not seen the row's time; NaN where there was none.
        [unitless]
    later
        Prediction of each training row by a fit that ended before the row; NaN for the first rows. [unitless]
    length
        Epochs or rounds that were best in each part.
    weights
        Share of each candidate in a blend; empty for a single one. [unitless]
    rolling_r2
        R2 of each candidate on rows after its fits; empty for a single one. [unitless]
    """

    graph: bytes
    unseen: NDArray[np.float64]
    later: NDArray[np.float64]
    length: tuple[int, ...] = ()
    weights: dict[str, float] | None = None
    rolling_r2: dict[str, float] | None = None


Fit = Callable[[Examples, int, Checkpoints], Learnt]
Predict = Callable[[Values], NDArray[Any]]


def fit_network(examples: Examples, seed: int, checkpoints: Checkpoints) -> Learnt:
    """Fit the `neural_network`, see `network.fit`."""
    from services.trainer_trigger.pipeline import network  # noqa: PLC0415  loads scikit-learn

    return network.fit(examples, seed, checkpoints)


def fit_trees(examples: Examples, seed: int, checkpoints: Checkpoints) -> Learnt:
    """Fit `lightgbm`, see `trees.fit`."""
    from services.trainer_trigger.pipeline import trees  # noqa: PLC0415  loads LightGBM

    return trees.fit(examples, seed, checkpoints)


def _fit_blend(*members: str) -> Fit:
    def fit(examples: Examples, seed: int, checkpoints: Checkpoints) -> Learnt:
        from services.trainer_trigger.pipeline import blend  # noqa: PLC0415  loads all of them

        return blend.fit(examples, seed, checkpoints, members)

    return fit


FITS: dict[str, Fit] = {
    "neural_network": fit_network,
    "lightgbm": fit_trees,
    "ridge": _fit_blend("ridge"),
    "residual": _fit_blend("residual"),
    "auto": _fit_blend("ridge", "lightgbm", "residual", "neural_network"),
}
# These see the sky of the hour before, where a block of rows shows it.
SEE_EARLIER_SKY = frozenset({"residual", "auto"})
# Networks go over the rows dozens of times: of a fleet's millions they see so many, spread evenly over time.
_ENOUGH = 400_000
MOST_ROWS = dict.fromkeys(("neural_network", "ridge", "residual", "auto"), _ENOUGH)
