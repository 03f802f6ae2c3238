"""How a plant was run is seen against its irradiance; weather, snow and clipping stay."""

from __future__ import annotations

import numpy as np
import pytest

from shared import masked as words
from shared.solar import irradiance, plant_quality, quality
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


def test_every_mask_and_every_suspicion_has_its_words(healthy):
    found = quality.checks(healthy) | plant_quality.masks(healthy, on_site=True)
    assert found.keys() | {"excluded"} == words.MASKS.keys()
    assert plant_quality.suspicions(healthy).keys() == words.SUSPICIONS.keys()


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


@pytest.mark.parametrize("part", [1 / 12, 1 / 4])
def test_days_on_end_of_a_third_of_the_power_are_taken_out_whoever_measured_the_sun(healthy, part):
    spell = slice(20 * DAY, 25 * DAY)
    healthy.share[spell] *= part
    taken = plant_quality.masks(healthy, on_site=False)["curtailed"]
    assert taken[spell][bright(healthy, 250)[spell]].mean() > 0.9
    assert not taken[: 20 * DAY].any()
    assert not taken[25 * DAY :].any()


def test_two_days_that_a_satellite_takes_for_bright_stay(healthy):
    """It overlooked their clouds; on the ground hardly any light arrived."""
    healthy.share[20 * DAY : 22 * DAY] *= 0.25
    assert masked(healthy, on_site=False).get("curtailed", 0) < 10


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
    assert masked(healthy)["above_any_sky"] == 1
    healthy.weather["ghi"] *= 3
    assert "above_any_sky" not in masked(healthy)


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


def plant(days: int) -> Measurements:
    found = rows(days=days)
    return Measurements(
        share=found.power_ac / PLANT.ac_capacity_kw,
        weather={name: values.copy() for name, values in found.weather.items()},
        sun=sun_at(found.times),
    )


def noon_of(day: int, count: int = 16) -> slice:
    return slice(day * DAY + 40, day * DAY + 40 + count)


def still(measured: Measurements, at: slice, ghi: float = 700.0, share: float = 0.0) -> None:
    """Let the plant give a share under a bright and warm sky."""
    measured.weather["ghi"][at] = ghi
    measured.weather["temp_air"][at] = 20.0
    measured.share[at] = share


@pytest.mark.parametrize("day", [0, 3, 60, 119])
def test_an_outage_is_found_at_any_time_of_a_long_record(day):
    measured = plant(days=120)
    still(measured, noon_of(day))
    assert masked(measured)["outage"] == 16


@pytest.mark.parametrize(
    ("rows_still", "ghi", "share", "taken"),
    [
        (4, 700.0, 0.0, 4),  # an hour
        (3, 700.0, 0.0, 0),
        (8, 401.0, 0.0, 8),
        (8, 399.0, 0.0, 0),  # no high sun
        (8, 700.0, 0.02, 8),  # 5 % of the usual 0.6
        (8, 700.0, 0.05, 0),
    ],
)
def test_an_outage_is_an_hour_of_next_to_nothing_at_high_sun(
    healthy, rows_still, ghi, share, taken
):
    around = noon_of(20)
    healthy.weather["ghi"][around] = 300.0
    healthy.share[around] = 0.26
    still(healthy, noon_of(20, rows_still), ghi, share)
    assert masked(healthy).get("outage", 0) == taken


@pytest.mark.parametrize(("temperature", "snow"), [(2.9, True), (3.1, False), (np.nan, False)])
def test_snow_lies_below_three_degrees_and_is_never_guessed(healthy, temperature, snow):
    still(healthy, noon_of(20))
    healthy.weather["temp_air"][noon_of(20)] = temperature
    assert ("snow_or_soiling" in suspected(healthy)) is snow
    assert ("outage" in masked(healthy)) is not snow


def test_without_a_thermometer_nothing_is_taken_for_snow(healthy):
    still(healthy, noon_of(20))
    del healthy.weather["temp_air"]
    assert masked(healthy)["outage"] == 16
    assert "snow_or_soiling" not in suspected(healthy)


