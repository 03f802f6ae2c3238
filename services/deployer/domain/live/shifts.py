"""Has the plant's level changed? A step against the weeks before, or a slow drift against the promise.

A window of scored days is compared as a whole, and most of its days must agree, so that no single day alarms.
Short windows see only large changes. docs/model.md says how the thresholds were chosen, and has the figures.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from services.deployer.domain.live.evidence import Evidence, effective, error, middle

_BEFORE = 30  # scored days that say how the plant was
_LONG_AGO = timedelta(days=90)
_SPAN = 4  # calendar days that each scored day of a window may take
_LEAST_BEFORE = 6.0  # equally sure days; fewer leave the level before unsure
_FEW = 0.05  # standard deviation that few days add
_DRIFT = 0.02  # standard deviation by which a healthy plant differs from the weeks before
_OF_DOUBT = 0.4  # part of the season's doubt that can show within weeks
_OTHER_VERSION = 0.04  # standard deviation between the levels of two versions
_MOST_AGREE = 0.6  # share of the days, and of their weight, that must lie beyond half the change
_HALF = 0.5
_NEVER = math.inf


@dataclass(frozen=True, slots=True)
class Window:
    """How many scored days are looked at, and what makes them a change.

    Attributes
    ----------
    down, up
        Least change of the level's logarithm, downwards and upwards. [unitless]
    agreeing
        Days that must lie beyond half the change.
    sure
        How many standard deviations of healthy days the change must be.
    """

    days: int
    down: float
    up: float
    agreeing: int
    sure: float


STEPS = (
    Window(3, -0.17, _NEVER, 2, 2.2),
    Window(4, -0.14, _NEVER, 2, 2.2),
    Window(6, -0.085, _NEVER, 3, 1.9),
    Window(8, -0.07, _NEVER, 3, 1.9),
    Window(10, -0.06, 0.12, 3, 1.9),  # more than predicted is no hurry
)
SLOW = Window(20, -0.07, 0.12, 8, 1.8)


@dataclass(frozen=True, slots=True)
class Shift:
    """A change of a plant's level.

    Attributes
    ----------
    window
        The days that show it.
    before
        The days that it is compared with; none where only the promise tells.
    reference
        The level before, as the logarithm of its ratio to the promise. [unitless]
    size
        Logarithm of the level now over the level before. [unitless]
    slow
        Whether only the promise tells of it, for the weeks before hardly differ.
    """

    window: tuple[Evidence, ...]
    before: tuple[Evidence, ...]
    reference: float
    size: float
    slow: bool

    @property
    def telling(self) -> list[Evidence]:
        """Days of the window that are sure enough to tell."""
        return [each for each in self.window if each.tells]

    @property
    def agreeing(self) -> list[Evidence]:
        """Days of the window that lie beyond half the change."""
        return [each for each in self.telling if self.shows(each)]

    def shows(self, day: Evidence) -> bool:
        """Return whether a day lies beyond half the change."""
        return day.shift is not None and (day.shift - self.reference) / self.size > _HALF

    @property
    def first(self) -> date:
        """Day from which on the change fits the window best; one bad day before it is not its beginning."""
        most, found, fits = -math.inf, self.window[0].day, 0.0
        for each in reversed(self.window):
            if each.shift is not None:
                fits += each.weight * ((each.shift - self.reference) / self.size - _HALF)
                if fits >= most:
                    most, found = fits, each.day
        return found


def find(healthy: Sequence[Evidence], recent: Sequence[Evidence]) -> Shift | None:
    """Return the clearest change at the end of the recent days, or None.

    Parameters
    ----------
    healthy
        Scored days before the recent ones, in order, without those of a known change.
    recent
        Scored days, in order, that may have changed; their last ones are looked at.
    """
    days = [*healthy, *recent]
    steps = [
        _step(days[: len(days) - rule.days], recent[-rule.days :], rule)
        for rule in STEPS
        if len(recent) >= rule.days
    ]
    known = [each for each in steps if each is not None]
    if known:
        return max(known, key=lambda each: abs(each.size) * math.sqrt(len(each.window)))
    return _slow(recent[-SLOW.days :]) if len(recent) >= SLOW.days else None


def _step(before: Sequence[Evidence], window: Sequence[Evidence], rule: Window) -> Shift | None:
    """Return a change against the weeks before; the promise helps where these are few."""
    first = window[0].day
    weeks = [each for each in before[-_BEFORE:] if each.day >= first - _LONG_AGO]
    reference, unsure = _reference(weeks, window)
    drift = max(_DRIFT, _OF_DOUBT * max(each.expected.doubt for each in window))
    return _beyond(window, weeks, rule, reference, math.hypot(unsure, drift))


def _reference(weeks: Sequence[Evidence], window: Sequence[Evidence]) -> tuple[float, float]:
    """Return the level before a window, and how unsure it is: from the weeks before and the promise."""
    doubt = max(each.expected.doubt for each in window)
    worth = effective(weeks)
    if worth < 1:
        return 0.0, doubt
    own = math.hypot(error(weeks), _between_versions(weeks, window))
    if worth < _LEAST_BEFORE:
        own = math.hypot(own, _FEW)
    weight, prior = 1 / own**2, 1 / doubt**2
    return middle(weeks) * weight / (weight + prior), 1 / math.sqrt(weight + prior)


def _between_versions(weeks: Sequence[Evidence], window: Sequence[Evidence]) -> float:
    """Return how unsure the weeks before are because other versions predicted them."""
    others = [each for each in weeks if each.score.version != window[-1].score.version]
    versions = {each.score.version for each in others}
    return _OTHER_VERSION * len(others) / len(weeks) / math.sqrt(max(len(versions), 1))


def _slow(window: Sequence[Evidence]) -> Shift | None:
    doubt = max(each.expected.doubt for each in window)
    return _beyond(window, (), SLOW, 0.0, math.hypot(doubt, _DRIFT))


def _beyond(
    window: Sequence[Evidence],
    before: Sequence[Evidence],
    rule: Window,
    reference: float,
    unsure: float,
) -> Shift | None:
    if window[-1].day - window[0].day > timedelta(days=_SPAN * rule.days):
        return None
    size = middle(window) - reference
    if rule.down < size < rule.up or size == 0:
        return None
    if abs(size) < rule.sure * math.hypot(error(window), unsure):
        return None
    shift = Shift(tuple(window), tuple(before), reference, size, slow=rule is SLOW)
    telling, agreeing = shift.telling, shift.agreeing
    if len(agreeing) < max(rule.agreeing, _MOST_AGREE * len(telling)):
        return None
    weight = sum(each.weight for each in telling)
    return shift if sum(each.weight for each in agreeing) >= _MOST_AGREE * weight else None
