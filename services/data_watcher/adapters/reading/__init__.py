"""Reads an uploaded file as its site's configuration says: bytes in, canonical rows out.

The answer depends on the bytes, the key and the configuration, and on nothing else; that of a forecast which
is issued by its upload, on that as well.
"""

from __future__ import annotations

from datetime import datetime

from services.data_watcher.adapters.reading import (
    canonical,
    faults,
    files,
    forecasts,
    quantities,
    series,
    stamps,
)
from services.data_watcher.domain.believable import losses, resemblance
from services.data_watcher.ports import Content, Reading
from shared.errors import UnreadableFileError
from shared.solar.site import POWER, Site, source_of


def read(data: Content, key: str, site: Site, uploaded_at: datetime | None = None) -> Reading:
    """Turn an uploaded file into canonical rows.

    Parameters
    ----------
    uploaded_at
        Since when the key holds these bytes; needed where a forecast is issued by its upload.

    Raises
    ------
    UnreadableFileError
        With the fault's code, what was found where, and what its owner can do.
    """
    source = source_of(site, key)
    if source is None:
        raise UnreadableFileError(
            "no_source",
            f"the name of {key!r} fits none of the site's sources",
            "add a source for such names to the site's YAML",
        )
    with faults.late_damage_is_said():
        table = files.load(data, source)
        if "ragged_row" in table.skipped:
            count, examples = table.skipped["ragged_row"], table.examples["ragged_row"]
            losses.check_ragged(count, table.rows, table.values.get(POWER), examples[0], site)
        if source.is_forecast:
            return forecasts.read(table, source, site, key.rpartition("/")[2], uploaded_at)
        if table.series is None:
            time = stamps.convert(table, source, site)
        else:
            table, time = series.together(table, source, site)
        with faults.of_rows(time):
            measured = quantities.convert(table, source, site, time)
            alike = resemblance.of_file(time, measured.columns, site, table.parts)
        return canonical.encode(time, measured, alike, table.note)
