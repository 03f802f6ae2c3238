"""Whether the irradiance beside power is that of the day before, or of the day after."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain.believable import sun
from services.data_watcher.domain.believable.power import Power, Values, spacing
from shared.errors import UnreadableFileError

LEAST_DAYS = 12
WHOLE = 0.9  # of the rows of a day
NOT_OWN, OTHER = (
    0.5,
    0.9,
)  # correlation of what changes from day to day: of the same days, of shifted ones


def check(name: str, light: Values, power: Power) -> None:
    """Refuse a file whose irradiance follows power only when it is moved by a whole day. [W/m²]

    Days are compared by how they differ from the day before, so that seasons do not count.

    Parameters
    ----------
    name
        Canonical name of the irradiance.

    Raises
    ------
    UnreadableFileError
        `wrong_clock`
    """
    if power.time.days < LEAST_DAYS:
        return
    if _correlation(*_changes(light, power, spacing(len(light)))) >= NOT_OWN:
        return  # as in nearly every file
    own, beside = _changes(light, power, 1)
    same = _correlation(own, beside)
    before, after = _correlation(own[:-1], beside[1:]), _correlation(own[1:], beside[:-1])
    if same >= NOT_OWN or max(before, after) < OTHER:
        return
    late = before > after
    raise UnreadableFileError(
        "wrong_clock",
        f"{name} of a day follows the power of the day {'before' if late else 'after'} it (correlation "
        f"{max(before, after):.2f}), and not that of the same day ({same:.2f}): one of them is a day off",
        f"correct the dates of {name}, or of power, in what joins them; until then leave {name} out of the "
        "site's YAML",
    )


def _changes(light: Values, power: Power, every: int) -> tuple[Values, Values]:
    """Return how power and light of each day differ from the day before, by every so many rows."""
    days = sun.mean_solar_time(power.time.utc[::every], power.site).astype("M8[D]").astype(np.int64)
    days -= days[0]
    step = power.time.step * every
    return _daily(days, power.share[::every], step), _daily(days, light[::every], step)


def _daily(days: npt.NDArray[np.int64], values: Values, step: float) -> Values:
    """Return how the mean of each day differs from that of the day before, NaN where one is not whole."""
    known = np.isfinite(values)
    count = np.bincount(days[known], minlength=int(days[-1]) + 1)
    total = np.bincount(days[known], values[known], minlength=int(days[-1]) + 1)
    whole = count >= WHOLE * 86_400.0 / step
    means = np.divide(total, count, out=np.full(len(total), np.nan), where=whole)
    return np.diff(means)


def _correlation(one: Values, other: Values) -> float:
    both = np.isfinite(one) & np.isfinite(other)
    if both.sum() < LEAST_DAYS - 2 or not (one[both].std() and other[both].std()):
        return 0.0
    return float(np.corrcoef(one[both], other[both])[0, 1])
