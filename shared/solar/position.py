"""Where the sun stands: the part all plants share once per time stamp, the hour angle per plant.

pvlib computes the whole position per plant and imports SciPy and pandas; an endpoint must start in about
a second and a fleet shares its stamps, so the almanac's short algorithm stands here. Tests compare it with
pvlib (within .02 degrees).

References
----------
.. [1] J. Michalsky, "The Astronomical Almanac's algorithm for approximate solar position (1950-2050)",
   Solar Energy 40 (3), 227-235, 1988. doi:10.1016/0038-092X(88)90045-X
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Times = NDArray[np.datetime64]

# The sun's mean longitude and mean anomaly, and sidereal time at Greenwich. [degree]
_AT_J2000 = np.array([[280.460], [357.528], [15 * 18.697374558]])
_PER_DAY = np.array([[0.9856474], [0.9856003], [15 * 24.06570982441908]])
_J2000_SECONDS = 946_728_000  # 2000-01-01 12:00 UTC since 1970


@dataclass(frozen=True, slots=True)
class Ephemeris:
    """The sun as seen from the Earth's centre, one value per time stamp."""

    sin_declination: Floats
    hour_angle_at_greenwich: Floats
    year_phase: Floats


@dataclass(frozen=True, slots=True)
class SolarPosition:
    """The sun as seen from a plant, one value per time stamp.

    Attributes
    ----------
    east, north, up
        Direction of the sun as a unit vector; `up` is the cosine of the zenith angle. [unitless]
    hour_angle
        Solar time as an angle, 0 at solar noon, positive in the afternoon. [rad]
    year_phase
        Ecliptic longitude of the sun: the season as an angle. [rad]
    """

    east: Floats
    north: Floats
    up: Floats
    hour_angle: Floats
    year_phase: Floats

    @property
    def elevation(self) -> Floats:
        """Height of the sun's centre above the horizon, without refraction. [degree]"""
        return np.degrees(np.arcsin(np.minimum(np.maximum(self.up, -1.0), 1.0)))

    def take(self, which: NDArray[Any]) -> SolarPosition:
        """Return the positions that a mask or an index names."""
        return SolarPosition(
            self.east[which],
            self.north[which],
            self.up[which],
            self.hour_angle[which],
            self.year_phase[which],
        )

    @property
    def azimuth(self) -> Floats:
        """Direction of the sun, clockwise from north. [degree]"""
        return np.degrees(np.arctan2(self.east, self.north)) % 360.0


def ephemeris(times: Times) -> Ephemeris:
    """Return the part of the solar position that does not depend on the place.

    Parameters
    ----------
    times
        Moments in UTC. [datetime64]
    """
    seconds = times.astype("datetime64[s]").astype(np.int64)
    days = (seconds - _J2000_SECONDS) / 86400.0
    angles = np.radians((_AT_J2000 + _PER_DAY * days) % 360.0)
    mean_longitude, mean_anomaly, greenwich = angles
    longitude = mean_longitude + np.radians(
        1.915 * np.sin(mean_anomaly) + 0.020 * np.sin(2 * mean_anomaly)
    )
    obliquity = np.radians(23.439 - 0.0000004 * days)
    sin_longitude = np.sin(longitude)
    right_ascension = np.arctan2(np.cos(obliquity) * sin_longitude, np.cos(longitude))
    return Ephemeris(
        sin_declination=np.sin(obliquity) * sin_longitude,
        hour_angle_at_greenwich=greenwich - right_ascension,
        year_phase=longitude % (2 * np.pi),
    )


def position(sun: Ephemeris, latitude: float | Floats, longitude: float | Floats) -> SolarPosition:
    """Return where the sun stands at a place.

    Parameters
    ----------
    latitude, longitude
        The place, north and east positive; one value, or one per time stamp. [degree]
    """
    phi = np.radians(latitude)
    sin_phi, cos_phi = np.sin(phi), np.cos(phi)
    hour_angle = sun.hour_angle_at_greenwich + np.radians(longitude)
    hour_angle = (hour_angle + np.pi) % (2 * np.pi) - np.pi
    sin_declination = sun.sin_declination
    cos_declination = np.sqrt(1 - sin_declination * sin_declination)
    towards = cos_declination * np.cos(hour_angle)
    return SolarPosition(
        east=-cos_declination * np.sin(hour_angle),
        north=cos_phi * sin_declination - sin_phi * towards,
        up=sin_phi * sin_declination + cos_phi * towards,
        hour_angle=hour_angle,
        year_phase=sun.year_phase,
    )
