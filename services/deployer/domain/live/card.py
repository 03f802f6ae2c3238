"""The scorecard: scores of days put together by site, time, hour, sky, lead, provider or version."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from operator import add
from typing import Literal, get_args

from services.deployer.domain.live.scores import DayScore, HourSums, Sums
from shared.clock import iso_week
from shared.solar import sky_words
from shared.solar.leads import BUCKETS

By = Literal["site", "day", "week", "month", "hour", "sky", "lead", "provider", "version"]
Order = Literal["name", "error"]
WAYS: tuple[By, ...] = get_args(By)
ORDERS: tuple[Order, ...] = get_args(Order)

UNKNOWN_SKY = "unknown"  # of a day without irradiance
_SKIES = (*(word for word, _, _ in sky_words.SKIES), UNKNOWN_SKY)
_NAMES: Mapping[By, Callable[[DayScore], str]] = {
    "site": lambda each: each.site_id,
    "day": lambda each: each.day.isoformat(),
    "week": lambda each: iso_week(each.day),
    "month": lambda each: f"{each.day:%Y-%m}",
    "sky": lambda each: sky_words.name(each.sky) or UNKNOWN_SKY,
    "lead": lambda each: each.lead or "measured",
    "provider": lambda each: each.provider or "measured",
    "version": lambda each: str(each.version),
}


def _by_name(_: str) -> int:
    return 0


def _by_lead(name: str) -> int:
    return BUCKETS.index(name) if name in BUCKETS else len(BUCKETS)


_RANKS: Mapping[By, Callable[[str], int]] = {
    "version": int,
    "lead": _by_lead,
    "sky": _SKIES.index,
}


@dataclass(slots=True)
class Line:
    """What a group of days came to.

    Attributes
    ----------
    unadjusted, is_adjusted
        The sums without the adjuster, and whether it changed any of these days.
    states
        How many site-days were in which state.
    masked
        Daylight rows that were left out, by reason.
    """

    name: str
    inputs: str
    sums: Sums = field(default_factory=Sums)
    unadjusted: Sums = field(default_factory=Sums)
    is_adjusted: bool = False
    states: Counter[str] = field(default_factory=Counter)
    masked: Counter[str] = field(default_factory=Counter)
    versions: set[int] = field(default_factory=set)
    sites: set[str] = field(default_factory=set)

    def add(self, score: DayScore) -> None:
        """Take in a day."""
        self.sums += score.sums
        self.unadjusted += score.sums if score.unadjusted is None else score.unadjusted
        self.is_adjusted |= score.unadjusted is not None
        self.states[score.state] += 1
        self.masked.update(score.masked)
        self.versions.add(score.version)
        if score.state == "scored":
            self.sites.add(score.site_id)


def lines(scores: Iterable[DayScore], by: By) -> list[Line]:
    """Return the scorecard, in the order of names or leads.

    Predictions from forecasts are lines of their own, and so is what was made from them afterwards.
    """
    if by == "hour":
        return _hourly(scores)
    found: dict[tuple[str, str], Line] = {}
    for each in scores:
        key = _NAMES[by](each), each.kind
        if key not in found:
            found[key] = Line(*key)
        found[key].add(each)
    rank = _RANKS.get(by, _by_name)
    return [found[key] for key in sorted(found, key=lambda key: (rank(key[0]), key))]


def zones(scores: Iterable[DayScore]) -> list[str]:
    """Return by whose clocks the hours of scores are."""
    return sorted({each.hours.zone for each in scores if each.hours is not None})


def _hourly(scores: Iterable[DayScore]) -> list[Line]:
    """Return a line for each hour, of the days of which hours are known.

    A model of a hundred sites has tens of thousands of hours: they are added up as plain numbers.
    """
    found: dict[tuple[int, str], Line] = {}
    totals: dict[tuple[int, str], tuple[float, ...]] = {}
    for each in scores:
        for part in each.hours.parts if each.hours else ():
            key = part.hour, each.kind
            if key not in found:
                found[key], totals[key] = Line(f"{part.hour:02}:00", each.kind), part[1:]
            else:
                totals[key] = tuple(map(add, totals[key], part[1:]))
            line = found[key]
            line.states[each.state] += 1
            line.versions.add(each.version)
            line.sites.add(each.site_id)
    for key, line in found.items():
        line.sums = line.unadjusted = HourSums._make((key[0], *totals[key])).sums
    return [found[key] for key in sorted(found)]


def in_order(found: list[Line], order: Order) -> list[Line]:
    """Return lines as they are, or the largest error first; lines without a score are last."""
    if order == "name":
        return found
    return sorted(found, key=lambda each: -1.0 if each.sums.nmae is None else each.sums.nmae)[::-1]


def figures(sums: Sums) -> dict[str, float | int | None]:
    """Return what sums say, in the names of an evaluation. Energies in kWh, all else without a unit."""
    said = {
        "r2": sums.r2,
        "nmae": sums.nmae,
        "nrmse": sums.nrmse,
        "mbe": sums.mbe,
        "energy_bias": sums.energy_bias,
        "coverage_p10_p90": sums.coverage,
        "skill": sums.skill,
    }
    return {
        "n": sums.n,
        **{name: None if value is None else round(value, 6) for name, value in said.items()},
        "predicted_kwh": round(sums.predicted_kwh, 3),
        "measured_kwh": round(sums.measured_kwh, 3),
    }
