"""Scores of a forecast, all in shares of AC capacity so that plants of any size can be pooled."""

from __future__ import annotations

import numpy as np

from shared.evaluation import Scores
from shared.solar.position import Floats


def pinball(actual: Floats, predicted: Floats, level: float) -> float:
    """Return the mean pinball loss of a predicted quantile; of the median it is half the mean absolute error.

    Parameters
    ----------
    actual, predicted
        Power as a share of AC capacity. [unitless]
    level
        Of the quantile, between 0 and 1. [unitless]

    References
    ----------
    .. [1] R. Koenker, G. Bassett, "Regression quantiles", Econometrica 46 (1), 33-50, 1978.
       doi:10.2307/1913643
    """
    above = actual - predicted
    return float(np.maximum(level * above, (level - 1) * above).mean())


def scores(actual: Floats, predicted: Floats) -> Scores | None:
    """Return the scores of some rows, or None without rows.

    `r2` is the coefficient of determination, None where the actual power never changes; `nmae`, `nrmse` and
    `mbe` (predicted minus actual) are the mean absolute, root mean square and mean error.

    Parameters
    ----------
    actual, predicted
        Power as a share of AC capacity. [unitless]
    """
    if not len(actual):
        return None
    error = predicted - actual
    spread = float(np.square(actual - actual.mean()).sum())
    return Scores(
        r2=None if spread <= 0 else float(1 - np.square(error).sum() / spread),
        nmae=float(np.abs(error).mean()),
        nrmse=float(np.sqrt(np.square(error).mean())),
        mbe=float(error.mean()),
        n=len(actual),
    )
