"""Our short formulas agree with pvlib's, which are too heavy for an endpoint."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pvlib
import pytest

from shared.solar import atmosphere, irradiance
from shared.solar.position import SolarPosition, ephemeris, position

# pvlib 0.16.1 still asks pandas for `dayofyear`, which pandas 3.1 calls by another name.
pytestmark = pytest.mark.filterwarnings("ignore:DatetimeIndex.dayofyear")

PLACES = [(48.1, 11.6), (-33.9, 151.2), (39.74, -105.18), (0.0, 0.0), (69.6, 18.9)]


@pytest.fixture(scope="module")
def moments() -> pd.DatetimeIndex:
    return pd.date_range("2010-01-01", "2030-12-31", freq="1501min", tz="UTC")


def ours(moments: pd.DatetimeIndex, latitude: float, longitude: float) -> SolarPosition:
    return position(ephemeris(moments.tz_convert(None).to_numpy()), latitude, longitude)


@pytest.mark.parametrize(("latitude", "longitude"), PLACES)
def test_the_sun_stands_where_pvlib_says_within_a_fiftieth_of_a_degree(
    moments, latitude, longitude
):
    theirs = pvlib.solarposition.get_solarposition(moments, latitude, longitude)
    sun = ours(moments, latitude, longitude)
    assert np.abs(sun.elevation - theirs["elevation"]).max() < 0.02
    turned = (sun.azimuth - theirs["azimuth"].to_numpy() + 180) % 360 - 180
    assert np.abs(turned * np.cos(np.radians(theirs["elevation"]))).max() < 0.02


def test_sites_with_shared_stamps_get_what_each_alone_would_get(moments):
    stamps = moments.tz_convert(None).to_numpy()[:100]
    shared = ephemeris(stamps)
    alone = [position(shared, latitude, longitude).up for latitude, longitude in PLACES]
    together = position(
        type(shared)(*(np.tile(getattr(shared, name), len(PLACES)) for name in shared.__slots__)),
        np.repeat([latitude for latitude, _ in PLACES], 100),
        np.repeat([longitude for _, longitude in PLACES], 100),
    ).up
    np.testing.assert_allclose(together, np.concatenate(alone), atol=1e-12)


def test_the_sky_is_as_bright_as_pvlib_says(moments):
    latitude, longitude = PLACES[0]
    theirs = pvlib.solarposition.get_solarposition(moments, latitude, longitude)
    sun = ours(moments, latitude, longitude)
    clearsky = pvlib.clearsky.haurwitz(theirs["zenith"])["ghi"].to_numpy()
    assert np.abs(irradiance.clearsky_ghi(sun.up) - clearsky).max() < 1.0
    outside = pvlib.irradiance.get_extra_radiation(moments, solar_constant=1361.0).to_numpy()
    assert np.abs(irradiance.extraterrestrial(sun.year_phase) - outside).max() < 5.0


def test_beam_diffuse_plane_and_cell_agree_with_pvlib(moments):
    latitude, longitude = PLACES[0]
    theirs = pvlib.solarposition.get_solarposition(moments, latitude, longitude)
    sun = ours(moments, latitude, longitude)
    high = theirs["elevation"].to_numpy() > 5
    clouds = np.random.default_rng(3).uniform(0.1, 1.0, len(moments))
    ghi = irradiance.clearsky_ghi(sun.up) * clouds
    parts = irradiance.erbs(ghi, sun)
    outside = pvlib.irradiance.get_extra_radiation(moments, solar_constant=1361.0)
    erbs = pvlib.irradiance.erbs(ghi, theirs["zenith"].to_numpy(), moments)
    assert np.abs(parts.dhi - erbs["dhi"])[high].max() < 10.0
    assert np.abs(parts.dni - erbs["dni"])[high].max() < 15.0
    plane = pvlib.irradiance.get_total_irradiance(
        30, 160, theirs["zenith"], theirs["azimuth"], parts.dni, ghi, parts.dhi,
        dni_extra=outside, model="haydavies",
    )["poa_global"].to_numpy()  # fmt: skip
    tilted = irradiance.plane_of_array(ghi, parts, sun, 30.0, 160.0)
    assert np.abs(tilted - plane)[high].max() < 2.0
    air, wind = np.full(len(ghi), 20.0), np.full(len(ghi), 3.0)
    np.testing.assert_allclose(
        irradiance.cell_temperature(tilted, air, wind), pvlib.temperature.faiman(tilted, 20.0, 3.0)
    )


def test_the_air_is_as_heavy_as_pvlib_says():
    for altitude in (-400.0, 0.0, 478.0, 1829.0, 4500.0):
        theirs = pvlib.atmosphere.alt2pres(altitude) / 100
        assert atmosphere.pressure_at(altitude) == pytest.approx(theirs, rel=1e-6)


def test_at_night_nothing_shines():
    down = np.array([-1.0, -0.3, 0.0])
    assert irradiance.clearsky_ghi(down).tolist() == [0.0, 0.0, 0.0]