@pytest.mark.parametrize("name", ["ghi", "poa_global"])
def test_power_is_compared_with_whatever_irradiance_there_is(healthy, name):
    still(healthy, noon_of(20))
    weather = {"temp_air": healthy.weather["temp_air"], name: healthy.weather["ghi"]}
    if name == "poa_global":
        weather["ghi"] = np.full(len(healthy.share), np.nan)
    assert masked(Measurements(healthy.share, weather, healthy.sun))["outage"] == 16


@pytest.mark.parametrize(
    ("count", "bend", "share", "taken"),
    [
        (4, 200.0, 0.3, 4),
        (3, 200.0, 0.3, 0),  # less than an hour
        (16, 0.0, 0.3, 0),  # a steady sun makes steady power
        (16, 200.0, 0.04, 0),  # dusk is flat too
    ],
)
def test_a_plateau_is_an_hour_that_is_flatter_than_the_sun(healthy, count, bend, share, taken):
    around = noon_of(20)
    healthy.weather["ghi"][around] = np.linspace(600, 620, 16)
    healthy.share[around] = np.linspace(0.5, 0.52, 16)
    held = noon_of(20, count)
    healthy.weather["ghi"][held] = np.linspace(600, 600 + bend, count)
    healthy.weather["temp_air"][held] = 20.0
    healthy.share[held] = share
    assert masked(healthy, on_site=False).get("curtailed", 0) == taken


def test_a_day_just_above_six_tenths_of_the_usual_stays(healthy):
    day = slice(20 * DAY, 21 * DAY)
    for factor, taken in ((0.8, False), (0.4, True)):
        changed = plant(days=60)
        changed.share[day] *= factor
        found = plant_quality.masks(changed, on_site=True)["curtailed"]
        assert found[day].any() == taken
        assert not found[: 20 * DAY].any()


def test_a_cold_day_at_half_power_may_be_snow(healthy):
    day = slice(20 * DAY, 21 * DAY)
    healthy.share[day] *= 0.4
    healthy.weather["temp_air"][day] = -4.0
    assert "curtailed" not in masked(healthy)


@pytest.mark.parametrize(("days", "taken"), [(6, False), (7, True)])
def test_a_spell_of_collapsed_irradiance_is_seven_of_ten_days(healthy, days, taken):
    healthy.weather["ghi"][20 * DAY : (20 + days) * DAY] /= 40
    found = plant_quality.masks(healthy, on_site=True)["collapsed_irradiance"]
    assert found.any() == taken
    assert not found[: 20 * DAY].any()
    assert not found[(20 + days) * DAY :].any()


def test_gaps_in_the_power_do_not_hide_a_collapse_and_gaps_in_the_irradiance_are_none(healthy):
    healthy.weather["ghi"][20 * DAY : 35 * DAY] /= 40
    healthy.share[::96] = np.nan
    healthy.share[40::96] = np.nan
    found = plant_quality.masks(healthy, on_site=True)["collapsed_irradiance"]
    assert found[20 * DAY : 35 * DAY].sum() > 500
    missing = plant(days=60)
    missing.weather["ghi"][20 * DAY : 35 * DAY] = np.nan
    assert "collapsed_irradiance" not in masked(missing)


@pytest.mark.parametrize(("count", "found"), [(19, False), (20, True)])
def test_a_copied_day_has_twenty_rows_at_work(count, found):
    measured = plant(days=20)
    day, source = (
        slice(12 * DAY + 30, 12 * DAY + 30 + count),
        slice(10 * DAY + 30, 10 * DAY + 30 + count),
    )
    measured.share[12 * DAY : 13 * DAY] = 0.0
    measured.share[source] = np.linspace(0.1, 0.6, count)
    measured.share[day] = measured.share[source] * 0.9
    assert ("copied_power" in masked(measured, on_site=False)) is found


@pytest.mark.parametrize(("spread", "found"), [(0.0003, True), (0.004, False)])
def test_a_copy_is_the_other_day_to_a_thousandth(spread, found):
    measured = plant(days=20)
    source, copy = slice(10 * DAY, 11 * DAY), slice(12 * DAY, 13 * DAY)
    noise = np.random.default_rng(1).normal(1, spread, DAY)
    measured.share[copy] = measured.share[source] * 0.9 * noise
    assert ("copied_power" in masked(measured, on_site=False)) is found


