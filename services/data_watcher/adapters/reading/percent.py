"""Power in percent of the capacity: no unit of its own, and what to say in the YAML instead."""

from __future__ import annotations

import re
from collections.abc import Sequence

from shared.errors import UnreadableFileError
from shared.solar.site import ColumnFormat

_CALLED = re.compile(r"%|\b(?:percent|pct|prozent)\b", re.IGNORECASE)
_MOSTLY = 0.5
_HUNDREDTH = "scale: the hundredth part, in kW, of the capacity that 100 % is"


def are_shares(cells: Sequence[str], all_cells: int) -> bool:
    """Whether most cells of a column hold a number and the sign of percent."""
    return sum(each.endswith("%") for each in cells) > _MOSTLY * all_cells


def of_cells(column: str, example: str, unit: str) -> UnreadableFileError:
    """Return the fault of power whose cells hold percent."""
    return UnreadableFileError(
        "wrong_unit",
        f"the cells of the column {column!r} hold percent, like {example!r}, and the YAML says {unit}",
        f"export power in kW, or the numbers without the sign; for those say unit: kW and {_HUNDREDTH}, in "
        "the site's YAML",
    )


def explained(
    error: UnreadableFileError, column: ColumnFormat, capacity_kw: float
) -> UnreadableFileError:
    """Return a fault of power, with another remedy where the name of the column says percent."""
    name = column.column or ""
    if error.code != "wrong_unit" or column.scale != 1 or not _CALLED.search(name):
        return error
    return UnreadableFileError(
        error.code,
        f"{error.reason}; the column is called {name!r}, so the values may be percent",
        f"for percent of the capacity of {capacity_kw:g} kW say unit: kW and scale: {capacity_kw / 100:g} "
        f"for power_ac in the site's YAML; of another capacity, {_HUNDREDTH}",
    )
