"""Whether the accepted files of a source agree with each other, and with the sun: unit, clock, day and month.

Each of them passed alone, some because they are short. A plant changes, too: it is extended, its logger is
exchanged, part of it is off. So files are compared by what no such change explains, and only where a file is
long or clear enough that the weather does not explain it either.

The answer depends on the set of files alone, not on their order.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median_high

from services.data_watcher.domain.traits import Level, Traits

POWER, CLOCK, DAYS = "unlike_power", "unlike_clock", "unlike_days"
PARTS = "unlike_parts"
IRRADIANCE = "unlike_irradiance"  # of forecasts and other weather without power
CAPACITY, FAINT_LIGHT = "unlike_capacity", "unlike_sun"  # all of them alike, and all too low

# A plant that is extended gives up to twice as much; an energy of five minutes read as power, a third of that
# of fifteen. Of clear days under a like sun, those of public plants differed by 1.6.
MOST_APART = 2.5
LIKE_STEPS = 1.6  # where two files differ like the lengths of their intervals, less is enough
SAME = 1.25  # how near the one is to the other then
# Under a high sun the tilt of a plane matters less: public plants reach 0.7 to 1.3 times their capacity on a
# month's best day, scaled to the zenith, and clear irradiance 0.75 to 1.1 times 1000 W/m². Half of that is
# the energy of half an hour in kWh, read as kW.
HIGH_SUN = 0.6  # sine of the elevation at noon
LEAST_HEIGHT = 0.55
LEAST_DAYS = 7
HALF_HOUR = 1800.0  # s
MOST_OFF = 75.0  # minutes; the same as for one file. Those of public plants lay within 61
LEAST_PART = (
    0.02  # of a source's days: two in a hundred. Fewer may be an outage, and do little harm
)
AHEAD = timedelta(days=2)  # a clock and a time zone can be wrong by one
ALONE = 3  # days without another file around a file of one day
LEAST_IN_ROW = 3  # months, or years, in which the same day of the month stands alone
_MONTHS = 12
_NEAR = (-1, 0, 1)  # bands of the noon sun that are like each other


@dataclass(frozen=True, slots=True)
class Sibling:
    """An accepted file. `content` is the SHA-256 of its bytes; of `is_light` the traits are of irradiance."""

    key: str
    content: str
    uploaded_at: datetime
    window_start: datetime
    traits: Traits
    is_light: bool = False
    is_forecast: bool = False


@dataclass(frozen=True, slots=True)
class Disagreement:
    """So many of a source's files do not fit the others in the same way; `example` is the plainest."""

    cause: str
    files: int
    judged: int
    example: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Odd:
    """A file that does not fit, how plainly it shows that, and in words."""

    file: Sibling
    by: float
    said: str


def disagreements(files: Iterable[Sibling]) -> tuple[Disagreement, ...]:
    """Return in which ways the files of one source do not fit each other."""
    ones: dict[str, Sibling] = {}
    for each in sorted(files, key=lambda each: each.key, reverse=True):
        if each.traits.days:
            ones[each.content] = each  # of the same bytes the first by name
    judged = [ones[content] for content in sorted(ones, key=lambda content: ones[content].key)]
    is_light = any(each.is_light for each in judged)
    ways: tuple[tuple[str, Callable[[Sequence[Sibling]], Iterator[_Odd]]], ...] = (
        (IRRADIANCE if is_light else POWER, _unlike_power),
        (FAINT_LIGHT if is_light else CAPACITY, _far_below),
        (PARTS, _unlike_parts),
        (CLOCK, _unlike_clock),
        (DAYS, _unlike_days),
    )
    if any(each.is_forecast for each in judged):
        ways = ways[:-1]  # they begin after their upload, and their names say when they were issued
    found = (_gathered(cause, judged, list(way(judged))) for cause, way in ways)
    return tuple(each for each in found if each is not None)


