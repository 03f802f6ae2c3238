"""What has likely happened to a plant whose level changed, in words, and whether a retrain would help."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from services.deployer.domain.live.evidence import Evidence, middle
from services.deployer.domain.live.shifts import Shift

HELD_BACK = math.log(0.6)  # a plant that gives less than that is not worse but partly off
_STEADY = 0.1  # scatter of rows on a day with an even sky
_LEAST_NOW, _LEAST_BEFORE = 2, 3  # days with an even sky
_SENSOR_EXPLAINS = (0.6, 1.6)  # change of the irradiance over the change of the level
_LEAST_HALF = 3  # days of much and of little power
_ONLY_HIGH = 0.4  # share of the change that remains on days of little power
_OF_SEASON = 0.15  # change that a season which was never seen explains by itself
_LEAST_OF_SENSOR = 0.08  # change; clear skies differ by less from one week to the next
_SINKING = 0.3  # share of the change that the weeks before had already seen
_LEAST_WEEKS = 12  # scored days


@dataclass(frozen=True, slots=True)
class Cause:
    """A likely cause: its name, what it is in words, and whether a retrain would help."""

    name: str
    words: str
    retrain_helps: bool


SENSOR = Cause(
    "sensor",
    "the irradiance of clear days has changed by as much as the power seems to have: look at the sensor, its "
    "cleaning, its tilt and its scale before the plant",
    retrain_helps=False,
)
SEASON = Cause(
    "season",
    "the model has never seen this time of year: a retrain with the new data would help; what is still there "
    "after it is the plant's",
    retrain_helps=True,
)
HIGH_POWER = Cause(
    "high_power",
    "only days of much power are lower: an inverter derates or clips earlier, or the feed-in is limited",
    retrain_helps=False,
)
SLOW = Cause(
    "slow",
    "the loss has grown over weeks: soiling, or something grows in front of the array; a cleaning shows it",
    retrain_helps=False,
)
SHARE = Cause(
    "share",
    "a constant share is missing on bright and dim days alike: strings or an inverter are off, or a limit "
    "was set",
    retrain_helps=False,
)
PART_OFF = Cause(
    "partly_off",
    "more than two fifths of the predicted power are missing: a good part of the plant is off, or it is held "
    "back",
    retrain_helps=False,
)
EXTENDED = Cause(
    "extended",
    "the plant gives more than before from one day on: it was extended, repaired or cleaned, or its "
    "irradiance sensor shows too little; if the sensor is right and it stays, a retrain would help",
    retrain_helps=True,
)
STALE = Cause(
    "stale",
    "the plant gives more than predicted, and did not begin so at once: the model is out of date, a retrain "
    "would help",
    retrain_helps=True,
)
ERRORS = Cause(
    "errors",
    "the energy fits but the hours do not: the weather source or one of the clocks has become worse",
    retrain_helps=False,
)


def of_shift(shift: Shift) -> Cause:
    """Return the likely cause of a change."""
    if shift.size <= HELD_BACK:
        return PART_OFF
    if _sensor(shift):
        return SENSOR
    slowly = shift.slow or _was_moving(shift)
    began_so = len(shift.before) < _LEAST_WEEKS
    if not shift.window[-1].expected.seen and (slowly or began_so or abs(shift.size) < _OF_SEASON):
        return SEASON
    if shift.size > 0:
        return STALE if slowly else EXTENDED
    if _only_high(shift):
        return HIGH_POWER
    return SLOW if slowly else SHARE


def of_errors(last: Evidence) -> Cause:
    """Return the likely cause of errors that grew without a change of level."""
    return ERRORS if last.expected.seen else SEASON


def _sensor(shift: Shift) -> bool:
    """Return whether the irradiance of even skies changed by the opposite of the level."""
    changed = shift.agreeing
    size = middle(changed) - shift.reference
    now, then = _even_sky(changed, _LEAST_NOW), _even_sky(shift.before, _LEAST_BEFORE)
    if now is None or then is None or abs(size) < _LEAST_OF_SENSOR:
        return False
    low, high = _SENSOR_EXPLAINS
    return low <= -math.log(now / then) / size <= high


def _even_sky(days: Sequence[Evidence], least: int) -> float | None:
    """Return the usual clear-sky index of the days without broken clouds, or None for too few. [unitless]"""
    known = [
        each.score.sky
        for each in days
        if each.shift is not None
        and each.score.sky is not None
        and each.score.scatter is not None
        and each.score.scatter < _STEADY
    ]
    return median(known) if len(known) >= least and median(known) > 0 else None


def _only_high(shift: Shift) -> bool:
    """Return whether days of little power lie where they lay before."""
    telling = [each for each in shift.telling if each.day >= shift.first]
    much = median(each.sums.predicted_kwh for each in telling)
    high = [each for each in telling if each.sums.predicted_kwh >= much]
    low = [each for each in telling if each.sums.predicted_kwh < 0.7 * much]
    if min(len(high), len(low)) < _LEAST_HALF:
        return False
    return (middle(low) - shift.reference) / (middle(high) - shift.reference) < _ONLY_HIGH


def _was_moving(shift: Shift) -> bool:
    """Return whether the weeks before a change had already gone its way."""
    weeks = [each for each in shift.before if each.shift is not None]
    if len(weeks) < _LEAST_WEEKS:
        return False
    half = len(weeks) // 2
    return (middle(weeks[half:]) - middle(weeks[:half])) / shift.size > _SINKING
