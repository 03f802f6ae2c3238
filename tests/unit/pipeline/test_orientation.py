"""A plane is read from power where it can be, with its uncertainty, and not where no plane fits.

The plants are simulated by pvlib with other models of sky and cells than the estimate's own.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pvlib
import pytest

from services.trainer_trigger.pipeline.data import orientation
from shared.solar.position import ephemeris, position
from shared.solar.quality import Measurements
from tests.unit.pipeline.datasets import Bench, frame, serf_east, site

LATITUDE, LONGITUDE = 48.1, 11.6


def simulated(planes, *, days: int = 60, latitude: float = LATITUDE, start: str = "2023-03-01"):
    """Return rows of a plant with equal arrays in some planes, or on a tracker where there is none."""
    times = pd.date_range(start, periods=days * 96, freq="15min", tz="UTC")
    middle = times + pd.Timedelta("450s")
    sun = pvlib.solarposition.get_solarposition(middle, latitude, LONGITUDE)
    airmass = pvlib.atmosphere.get_relative_airmass(sun["apparent_zenith"])
    sky = pvlib.clearsky.ineichen(sun["apparent_zenith"], airmass, 3.5)
    random = np.random.default_rng(7)
    dim = np.repeat(random.choice([1.0, 1.0, 0.3], days), 96)  # a third of the days is overcast
    ghi, dni = sky["ghi"] * dim, sky["dni"] * np.where(dim < 1, 0.0, 1.0)
    dhi = ghi - dni * np.cos(np.radians(sun["zenith"])).clip(lower=0)
    extra = pvlib.irradiance.get_extra_radiation(np.array(middle.day_of_year))
    if not planes:
        tracked = pvlib.tracking.singleaxis(sun["apparent_zenith"], sun["azimuth"], gcr=0.3).fillna(
            0
        )
        planes = [(tracked["surface_tilt"], tracked["surface_azimuth"])]
    power = np.zeros(len(times))
    for tilt, azimuth in planes:
        poa = pvlib.irradiance.get_total_irradiance(
            tilt, azimuth, sun["apparent_zenith"], sun["azimuth"], dni, ghi, dhi,
            dni_extra=extra, airmass=airmass, model="perez",
        )["poa_global"].fillna(0).clip(lower=0)  # fmt: skip
        cell = pvlib.temperature.sapm_cell(poa, 12.0, 2.0, -3.47, -0.0594, 3)
        power += pvlib.pvsystem.pvwatts_dc(poa, cell, 0.8 / len(planes), -0.004)
    power = power * (1 + random.normal(0, 0.02, len(power)))
    seconds = times.tz_convert(None).to_numpy().astype("datetime64[s]")
    at = position(ephemeris(seconds + np.timedelta64(450, "s")), latitude, LONGITUDE)
    weather = {"ghi": ghi.to_numpy(), "temp_air": np.full(len(times), 12.0)}
    return Measurements(np.clip(np.asarray(power), 0, 1), weather, at)


@pytest.mark.parametrize(
    ("tilt", "azimuth", "latitude"),
    [(30, 180, 48.1), (20, 140, 48.1), (50, 250, 40.0), (25, 0, -33.0)],
)
def test_a_plane_is_found_within_its_uncertainty(tilt, azimuth, latitude):
    found = orientation.estimate(simulated([(tilt, azimuth)], latitude=latitude))
    assert found is not None
    assert found.finding == "single_plane"
    assert abs(found.surface_tilt - tilt) <= 1.5 * found.tilt_uncertainty
    sideways = abs((found.surface_azimuth - azimuth + 180) % 360 - 180)
    assert sideways <= 1.5 * found.azimuth_uncertainty
    assert found.tilt_uncertainty < 10
    assert found.azimuth_uncertainty < 25


def test_a_stated_plane_far_from_the_power_is_a_warning(tmp_path):
    stated = site(surface_tilt=35.0, surface_azimuth=180.0)  # the made-up plant lies flat
    bench = Bench(tmp_path, sites=[stated])
    bench.upload(frame(days=60))
    found = bench.preprocess().validation.sites["meadow"]
    assert found.orientation.finding == "horizontal"
    assert any("poa_global" in warning for warning in found.warnings)


def test_a_stated_plane_near_the_power_is_none():
    found = orientation.estimate(simulated([(30, 180)]))
    assert not orientation.contradicts(found, 33.0, 175.0)
    assert orientation.contradicts(found, 30.0, 90.0)


def test_a_flat_array_has_no_azimuth():
    found = orientation.estimate(simulated([(0, 180)]))
    assert (found.finding, found.surface_azimuth) == ("horizontal", None)


def test_a_tracker_has_no_single_plane():
    assert orientation.estimate(simulated([])).finding == "no_single_plane"


def test_a_steep_roof_towards_east_and_west_is_no_tilted_plane():
    found = orientation.estimate(simulated([(45, 90), (45, 270)]))
    assert found.finding in {"no_single_plane", "horizontal"}


def test_too_few_clear_hours_are_not_clear():
    assert orientation.estimate(simulated([(30, 180)], days=8)).finding == "not_clear"


def test_power_that_does_not_follow_the_sky_is_not_clear():
    plant = simulated([(30, 180)])
    random = np.random.default_rng(1)
    noise = np.where(plant.share > 0, random.uniform(0, 1, len(plant.share)), 0.0)
    assert (
        orientation.estimate(Measurements(noise, plant.weather, plant.sun)).finding == "not_clear"
    )


def test_without_global_irradiance_nothing_is_said():
    plant = simulated([(30, 180)], days=3)
    assert orientation.estimate(Measurements(plant.share, {}, plant.sun)) is None


def test_a_real_roof_is_found_from_satellite_weather(tmp_path):
    """SERF East is documented with a tilt of 45 and an azimuth of 158 degrees."""
    plant, tables = serf_east()
    bench = Bench(tmp_path, sites=[plant])
    for table in tables:
        bench.upload(table, plant.site_id)
    found = bench.preprocess().validation.sites[plant.site_id].orientation
    assert found.finding == "single_plane"
    assert found.surface_tilt == pytest.approx(45, abs=6)
    assert found.surface_azimuth == pytest.approx(158, abs=8)
