"""Files with a column that says the unit of each row's value, as long files and meters have it."""

from __future__ import annotations

import pyarrow.compute as pc

from services.data_watcher.adapters.reading import cells
from services.data_watcher.adapters.reading.table import Raw
from services.data_watcher.domain import units
from shared.errors import UnreadableFileError
from shared.solar.site import SourceFormat, canonical_unit

_AGAIN = "the file is then read again without a new upload"


def check(raw: Raw, source: SourceFormat) -> None:
    """Refuse rows that say another unit than the YAML, or several; `where` may say which rows count.

    Raises
    ------
    UnreadableFileError
        `wrong_unit`
    """
    at = raw.columns.unit
    if at is None or raw.header[at] in source.where:
        return
    (name, column), *_ = source.columns.items()
    canonical = canonical_unit(name) or ""
    known = {each.casefold(): each for each in units.known(canonical)}
    said = pc.unique(pc.drop_null(cells.written(raw.cells[at]))).to_pylist()
    found = {known[each.casefold()]: each for each in said if each.casefold() in known}
    if not found or [units.conversion(canonical, each) for each in found] == [
        units.conversion(canonical, column.unit)
    ]:
        return
    where = f"where: {{{raw.header[at]}: {next(iter(found.values()))}}}"
    if len(found) > 1:
        raise UnreadableFileError(
            "wrong_unit",
            f"the column {raw.header[at]!r} says several units of {name}: {', '.join(found.values())}; "
            "numbers are read in one",
            f"export all rows in one unit; if only those of one are {name}, say {where} in the site's YAML",
        )
    unit = next(iter(found))
    raise UnreadableFileError(
        "wrong_unit",
        f"the column {raw.header[at]!r} says {unit}, the YAML says {column.unit} for {name}",
        f"say unit: {unit} for {name} in the site's YAML ({_AGAIN}); if the column is wrong, say {where} "
        "there",
    )
