"""Whether power falls in one row by just the length of an interval, and stays so: it goes on as energies.

Days of clouds and inverters that trip are as low, but hardly ever by that factor from one row to the next,
and then for days.
"""

from __future__ import annotations

import numpy as np

from services.data_watcher.domain import units
from services.data_watcher.domain.believable.power import Power, Values
from services.data_watcher.domain.believable.unit_fault import energy_in
from services.data_watcher.domain.time_axis import Times, days_of
from shared.errors import UnreadableFileError

LONGEST = 600.0  # s; half of a plant is off, or three quarters, more often than five sixths
MUCH = 0.4  # of the file's highest power, beside the jump
NEAR = 1.12  # times the length of an interval
ALWAYS = 1.1  # times what energies reach at best: no row of that side is above
REACHED = 0.6  # of it, at least once
SOME, DAYS = 0.3, 2  # of it, on so many days: one of clouds and one after it are not enough
OTHERS = 2  # days of the other side that come near its best


def check(power: Power) -> None:
    """Refuse a file that goes over to energies of each interval, or from them to power, in some row.

    Raises
    ------
    UnreadableFileError
        `wrong_unit`, with the row.
    """
    time, hours = power.time, power.time.step / 3600.0
    if time.step > LONGEST or time.days <= DAYS:
        return  # as in files of a day, and of quarters of an hour
    if units.conversion("kW", power.unit).per_interval:
        return
    share = power.share
    for is_fall, own in ((True, share), (False, share[::-1])):
        at = _jump(own, hours, power.highest)
        if at is None:
            continue
        days = days_of(time.utc) if is_fall else days_of(time.utc)[::-1]
        if not _lasts(own, days, at, hours * power.highest, power.highest):
            continue
        row = at if is_fall else len(share) - at
        where = power.place(int(time.rows[row]))
        meant = energy_in(power.unit, time.step)
        raise UnreadableFileError(
            "wrong_unit",
            f"from row {where} on power is {1 / hours:.3g} times {'less' if is_fall else 'more'} than in the "
            f"row before, for days, and an interval has {hours:.2g} hours: values look like {meant} "
            f"{'from there on' if is_fall else 'before'}, the YAML says {power.unit}",
            "split the file there and give both parts sources of their own in the site's YAML, each with its "
            "unit (power, energy of each interval); where only a part of the plant gave power on one side, "
            "leave that side out",
        )


def _jump(share: Values, hours: float, top: float) -> int | None:
    """Return the first row behind the last such fall, where no later row is as high as power."""
    least = ALWAYS * hours * top
    high = np.flatnonzero(share > least)
    at = int(high[-1]) + 1 if len(high) else 0
    if not 0 < at < len(share) or not share[at - 1] > MUCH * top:
        return None  # as in nearly every file: it ends at night, after a dusk
    factor = share[at] / share[at - 1] / hours
    return at if 1 / NEAR < factor < NEAR else None


def _lasts(share: Values, days: Times, at: int, reached: float, top: float) -> bool:
    """Whether both sides have days that show what they reach at best."""
    low, others = share[at:], share[:at]
    if not np.fmax.reduce(low) > REACHED * reached:
        return False
    some = len(np.unique(days[at:][low > SOME * reached]))
    return some >= DAYS and len(np.unique(days[:at][others > MUCH * top])) >= OTHERS
