"""Whether files hold what somebody predicted: who made it, when it was issued, and how its columns add up.

What is not in the files is asked, and never guessed: a forecast with a wrong issue would promise more than
was known.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from console.drafting import row_times
from console.drafting.guess import Guess
from console.drafting.layout import Sheet
from console.drafting.moments import Form, Times, forms, is_moment
from console.drafting.plant_power import Several
from console.drafting.quantities import Columns, Values, members
from console.drafting.stamps import Stamps
from services.data_watcher.domain.issue_times import gather
from shared.solar.site import FORECAST_PREFIX

_WORDS = re.compile(
    r"(?<![a-z])(nwp|forecasts?|fcst|vorhersage|prognose|ecmwf|ifs|icon|gfs|arome|arpege|harmonie|hrrr"
    r"|mosmix|open ?meteo|ens(emble)?)(?![a-z])"
)
_PROVIDERS = ("ecmwf", "icon", "gfs", "arome", "arpege", "harmonie", "hrrr", "mosmix", "open-meteo")
# Names that models of the weather give to their fields; archives of the past use them as well.
_FIELDS = re.compile(
    r"^(ssrd|dswrf|aswdi(r|fd)_s|asob_s|swdown|t2m|2t|t_2m|shortwave_radiation|temperature_2m|wind_speed_10m"
    r"|direct_normal_irradiance|diffuse_radiation|surface_pressure|relative_humidity_2m|rad1h|rads3"
    r"|ghi_(backwards|instant))\b",
    re.IGNORECASE,
)
_DAY_IN_NAME = re.compile(
    r"(?<!\d)((?:19|20)\d\d)([-_]?)([01]\d)\2([0-3]\d)(?:(T|_|-)?([0-2]\d)(?:([0-5]\d)([0-5]\d)?)?)?(?!\d)"
)
_MEMBER = re.compile(r"^(.*?)(\d{1,3})$")
# As archives of one lead in days call their columns; without it stands what the newest run said.
_DAYS_BEFORE = re.compile(r"_previous_day(\d+)\b", re.IGNORECASE)
_LEAST_MEMBERS = 3
_LONGEST_LEAD = np.timedelta64(16, "D")  # between an issue in a name and its first row
_GROWS, _LEAST_GROWN = 0.9, 6  # of the steps of a sum; rows that differ
_MOSTLY = 0.9  # of the rows
_RATIO = 0.5  # a fall to less is a sum that begins anew
ASKED = (
    "FILL IN: say when a forecast was issued, in one way: {column: …}, {file_name: nwp_%Y%m%d%H.csv, "
    "timezone: UTC}, {lead: 24h}, {day_before_at: 12:00, timezone: …}, {daily_at: 00:00, timezone: …} or "
    "{upload: true}"
)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What speaks for a forecast.

    Attributes
    ----------
    guesses
        kind, provider and issued, as the YAML has them.
    taken
        Columns that are no quantities of it: the issue, and other leads.
    issues
        Of each sheet, a number for each issue in it, one for each row.
    is_whole
        Whether the files are forecasts as a whole, and not only some of their columns.
    notes
        What a person should know.
    """

    guesses: dict[str, Guess]
    taken: set[str]
    issues: list[npt.NDArray[np.intp]]
    is_whole: bool
    notes: tuple[str, ...] = ()


def recognise(sheets: Sequence[Sheet], found: Stamps) -> Forecast | None:
    """Return what speaks for forecasts in files of the same columns; None where they seem to be measured.

    Whether they hold power as well, which decides, is not asked here.
    """
    by_lead = _by_days_before(list(sheets[0].columns))
    if by_lead:
        return _of_lead(by_lead, sheets, found)
    column = _issue_column(sheets, found)
    words = _words(sheets, found)
    fields = [name for name in sheets[0].columns if _FIELDS.match(name)]
    ranges = _ranges(list(sheets[0].columns))
    if column is None and not words and not fields and not ranges:
        return None
    why, notes = _why(column, words, fields, ranges), []
    if column is None and not words and not ranges:
        notes.append(
            "GUESSED, a tie: archives of the past (reanalysis, satellite) name their columns like that, too; "
            "leave out kind, provider and issued if these rows were computed afterwards"
        )
    issued, issues = _issued(sheets, found, column)
    guesses = {
        "kind": Guess("forecast", why),
        "provider": _provider([sheet.path.name for sheet in sheets], words),
        "issued": issued,
    }
    is_whole = (
        column is not None
        or bool(ranges)
        or any(_WORDS.search(_plain(each.path.name)) for each in sheets)
    )
    taken = {*ranges, *([column] if column else [])}
    return Forecast(guesses, taken, issues, is_whole, tuple(notes))


