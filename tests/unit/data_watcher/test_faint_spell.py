"""Irradiance that falls to the half while power goes on is refused; dull days and outages are not."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.data_watcher.adapters.reading import read
from services.data_watcher.domain.believable import faint_spell, sun
from services.data_watcher.domain.believable.power import Power
from shared.errors import UnreadableFileError
from shared.solar.irradiance import clearsky_ghi
from shared.solar.site import Site
from tests.unit.data_watcher.plant_files import CAPACITY_W, refused, site
from tests.unit.data_watcher.powers import ROWS_OF_A_DAY, axis

DAYS = 10


def where(name: str = "ghi") -> Site:
    light = {"column": "g", "unit": "W/m2"}
    return site({"columns": {"power_ac": {"column": "p", "unit": "W"}, name: light}})


WHERE = where()
UP = sun.over(axis(DAYS * ROWS_OF_A_DAY).utc, 900.0, WHERE).up.clip(0).tolist()
Change = Callable[[float, float], float]
Rows = list[tuple[float, float]]


def same(_: float, value: float) -> float:
    return value


def later(change: Change) -> Change:
    return lambda day, value: change(day, value) if day >= 6 + 40 / ROWS_OF_A_DAY else value


def rows(power: Change = same, ghi: Change = same, sky: Change = same) -> Rows:
    """Power [W] and irradiance [W/m²] under clouds that come and go on all days."""
    found = []
    for row, up in enumerate(UP):
        day = row / ROWS_OF_A_DAY
        cloud = 0.6 + 0.4 * math.sin(0.9 * row + 3.0 * int(day) ** 1.3)
        clear = 1060 * up**1.12 * sky(day, cloud)
        given = min(clear / 1000 * CAPACITY_W * (1.0 + 0.05 * math.sin(row * 0.37)), CAPACITY_W)
        found.append((power(day, given), ghi(day, clear)))
    return found


def csv(values: Rows) -> bytes:
    times = axis(len(values)).utc
    lines = [f"{str(at)[:16]},{p:.2f},{g:.3f}" for at, (p, g) in zip(times, values, strict=True)]
    return "\n".join(["t,p,g", *lines]).encode()


@pytest.mark.parametrize(
    ("name", "factor", "is_first"),
    [("ghi", 0.5, True), ("ghi", 0.4, False), ("poa_global", 0.5, False)],
)
def test_irradiance_that_is_too_low_for_its_power_is_refused(
    name: str, factor: float, *, is_first: bool
) -> None:
    change = later(lambda _, light: light * factor)
    values = rows(ghi=(lambda day, light: light if change(day, 1.0) != 1.0 else light * factor)
                  if is_first else change)  # fmt: skip

    fault = refused(csv(values), where(name))

    assert fault.code == "wrong_unit"
    assert f"from 2024-06-{'01' if is_first else '08'} (row" in fault.reason
    assert f"{name} never reaches more than" in fault.reason
    assert "while power is as high as before" in fault.reason
    assert "split it there" in fault.remedy


@pytest.mark.parametrize(
    "values",
    [
        rows(),
        rows(sky=later(lambda _, sky: sky * 0.5)),
        rows(sky=later(lambda _, sky: sky * 0.5), power=lambda day, watt: watt * (0.5 if day < 6 else 1)),
        rows(sky=later(lambda _, sky: sky * 0.5), power=lambda _, watt: min(watt, CAPACITY_W * 0.3)),
        rows(power=lambda day, watt: watt * (0.5 if day < 6 else 1)),
        rows(power=later(lambda _, watt: watt * 0.5)),
        rows(ghi=later(lambda _, light: light * 0.75)),
    ],
    ids=[
        "healthy",
        "dull days",
        "half of the plant comes back in dull days",
        "dull days of a plant at its limit",
        "half of the plant comes back",
        "half of the plant is off",
        "dust",
    ],
)  # fmt: skip
def test_what_skies_and_plants_do_is_kept(values: Rows) -> None:
    reading = read(csv(values), "raw/east/p.csv", where())
    table = pq.read_table(pa.BufferReader(reading.parquet))

    assert reading.rows.masks == {}
    assert table["power_ac"].to_pylist() == pytest.approx([p / 1000 for p, _ in values], abs=1e-4)
    assert table["ghi"].to_pylist() == pytest.approx([g for _, g in values], abs=1e-2)


# --- limits -------------------------------------------------------------------------------------------

Of = Callable[[np.ndarray], np.ndarray]


def said(
    light: float, inside: Of, outside: Of, *, minutes: int = 15, before: int = 3, days: int = 3
) -> str | None:
    """What is said of days of a part of a clear sky after clear ones.

    Power inside and outside of the spell depends on the clear sky. [of AC capacity, kW/m²]
    """
    step = np.timedelta64(minutes, "m")
    time = axis((before + days) * 1440 // minutes, "2024-06-01", step)
    clear = clearsky_ghi(np.asarray(sun.over(time.utc, time.step, WHERE).up, float)) / 1000
    is_low = np.arange(len(clear)) * minutes >= before * 1440
    share = np.where(is_low, inside(clear), outside(clear))
    ghi = 1000 * clear * np.where(is_low, light, 1.0)
    ghi[[24, -72]] = 0.0  # a sensor that is off for a moment
    found = Power.of(share * CAPACITY_W / 1000, time, WHERE, "W", lambda row: str(row + 1))
    try:
        faint_spell.check("ghi", ghi, found)
    except UnreadableFileError as fault:
        return fault.reason
    return None


def times(factor: float) -> Of:
    return lambda clear: factor * clear


@pytest.mark.parametrize(
    ("light", "inside", "outside", "is_said"),
    [
        (0.4, 0.8, 1.0, True),
        (0.4, 0.7, 1.0, False),
        (0.55, 0.95, 1.0, True),
        (0.55, 0.85, 1.0, False),
        (0.5, 0.8, 0.8, True),
        (0.5, 0.6, 0.6, False),
    ],
    ids=[
        "nearly as high",
        "lower",
        "1.7 times as high by its light",
        "1.5 times",
        "a plant that gives little",
        "a plant that gives less, as one of which half comes back",
    ],
)
def test_power_goes_on_and_is_much_for_its_light(
    light: float, inside: float, outside: float, *, is_said: bool
) -> None:
    assert (said(light, times(inside), times(outside)) is not None) == is_said


def test_the_ratio_is_that_of_power_below_a_half_where_no_limit_counts() -> None:
    def doubled_at_the_top(clear: np.ndarray) -> np.ndarray:
        return np.where(clear > 0.45, 2 * clear, clear)

    def less_below(clear: np.ndarray) -> np.ndarray:
        return np.where(clear > 0.45, 2 * clear, 0.5 * clear)

    assert said(0.5, doubled_at_the_top, doubled_at_the_top) is not None
    assert said(0.5, less_below, doubled_at_the_top) is None


def test_the_ratio_is_that_of_all_power_up_to_a_half() -> None:
    def less_below(clear: np.ndarray) -> np.ndarray:
        return np.where(clear > 0.2, clear, 0.5 * clear)

    assert said(0.5, less_below, times(1.0)) is not None


def test_what_power_reaches_is_what_it_reaches_at_best() -> None:
    def less_below(clear: np.ndarray) -> np.ndarray:
        return np.where(clear > 0.7, clear, 0.65 * clear)

    assert said(0.3, less_below, times(1.0)) is not None


@pytest.mark.parametrize(("days", "is_said"), [(4, False), (5, True)])
def test_five_days_of_hours_have_rows_enough(days: int, *, is_said: bool) -> None:
    found = said(0.5, times(1.0), times(1.0), minutes=60, before=10, days=days)

    assert (found is not None) == is_said


def test_dim_light_shows_no_ratio() -> None:
    def at_its_ends(clear: np.ndarray) -> np.ndarray:
        return np.where((clear > 0.08) & (clear < 0.47), 0.0, clear)

    assert said(0.5, at_its_ends, times(1.0), minutes=5, days=4) is None
    assert said(0.5, times(1.0), times(1.0), minutes=5, days=4) is not None


def test_a_file_without_other_days_to_compare_with_says_nothing() -> None:
    assert said(0.5, times(1.0), times(1.0), before=0, days=6) is None
    assert said(0.5, times(1.0), times(0.0)) is None