def _gathered(cause: str, judged: Sequence[Sibling], odd: Sequence[_Odd]) -> Disagreement | None:
    """Return what to say of the files that do not fit; None where they are too few to do harm."""
    days = sum(each.traits.days for each in judged)
    if not odd or sum(each.file.traits.days for each in odd) < LEAST_PART * days:
        return None
    plainest = max(odd, key=lambda each: (each.by, each.file.key))
    return Disagreement(cause, len(odd), len(judged), plainest.file.key, plainest.said)


# --- power --------------------------------------------------------------------------------------------


def _unlike_power(files: Sequence[Sibling]) -> Iterator[_Odd]:
    """Yield the files whose power is a multiple or a fraction of the others' under a like sun."""
    bands: dict[int, list[tuple[float, Sibling]]] = defaultdict(list)
    for each in files:
        for level in each.traits.levels:
            if level.is_sure:
                bands[level.band].append((level.height, each))
    usual = {}
    for band in {one + near for one in bands for near in _NEAR}:
        usual[band] = _usual([one for near in _NEAR for one in bands.get(band + near, ())])
    for each in files:
        found = [
            odd
            for level in each.traits.levels
            if level.band in usual and (odd := _compared(each, level, *usual[level.band]))
        ]
        if each.traits.apart > MOST_APART:
            found.append(_Odd(each, each.traits.apart, _torn(each)))
        if found:
            yield max(found, key=lambda odd: odd.by)


def _torn(file: Sibling) -> str:
    return (
        f"its own clear days under a like sun differ by {file.traits.apart:.2g} times, as where parts of it "
        "are in another unit"
    )


