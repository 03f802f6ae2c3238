"""Whether the rows of a file are what their stamps say: one plant, and day and month in their places."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain.time_axis import (
    DAY,
    NAT,
    Times,
    days_of,
    minute_of,
    stretches,
    ticks_of,
)
from shared.errors import UnreadableFileError
from shared.solar import runs

MOST_MIXED = (
    0.2  # share of rows that repeat a stamp with other values before the file must be mixed
)
FEW_MIXED = 4  # such rows; as few are a logger's hiccup, however small the file
DAYS_FOR_SWAP = 3  # in a row
YEARS_FOR_SWAP = 2
# Between a swapped day and its neighbours.
_FAR_AWAY, _FAR_DAYS = 20 * DAY, np.timedelta64(20, "D")
FEWEST_TURNED, MOSTLY_TURNED = 2, 0.8  # days, and their part of those that lie far away
MOST_TURNED = 12  # days of a month that can be swapped
LEAST_RUN = 8  # rows that ascend, before they are a series of their own
ROWS_OF_A_DAY = 4  # fewer are readings of a meter once a month
_YEARS_AWAY = 300 * DAY  # us; a wrong year is 365 days away from the row beside it
SAME = 1e-3  # of a value; exports round
MOST_STRAY = 0.2  # of the rows; of more nobody knows which are right
ROWS_FOR_STEP = 24
CLOSER, FARTHER = 0.75, 1.5  # than the stated step, before stamps contradict it
USUAL = 0.8  # of the distances
SEVERAL = (
    "if the file holds several plants, sensors or inverters below each other, say in the site's YAML which "
    "rows count (where: {column: value}) or which column names the inverters, or the registers of a meter, "
    "to add up (sum_by: column), or export one file or one column for each"
)
SAME_PLANT = (
    "if it is the same plant, name the column that numbers the intervals of an hour or a day "
    "(timestamp.interval_column), or remove the rows that do not count"
)
LIGHT = ("power_ac", "ghi", "poa_global", "dni", "dhi")
Mask = npt.NDArray[np.bool_]
_ONE_DAY, _ONE_YEAR = np.timedelta64(1, "D"), np.timedelta64(365, "D")


def contradicting(
    columns: Mapping[str, npt.NDArray[np.float64]],
    utc: Times | npt.NDArray[np.int64],
    rows: npt.NDArray[np.intp],
    chosen: npt.NDArray[np.intp],
    *,
    said: Callable[[int], str],
    most: float = MOST_MIXED,
    otherwise: str = SAME_PLANT,
) -> dict[str, Mask]:
    """Return which of the kept rows have another value than a row with the same stamp, by quantity.

    Nobody knows which of two values is right, so that neither may count.

    Parameters
    ----------
    columns, utc
        Values by name and times, one for each row of the table; of forecasts, numbers of issue and time.
    rows, chosen
        The rows that have a time, and those of them that are kept: one for each time.
    said
        Says where a row is in the file, and which stamp it carries.
    most
        Share of the rows that may be like that; a few are taken for a logger's hiccup, unless this is 0.
    otherwise
        What to do where they are not of several plants.

    Raises
    ------
    UnreadableFileError
        `mixed_rows`: it is more than a hiccup, as of two plants or a long file.
    """
    at = np.searchsorted(utc[chosen], utc[rows])
    differs = np.zeros(len(rows), bool)
    found = {}
    for name, values in columns.items():
        one, other = values[rows], values[chosen][at]
        apart = ~np.isclose(one, other, rtol=SAME, atol=0.0) & ~(np.isnan(one) | np.isnan(other))
        differs |= apart
        found[name] = np.zeros(len(chosen), bool)
        found[name][at[apart]] = True
    count = int(differs.sum())
    if count > (max(most * _that_matter(columns, rows), FEW_MIXED) if most else 0):
        row = int(rows[np.flatnonzero(differs)[0]])
        raise UnreadableFileError(
            "mixed_rows",
            f"{count} of {len(rows)} rows repeat a time stamp with other values, first row "
            f"{said(row)}",
            f"{SEVERAL}; {otherwise}",
        )
    return found


def _that_matter(columns: Mapping[str, npt.NDArray[np.float64]], rows: npt.NDArray[np.intp]) -> int:
    """Return how many rows have power, or light: at night two plants say the same."""
    for name in LIGHT:
        if name in columns:
            return int(np.count_nonzero(np.nan_to_num(columns[name][rows])))
    return len(rows)


def check_swapped(local: Times) -> None:
    """Refuse a file whose days lie a month or a year apart, and in a row once they are swapped."""
    if local[-1] - local[0] < DAYS_FOR_SWAP * _ONE_DAY and local[0] <= local[-1]:
        return
    ticks = ticks_of(local)
    if np.abs(ticks[1:] - ticks[:-1]).max() > _FAR_AWAY:
        _check_partly_swapped(local)
        _check_one_day_of_each_month(local)
        check_turned(local, _ONE_DAY)


def _check_one_day_of_each_month(local: Times) -> None:
    """Refuse a file that holds the same day of month after month, or of year after year."""
    # The last may be midnight, the end of a day.
    some = local[[0, len(local) // 2, -2]].astype("M8[D]")
    if len(set(some - some.astype("M8[M]"))) > 1:
        return  # as in nearly every file, and cheaper than all its days
    local = _without_midnight(local)
    if not len(local):
        return
    dates = local.astype("M8[D]")
    days = np.unique(dates[np.append(True, np.diff(dates) != np.timedelta64(0, "us"))])
    months = days.astype("M8[M]")
    of_month = (days - months).astype(int) + 1
    if len(days) < DAYS_FOR_SWAP or len(local) < ROWS_OF_A_DAY * len(days):
        return
    if (of_month != of_month[0]).any():
        return
    apart = np.diff(months).astype(int)
    if days[-1] - days[0] >= YEARS_FOR_SWAP * _ONE_YEAR:
        raise UnreadableFileError(
            "day_month_swapped",
            f"the file holds only the {of_month[0]}. of {len(days)} months years apart, from {days[0]} to "
            f"{days[-1]}; day and year are probably swapped",
            "correct timestamp.format in the site's YAML (%y/%m/%d or %d/%m/%y), or the stamps in the file",
        )
    if of_month[0] > 12 or (apart != 1).any():  # noqa: PLR2004 - months of a year
        return
    raise UnreadableFileError(
        "day_month_swapped",
        f"the file holds only the {of_month[0]}. of {len(days)} months in a row, from {days[0]} to "
        f"{days[-1]}; day and month are probably swapped",
        "correct timestamp.format in the site's YAML (%d/%m/%Y or %m/%d/%Y), or the stamps in the file",
    )


def _check_partly_swapped(local: Times) -> None:
    """Refuse a file of which some days lie months away, and beside the others once they are swapped.

    A spreadsheet that expects another order turns round what it can, the first twelve days of each month.
    """
    days = np.unique(_without_midnight(local).astype("M8[D]"))
    if not len(days):
        return
    groups = np.split(days, np.flatnonzero(np.diff(days) > _ONE_DAY) + 1)
    home = max(groups, key=len)
    if len(home) < FEWEST_TURNED or len(local) < ROWS_OF_A_DAY * len(days):
        return
    away = [day for group in groups if group is not home for day in group.astype(object)]
    turned = [
        day.replace(month=day.day, day=day.month)
        for day in away
        if day.day <= 12 and day.day != day.month  # noqa: PLR2004 - months of a year
    ]
    first, last = home[0] - MOST_TURNED * _ONE_DAY, home[-1] + MOST_TURNED * _ONE_DAY
    fitting = [day for day in turned if first <= np.datetime64(day) <= last]
    if len(fitting) < FEWEST_TURNED or len(fitting) < MOSTLY_TURNED * len(away):
        return
    if np.isin(np.array(fitting, "M8[D]"), days).any():
        return
    raise UnreadableFileError(
        "day_month_swapped",
        f"{len(fitting)} days lie far from the others ({home[0]} to {home[-1]}), like {away[0]}, and beside "
        "them once day and month are swapped; a spreadsheet may have turned them round",
        "export the file again without opening it in a spreadsheet, or correct the stamps in the file",
    )


def check_turned(local: Times, farthest: np.timedelta64 = _FAR_DAYS) -> None:
    """Refuse a file whose days jump by months, and follow each other once day and month are swapped.

    A spreadsheet turns round the first twelve days of each month; over several months they fall onto each
    other's places, so that only the order of the rows shows it.

    Parameters
    ----------
    local
        Times in the order of the file.
    farthest
        How far apart days may lie then. Where a gap is between them, it takes more of them.
    """
    if len(local) < ROWS_OF_A_DAY or np.abs(np.diff(ticks_of(local))).max() <= _FAR_AWAY:
        return  # as in nearly every file
    local = _without_midnight(local)
    days = days_of(local[runs.starts(days_of(local))])
    jumps = np.abs(np.diff(days)) > _FAR_DAYS
    if len(local) < ROWS_OF_A_DAY * len(days) or not jumps.any():
        return
    months, years = days.astype("M8[M]"), days.astype("M8[Y]").astype("M8[M]")
    day, month = (days - months).astype(int), (months - years).astype(int)
    turned = np.where(day < MOST_TURNED, (years + day).astype("M8[D]") + month, days)
    count = int(np.count_nonzero(turned != days))
    steps = np.diff(turned) * (1 if turned[-1] >= turned[0] else -1)
    are_many = count >= FEWEST_TURNED and len(days) >= DAYS_FOR_SWAP
    longest = farthest if are_many else _ONE_DAY
    if not count or not ((steps > 0 * _ONE_DAY) & (steps <= longest)).all():
        return
    first = int(np.flatnonzero(jumps)[0])
    raise UnreadableFileError(
        "day_month_swapped",
        f"rows go from {days[first]} to {days[first + 1]}, and {count} days lie in a row with the others, "
        f"from {min(turned[0], turned[-1])} to {max(turned[0], turned[-1])}, once day and month are swapped",
        "correct timestamp.format in the site's YAML (%d/%m/%Y or %m/%d/%Y); where a spreadsheet turned "
        "round some of them, export the file again without opening it in one",
    )


def _without_midnight(local: Times) -> Times:
    """Return times without midnight, which may end the day before."""
    by_day: Times = local[ticks_of(local) % DAY != 0]
    return by_day


def strays(utc: Times) -> npt.NDArray[np.bool_]:
    """Return which rows lie years away from all others: the clock of a logger started anew.

    Parameters
    ----------
    utc
        Times in the order of the file; NaT where unknown.
    """
    none = np.zeros(len(utc), bool)
    ticks = ticks_of(utc)
    known = utc[ticks != NAT]
    ticks = ticks_of(known)
    if not len(known) or ticks.max() - ticks.min() < _YEARS_AWAY:
        return none
    if (ticks[1:] < ticks[:-1]).any():
        known = np.sort(known)
    cuts = np.flatnonzero(np.diff(ticks_of(known)) >= _YEARS_AWAY)
    if not len(cuts):
        return none
    edges = np.concatenate([[0], cuts + 1, [len(known)]])
    largest = int(np.argmax(np.diff(edges)))
    first, last = known[edges[largest]], known[edges[largest + 1] - 1]
    outside = ~np.isnat(utc) & ((utc < first) | (utc > last))
    return outside if outside.sum() <= MOST_STRAY * len(known) else none


def check_overlapping(utc: Times, rows: npt.NDArray[np.intp], said: Callable[[int], str]) -> int:
    """Return how many rows come too late; refuse a file that goes through the same time again and again.

    Several sensors lie between each other's rows. One sensor whose days or weeks come in any order does not:
    no stamp repeats, and each stretch fits into a gap. It is put in order, unless a stretch leaves a hole of
    its own length where it lies in the file: its stamps are wrong.

    Parameters
    ----------
    utc, rows
        Times of all rows, and the rows that have one, in the order of the file.
    said
        Says where a row is in the file, and which stamp it carries.
    """
    times = utc[rows]
    ticks = ticks_of(times)
    if len(times) < ROWS_OF_A_DAY or (ticks[1:] >= ticks[:-1]).all():
        return 0
    if times[-1] < times[0] and np.median(np.diff(times).astype(np.int64)) < 0:
        times, rows = times[::-1], rows[::-1]
    runs = _runs(times)
    again = _inside_earlier_runs(times, runs)
    count = int(again.sum())
    if count <= max(MOST_MIXED * len(times), FEW_MIXED):
        return 0
    if not len(_repeated(times)) and not _leaves_its_hole(times) and not _interleaved(times, runs):
        return count
    row = int(rows[np.flatnonzero(again)[0]])
    raise UnreadableFileError(
        "mixed_rows",
        f"{count} of {len(times)} rows go back in time, between the stamps of earlier rows, first row "
        f"{said(row)}; the file seems to hold several sensors or inverters below each other",
        SEVERAL,
    )


def _runs(times: Times) -> list[tuple[int, int]]:
    """Return where rows ascend, first by first stamp; a row that is written late is too short to count."""
    starts = np.flatnonzero(np.append(True, times[1:] < times[:-1]))
    ends = np.append(starts[1:], len(times))
    long = ends - starts >= LEAST_RUN
    return sorted(
        ((int(a), int(b)) for a, b in zip(starts[long], ends[long], strict=True)),
        key=lambda run: times[run[0]],
    )


def _inside_earlier_runs(times: Times, runs: list[tuple[int, int]]) -> Mask:
    """Return which rows lie within a run of ascending rows that begins before their own run does.

    Days in any order do not overlap.
    """
    inside = np.zeros(len(times), bool)
    if not runs:
        return inside
    repeated = np.isin(times, _repeated(times))
    furthest = times[runs[0][1] - 1]
    for start, end in runs[1:]:
        inside[start:end] = times[start:end] < furthest
        furthest = max(furthest, times[end - 1])
    return inside & ~repeated


def _interleaved(times: Times, runs: list[tuple[int, int]]) -> bool:
    """Whether many rows lie where a run has no gap; whether a distance is one is a matter of its own step."""
    ranks = np.empty(len(times), np.intp)
    ranks[np.argsort(times, kind="stable")] = np.arange(len(times))
    between = 0
    for start, end in runs:
        apart = np.diff(times[start:end])
        others = np.diff(ranks[start:end]) - 1
        between += int(others[apart <= FARTHER * np.median(apart)].sum())
    return between > max(MOST_MIXED * len(times), FEW_MIXED)


def _leaves_its_hole(times: Times) -> bool:
    """Whether a stretch of rows would fit exactly between the rows before and after it in the file.

    A gap of that length that comes more than once is the plant's, like a night.
    """
    apart = np.diff(times)
    step = np.median(np.abs(apart))
    edges = np.concatenate([[0], np.flatnonzero(apart != step) + 1, [len(times)]])
    lengths = np.diff(edges)[1:-1]
    before, behind = times[edges[1:-2] - 1], times[edges[2:-1]]
    holes = behind - before
    gaps, counts = np.unique(np.diff(np.sort(times)), return_counts=True)
    once = gaps[counts == 1]
    return bool(((holes == (lengths + 1) * step) & np.isin(holes, once)).any())


def _repeated(times: Times) -> Times:
    values, counts = np.unique(times, return_counts=True)
    return values[counts > 1]


def check_step(utc: Times, step: float, *, by_yaml: bool = True) -> None:
    """Refuse a file whose stamps are not as far apart as the YAML says, or as those of intervals say.

    Parameters
    ----------
    utc
        Starts of the intervals, ascending and unique.
    step
        Stated length of an interval. [s]
    by_yaml
        Whether the YAML states it; else the stamps do, by the end that they name.
    """
    ticks = ticks_of(utc)
    apart = ticks[1:] - ticks[:-1]
    if len(apart) < ROWS_FOR_STEP or (apart == round(step * 1e6)).all():
        return
    distances = apart / 1e6
    other = next(
        (start for start, _ in stretches(distances, ROWS_FOR_STEP) if distances[start] != step),
        None,
    )
    if other is not None:
        raise _wrong_step(
            step, f"{distances[other] / 60:g} min", f" from {minute_of(utc[other])} UTC on", by_yaml
        )
    if (distances == step).mean() > USUAL:
        return
    close = (distances < CLOSER * step).mean()
    values, counts = np.unique(np.round(distances), return_counts=True)
    usual, share = float(values[counts.argmax()]), counts.max() / len(distances)
    far = share > USUAL and usual > FARTHER * step
    if close <= MOST_MIXED and not far:
        return
    found = f"{usual / 60:g} min" if share > USUAL else "irregular"
    raise _wrong_step(step, found, "", by_yaml)


def _wrong_step(step: float, found: str, where: str, by_yaml: bool) -> UnreadableFileError:  # noqa: FBT001 - private
    if not by_yaml:
        return UnreadableFileError(
            "wrong_step",
            f"the stamps name intervals of {step / 60:g} min, but begin {found} apart{where}",
            "export the file with every interval once and none over another; split it where its step changes",
        )
    return UnreadableFileError(
        "wrong_step",
        f"the YAML says step_minutes: {step / 60:g}, but the stamps of the file lie {found} apart{where}",
        "correct step_minutes in the site's YAML, or leave it out where stamps are the interval's beginning; "
        "where stamps are its end, split the file by its step",
    )
