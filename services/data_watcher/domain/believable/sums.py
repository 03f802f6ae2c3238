"""Whether one of the columns that are added up is their total: the plant's power would count twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from shared.errors import UnreadableFileError

Values = npt.NDArray[np.float64]

_CLOSE = 0.005  # of the total: columns are rounded
_MOSTLY = 0.95  # of the rows with power
_FAR_BELOW = 200.0  # of one plant's inverters none is so much smaller
_ALIKE = 0.9  # correlation; a small inverter's stand-by does not follow the sun
_ROWS = 16
_TWINS = 0.001  # of power; two inverters of one make on one roof differ more


def total(parts: Sequence[Values], which: Callable[[int], str], remedy: str) -> Values:
    """Return the sum of some columns.

    Parameters
    ----------
    which
        Says in words which of them a number, counted from 0, is.
    remedy
        What to do where one of them is the total of the others.

    Raises
    ------
    UnreadableFileError
        `total_among_columns`: one of them is in nearly every row the sum of the others.
    """
    summed = parts[0].copy()
    for each in parts[1:]:
        summed += each
    _check_units(parts, which)
    if len(parts) == 2:  # noqa: PLR2004 - the total of one alone is its copy
        _check_twins(parts[0], parts[1], which, remedy)
    elif len(parts) > 2:  # noqa: PLR2004
        _check(parts, summed, which, remedy)
    return summed


def _check_units(parts: Sequence[Values], which: Callable[[int], str]) -> None:
    """Refuse columns of which one follows another at about a thousandth: kW beside W, added up as one unit.

    Raises
    ------
    UnreadableFileError
        `wrong_unit`, with both columns.
    """
    means = [float(np.fmax(np.nan_to_num(each), 0.0).mean()) for each in parts]
    largest = int(np.argmax(means))
    for number, mean in enumerate(means):
        if not 0 < mean < means[largest] / _FAR_BELOW:
            continue  # as in nearly every file
        both = (parts[number] > 0) & (parts[largest] > 0)
        one, other = parts[number][both], parts[largest][both]
        if len(one) < _ROWS or len(np.unique(one)) < _ROWS:
            continue
        times = float(np.median(other / one))
        if _FAR_BELOW < times < 1e6 / _FAR_BELOW and np.corrcoef(one, other)[0, 1] > _ALIKE:
            raise UnreadableFileError(
                "wrong_unit",
                f"{which(number)} follows {which(largest)} at {100 / times:.2g}% of it, as kW beside W; what "
                "is added up has one unit",
                "export them in one unit, or give one of them up in `columns` if it is no power",
            )


def _check_twins(one: Values, other: Values, which: Callable[[int], str], remedy: str) -> None:
    """Refuse two columns with the same power: the one is the total of the other, or its copy."""
    known = np.isfinite(one) & np.isfinite(other) & ((one > 0) | (other > 0))
    first, second = one[known], other[known]
    if not len(first):
        return
    same = np.abs(first - second) <= _TWINS * first
    if same.mean() < _MOSTLY or len(np.unique(first[same])) < _ROWS:
        return  # as in nearly every file
    raise UnreadableFileError(
        "total_among_columns",
        f"{which(1)} has the values of {which(0)} in {same.mean():.0%} of the rows with power; added up, "
        "power would count twice",
        f"{remedy}; where each really is half of the plant, name one of them and scale: 2",
    )


def _check(
    parts: Sequence[Values], summed: Values, which: Callable[[int], str], remedy: str
) -> None:
    known = np.isfinite(summed) & (np.abs(summed) > 0)
    if not known.any():
        return
    scale = np.abs(summed[known])
    for number, each in enumerate(parts):
        if np.abs(each[known]).mean() < scale.mean() / 4:
            continue  # far from half of the sum of all
        others = summed[known] - each[known]
        close = np.abs(each[known] - others) <= _CLOSE * scale + 1e-9
        if close.mean() >= _MOSTLY:
            raise UnreadableFileError(
                "total_among_columns",
                f"{which(number)} is the sum of the others in {close.mean():.0%} of the rows with power; "
                "added up, power would count twice",
                remedy,
            )
