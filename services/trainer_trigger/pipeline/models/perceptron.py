"""A multilayer perceptron that learns by Adam, in NumPy.

scikit-learn's does the same, but spends most of its time between batches as small as a plant's; this one took
a quarter of it (docs/decisions/0016). All weights stand in one array, so that a step is one update.

References
----------
.. [1] D. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015. arXiv:1412.6980
.. [2] X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks",
   AISTATS 2010.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.trainer_trigger.pipeline.models.base import Shares, Values

_FIRST_MOMENT, _SECOND_MOMENT = 0.9, 0.999
_EPSILON = 1e-8


class Perceptron:
    """Layers of weights and shifts with rectifiers between them, and one output.

    Parameters
    ----------
    sizes
        Number of inputs, of each hidden layer's units, and of outputs (1).
    rate, decay
        Step of Adam, and weight of the squared weights beside the squared errors.
    random
        Draws the first weights and the batches.
    """

    def __init__(
        self, sizes: Sequence[int], rate: float, decay: float, random: np.random.Generator
    ) -> None:
        self.rate, self.decay, self.random = rate, decay, random
        shapes = list(pairwise(sizes))
        count = sum((entering + 1) * leaving for entering, leaving in shapes)
        self._all, self._slope = np.empty(count, np.float32), np.empty(count, np.float32)
        self._mean, self._square = np.zeros(count, np.float32), np.zeros(count, np.float32)
        self._steps = 0
        self.weights, self.shifts = _views(self._all, shapes)
        self._weight_slopes, self._shift_slopes = _views(self._slope, shapes)
        for (entering, leaving), *drawn in zip(shapes, self.weights, self.shifts, strict=True):
            bound = np.sqrt(6.0 / (entering + leaving))
            for array in drawn:
                array[...] = random.uniform(-bound, bound, array.shape)

    def predict(self, values: Values) -> Shares:
        """Return the output for rows. [unitless]"""
        return self._forward(values)[-1].ravel()

    def learn(
        self, values: Values, target: Shares, batch: int, weight: Shares | None = None
    ) -> None:
        """Go once through all rows in a new order; a row counts by its weight, if there are any."""
        order = self.random.permutation(len(values))
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            self._slopes(values[rows], target[rows], None if weight is None else weight[rows])
            self._step()

    def _forward(self, values: Values) -> list[NDArray[Any]]:
        """Return what each layer says, the given values first."""
        said: list[NDArray[Any]] = [values]
        last = len(self.weights) - 1
        for depth, (weight, shift) in enumerate(zip(self.weights, self.shifts, strict=True)):
            layer = said[-1] @ weight
            layer += shift
            said.append(layer if depth == last else np.maximum(layer, 0.0, out=layer))
        return said

    def _slopes(self, values: Values, target: Shares, weight: Shares | None = None) -> None:
        """Find how the batch's mean of half the squared error changes with each weight."""
        said = self._forward(values)
        back = said[-1] - target[:, None]
        if weight is not None:
            back *= weight[:, None]
        back /= len(values)
        for depth in reversed(range(len(self.weights))):
            np.matmul(said[depth].T, back, out=self._weight_slopes[depth])
            self._weight_slopes[depth] += self.weights[depth] * (self.decay / len(values))
            np.sum(back, axis=0, out=self._shift_slopes[depth])
            if depth:
                back = back @ self.weights[depth].T
                back *= said[depth] > 0

    def _step(self) -> None:
        """Move all weights by Adam."""
        self._steps += 1
        self._mean += (1 - _FIRST_MOMENT) * (self._slope - self._mean)
        self._square += (1 - _SECOND_MOMENT) * (self._slope * self._slope - self._square)
        fresh = np.sqrt(1 - _SECOND_MOMENT**self._steps) / (1 - _FIRST_MOMENT**self._steps)
        root = np.sqrt(self._square)
        root += _EPSILON
        self._all -= np.float32(self.rate * fresh) * self._mean / root


def _views(
    flat: NDArray[np.float32], shapes: Sequence[tuple[int, int]]
) -> tuple[list[NDArray[np.float32]], list[NDArray[np.float32]]]:
    """Return weights and shifts as parts of one array."""
    weights, shifts, start = [], [], 0
    for entering, leaving in shapes:
        end = start + entering * leaving
        weights.append(flat[start:end].reshape(entering, leaving))
        shifts.append(flat[end : end + leaving])
        start = end + leaving
    return weights, shifts
