"""Numbers that their own commas cut into several fields, where the delimiter is a comma as well."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from shared.errors import UnreadableFileError

_WHOLE = re.compile(r"-?\d+")
_BEGINS, _GOES_ON = re.compile(r"-?\d{1,3}"), re.compile(r"\d{3}(\.\d*)?")


def fault_of(
    rows: Sequence[Sequence[str]], fields: int, said: str, example: str
) -> UnreadableFileError | None:
    """Return the fault of rows with more fields than the header, None where no comma explains them.

    Parameters
    ----------
    rows
        Some of them, by their fields.
    said
        How many fields they have, in words.
    """
    if not rows or not all(len(row) > fields for row in rows):
        return None
    are_decimals = all(all(map(_WHOLE.fullmatch, row[-2:])) for row in rows)
    are_groups = all(any(map(_is_grouped, pairwise(row[1:]))) for row in rows)
    if not are_decimals and not are_groups:
        return None
    kinds = {"a decimal comma": are_decimals, "commas between thousands": are_groups}
    seem = " or ".join(kind for kind, is_so in kinds.items() if is_so)
    return UnreadableFileError(
        "number_format",
        f"{said} and the header {fields}: the numbers seem to have {seem}, which is the delimiter as well, "
        f"for example {example!r}",
        "export the file with another delimiter (;), with quotes around the numbers, or without commas in "
        f"them{' (with a decimal point)' if are_decimals else ''}",
    )


def _is_grouped(neighbours: tuple[str, str]) -> bool:
    """Whether two fields may be 3 and 280.5 of 3,280.5."""
    first, second = neighbours
    return bool(_BEGINS.fullmatch(first) and _GOES_ON.fullmatch(second))
