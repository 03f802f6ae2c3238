"""Faults of plant or sensor that show on day after day: named, and never a reason for a retrain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from services.deployer.domain.live.doubts import (
    CLOCK,
    CURTAILED,
    DEAD,
    NO_IRRADIANCE,
    OUTAGE,
    SNOW,
    STUCK,
)
from services.deployer.domain.live.evidence import named_faults
from services.deployer.domain.live.scores import DayScore

WORDS = {
    STUCK: "the irradiance stays at one value while the sun moves: the sensor or its logger is stuck",
    DEAD: "the irradiance is about zero while the plant generates: the sensor, its cable or its scale is at "
    "fault",
    NO_IRRADIANCE: "the irradiance is missing, so that the prediction had to guess it",
    OUTAGE: "the plant gives nothing under a bright sky: it is off",
    CURTAILED: "the power is flat below what was predicted: the plant is curtailed",
    CLOCK: "power and prediction fit when one of them is moved by an hour or so: a clock is off",
    "frozen_record": "the record repeats itself: the logger stands still",
    "negative_power": "the power is negative by day: the meter's sign or wiring is at fault",
    "night_power": "power is recorded deep in the night: the clock or the meter is at fault",
    "above_capacity": "single values lie far above the capacity: the meter or its unit is at fault",
}
_NO_FAULT = {SNOW, "no_weather"}  # weather, and predictions that are still to come
_WITHIN = 5  # days with data
_LEAST = 3
_GONE = 3  # days with data that no longer show it
_RECENT = timedelta(days=21)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that shows on `days` of the last days with data, the first of them at `since`."""

    name: str
    since: date
    days: int


def of_day(score: DayScore) -> set[str]:
    """Return the faults of one day."""
    found = set(named_faults(score)) - _NO_FAULT
    return found | {OUTAGE} if score.state == "outage" else found


def has_data(score: DayScore) -> bool:
    """Return whether power and prediction of a day were there by daylight."""
    return score.state in {"scored", "masked", "outage"}


def standing(days: Sequence[DayScore], before: Fault | None) -> Fault | None:
    """Return the fault that stands after the last of some days with data, in order.

    Parameters
    ----------
    before
        What stood the day before; it stays until several days no longer show it.
    """
    recent = [each for each in days[-_RECENT.days :] if each.day > days[-1].day - _RECENT]
    counts = Counter(name for each in recent[-_WITHIN:] for name in of_day(each))
    if counts:
        name, count = min(counts.items(), key=lambda each: (-each[1], each[0]))
        if count >= _LEAST:
            return Fault(name, _since(recent, name, before), count)
    if before is None or not any(before.name in of_day(each) for each in recent[-_GONE:]):
        return None
    return before


def _since(recent: Sequence[DayScore], name: str, before: Fault | None) -> date:
    if before is not None and before.name == name:
        return before.since
    return next(each.day for each in recent[-_WITHIN:] if name in of_day(each))