def _ranges(names: Sequence[str]) -> list[str]:
    """Return the columns that are P10 and P90 of another one by their names: nobody measures those."""
    known = set(names)
    return [
        name
        for stem in names
        if {f"{stem}10", f"{stem}90"} <= known and not {f"{stem}20", f"{stem}30"} & known
        for name in (f"{stem}10", f"{stem}90")
    ]


def _by_days_before(names: Sequence[str]) -> dict[int, list[str]]:
    """Return the columns of forecasts by the days that they were made before each interval."""
    found: dict[int, list[str]] = {}
    for name in names:
        match = _DAYS_BEFORE.search(name)
        if match:
            found.setdefault(int(match[1]), []).append(name)
    return found


def _of_lead(by_days: dict[int, list[str]], sheets: Sequence[Sheet], found: Stamps) -> Forecast:
    """Return a forecast of one lead: the shortest; the others are sources of their own."""
    days = min(by_days)
    newest = {_DAYS_BEFORE.sub("", name) for each in by_days.values() for name in each}
    others = {name for lead, each in by_days.items() for name in each if lead != days}
    said = f"previous_day{days} is what was said {24 * days} h before each interval"
    note = (
        f"GUESSED: this source reads the lead of {24 * days} h; for another one, write a second source with "
        "its columns and provider"
    )
    return Forecast(
        guesses={
            "kind": Guess("forecast", f"GUESSED: {said}"),
            "provider": _provider([each.path.name for each in sheets], _words(sheets, found)),
            "issued": Guess({"lead": f"{24 * days}h"}, f"GUESSED: {said}"),
        },
        taken=others | (newest & set(sheets[0].columns)),
        issues=[np.zeros(len(times), np.intp) for times in found.times],
        is_whole=True,
        notes=(note,) if others else (),
    )


def of_power(names: Sequence[str], columns: Columns) -> str | None:
    """Return the column that a file's power would be taken from where it is somebody's forecast of power."""
    if "power_ac" not in columns:
        return None
    ranges = set(_ranges(names))
    return next((each for each in members(columns["power_ac"]) if f"{each}10" in ranges), None)


def holds(predicted: Forecast, columns: Columns) -> bool:
    """Whether all that is read of files was predicted: power is measured, as is weather beside forecasts."""
    if "power_ac" in columns:
        return False
    named = [each.startswith(FORECAST_PREFIX) for each in columns]
    return predicted.is_whole or all(named) or not any(named)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]+", " ", name.lower())


def _why(
    column: str | None, words: Sequence[str], fields: Sequence[str], ranges: Sequence[str]
) -> str:
    said = [f"{column!r} holds the issue"] if column else []
    said += (
        [f"{', '.join(map(repr, ranges[:2]))} are a range, which nobody measures"] if ranges else []
    )
    said += [f"{', '.join(map(repr, words[:3]))} in the names"] if words else []
    said += [f"{', '.join(map(repr, fields[:3]))} are fields of a weather model"] if fields else []
    return f"GUESSED: {'; '.join(said)}"


def _words(sheets: Sequence[Sheet], found: Stamps) -> list[str]:
    """Return the words for forecasts in the names of files and columns."""
    names = [
        *(sheet.path.name for sheet in sheets),
        *(name for name in sheets[0].columns if name not in found.taken),
        *sheets[0].around,
    ]
    words = [each[0] for name in names for each in _WORDS.finditer(_plain(name))]
    words += filter(row_times.is_issue, sheets[0].around)
    return list(dict.fromkeys(words))


def provider_of_column(column: str) -> Guess:
    """Return who made a forecast that stands beside measurements, by the name of a column."""
    plain = _plain(column)
    known = next((each for each in _PROVIDERS if re.search(rf"\b{each}\b", plain)), None)
    word = _WORDS.search(plain)
    name = known or (word[0].replace(" ", "-") if word else "forecast")
    return Guess(name, f"GUESSED: by the name of {column!r}; write who made the forecast")


def _provider(files: Sequence[str], words: Sequence[str]) -> Guess:
    """Return who made it, by the words of the names."""
    said = [each.replace(" ", "-") for each in words]
    known = next((each for each in _PROVIDERS if each in said), None)
    if known:
        return Guess(known, "GUESSED: by the names")
    word = re.match(r"[A-Za-z]+", files[0])
    name = word[0].lower()[:32] if word else "forecast"
    return Guess(name, "GUESSED: the first word of the file's name; write who made the forecast")


