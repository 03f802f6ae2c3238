"""What a model type gets and what it leaves; `registry` names the types."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.trainer_trigger.pipeline.models.checkpoints import Checkpoints

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
    weight
        How much each row counts; None where all count alike. [unitless]
    """

    values: Values
    share: Shares
    part: NDArray[np.int64]
    seconds: NDArray[np.int64]
    names: tuple[str, ...]
    weight: Shares | None = None

    def take(self, which: NDArray[np.bool_]) -> Examples:
        """Return the rows that a mask names."""
        return Examples(
            self.values[which],
            self.share[which],
            self.part[which],
            self.seconds[which],
            self.names,
            None if self.weight is None else self.weight[which],
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
    heads
        Of a model of forecasts: what the fits behind `later` said of the quantiles, of shape (rows, levels).
        [unitless]
    """

    graph: bytes
    unseen: NDArray[np.float64]
    later: NDArray[np.float64]
    length: tuple[int, ...] = ()
    weights: dict[str, float] | None = None
    rolling_r2: dict[str, float] | None = None
    heads: NDArray[np.float64] | None = None


Fit = Callable[[Examples, int, Checkpoints], Learnt]
Predict = Callable[[Values], NDArray[Any]]
