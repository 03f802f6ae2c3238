"""What cannot be is taken out with its reason; dawn, dusk and clouds stay."""

from __future__ import annotations

import numpy as np
import pytest

from shared.solar import quality
from shared.solar.quality import Measurements
from tests.unit.solar.plant_data import PLANT, rows, sun_at


@pytest.fixture
def healthy() -> Measurements:
    found = rows(days=20)
    return Measurements(
        share=found.power_ac / PLANT.ac_capacity_kw,
        weather={name: values.copy() for name, values in found.weather.items()},
        sun=sun_at(found.times),
    )


def reasons(measured: Measurements) -> dict[str, int]:
    return {name: int(mask.sum()) for name, mask in quality.checks(measured).items() if mask.any()}


def test_a_healthy_plant_loses_no_row(healthy):
    assert reasons(healthy) == {}


def test_night_draw_of_an_inverter_is_no_fault(healthy):
    healthy.share[healthy.sun.elevation < 0] = -0.001
    assert reasons(healthy) == {}


def test_a_record_frozen_into_the_night_is_taken_out_whole(healthy):
    noon = 96 * 5 + 48
    healthy.share[noon : noon + 60] = 0.6
    for values in healthy.weather.values():
        values[noon : noon + 60] = values[noon]
    assert reasons(healthy) == {"frozen_record": 60}


def test_a_forecast_that_goes_on_does_not_hide_a_frozen_record(healthy):
    healthy.weather["forecast_ghi"] = healthy.weather["ghi"] + np.arange(len(healthy.share))
    noon = 96 * 5 + 44
    for values in (healthy.share, healthy.weather["ghi"], healthy.weather["temp_air"]):
        values[noon : noon + 8] = values[noon]
    assert reasons(healthy) == {"frozen_record": 8}


def test_a_clipping_plateau_by_day_is_no_frozen_record(healthy):
    noon = 96 * 5 + 44
    healthy.share[noon : noon + 8] = 1.0
    assert reasons(healthy) == {}


def test_power_in_deep_night_is_taken_out(healthy):
    midnight = 96 * 5 + 96 - 4
    healthy.share[midnight] = 0.3
    assert healthy.sun.elevation[midnight] < -6
    assert reasons(healthy) == {"night_power": 1}


def test_a_rare_spike_above_capacity_is_a_fault_and_a_common_one_a_wrong_capacity(healthy):
    day = np.flatnonzero(healthy.share > 0.1)
    healthy.share[day[0]] = 1.4
    assert reasons(healthy) == {"above_capacity": 1}
    healthy.share[day] *= 3
    assert quality.exceeds_capacity_often(healthy)
    assert "above_capacity" not in reasons(healthy)


def test_a_dead_sensor_is_seen_only_while_the_plant_generates(healthy):
    noon = 96 * 5 + 48
    healthy.weather["ghi"][noon : noon + 4] = 0.0
    healthy.share[noon : noon + 4] = [0.5, 0.4, 0.6, 0.05]
    assert reasons(healthy) == {"dead_irradiance": 3}


def test_a_missing_irradiance_is_a_gap_and_no_fault(healthy):
    healthy.weather["ghi"][:] = np.nan
    assert reasons(healthy) == {}


def test_a_row_has_one_reason_only(healthy):
    midnight = 96 * 5 + 96 - 4
    healthy.share[midnight] = 1.4
    found = quality.checks(healthy)
    assert sum(mask.astype(int) for mask in found.values()).max() == 1


def test_an_unknown_power_is_not_masked_a_second_time(healthy):
    healthy.share[:] = np.nan
    assert reasons(healthy) == {}
