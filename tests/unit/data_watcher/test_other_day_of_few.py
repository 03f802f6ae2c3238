"""Irradiance of another day is found by the clouds of few days; weather, outages and limits are kept."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from services.data_watcher.adapters.reading import read
from tests.unit.data_watcher.clear_days import csv, powers, rows, where
from tests.unit.data_watcher.plant_files import refused

Values = list[float]
CLOUDY = 0.25  # how much clouds change


def skies(kinds: str, step: int, seed: int = 1) -> dict[int, np.ndarray]:
    """What clouds leave in each row of days: c is clear, g has gusts."""
    draw, size = np.random.default_rng(seed), 1440 // step
    found = {}
    for day, kind in enumerate(kinds):
        gusts = draw.normal(0.0, CLOUDY, size)
        found[day] = np.clip(0.65 + gusts, 0.1, 1.0) if kind == "g" else np.ones(size)
    return found


def plant(kinds: str, step: int = 15, seed: int = 1) -> tuple[Values, Values]:
    """Power [W] and irradiance [W/m²] under the same clouds, which a sensor sees a little differently."""
    under, size = skies(kinds, step, seed), 1440 // step
    draw = np.random.default_rng(seed + 100)

    def power(day: float) -> float:
        return float(under[int(day)][round(day % 1 * size)])

    given = rows(len(kinds), sky=power, step=step)
    light = [each / 6 * float(draw.normal(1.0, 0.05)) for each in given]
    return given, light


def moved(values: Values, days: int, step: int) -> Values:
    """The same some days later; what comes from outside is a clear day."""
    size = 1440 // step
    outside = [each / 6 for each in rows(1, step=step)]
    own = [values[at : at + size] for at in range(0, len(values), size)]
    by_day = [outside, *own, outside]
    return [each for day in range(len(own)) for each in by_day[day + 1 - days]]


@pytest.mark.parametrize("step", [5, 10, 15, 30])
@pytest.mark.parametrize("kinds", ["gg", "ggc", "cgg", "ggcg"])
@pytest.mark.parametrize(("days", "said"), [(1, "day before"), (-1, "day after")])
def test_irradiance_of_another_day_is_refused(step: int, kinds: str, days: int, said: str) -> None:
    power, light = plant(kinds, step)

    fault = refused(csv(power, moved(light, days, step), step), where(step, light=True))

    assert fault.code == "wrong_clock"
    assert f"ghi of a day follows the power of the {said} it" in fault.reason


def test_what_the_remedy_says_mends_it() -> None:
    power, light = plant("gg")
    data = csv(power, moved(light, 1, 15))

    assert "leave ghi out of the site's YAML" in refused(data, where(light=True)).remedy
    assert powers(data, where()) == pytest.approx([watt / 1000 for watt in power], abs=1e-4)


def off(since: int, rows_off: int) -> Callable[[Values], Values]:
    return lambda power: [
        0.0 if since <= row < since + rows_off else each for row, each in enumerate(power)
    ]


def limited(power: Values) -> Values:
    return [min(each, 1500.0) for each in power]


def steady(power: Values) -> Values:
    """Another part of the sky is over the plant: no cloud comes there."""
    return rows(len(power) // 96)


@pytest.mark.parametrize("kinds", ["gg", "gcg", "cgc", "ggg", "cc"])
@pytest.mark.parametrize(
    "change", [list, off(96, 60), limited, steady], ids=["none", "off", "limited", "steady"]
)
@pytest.mark.parametrize("seed", range(2))
def test_what_skies_and_plants_do_is_kept(
    kinds: str, change: Callable[[Values], Values], seed: int
) -> None:
    power, light = plant(kinds, seed=seed)
    data = csv(change(power), light)

    assert "ghi" in read(data, "raw/east/p.csv", where(light=True)).rows.columns
