"""Irradiance by formula: clear sky, beam and diffuse, and the plane of the array. No AWS, no lookup tables.

The formulas are pvlib's, in NumPy alone so that an endpoint starts in about a second; tests compare
each with pvlib.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from shared.solar.position import Floats, SolarPosition

_OVERCAST, _CLEAR = 0.22, 0.8  # where Erbs' formula changes, by clearness index
_ECCENTRICITY, _PERIHELION = 0.0167, math.radians(282.9)  # of the Earth's orbit
LOWEST_SUN = 0.065  # cosine of the zenith below which a beam cannot be told from a global value


@dataclass(frozen=True, slots=True)
class Components:
    """Beam and diffuse irradiance. [W/m2]"""

    dni: Floats
    dhi: Floats


def clearsky_ghi(up: Floats) -> Floats:
    """Return Haurwitz' clear-sky global horizontal irradiance. [W/m2]

    Parameters
    ----------
    up
        Cosine of the zenith angle. [unitless]

    References
    ----------
    .. [1] B. Haurwitz, "Insolation in relation to cloudiness and cloud density", Journal of Meteorology 2,
       154-166, 1945.
    """
    above = np.maximum(up, 1e-6)
    return np.where(up > 0, 1098.0 * above * np.exp(-0.059 / above), 0.0)


def extraterrestrial(year_phase: Floats) -> Floats:
    """Return the irradiance outside the atmosphere, normal to the sun. [W/m2]

    Parameters
    ----------
    year_phase
        Ecliptic longitude of the sun; perihelion is near 283 degrees. [rad]
    """
    normal: Floats = 1361.0 * (1 + 2 * _ECCENTRICITY * np.cos(year_phase - _PERIHELION))
    return normal


def clearsky_index(irradiance: Floats, clearsky: Floats) -> Floats:
    """Return irradiance over clear-sky irradiance, within 0 and 1.5; 0 at night. [unitless]"""
    return np.minimum(np.maximum(irradiance / np.maximum(clearsky, 20.0), 0.0), 1.5)


def erbs(ghi: Floats, sun: SolarPosition) -> Components:
    """Split global horizontal irradiance into beam and diffuse.

    Parameters
    ----------
    ghi
        Global horizontal irradiance. [W/m2]
    sun
        Where the sun stands.

    References
    ----------
    .. [1] D. Erbs, S. Klein, J. Duffie, "Estimation of the diffuse radiation fraction for hourly, daily and
       monthly-average global radiation", Solar Energy 28 (4), 293-302, 1982.
       doi:10.1016/0038-092X(82)90302-4
    """
    up = np.maximum(sun.up, LOWEST_SUN)
    kt = ghi / (extraterrestrial(sun.year_phase) * up)
    kt = np.minimum(np.maximum(kt, 0.0), 1.0)
    middle = 0.9511 + kt * (-0.1604 + kt * (4.388 + kt * (-16.638 + kt * 12.336)))
    diffuse_fraction = np.where(
        kt <= _OVERCAST, 1 - 0.09 * kt, np.where(kt <= _CLEAR, middle, 0.165)
    )
    dhi = ghi * diffuse_fraction
    dni = np.where(sun.up > LOWEST_SUN, (ghi - dhi) / up, 0.0)
    return Components(dni=np.maximum(dni, 0.0), dhi=dhi)


def incidence(sun: SolarPosition, tilt: float | Floats, azimuth: float | Floats) -> Floats:
    """Return the cosine of the angle between sun and array normal, 0 behind the array. [unitless]

    Parameters
    ----------
    tilt, azimuth
        Of the array; azimuth clockwise from north. [degree]
    """
    slope, facing = np.radians(tilt), np.radians(azimuth)
    cosine = sun.up * np.cos(slope) + np.sin(slope) * (
        sun.north * np.cos(facing) + sun.east * np.sin(facing)
    )
    return np.maximum(cosine, 0.0)


def plane_of_array(
    ghi: Floats,
    parts: Components,
    sun: SolarPosition,
    tilt: float | Floats,
    azimuth: float | Floats,
) -> Floats:
    """Return the irradiance on a tilted plane by the Hay-Davies sky and albedo .25. [W/m2]

    References
    ----------
    .. [1] J. Hay, J. Davies, "Calculations of the solar radiation incident on an inclined surface",
       Proceedings of the First Canadian Solar Radiation Data Workshop, 59, 1980.
    """
    facing_sun = incidence(sun, tilt, azimuth)
    anisotropy = np.clip(parts.dni / extraterrestrial(sun.year_phase), 0.0, 1.0)
    circumsolar = anisotropy * facing_sun / np.maximum(sun.up, 0.01745)
    sky_view = (1 + np.cos(np.radians(tilt))) / 2
    ground_view = (1 - np.cos(np.radians(tilt))) / 2
    sky = parts.dhi * (circumsolar + (1 - anisotropy) * sky_view)
    return parts.dni * facing_sun + np.maximum(sky, 0.0) + 0.25 * ghi * ground_view


def cell_temperature(poa: Floats, temp_air: float | Floats, wind_speed: float | Floats) -> Floats:
    """Return the cells' temperature by Faiman's model with its default coefficients. [C]

    References
    ----------
    .. [1] D. Faiman, "Assessing the outdoor operating temperature of photovoltaic modules", Progress in
       Photovoltaics 16 (4), 307-315, 2008. doi:10.1002/pip.813
    """
    return temp_air + poa / (25.0 + 6.84 * np.maximum(wind_speed, 0.0))
