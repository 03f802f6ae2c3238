"""The adjuster: what a site's predictions are multiplied by, from the days of its last week.

Between two retrains a plant gets dirty, loses a string, or enters a season that its model knows little of. A
week whose days agree is followed nearly all the way, one whose days do not by less than half.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from services.deployer.domain.live.evidence import counted, level_of, named_faults, spread_of
from services.deployer.domain.live.scores import DayScore

LOWEST, HIGHEST = 0.7, 1.4
_WEEK = timedelta(days=7)
_LATE = timedelta(days=2)  # the power of yesterday is not there yet when today begins
_LEAST_DAYS = 2
_LONGEST_FROZEN = timedelta(days=14)
_EVERY_DAY = 0.03  # standard deviation of the steadiest days' levels
_USUAL = 0.05  # standard deviation by which plants drift between two retrains


@dataclass(frozen=True, slots=True)
class Gain:
    """What a day's predictions are multiplied by.

    Attributes
    ----------
    days
        How many days it was taken from.
    frozen_since
        Last day of the week that it was taken from, where later days are doubtful; else None.
    why
        The gain in words.
    """

    value: float
    days: int
    frozen_since: date | None
    why: str


NO_GAIN = Gain(1.0, 0, None, "no gain: too few days of the last weeks can be trusted")


def gain(days: Iterable[DayScore], day: date) -> Gain:
    """Return the gain for the predictions of a local day.

    Parameters
    ----------
    days
        Scored days of the site, in any order; those after the day before yesterday do not count. Their own
        gain is taken out again.
    """
    known = counted(days)
    doubtful = {each.day for each in known if _is_doubtful(each)}
    telling = [each for each in known if level_of(each) is not None]
    for back in range(_LONGEST_FROZEN.days + 1):
        end = day - _LATE - timedelta(days=back)
        if end in doubtful:
            continue
        week = [each for each in telling if end - _WEEK < each.day <= end]
        if len(week) >= _LEAST_DAYS:
            frozen = any(end < each < day - _LATE + timedelta(days=1) for each in doubtful)
            return _of_week(week, end if frozen else None)
    return NO_GAIN


def _is_doubtful(score: DayScore) -> bool:
    return score.state in {"masked", "outage"} or bool(named_faults(score))


def _of_week(week: Sequence[DayScore], frozen: date | None) -> Gain:
    levels = [level_of(each) or 0.0 for each in week]
    weights = [1 / spread_of(each, _EVERY_DAY) ** 2 for each in week]
    total = sum(weights)
    mean = sum(level * weight for level, weight in zip(levels, weights, strict=True)) / total
    apart = sum((level - mean) ** 2 for level in levels) / len(levels)
    unsure = 1 / total + apart / len(levels)
    part = _USUAL**2 / (_USUAL**2 + unsure)
    value = min(max(1 + part * (math.exp(mean) - 1), LOWEST), HIGHEST)
    why = f"the plant gave {math.exp(mean):.0%} of its prediction on {len(week)} days"
    if frozen is not None:
        why += f"; frozen since {frozen}, later days are doubtful"
    return Gain(value, len(week), frozen, why)
