"""Whether the irradiance beside power is that of the day before or after, if only for some days."""

from __future__ import annotations

import numpy as np

from services.data_watcher.domain.believable import sun
from services.data_watcher.domain.believable.power import Power, Values
from services.data_watcher.domain.time_axis import hours_of
from shared.errors import UnreadableFileError
from shared.solar import runs

LEAST_DAYS = 5
TELLING = 2  # days in a row, those aside that are like both of their neighbours
# How alike the changes from the day before are: of the same day, of another.
NOT_OWN, OTHER = 0.2, 0.95
AT_TOP = 0.97  # of the file's highest hour: a plant at its limit does not follow the sun
LEAST_CHANGE = 0.15  # of what a usual day gives
_HOURS = 24


def check(name: str, light: Values, power: Power) -> None:
    """Refuse a file whose irradiance follows power for days only when it is moved by a whole day. [W/m²]

    Days are compared hour by hour by how they differ from the day before, so that neither the season counts
    nor how the modules are tilted.

    Parameters
    ----------
    name
        Canonical name of the irradiance.

    Raises
    ------
    UnreadableFileError
        `wrong_clock`
    """
    if power.time.days < LEAST_DAYS:
        return
    own, beside, first = _changes(light, power)
    same = _alike(own, beside)
    if np.count_nonzero(same < NOT_OWN) < TELLING:
        return  # as in nearly every file
    # By the day of the irradiance: is it that of its own day, or of the other one?
    before = _fitting(_alike(own[:-1], beside[1:]), same[1:], first + 2)
    after = _fitting(_alike(own[1:], beside[:-1]), same[:-1], first + 1)
    days, since = max(before, after, key=lambda each: each[0])
    if since is None:
        return
    raise fault(name, since, days, is_before=days == before[0])


def fault(name: str, since: np.datetime64, days: int, *, is_before: bool) -> UnreadableFileError:
    """Return the fault of irradiance that is a day off, from some day on."""
    return UnreadableFileError(
        "wrong_clock",
        f"from {since} on {name} of a day follows the power of the day "
        f"{'before' if is_before else 'after'} it, on {days} day{'s' * (days > 1)}, and not that of the "
        "same day: one of them is a day off",
        f"correct the dates of {name}, or of power, in what joins them; until then leave {name} out of the "
        "site's YAML",
    )


def _fitting(moved: Values, same: Values, first: np.datetime64) -> tuple[int, np.datetime64 | None]:
    """Return how many days fit the other day alone, and the first of several in a row; none if they are few.

    Between them lie no days that fit their own day alone.
    """
    telling = (moved >= OTHER) & (same < NOT_OWN)
    said = np.flatnonzero(telling | ((same >= OTHER) & (moved < NOT_OWN)))
    in_row = 0
    for at, each in enumerate(telling[said].tolist()):
        in_row = in_row + 1 if each else 0
        if in_row == TELLING:
            return int(telling.sum()), first + int(said[at - TELLING + 1])
    return 0, None


def _changes(light: Values, power: Power) -> tuple[Values, Values, np.datetime64]:
    """Return how each hour of each day differs from that of the day before, and the first day.

    As a share of a usual day. [unitless]
    """
    local = hours_of(sun.mean_solar_time(power.time.utc, power.site)).view(np.int64)
    starts = runs.starts(local)
    hours = local[starts]
    first = int(hours[0]) // _HOURS
    size = (int(hours[-1]) // _HOURS - first + 1) * _HOURS
    known = np.isfinite(power.share) & np.isfinite(light)
    is_whole = known.all()
    count = np.diff(starts, append=len(known))
    if not is_whole:
        count = np.add.reduceat(known, starts, dtype=np.intp)
    changes = []
    for values, top in ((power.share, AT_TOP), (light, np.inf)):
        total = np.add.reduceat(values if is_whole else np.where(known, values, 0.0), starts)
        means = np.full(size, np.nan)
        means[hours - first * _HOURS] = np.where(count > 0, total / np.maximum(count, 1), np.nan)
        means[means > top * np.fmax.reduce(means)] = np.nan
        by_day = means.reshape(-1, _HOURS)
        usual = float(np.median(np.sqrt(np.nansum(by_day**2, axis=1))))
        changes.append(np.diff(by_day, axis=0) / (usual or 1.0))
    return changes[0], changes[1], np.datetime64(first, "D")


def _alike(one: Values, other: Values) -> Values:
    """Return the cosine between the changes of each day: NaN where none changes, about 0 where one does."""
    both = np.isfinite(one) & np.isfinite(other)
    one, other = np.where(both, one, 0.0), np.where(both, other, 0.0)
    lengths = np.sqrt([(one**2).sum(axis=1), (other**2).sum(axis=1)])
    length = np.maximum(lengths, LEAST_CHANGE).prod(axis=0)
    changes = lengths.max(axis=0) > LEAST_CHANGE
    return np.where(changes, (one * other).sum(axis=1) / length, np.nan)
