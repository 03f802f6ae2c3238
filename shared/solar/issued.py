"""When a forecast was issued, as a site's YAML says it, and how people write spans and hours."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from shared.solar.stamp_format import EXCEL, LOCAL_SINCE_1970
from shared.solar.zones import Zone
from shared.strict import Strict

_SPAN = re.compile(r"(\d+(?:\.\d+)?) ?(min|h|d)")
_UNITS = {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
LONGEST = timedelta(days=366)  # no forecast reaches farther, not even of a season
# What a directive of strptime stands for in a file's name.
_DIRECTIVES = {
    "%Y": r"\d{4}",
    "%y": r"\d{2}",
    "%m": r"\d{2}",
    "%d": r"\d{2}",
    "%j": r"\d{3}",
    "%H": r"\d{2}",
    "%M": r"\d{2}",
    "%S": r"\d{2}",
    "%b": r"[A-Za-z]{3}",
    "%z": r"Z|[+-]\d{2}:?\d{2}",
}
_YEARS = ({"%Y"}, {"%y"})
_DAYS = ({"%m", "%d"}, {"%b", "%d"}, {"%j"})


def span(text: str) -> timedelta:
    """Return a span of time: 48h, 90min or 2d.

    Raises
    ------
    ValueError
        It is none, or none that a forecast can have.
    """
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        message = f"{text!r} is no span of time; write a number and its unit: 48h, 90min or 2d"
        raise ValueError(message)
    length = float(found[1]) * _UNITS[found[2]]
    if not timedelta(0) < length <= LONGEST:
        message = f"{text!r} is no span of a forecast; it is more than nothing and at most a year"
        raise ValueError(message)
    return length


def clock(text: str) -> timedelta:
    """Return an hour of the day as the time since midnight: 12:00.

    Raises
    ------
    ValueError
        It is none.
    """
    found = _CLOCK.fullmatch(text)
    if found is None:
        message = f'{text!r} is no hour of the day; write it with quotes, like "06:00"'
        raise ValueError(message)
    return timedelta(hours=int(found[1]), minutes=int(found[2]))


def has_hour(format_: str) -> bool:
    """Whether a format holds the hour."""
    return "%H" in format_ or "%I" in format_ or format_ in {EXCEL, LOCAL_SINCE_1970}


def check_pattern(pattern: str) -> None:
    """Refuse a pattern of names that does not hold a day.

    Raises
    ------
    ValueError
        What it lacks, or which directive is not known in names.
    """
    found = _directives(pattern)
    unknown = [each for each in found if each not in _DIRECTIVES]
    if unknown:
        known = ", ".join(_DIRECTIVES)
        message = f"{unknown[0]} is not known in a pattern of names; use {known}"
        raise ValueError(message)
    named = set(found)
    if not any(each <= named for each in _YEARS) or not any(each <= named for each in _DAYS):
        message = f"{pattern!r} names no day; it needs year, month and day, like nwp_%Y%m%d%H.csv"
        raise ValueError(message)


def in_name(pattern: str, name: str) -> datetime | None:
    """Return the moment that a file's name holds; None where the pattern does not fit, or it is no moment.

    Parameters
    ----------
    pattern
        Of the whole name, with the directives of strptime; `*` stands for anything.
    """
    parts = re.split(r"(%.|\*|\?)", pattern)
    said = "".join(
        f"({_DIRECTIVES[each]})"
        if each in _DIRECTIVES
        else {"*": ".*?", "?": "."}.get(each, re.escape(each))
        for each in parts
    )
    found = re.fullmatch(said, name)
    if found is None:
        return None
    try:
        return datetime.strptime(" ".join(found.groups()), " ".join(_directives(pattern)))  # noqa: DTZ007 - the YAML's zone is applied later
    except ValueError:
        return None


def _directives(pattern: str) -> list[str]:
    return re.findall(r"%.", pattern)


def _span(said: object) -> object:
    span(str(said))
    return said


def _clock(said: object) -> object:
    clock(str(said))
    return said


Span = Annotated[str, BeforeValidator(_span)]
Clock = Annotated[str, BeforeValidator(_clock)]
_WAYS = ("column", "file_name", "lead", "day_before_at", "daily_at", "upload")


class IssueFormat(Strict):
    """Where a forecast file says when it was issued: exactly one way."""

    column: str | None = Field(default=None, description="Column that holds each row's issue.")
    file_name: str | None = Field(
        default=None,
        description="Pattern of the whole file name, with strptime directives; * stands for anything: "
        "nwp_*_%Y%m%d%H.csv.",
    )
    lead: Span | None = Field(
        default=None, description="Each interval was issued so long before it begins, like 24h."
    )
    day_before_at: Clock | None = Field(
        default=None,
        description="Each day was issued on the day before, at this hour of the zone's clock.",
    )
    daily_at: Clock | None = Field(
        default=None,
        description="Each interval was issued by the last daily run before it begins; the runs are at this "
        "hour of the zone's clock.",
    )
    upload: Literal[True] | None = Field(
        default=None, description="It was issued when the file was uploaded."
    )
    format: str | None = Field(
        default=None, description="strptime format of the column; without it ISO 8601 is expected."
    )
    at: Clock | None = Field(
        default=None,
        description="Hour of the issue, where the name or the column's format holds only its day.",
    )
    timezone: Zone | None = Field(
        default=None,
        description="Zone of an issue without offset; that of the time stamps where absent.",
    )

    @model_validator(mode="after")
    def _is_one_way(self) -> IssueFormat:
        ways = [way for way in _WAYS if getattr(self, way) is not None]
        if len(ways) != 1:
            said = " and ".join(ways) if ways else "none"
            message = f"name exactly one of {', '.join(_WAYS)}; here is {said}"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _names_the_hour(self) -> IssueFormat:
        way = next((way for way in ("day_before_at", "daily_at") if getattr(self, way)), None)
        if way is not None and self.timezone is None:
            message = f"{way} needs timezone, the zone of the days and of the hour: Europe/Berlin"
            raise ValueError(message)
        if self.format is not None and self.column is None:
            message = "format is that of a column; a pattern of names is its own format"
            raise ValueError(message)
        if self.file_name is not None:
            check_pattern(self.file_name)
            if self.timezone is None and "%z" not in self.file_name:
                message = (
                    "file_name needs timezone, the zone of the clock in the name: timezone: UTC"
                )
                raise ValueError(message)
        written = self.file_name or self.format
        if self.at is not None and (written is None or has_hour(written)):
            message = "at is for a file_name, or a format of a column, that holds a day and no hour"
            raise ValueError(message)
        if written is not None and self.at is None and not has_hour(written):
            message = (
                f'{written!r} holds no hour (%H); say the hour of the issue too, like at: "06:00"'
            )
            raise ValueError(message)
        return self
