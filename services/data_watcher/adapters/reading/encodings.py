"""The letters of a text: whichever encoding a file is in, it is read as UTF-8."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from services.data_watcher.adapters.reading import faults
from services.data_watcher.ports import Content

START = 4096  # a null in these first bytes means that this is no text; further on, that a logger lost power
_PART = 1024**2
# Of the countries whose letters are in none of the usual ones; the names in the YAML tell which it is.
OTHERS = (
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
    "cp1257",
    "cp932",
    "gb18030",
    "big5",
    "cp949",
    "cp850",
    "mac_roman",
)


def utf8(data: Content) -> Content:
    """Return a text as UTF-8, from whichever encoding it is in; what is UTF-8 already stays where it is."""
    encoding = _wide_encoding(data[:START])
    if encoding is not None:
        faults.check_held(len(data))
        try:
            return bytes(data).decode(encoding).removeprefix("\ufeff").encode()
        except UnicodeDecodeError as error:
            message = "it begins like UTF-16 text but is none"
            raise faults.unreadable(message) from error
    if b"\0" in data[:START]:
        message = "it holds null bytes; this is no text file"
        raise faults.unreadable(message)
    if _is_utf8(data):
        return data
    faults.check_held(len(data))
    try:
        return bytes(data).decode("cp1252").encode()  # old loggers write a degree sign in it
    except UnicodeDecodeError:
        return bytes(data).decode("latin-1").encode()


def _is_utf8(data: Content) -> bool:
    if isinstance(data, bytes) and data.isascii():
        return True
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for part in parts(data, 0):
            if not part.isascii() or decoder.getstate()[0]:
                decoder.decode(part)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def parts(data: Content, start: int) -> Iterator[bytes]:
    """Yield what comes from some byte on, a part at a time."""
    if isinstance(data, bytes) and len(data) <= _PART:
        yield data[start:]
        return
    for at in range(start, len(data), _PART):
        yield data[at : at + _PART]


def _wide_encoding(data: bytes) -> str | None:
    """Return the UTF-16 that a text is in: by its mark, or because every other byte is null."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    start = data[:200]
    if len(start) >= 4 and not any(start[1::2]) and all(start[::2]):  # noqa: PLR2004 - two characters
        return "utf-16-le"
    if len(start) >= 4 and not any(start[::2]) and all(start[1::2]):  # noqa: PLR2004
        return "utf-16-be"
    return None
