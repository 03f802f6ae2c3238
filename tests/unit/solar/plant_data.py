"""A made-up plant whose power follows its weather, and rows of it."""

from __future__ import annotations

import numpy as np

from shared.solar import irradiance
from shared.solar.position import ephemeris, position
from shared.solar.recipe import Plant
from shared.solar.rows import Rows

STEP = 15
PLANT = Plant(site_id="meadow", latitude=48.1, longitude=11.6, ac_capacity_kw=100.0)


def stamps(days: int, start: str = "2023-03-01", step: int = STEP) -> np.ndarray:
    return np.arange(
        np.datetime64(start, "s"),
        np.datetime64(start, "s") + np.timedelta64(days * 86_400, "s"),
        np.timedelta64(step * 60, "s"),
    )


def sun_at(times: np.ndarray, plant: Plant = PLANT):
    centres = times + np.timedelta64(STEP * 30, "s")
    return position(ephemeris(centres), plant.latitude, plant.longitude)


def rows(
    days: int = 90,
    seed: int = 1,
    plant: Plant = PLANT,
    noise: float = 0.02,
    start: str = "2023-03-01",
) -> Rows:
    """Return rows whose power is 85 % of capacity at 1000 W/m², colder is better, with some noise."""
    random = np.random.default_rng(seed)
    times = stamps(days, start)
    sun = sun_at(times, plant)
    clouds = np.repeat(random.uniform(0.2, 1.0, len(times) // 8 + 1), 8)[: len(times)]
    ghi = irradiance.clearsky_ghi(sun.up) * clouds
    temp_air = 10 + 8 * np.clip(sun.up, 0, 1) + np.repeat(random.normal(0, 4, days), 96)
    share = ghi / 1000 * 0.85 * (1 - 0.004 * (temp_air - 25))
    share = share * (1 + random.normal(0, noise, len(times)))
    return Rows(
        sites=(plant.site_id,),
        site=np.zeros(len(times), dtype=np.int64),
        times=times,
        weather={"ghi": ghi, "temp_air": temp_air},
        power_ac=np.clip(share, 0, 1) * plant.ac_capacity_kw,
    )