# --- the issue ------------------------------------------------------------------------------------------


def _issue_column(sheets: Sequence[Sheet], found: Stamps) -> str | None:
    """Return the column of the issue: a time that is called so, or one of making before the stamps."""
    names = [name for name in sheets[0].columns if name not in found.taken]
    by_name = [name for name in names if row_times.is_issue(name) and _is_time(sheets, name)]
    by_lead = (
        name
        for name in names
        if row_times.is_made(name) and _is_time(sheets, name) and _is_before(sheets, name, found)
    )
    return by_name[0] if by_name else next(by_lead, None)


def _is_time(sheets: Sequence[Sheet], name: str) -> bool:
    return any(map(is_moment, sheets[0].columns[name][:20])) and bool(_forms(sheets, name))


def _is_before(sheets: Sequence[Sheet], name: str, found: Stamps) -> bool:
    """Whether most rows were made before their stamps: what is measured is written down afterwards."""
    leads = np.concatenate(
        [
            stamps - form.times
            for stamps, form in zip(found.times, _forms(sheets, name), strict=True)
        ]
    )
    return bool((leads > np.timedelta64(0, "us")).mean() > _MOSTLY)


def _forms(sheets: Sequence[Sheet], name: str) -> list[Form]:
    """Return the form of an issue that fits every file, one for each."""
    each_file = [forms(sheet.columns[name]) for sheet in sheets]
    for form in each_file[0]:
        same = [next((f for f in some if f.format == form.format), None) for some in each_file]
        fitting = [each for each in same if each is not None]
        if len(fitting) == len(sheets):
            return fitting
    return []


def _issued(
    sheets: Sequence[Sheet], found: Stamps, column: str | None
) -> tuple[Guess, list[npt.NDArray[np.intp]]]:
    alone = [np.zeros(len(times), np.intp) for times in found.times]
    if column is not None:
        chosen = _forms(sheets, column)
        codes = [
            np.unique(gather(form.times, stamps)[0], return_inverse=True)[1]
            for form, stamps in zip(chosen, found.times, strict=True)
        ]
        return _of_column(column, chosen), codes
    names = [sheet.path.name.removesuffix(".gz") for sheet in sheets]
    pattern = _pattern(names, found)
    if pattern is None:
        return Guess(None, ASKED), alone
    return pattern, alone


def _of_column(column: str, chosen: Sequence[Form]) -> Guess:
    said = {"column": column}
    form = chosen[0].format
    if form is not None:
        said["format"] = form
    zoned = all(each.zones - {""} for each in chosen)
    if not zoned:
        said["timezone"] = "UTC"
    if not chosen[0].has_clock:
        return Guess(
            {**said, "format": form or "%Y-%m-%d", "at": None},
            f"GUESSED, but for the hour: {column!r} holds only the day; FILL IN at, the hour of the issue",
        )
    how = "is called like an issue" if row_times.is_issue(column) else "lies before the stamps"
    why = f"GUESSED: {column!r} {how}"
    return Guess(said, why if zoned else f"{why}; UTC, as providers write it")


def _pattern(names: Sequence[str], found: Stamps) -> Guess | None:
    """Return the pattern of an issue in names; None where a name holds none that can be it."""
    matches = [list(_DAY_IN_NAME.finditer(name)) for name in names]
    if any(len(each) != 1 for each in matches):
        return None
    ones = [each[0] for each in matches]
    for match, times in zip(ones, found.times, strict=True):
        moment, known = _moment(match), times[~np.isnat(times)]
        if moment is None or not len(known):
            return None
        if not moment - np.timedelta64(1, "D") <= known.min() <= moment + _LONGEST_LEAD:
            return None
    directives = {_directives(match) for match in ones}
    if len(directives) != 1:
        return None
    heads = {name[: match.start()] for name, match in zip(names, ones, strict=True)}
    tails = {name[match.end() :] for name, match in zip(names, ones, strict=True)}
    pattern = _one(heads) + directives.pop() + _one(tails)
    said: dict[str, str | None] = {"file_name": pattern, "timezone": "UTC"}
    if ones[0][6] is None:
        return Guess(
            {**said, "at": None},
            "GUESSED, but for the hour: the name holds only a day; FILL IN at, the hour of the issue",
        )
    return Guess(
        said, "GUESSED: the name holds a day and an hour before the first row; UTC, as providers do"
    )


