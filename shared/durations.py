"""Durations as people write them in YAML: `10 s`, `15 min`, `6 h`, `90 d`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

_UNITS = {"s": "seconds", "min": "minutes", "h": "hours", "d": "days"}
_PATTERN = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|h|d)")


def parse(value: Any) -> Any:
    """Turn `15 min` into a timedelta; leave a timedelta as it is.

    Raises
    ------
    ValueError
        The text is no positive number followed by s, min, h or d.
    """
    if isinstance(value, timedelta):
        return value
    match = _PATTERN.fullmatch(str(value).strip())
    if match is None:
        message = (
            f"{value!r} is no duration; write a number and a unit, like 10 s, 15 min, 6 h or 90 d"
        )
        raise ValueError(message)
    return timedelta(**{_UNITS[match[2]]: float(match[1])})


def spell(duration: timedelta) -> str:
    """Write a duration in the largest unit that keeps it a whole number."""
    seconds = duration.total_seconds()
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:g} s"


def in_words(duration: timedelta) -> str:
    """Say a duration as people do, in its two largest units: `12 min`, `2 h 5 min`, `3 d 4 h`."""
    minutes, seconds = divmod(max(int(duration.total_seconds()), 0), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s")]
    first = next((index for index, (number, _) in enumerate(parts) if number), 3)
    said = [f"{number} {unit}" for number, unit in parts[first : first + 2] if number]
    return " ".join(said) or "0 s"


Duration = Annotated[timedelta, BeforeValidator(parse), PlainSerializer(spell, return_type=str)]