def _usual(like: Sequence[tuple[float, Sibling]]) -> tuple[float, Sibling]:
    """Return the middle of the files under a like sun, the higher one of two."""
    ordered = sorted(like, key=lambda one: (one[0], one[1].key))
    return ordered[len(ordered) // 2]


def _compared(file: Sibling, level: Level, height: float, other: Sibling) -> _Odd | None:
    times = level.height / height
    if times < 1 and not level.is_sure:
        return None  # the weather
    apart = max(times, 1 / times)
    steps = file.traits.step / other.traits.step
    like_steps = max(times / steps, steps / times) <= SAME and apart >= LIKE_STEPS
    if apart < MOST_APART and not like_steps:
        return None
    what = "irradiance" if file.is_light else "power"
    best = (
        f"at best {1000 * level.peak:.0f} W/m2"
        if file.is_light
        else f"for half an hour at best {level.peak:.1%} of the AC capacity"
    )
    said = (
        f"{times:.2g} times the {what} of" if times > 1 else f"{100 * times:.2g}% of the {what} of"
    )
    reason = f"under a like sun it shows {said} {other.key}: {best}"
    if like_steps:
        reason += (
            f". Their rows lie {file.traits.step / 60:g} and {other.traits.step / 60:g} minutes apart, which "
            f"is as much: energy of an interval, read as {what}"
        )
    return _Odd(file, apart, reason)


def _far_below(files: Sequence[Sibling]) -> Iterator[_Odd]:
    """Yield all files where those of a high sun are far below what a plant, or the sun, gives."""
    high: dict[str, list[float]] = defaultdict(list)
    for each in files:
        for level in each.traits.levels:
            if level.is_sure and level.sun >= HIGH_SUN:
                high[each.key].append(level.height)
    if sum(each.traits.days for each in files if each.key in high) < LEAST_DAYS:
        return
    if median_high(height for heights in high.values() for height in heights) >= LEAST_HEIGHT:
        return
    for each in files:  # they are read alike, so what these are the others are, too
        if each.key in high:
            yield _Odd(each, max(high[each.key]), _faint(each))  # the best one is the plainest
        else:
            yield _Odd(each, 0.0, "")


def _faint(file: Sibling) -> str:
    peak = max(level.peak for level in file.traits.levels if level.sun >= HIGH_SUN)
    high = "under a high sun, on its best days, "
    if file.is_light:
        return f"{high}irradiance stays below {1000 * peak:.0f} W/m2"
    said = f"{high}power stays below {peak:.0%} of the AC capacity"
    if file.traits.step == HALF_HOUR:
        said += ". Its rows lie half an hour apart: energies in kWh that are read as kW are half of the power"
    return said


# --- inverters ----------------------------------------------------------------------------------------


def _unlike_parts(files: Sequence[Sibling]) -> Iterator[_Odd]:
    """Yield the files that add up fewer inverters than some file before them: one is missing, or was removed.

    A plant that is extended has more of them from then on.
    """
    most, of = 0, ""
    for each in sorted(files, key=lambda each: (each.window_start, -each.traits.parts, each.key)):
        parts = each.traits.parts
        if parts < most:
            said = f"it adds up the power of {parts} inverters, and {of} before it that of {most}"
            yield _Odd(each, most - parts, said)
        elif parts > most:
            most, of = parts, each.key


# --- clock --------------------------------------------------------------------------------------------


def _unlike_clock(files: Sequence[Sibling]) -> Iterator[_Odd]:
    """Yield the files whose days are centred hours before or after those of the others."""
    known = [(each.traits.middle, each) for each in files if each.traits.middle is not None]
    if not known:
        return
    usual = median_high(middle for middle, _ in known)
    for middle, each in known:
        off = middle - usual
        if abs(off) > MOST_OFF:
            when = "after" if off > 0 else "before"
            said = f"its days are centred {abs(off) / 60:.1f} hours {when} those of the other files"
            yield _Odd(each, abs(off), said)


# --- days ---------------------------------------------------------------------------------------------


def _unlike_days(files: Sequence[Sibling]) -> Iterator[_Odd]:
    """Yield the files whose day and month may be swapped, or that were uploaded before they were measured."""
    alone = _standing_alone(files)
    for each in files:
        first = date.fromisoformat(each.traits.first)
        named = _date_in(each.key)
        if named and named != first and (named.month, named.day) == (first.day, first.month):
            if named.year == first.year:
                said = (
                    f"its name says {named}, its rows {first}: day and month are probably swapped"
                )
                yield _Odd(each, 3, said)
        elif each.window_start > each.uploaded_at + AHEAD:
            said = (
                f"its rows begin on {first}, but it was uploaded on {each.uploaded_at:%Y-%m-%d}: day and "
                "month may be swapped, or the logger's clock is wrong"
            )
            yield _Odd(each, 2, said)
        elif each.key in alone:
            said = (
                f"it holds {first} alone, and others the same day of the months or years around it; "
                "day, month and year are probably in another order"
            )
            yield _Odd(each, 1, said)


_DATE = re.compile(r"(?<!\d)(20\d\d)[-_.]?(\d\d)[-_.]?(\d\d)(?!\d)")


def _date_in(key: str) -> date | None:
    """Return the one date that a file's name says year first, which nobody writes in another order."""
    found = _DATE.findall(key.rpartition("/")[2])
    if len(found) != 1:
        return None
    year, month, day = map(int, found[0])
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _standing_alone(files: Sequence[Sibling]) -> set[str]:
    """Return the files of one day that stand alone, on the same day of months or years in a row."""
    days = sorted(
        (date.fromisoformat(each.traits.first), each.traits.days, each.key) for each in files
    )
    last = date.min
    alone: dict[tuple[int, int], list[str]] = defaultdict(list)
    for number, (first, length, key) in enumerate(days):
        following = days[number + 1][0] if number + 1 < len(days) else date.max
        end = first + timedelta(days=length - 1)
        before = first - last > timedelta(days=ALONE)
        if length == 1 and before and following - first > timedelta(days=ALONE):
            alone[first.day, first.year * _MONTHS + first.month].append(key)
        last = max(last, end)
    found = set()
    for day, month in alone:
        for apart in (1, _MONTHS):  # day and month swapped, day and year
            run = [(day, month + number * apart) for number in range(LEAST_IN_ROW)]
            if all(each in alone for each in run):
                found |= {key for each in run for key in alone[each]}
    return found
