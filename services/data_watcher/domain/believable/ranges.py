"""Which single values are impossible: they are masked, and the file is kept."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain.believable.power import OVER_CAPACITY
from shared.errors import UnreadableFileError
from shared.solar import limits
from shared.solar.site import FORECAST_PREFIX, Site

ROWS_FOR_FRACTION = 24
NIGHT_DRAW = -0.1  # of AC capacity; stand-by consumption stays far above


def outside(name: str, values: npt.NDArray[np.float64], site: Site) -> npt.NDArray[np.bool_]:
    """Return which values of a quantity lie outside what it can be.

    Parameters
    ----------
    name, values
        Canonical name and values [canonical unit].
    """
    return limits.outside(values, limits_of(name, site))


def check_fraction(name: str, values: npt.NDArray[np.float64], unit: str) -> None:
    """Refuse a humidity that never gets beyond one percent, as no air is: it is a fraction of one.

    Raises
    ------
    UnreadableFileError
        `wrong_unit`
    """
    known = values[values > 0]
    if len(known) < ROWS_FOR_FRACTION or known.max() > 1.0:
        return
    raise UnreadableFileError(
        "wrong_unit",
        f"{name} never exceeds {known.max():.3g} % in {len(known)} rows: values look like fraction, the YAML "
        f"says {unit}",
        f"correct the unit of {name} in the site's YAML (fraction); the file is then read again without a "
        "new upload",
    )


def limits_of(name: str, site: Site) -> tuple[float, float]:
    """Return the limits of a quantity: of an instrument, or of the plant. [canonical unit]"""
    if name.removeprefix(FORECAST_PREFIX) in limits.LIMITS:
        return limits.of(name)
    return NIGHT_DRAW * site.ac_capacity_kw, OVER_CAPACITY * site.ac_capacity_kw
