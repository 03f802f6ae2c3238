"""Made-up days of a plant: what it gives, what a model says of it, and the faults that befall it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from services.deployer.domain.live.daily import score_day
from services.deployer.domain.live.day_rows import DayRows
from services.deployer.domain.live.scores import DayScore, Sums
from shared.evaluation import Promise, PromisedDays
from shared.solar import irradiance
from shared.solar.position import ephemeris, position

CAPACITY = 100.0
STEP = 15
LATITUDE, LONGITUDE = 48.1, 11.6
DAY = date(2024, 6, 12)


def rows(
    day: date = DAY, *, sky: float = 0.9, step: int = STEP, seed: int = 1, temp_air: float = 18.0
) -> DayRows:
    """Return a healthy day: power follows the irradiance up to the inverter's limit of 0.8."""
    random = np.random.default_rng(seed)
    start = np.datetime64(day, "s") - np.timedelta64(
        3600, "s"
    )  # midnight of central Europe's winter
    times = start + np.arange(24 * 60 // step) * np.timedelta64(step * 60, "s")
    sun = position(ephemeris(times + np.timedelta64(step * 30, "s")), LATITUDE, LONGITUDE)
    clouds = np.clip(sky * (1 + random.normal(0, 0.1 * (1.1 - sky), len(times))), 0.02, 1.1)
    ghi = irradiance.clearsky_ghi(sun.up) * clouds
    power = np.minimum(ghi / 1000, 0.8) * CAPACITY
    said = power * (1 + random.normal(0, 0.03, len(times)))
    said = np.minimum(said, 0.8 * CAPACITY)
    return DayRows(
        times=times,
        weather={"ghi": ghi, "temp_air": temp_air + random.normal(0, 0.2, len(times))},
        sun=sun,
        predicted=said,
        p10=said * 0.9,
        p90=said * 1.1,
        power_ac=power,
        power_ac_24h_ago=power * 0.8,
    )


def times_power(which: DayRows, factor) -> DayRows:
    return replace(which, power_ac=which.power_ac * factor)


def scored(which: DayRows, day: date = DAY, **options) -> DayScore:
    options = {"capacity_kw": CAPACITY, "step_minutes": STEP} | options
    return score_day("meadow", day, 3, which, **options)


FIRST = date(2024, 3, 1)


def promise(**changes) -> Promise:
    """Return a promise that has seen every month: levels about 1, errors of 4 % of capacity in daylight.

    Energy spreads little under a clear sky and much under an overcast one, as on real plants.
    """
    common = {"days": 60, "energy_ratio": 1.0, "nmae": 0.04, "nmae_spread": 0.02}
    common |= {"level": 1.0, "level_spread": 0.03} | changes
    spreads = {None: 0.1, "clear": 0.05, "broken": 0.15, "overcast": 0.4}
    cells = [
        PromisedDays(month=month, sky=sky, energy_spread=spread, **common)
        for month in (*range(1, 13), None)
        for sky, spread in spreads.items()
    ]
    return Promise(cells=tuple(cells))


def half_a_year() -> Promise:
    """Return a promise that has seen July to December only."""
    cells = promise().cells
    return Promise(cells=tuple(each for each in cells if each.month is None or each.month > 6))


PROMISES = {version: promise() for version in range(1, 10)}


def day_score(number: int, level: float = 1.0, **changes) -> DayScore:
    """Return a scored day, so many days after the first, on which the plant gave a share of its power."""
    sky = changes.pop("sky", 1.0)
    error = changes.pop("error", abs(1 - level) * 0.3 + 0.02)
    predicted = 500.0 * sky
    sums = Sums(
        n=96,
        actual=12 * sky * level,
        actual_squared=6 * sky,
        error=12 * sky * (1 - level),
        absolute=48 * error,
        squared=48 * error**2,
        daylight=48,
        inside=40,
        predicted_kwh=predicted,
        measured_kwh=predicted * level,
    )
    found = DayScore(
        "meadow",
        FIRST + timedelta(days=number),
        1,
        "scored",
        sums=sums,
        sky=sky,
        lit=48,
        level=level,
        scatter=0.04,
    )
    return replace(found, **changes)


def without_score(number: int, state: str, **masked: int) -> DayScore:
    """Return a day that has a state instead of a score."""
    found = DayScore("meadow", FIRST + timedelta(days=number), 1, state, sky=0.9, lit=48)
    return replace(found, masked=masked)


def season(days: int, level=1.0, *, seed: int = 1, noise: float = 0.03, first: int = 0) -> list:
    """Return days of changing weather: clear ones whose level is sure, broken and overcast ones that scatter.

    `level` is one figure, or a function of the day's number.
    """
    random = np.random.default_rng(seed)
    found = []
    for number in range(first, first + days):
        share = level(number) if callable(level) else level
        kind = random.choice(["clear", "broken", "overcast"], p=[0.55, 0.3, 0.15])
        sky = {"clear": 1.0, "broken": 0.6, "overcast": 0.2}[kind] * random.uniform(0.95, 1.05)
        scatter = {"clear": 0.05, "broken": 0.18, "overcast": 0.5}[kind]
        spread = np.hypot(noise, 0.5 * scatter)
        seen = share * float(np.exp(random.normal(0, spread)))
        found.append(day_score(number, seen, sky=float(sky), scatter=scatter, error=0.04))
    return found
