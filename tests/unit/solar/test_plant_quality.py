"""How a plant was run is seen against its irradiance; weather, snow and clipping stay."""

from __future__ import annotations

import numpy as np
import pytest

from shared.solar import irradiance, plant_quality
from shared.solar.quality import Measurements
from tests.unit.pipeline.datasets import serf_east
from tests.unit.solar.plant_data import PLANT, rows, sun_at

DAY = 96


@pytest.fixture
def healthy() -> Measurements:
    found = rows(days=60)
    return Measurements(
        share=found.power_ac / PLANT.ac_capacity_kw,
        weather={name: values.copy() for name, values in found.weather.items()},
        sun=sun_at(found.times),
    )


def masked(measured: Measurements, *, on_site: bool = True) -> dict[str, int]:
    found = plant_quality.masks(measured, on_site=on_site)
    return {name: int(mask.sum()) for name, mask in found.items() if mask.any()}


def suspected(measured: Measurements) -> dict[str, int]:
    found = plant_quality.suspicions(measured)
    return {name: int(mask.sum()) for name, mask in found.items() if mask.any()}


def bright(measured: Measurements, above: float = 450.0) -> np.ndarray:
    return measured.weather["ghi"] > above


def test_a_healthy_plant_loses_no_row_and_raises_no_suspicion(healthy):
    assert masked(healthy) == {}
    assert suspected(healthy) == {}


def test_dawn_and_dusk_are_never_taken_out(healthy):
    healthy.share[bright(healthy)] = 0.0  # whatever happens by day
    low_sun = (healthy.sun.elevation > -6) & (healthy.sun.elevation < 8)
    for mask in plant_quality.masks(healthy, on_site=True).values():
        assert not (mask & low_sun).any()


def test_an_outage_at_high_sun_is_taken_out(healthy):
    noon = slice(20 * DAY + 40, 20 * DAY + 56)
    healthy.weather["ghi"][noon] = 700.0
    healthy.weather["temp_air"][noon] = 20.0
    healthy.share[noon] = 0.0
    assert masked(healthy)["outage"] == 16


def test_the_same_in_the_cold_is_snow_and_stays(healthy):
    noon = slice(20 * DAY + 40, 20 * DAY + 56)
    healthy.weather["ghi"][noon] = 700.0
    healthy.weather["temp_air"][20 * DAY : 21 * DAY] = -4.0
    healthy.share[noon] = 0.0
    assert "outage" not in masked(healthy)
    assert suspected(healthy)["snow_or_soiling"] == 16


def test_power_held_flat_under_a_varying_sun_is_curtailment(healthy):
    noon = slice(20 * DAY + 40, 20 * DAY + 56)
    healthy.weather["ghi"][noon] = np.linspace(600, 800, 16)
    healthy.share[noon] = 0.3
    assert masked(healthy) == {"curtailed": 16}
    assert masked(healthy, on_site=False) == {"curtailed": 16}


def test_a_month_at_half_power_is_curtailment_where_the_sensor_stands_at_the_plant(healthy):
    month = slice(20 * DAY, 40 * DAY)
    healthy.share[month] *= 0.4
    taken = plant_quality.masks(healthy, on_site=True)["curtailed"]
    assert taken[month][bright(healthy, 250)[month]].mean() > 0.9
    assert not taken[: 20 * DAY].any()
    assert masked(healthy, on_site=False).get("curtailed", 0) < 10  # a hazy hour may look flat


def test_a_plant_that_clips_at_its_own_top_keeps_these_rows(healthy):
    healthy.share[:] = np.minimum(healthy.share, 0.35)
    assert "curtailed" not in masked(healthy)
    assert suspected(healthy)["clipped"] > 20


def test_a_collapsed_scale_is_taken_out_by_day_and_dark_weather_is_not(healthy):
    collapsed = slice(30 * DAY, 60 * DAY)
    healthy.weather["ghi"][collapsed] /= 40
    taken = plant_quality.masks(healthy, on_site=True)["collapsed_irradiance"]
    lit = healthy.sun.up > 0
    assert taken[collapsed][lit[collapsed]].mean() > 0.95
    assert not taken[: 30 * DAY].any()
    gloomy = slice(5 * DAY, 15 * DAY)
    healthy.weather["ghi"][gloomy] /= 10
    healthy.share[gloomy] /= 10
    assert not plant_quality.masks(healthy, on_site=True)["collapsed_irradiance"][gloomy].any()


def test_a_week_pasted_over_another_is_found_and_the_copy_is_what_fits_its_weather_less(healthy):
    source, copy = slice(10 * DAY, 14 * DAY), slice(13 * DAY + 28 * DAY, 17 * DAY + 28 * DAY)
    healthy.share[copy] = healthy.share[source] / 0.985
    taken = plant_quality.masks(healthy, on_site=True)["copied_power"]
    assert taken[copy].mean() > 0.95
    assert not taken[source].any()


def test_irradiance_outside_the_atmosphere_is_a_fault_when_rare_and_a_wrong_unit_when_common(
    healthy,
):
    healthy.weather["ghi"][20 * DAY + 48] = 1900.0
    assert masked(healthy)["above_clear_sky"] == 1
    healthy.weather["ghi"] *= 3
    assert "above_clear_sky" not in masked(healthy)


def test_a_night_offset_is_said_and_costs_no_row(healthy):
    healthy.weather["ghi"][30 * DAY :] += 17.0
    assert "night_offset" not in masked(healthy)
    night = healthy.sun.elevation[30 * DAY :] < -6
    assert suspected(healthy)["night_offset"] == pytest.approx(night.sum(), rel=0.05)


def test_power_that_is_missing_where_it_is_brightest_is_said(healthy):
    peaks = healthy.weather["ghi"] > np.quantile(healthy.weather["ghi"], 0.98)
    healthy.share[peaks] = np.nan
    assert suspected(healthy)["censored_peaks"] == pytest.approx(peaks.sum(), rel=0.2)


def test_a_plant_without_irradiance_is_no_error(healthy):
    bare = Measurements(healthy.share, {}, healthy.sun)
    assert masked(bare) == {}
    assert suspected(bare) == {}


def test_a_real_healthy_plant_with_satellite_weather_loses_hardly_a_row():
    plant, tables = serf_east()
    power = np.concatenate([table["power_ac"] for table in tables if "power_ac" in table])
    sky = np.concatenate([table["ghi"] for table in tables if "ghi" in table])
    index = np.concatenate([table.index for table in tables if "ghi" in table])
    times = np.array([moment.tz_localize(None) for moment in index], dtype="datetime64[s]")
    sun = sun_at(
        times, PLANT.model_copy(update=plant.model_dump(include={"latitude", "longitude"}))
    )
    measured = Measurements(power / plant.ac_capacity_kw, {"ghi": sky}, sun)
    assert irradiance.clearsky_ghi(sun.up).max() > 900
    assert sum(masked(measured, on_site=False).values()) < 0.005 * len(power)
