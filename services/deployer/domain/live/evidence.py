"""What each scored day of a site says of the plant, beside what was promised of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from services.deployer.domain.live.doubts import SNOW
from services.deployer.domain.live.promise import Expected, expected
from services.deployer.domain.live.scores import NO_LEAD, DayScore, Sums
from shared.evaluation import Promise
from shared.solar import skies

MASKED_DAY = 0.15  # share of daylight rows that makes a fault one of the day
_SCATTERED = 0.5  # part of the rows' scatter by which the day's level is unsure
_MOST_SCATTER = 0.3  # of rows, beyond which a day's level says nothing
_BROKEN = 0.15  # standard deviation of a day whose energy alone tells
_BROKEN_SPREAD = 1.5  # times the promised spread; it has long tails
_CLEARED = 0.1  # scatter of rows on an array that snow has left
_FAINT = 0.35  # standard deviation of a day that can neither agree nor disagree with a change
_FAR = 1.0  # standard deviations from which on a day counts less
_LESS_SURE = 1.1  # standard deviation of `middle` over that of a mean
_LEAST_SCORED = 0.4  # share of daylight rows that a level needs


@dataclass(frozen=True, slots=True)
class Evidence:
    """One day: how its level compares with the promise.

    Attributes
    ----------
    shift
        Logarithm of level over expected level; None where the day says nothing sure. [unitless]
    sigma
        Standard deviation of `shift` on a healthy day. [unitless]
    weight
        How much the day counts beside others.
    """

    score: DayScore
    expected: Expected
    shift: float | None
    sigma: float
    weight: float = field(init=False, default=0.0)

    @property
    def day(self) -> date:
        """Local day of the site."""
        return self.score.day

    @property
    def tells(self) -> bool:
        """Whether the day is sure enough to agree or disagree with a change."""
        return self.shift is not None and self.sigma <= _FAINT

    @property
    def sums(self) -> Sums:
        """What was scored, without the adjuster: the promise is the model's."""
        return self.score.unadjusted or self.score.sums

    def __post_init__(self) -> None:
        """Weigh the day once: it is looked at again with every day after it."""
        weight = 0.0 if self.shift is None else 1 / self.sigma**2
        object.__setattr__(self, "weight", weight)


def counted(days: Iterable[DayScore]) -> list[DayScore]:
    """Return the days of measured weather, in order, each once and by the newest version."""
    found: dict[date, DayScore] = {}
    for each in days:
        if each.inputs != "measured" or each.lead != NO_LEAD:
            continue
        known = found.get(each.day)
        if known is None or each.version > known.version:
            found[each.day] = each
    return [found[day] for day in sorted(found)]


def evidence(score: DayScore, promises: Mapping[int, Promise | None]) -> Evidence:
    """Return what one day says: by its level, or else, and less surely, by its energy."""
    said = expected(promises.get(score.version), score.site_id, score.day.month, score.sky)
    if not _says_anything(score):
        return Evidence(score, said, None, math.inf)
    level = level_of(score)
    if level is not None:
        sigma = spread_of(score, said.level_spread)
        return Evidence(score, said, shift=level - math.log(said.level), sigma=sigma)
    sums = score.unadjusted or score.sums
    if sums.measured_kwh <= 0 or sums.predicted_kwh <= 0:
        return Evidence(score, said, None, math.inf)
    ratio = sums.measured_kwh / sums.predicted_kwh
    shift = math.log(ratio / said.energy_ratio)
    return Evidence(score, said, shift, max(_BROKEN, _BROKEN_SPREAD * said.energy_spread))


def level_of(score: DayScore) -> float | None:
    """Return the logarithm of a scored day's level without the adjuster, or None where it is not sure.

    Under an overcast sky the weather source's own error is as large as the power.
    """
    if (
        not _says_anything(score)
        or score.level is None
        or score.scatter is None
        or score.scatter > _MOST_SCATTER
        or skies.name(score.sky) == "overcast"
    ):
        return None
    return math.log(score.level * score.gain)


def _says_anything(score: DayScore) -> bool:
    """Return whether a day says anything of the plant.

    Where snow slid off, the rest of a day tells as much as any if its rows agree: what still lies there
    makes them scatter.
    """
    if score.state != "scored" or score.share_scored < _LEAST_SCORED:
        return False
    faults = set(named_faults(score))
    cleared = faults == {SNOW} and score.scatter is not None and score.scatter < _CLEARED
    return cleared or not faults


def spread_of(score: DayScore, steady: float) -> float:
    """Return the standard deviation of a day's level: of the steadiest days, and by its rows' scatter."""
    return math.hypot(steady, _SCATTERED * (score.scatter or 0.0))


def named_faults(score: DayScore) -> tuple[str, ...]:
    """Return which faults took a good part of the day's rows, the largest first."""
    large = {
        reason: rows
        for reason, rows in score.masked.items()
        if rows >= MASKED_DAY * max(score.lit, 1)
    }
    return tuple(sorted(large, key=lambda reason: (-large[reason], reason)))


def middle(days: Sequence[Evidence]) -> float:
    """Return the weighted mean of the shifts, in which far ones count less: no single day decides. [unitless]

    One step from the weighted median to Huber's estimator (P. Huber, "Robust estimation of a location
    parameter", 1964), which is surer than the median.
    """
    known = [(each.shift, each.weight) for each in days if each.shift is not None]
    if not known:
        return 0.0
    start = _median(known)
    nearer = [
        (shift, min(weight, _FAR * math.sqrt(weight) / max(abs(shift - start), 1e-9)))
        for shift, weight in known
    ]
    return sum(shift * weight for shift, weight in nearer) / sum(weight for _, weight in nearer)


def _median(known: Sequence[tuple[float, float]]) -> float:
    half, so_far = sum(weight for _, weight in known) / 2, 0.0
    for shift, weight in sorted(known):
        so_far += weight
        if so_far >= half:
            return shift
    return 0.0


def effective(days: Sequence[Evidence]) -> float:
    """Return how many equally sure days these are worth."""
    total = sum(each.weight for each in days)
    return total**2 / sum(each.weight**2 for each in days) if total > 0 else 0.0


def error(days: Sequence[Evidence]) -> float:
    """Return the standard deviation of the middle of independent days. [unitless]"""
    total = sum(each.weight for each in days)
    return _LESS_SURE / math.sqrt(total) if total > 0 else math.inf
