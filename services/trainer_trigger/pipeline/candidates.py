"""What a model type gets and what it leaves; the types themselves are `network` and `trees`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.trainer_trigger.pipeline.checkpoints import Checkpoints

Values = NDArray[np.float32]
Shares = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Examples:
    """Rows to learn from.

    Attributes
    ----------
    values
        Features. [unitless]
    share
        Power as a share of AC capacity. [unitless]
    part
        Part of the training time that each row belongs to, see `folds`.
    """

    values: Values
    share: Shares
    part: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a fit leaves.

    Attributes
    ----------
    graph
        The model as ONNX with one input of float32 rows.
    unseen
        Prediction of each training row by a fit that had not seen the row's part. [unitless]
    length
        Epochs or rounds that were best in each part.
    """

    graph: bytes
    unseen: NDArray[np.float64]
    length: tuple[int, ...]


Fit = Callable[[Examples, int, Checkpoints], Learnt]


def fit_network(examples: Examples, seed: int, checkpoints: Checkpoints) -> Learnt:
    """Fit the `neural_network`, see `network.fit`."""
    from services.trainer_trigger.pipeline import network  # noqa: PLC0415  loads scikit-learn

    return network.fit(examples, seed, checkpoints)


def fit_trees(examples: Examples, seed: int, checkpoints: Checkpoints) -> Learnt:
    """Fit `lightgbm`, see `trees.fit`."""
    from services.trainer_trigger.pipeline import trees  # noqa: PLC0415  loads LightGBM

    return trees.fit(examples, seed, checkpoints)


FITS: dict[str, Fit] = {"neural_network": fit_network, "lightgbm": fit_trees}