def _one(texts: set[str]) -> str:
    return texts.pop().replace("%", "?") if len(texts) == 1 else "*"


def _directives(match: re.Match[str]) -> str:
    between, mark = match[2], match[5] or ""
    clock = f"{mark}%H" + ("%M" if match[7] else "") + ("%S" if match[8] else "")
    return f"%Y{between}%m{between}%d" + (clock if match[6] else "")


def _moment(match: re.Match[str]) -> np.datetime64 | None:
    try:
        moment = datetime(  # noqa: DTZ001 - compared with the file's own clock
            int(match[1]), int(match[3]), int(match[4]), int(match[6] or 0), int(match[7] or 0)
        )
    except ValueError:
        return None
    return np.datetime64(moment, "us")


def numbered(issues: Sequence[npt.NDArray[np.intp]]) -> npt.NDArray[np.intp]:
    """Return the issues of all sheets together, those of each sheet apart from those of others."""
    parts, start = [], 0
    for each in issues:
        parts.append(each + start)
        start += int(each.max(initial=0)) + 1
    return np.concatenate(parts)


# --- stamps and columns ---------------------------------------------------------------------------------


def in_utc(found: Stamps) -> Stamps:
    """Return the stamps in UTC where they carry no zone: providers write it."""
    if any(found.zoned):
        return found
    zone = Guess("UTC", "GUESSED: the stamps carry no zone, and providers write UTC")
    return replace(found, guesses={**found.guesses, "timezone": zone}, offset="UTC")


def ended(found: Stamps, columns: Columns) -> Stamps:
    """Return the stamps as the end of their intervals, where a column adds up until then."""
    adding = [name for name, each in columns.items() if "kind" in each]
    label = found.guesses.get("label")
    if not adding or (label is not None and label.value != "left"):
        return found
    why = f"{adding[0]} adds up until its stamp"
    if found.end is not None:
        why = f"GUESSED: {why}; if that is {found.end.column!r}, say column: {found.end.column}"
    label = Guess("right", why)
    return replace(found, guesses={**found.guesses, "label": label})


def columns(
    found: Columns, numbers: dict[str, Values], times: Times, issue: npt.NDArray[np.intp]
) -> Columns:
    """Return columns as a forecast has them: without the prefix, the mean of members, sums since the issue.

    Parameters
    ----------
    times, issue
        Of each row; the issue as a number.
    """
    said: Columns = {}
    for canonical, chosen in found.items():
        plain = canonical.removeprefix(FORECAST_PREFIX)
        if plain in said:
            continue
        some = _members(members(chosen)[0], list(numbers))
        each = dict(chosen)
        if some is not None:
            each = {
                "columns": Guess(some, f"GUESSED: {len(some.members)} members of an ensemble"),
                "combine": Guess("mean", "an ensemble is averaged"),
                "unit": chosen["unit"],
            }
        unit = str(each["unit"].value)
        first = numbers[members(each)[0]]
        if unit in {"J/m2", "kJ/m2", "MJ/m2", "Wh/m2", "kWh/m2"} and _adds_up(first, times, issue):
            why = "GUESSED: it only grows within an issue"
            each["kind"] = Guess("accumulated", why)
        said[plain] = each
    return said


def _members(name: str, names: Sequence[str]) -> Several | None:
    """Return the columns that are called like one and differ in their number; None where they are few."""
    match = _MEMBER.match(name)
    if match is None:
        return None
    stem = match[1]
    some = [each for each in names if (m := _MEMBER.match(each)) and m[1] == stem]
    return Several((f"{stem}*",), tuple(some)) if len(some) >= _LEAST_MEMBERS else None


def _adds_up(values: Values, times: Times, issue: npt.NDArray[np.intp]) -> bool:
    """Whether values only grow within an issue, but where they begin anew."""
    known = np.isfinite(values) & ~np.isnat(times)
    order = np.lexsort((times[known], issue[known]))
    values, issue = values[known][order], issue[known][order]
    pairs = [
        (one, other)
        for (one, a), (other, b) in pairwise(zip(values.tolist(), issue.tolist(), strict=True))
        if a == b and one != other
    ]
    if len(pairs) < _LEAST_GROWN:
        return False
    gradual = sum(1 for one, other in pairs if _RATIO * one < other < one)
    grown = sum(1 for one, other in pairs if other > one)
    return gradual <= (1 - _GROWS) * len(pairs) and grown > len(pairs) / 2
