"""What is said of a file that cannot be read, and the limits that keep a bad file from doing harm."""

from __future__ import annotations

import csv
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from services.data_watcher.domain.time_axis import TimeAxis
from shared.errors import UnreadableFileError

LARGEST_CONTENT = (
    256 * 1024**2
)  # of what is unpacked or transcoded in memory; the function has 2 GiB
LARGEST_WORKBOOK = 192 * 1024**2  # of an unpacked spreadsheet, whose cells become objects
MOST_ROWS = 5_000_000  # fifty years of minutes of one site are 26 million; a month is 45,000
MOST_CELLS = 40_000_000  # rows times columns that are read, at eight bytes a cell
MOST_COLUMNS = 5_000
MOST_HEADER_LINES = 200  # in which the header is looked for
LONGEST_HEADER = 1024**2
_LOOKED_AT = 400  # bytes that show markup
_TAG = re.compile(r"<(?:title|style|script)[^>]*>[^<]*</[^>]*>|<[^>]*>?")
_SHOWN = 60  # characters of a page
LONGEST_CELL = 10_000  # characters; no number and no time has more than a few dozen
# What the libraries raise for damaged bytes; none of their calls leaves the process.
DAMAGE = (pa.ArrowException, csv.Error, OSError, ValueError, KeyError, OverflowError)

DAMAGED_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    RuntimeError,  # a password
    EOFError,
)


@contextmanager
def damage_is_said() -> Iterator[None]:
    """Return, in words that the file's owner understands, what a library raises for damaged bytes."""
    try:
        yield
    except DAMAGE as error:
        raise unreadable(f"{error}".partition("\n")[0][:300]) from error


@contextmanager
def late_damage_is_said() -> Iterator[None]:
    """Return what only reading the cells shows: damaged text, or more than fits into memory."""
    try:
        yield
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise unreadable(f"{error}".partition("\n")[0][:300]) from error
    except MemoryError as error:
        raise too_large("does not fit into the reader's memory") from error


@contextmanager
def of_rows(time: TimeAxis) -> Iterator[None]:
    """Say of a fault of rows which time they cover: people look there for what is missing."""
    try:
        yield
    except UnreadableFileError as error:
        error.covers = time.window
        raise


_OTHER_FORMAT = (
    "correct the format of the source in the site's YAML (csv, xlsx, parquet or json), or export the file in "
    "that format"
)
_NOT_A_PAGE = (
    "open it once: a portal that failed answers with a page, and some call a page with a table .xls; export "
    "the file again, as CSV or XLSX, and upload it under the same name"
)
_AGAIN = "export it again and upload it under the same name; open it once to see that it is whole"


def unreadable(what: str, remedy: str = _AGAIN) -> UnreadableFileError:
    """Return the fault of a file whose bytes are no file of its kind."""
    return UnreadableFileError("unreadable", f"the file cannot be read: {what}", remedy)


def markup(start: bytes, says: str) -> UnreadableFileError | None:
    """Return the fault of a file whose first bytes are markup; None where they are none."""
    text = start[:_LOOKED_AT].decode("utf-8", errors="replace").removeprefix("\ufeff").lstrip()
    if text.lower().startswith(("<html", "<!doctype html", "<table", "<head")):
        words = _TAG.sub("\n", text).split("\n")
        shown = next((each.strip() for each in words if each.strip()), "")[:_SHOWN]
        kind = f"an HTML page{f' that begins with {shown!r}' if shown else ''}"
        return wrong_format(kind, says, _NOT_A_PAGE)
    return wrong_format("XML", says) if text.lower().startswith("<?xml") else None


def wrong_format(is_: str, says: str, remedy: str = _OTHER_FORMAT) -> UnreadableFileError:
    """Return the fault of a file that is another kind than the YAML says."""
    return UnreadableFileError(
        "unreadable", f"it is {is_}, but the site's YAML says {says}", remedy
    )


def empty(what: str) -> UnreadableFileError:
    """Return the fault of a file without measurements."""
    return UnreadableFileError(
        "empty", f"the file is empty: {what}", "upload it again once it holds measurements"
    )


def too_large(
    what: str, remedy: str = "split it, for example into one file per month"
) -> UnreadableFileError:
    """Return the fault of a file that the function could not hold."""
    return UnreadableFileError("too_large", f"the file {what}", remedy)


def unpacks_to_more(limit: int) -> UnreadableFileError:
    """Return the fault of an archive that unpacks to more than a limit. [bytes]"""
    return too_large(f"unpacks to more than {limit // 1024**2} MiB")


def check_held(size: int) -> None:
    """Refuse what must be held in memory as a whole and is too large for it.

    Parameters
    ----------
    size
        What would be held. [bytes]
    """
    if size > LARGEST_CONTENT:
        limit = LARGEST_CONTENT // 1024**2
        raise too_large(f"has {size // 1024**2} MiB; in this form at most {limit} MiB are read")


def too_wide(columns: int) -> UnreadableFileError:
    """Return the fault of a file with too many columns."""
    return too_large(
        f"has {columns} columns; at most {MOST_COLUMNS} are read",
        "export only the columns that the site's YAML names, or one file per group of inverters",
    )


def check_size(rows: int, columns: int) -> None:
    """Refuse what the function could not hold, before it is loaded.

    Parameters
    ----------
    columns
        How many columns of the file are read.
    """
    if rows > MOST_ROWS:
        raise too_large(f"has {rows} rows; at most {MOST_ROWS} are read")
    if rows * columns > MOST_CELLS:
        raise too_large(
            f"has {rows} rows of {columns} columns; at most {MOST_CELLS} cells are read"
        )
