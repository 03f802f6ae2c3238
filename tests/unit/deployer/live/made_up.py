"""Made-up days of a plant: what it gives, what a model says of it, and the faults that befall it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np

from services.deployer.domain.live.daily import score_day
from services.deployer.domain.live.day_rows import DayRows
from services.deployer.domain.live.scores import DayScore
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
