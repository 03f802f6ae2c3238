"""Stamps that name the beginning and the end of an interval: 01.01.2020 00:00 - 01.01.2020 00:15."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.data_watcher.adapters.reading.no_times import MOST_BAD, no_timestamps
from services.data_watcher.adapters.reading.parsing import parse
from services.data_watcher.adapters.reading.table import Table
from services.data_watcher.domain.time_axis import Times
from shared.errors import UnreadableFileError
from shared.solar.site import TimestampFormat
from shared.solar.stamp_format import Halves, halves
from shared.solar.zones import tzinfo_of

MOST_UNLIKE = 0.2  # of the intervals; of more nobody knows how long one is
_DAY = np.timedelta64(1, "D")
_LONGEST = 1440.0  # min
_DIRECTIVES = {
    "%Y": r"\d{4}",
    "%j": r"\d{1,3}",
    "%f": r"\d{1,9}",
    "%b": r"\pL+\.?",
    "%B": r"\pL+\.?",
    "%p": r"[AaPp]\.?[Mm]\.?",
}
_ZONE = r"Z|[-+]\d\d:?\d\d|[A-Za-z]{1,5}(?:/[A-Za-z]{1,5})?"
_ZONES, _ANY_ZONE = {"%z", "%Z"}, "\0"  # a mark that no format holds
_ISO = re.compile(r"%Y-%m-%d[T ]%H:%M:%S\.%f")  # as ISO 8601 it is read a hundred times faster
_MOST_CHANGES = 10_000  # intervals that are looked at one by one


def begun(table: Table, how: TimestampFormat, zone: str) -> tuple[Table, TimestampFormat]:
    """Return a table whose stamps are the beginnings of the intervals that they name, and how these read.

    A stamp whose end is missing or elsewhere is no time.

    Raises
    ------
    UnreadableFileError
        `no_timestamps`: too many stamps are no interval in the format that the YAML says, or `wrong_step`:
        the intervals are not as long as the YAML says, or of several lengths.
    """
    both = halves(how.format)
    if both is None:
        return table, how
    text = pc.utf8_trim_whitespace(pc.cast(table.stamps, pa.string()))
    begin, end, form = _cut(text, both)
    of_begin = how.model_copy(update={"format": _quick(form), "label": "left"})
    of_end = of_begin.model_copy(update={"format": _quick(_end_format(form, both))})
    begins, is_utc = parse(begin, of_begin, zone)
    ends, _ = parse(end, of_end, zone)
    if both.ends_by_clock:
        ends = np.where(ends <= begins, ends + _DAY, ends)  # 23:45 - 00:00
    known = ~np.isnat(begins) & ~np.isnat(ends)
    if np.count_nonzero(~known) > MOST_BAD * len(known):
        raise no_timestamps(table, how, ~known, zone)
    lengths = (ends - begins) / np.timedelta64(1, "m")
    step = float(how.step_minutes) if how.step_minutes else _usual(lengths[known])
    fitting = lengths == step
    if not is_utc:
        fitting |= _over_a_change(begins, ends, known & ~fitting, step, tzinfo_of(zone))
    unlike = known & ~fitting
    if not _is_step(step) or unlike.sum() > MOST_UNLIKE * known.sum():
        raise _wrong_length(table, how, lengths, unlike if unlike.any() else known)
    stamps = pc.if_else(pa.array(fitting), begin, None)
    return replace(table, stamps=stamps), of_begin.model_copy(update={"step_minutes": round(step)})


def _usual(lengths: npt.NDArray[np.float64]) -> float:
    values, counts = np.unique(lengths, return_counts=True)
    return float(values[counts.argmax()])


def _is_step(minutes: float) -> bool:
    return minutes.is_integer() and 0 < minutes <= _LONGEST


def _wrong_length(
    table: Table,
    how: TimestampFormat,
    lengths: npt.NDArray[np.float64],
    unlike: npt.NDArray[np.bool_],
) -> UnreadableFileError:
    row = int(np.flatnonzero(unlike)[0])
    said = (
        f"the YAML says step_minutes: {how.step_minutes}"
        if how.step_minutes
        else (f"the most frequent length is {_usual(lengths[~np.isnan(lengths)]):g} min")
    )
    return UnreadableFileError(
        "wrong_step",
        f"{int(unlike.sum())} of {table.rows} stamps name an interval of another length, the first one of "
        f"{lengths[row]:g} min in row {table.said(row)}; {said}",
        "correct step_minutes in the site's YAML, or leave it out: the stamps name it; split a file whose "
        "step changes (a step is at least a minute and at most a day)",
    )


# --- the halves -----------------------------------------------------------------------------------------


def _cut(text: pa.Array, both: Halves) -> tuple[pa.Array, pa.Array, str]:
    """Return the beginnings and the ends, null where a stamp is none, and the format of a beginning.

    A zone behind one of both is that of the other one, too.
    """
    clock = _pattern(both.begin[len(both.date) :])
    found = pc.extract_regex(
        text,
        f"^(?P<begin>(?P<date>{_pattern(both.date)}){clock}){_beside(both.between, 'one')}"
        f"(?P<end>{_pattern(both.end)}){_beside(both.behind, 'other')}$",
    )
    begins, ends = pc.struct_field(found, "begin"), pc.struct_field(found, "end")
    if both.ends_by_clock:
        days = pc.utf8_trim_whitespace(pc.struct_field(found, "date"))
        ends = pc.binary_join_element_wise(days, ends, " ")
    zones = [
        _named(pc.struct_field(found, group))
        for group, tokens in (("one", both.between), ("other", both.behind))
        if _zone(tokens)
    ]
    form = "".join(both.begin)
    if not any(each.null_count < len(each) for each in zones):
        return begins, ends, form
    begins = _with_zone(begins, pc.coalesce(*zones))
    ends = _with_zone(ends, pc.coalesce(*zones[::-1]))
    return begins, ends, f"{form} {_zone(both.between) or _zone(both.behind)}"


def _quick(form: str) -> str | None:
    return None if _ISO.fullmatch(form) else form


def _end_format(form: str, both: Halves) -> str:
    """Return the format of an end, which carries the date and the zone of its beginning."""
    if not both.ends_by_clock:
        return form
    begin = "".join(both.begin)
    return f"{''.join(both.date).strip()} {''.join(both.end)}{form.removeprefix(begin)}"


def _pattern(tokens: tuple[str, ...]) -> str:
    """Return the pattern of a half, or of a part of it."""
    return "".join(
        _DIRECTIVES.get(each, r"\d{1,2}") if each.startswith("%") else _literal(each)
        for each in tokens
    )


def _literal(text: str) -> str:
    return "".join(r"\s+" if each.isspace() else re.escape(each) for each in text)


def _beside(tokens: tuple[str, ...], group: str) -> str:
    """Return the pattern of what is behind a half: a zone may be missing, and blanks and dashes are any."""
    text = "".join(_ANY_ZONE if each in _ZONES else each for each in tokens)
    parts = re.split(rf"([ (]*{_ANY_ZONE}\)?)|\s*([-\u2013\u2014])\s*", text)
    said = []
    for plain, zone, dash in zip(
        parts[::3], [*parts[1::3], None], [*parts[2::3], None], strict=True
    ):
        said.append(_literal(plain))
        if zone:
            said.append(rf"(?:[ (]*(?P<{group}>{_ZONE})\)?)?")
        if dash:
            said.append("\\s*[-\u2013\u2014]\\s*")
    return "".join(said)


def _zone(tokens: tuple[str, ...]) -> str | None:
    return next((each for each in tokens if each in _ZONES), None)


def _named(zones: pa.Array) -> pa.Array:
    """Return names of zones, null where there is none; CET/CEST names the clock of the place."""
    return pc.if_else(pc.match_substring_regex(zones, "^$|/"), None, zones)


def _with_zone(half: pa.Array, zones: pa.Array) -> pa.Array:
    joined = pc.binary_join_element_wise(half, zones, " ", null_handling="skip")
    return pc.if_else(pc.is_valid(half), joined, None)


# --- the length -----------------------------------------------------------------------------------------


def _over_a_change(
    begins: Times, ends: Times, doubtful: npt.NDArray[np.bool_], step: float, place: tzinfo
) -> npt.NDArray[np.bool_]:
    """Return which intervals are as long as the others once the clock's change within them counts."""
    found = np.zeros(len(begins), bool)
    length = timedelta(minutes=step)
    for row in np.flatnonzero(doubtful)[:_MOST_CHANGES]:
        begin, end = (each[row].astype("M8[us]").item() for each in (begins, ends))
        found[row] = any(
            late - early == length
            for early in _moments(begin, place)
            for each in (end, end - timedelta(days=1))
            for late in _moments(each, place)
        )
    return found


def _moments(local: datetime, place: tzinfo) -> list[datetime]:
    """Return what a clock's time may be in UTC: two moments where the clock shows it twice."""
    return [local.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1)]