@pytest.mark.parametrize("lag", [1, 7, 17, 28, 31])
@pytest.mark.parametrize("copy_is_later", [True, False])
def test_of_two_equal_days_the_one_is_taken_that_fits_its_irradiance_less(lag, copy_is_later):
    measured = plant(days=60)
    late = np.flatnonzero(measured.day == 10 + lag)
    early = late - lag * DAY
    source, copy = (early, late) if copy_is_later else (late, early)
    measured.share[copy] = measured.share[source]
    measured.weather["ghi"][copy[50]] = np.nan  # a gap is no proof
    taken = plant_quality.masks(measured, on_site=False)["copied_power"]
    assert np.flatnonzero(taken).tolist() == copy.tolist()


def test_without_irradiance_the_later_of_two_equal_days_is_the_copy():
    measured = plant(days=20)
    late = np.flatnonzero(measured.day == 12)
    measured.share[late] = measured.share[late - 2 * DAY]
    taken = plant_quality.masks(Measurements(measured.share, {}, measured.sun), on_site=True)
    assert np.flatnonzero(taken["copied_power"]).tolist() == late.tolist()


def test_two_days_of_constant_power_are_no_copies(healthy):
    """A plant that clips all day looks like the day before."""
    for day in (10, 11):
        healthy.share[day * DAY + 30 : day * DAY + 60] = 0.5
    assert "copied_power" not in masked(healthy, on_site=False)


@pytest.mark.parametrize(("offset", "said"), [(4.9, False), (5.1, True), (-5.1, True)])
def test_a_night_offset_begins_at_five_watts(healthy, offset, said):
    healthy.weather["ghi"] += offset
    assert ("night_offset" in suspected(healthy)) is said


@pytest.mark.parametrize(("part", "said"), [(0.4, False), (0.6, True)])
def test_an_offset_of_less_than_half_a_night_is_a_lamp(healthy, part, said):
    night = np.flatnonzero(healthy.sun.elevation < -6)
    of_day = night[night // DAY == 20]
    healthy.weather["ghi"][of_day[: int(part * len(of_day))]] = 17.0
    assert ("night_offset" in suspected(healthy)) is said


@pytest.mark.parametrize(("share", "said"), [(0.08, False), (0.2, True)])
def test_a_tenth_of_the_brightest_rows_may_be_missing(healthy, share, said):
    order = np.argsort(healthy.weather["ghi"])[::-1]
    brightest = order[: int(0.05 * (healthy.sun.up > 0).sum())]
    healthy.share[brightest[: int(share * len(brightest))]] = np.nan
    assert ("censored_peaks" in suspected(healthy)) is said


def test_power_that_is_missing_everywhere_is_not_cut_at_its_peaks(healthy):
    healthy.share[np.random.default_rng(1).uniform(size=len(healthy.share)) < 0.4] = np.nan
    assert "censored_peaks" not in suspected(healthy)


@pytest.mark.parametrize(("factor", "taken"), [(0.98, False), (1.02, True)])
def test_a_clouds_edge_is_brighter_than_the_sun_to_a_limit(healthy, factor, taken):
    place = 20 * DAY + 48
    outside = irradiance.extraterrestrial(healthy.sun.year_phase)[place] * healthy.sun.up[place]
    healthy.weather["ghi"][place] = factor * (1.3 * outside + 100)
    assert ("above_any_sky" in masked(healthy)) is taken


@pytest.mark.parametrize(("per_mille", "taken"), [(4, True), (6, False)])
def test_above_five_per_mille_too_bright_is_how_the_record_is(healthy, per_mille, taken):
    lit = np.flatnonzero(healthy.sun.up > 0)
    healthy.weather["ghi"][lit[: per_mille * len(lit) // 1000]] = 1900.0
    assert ("above_any_sky" in masked(healthy)) is taken
