"""The plane in which a plant's modules lie, read from its power on clear hours.

Power is nearly proportional to the irradiance in that plane, less for hot cells. The plane whose irradiance
explains a plant's clear hours best is found by least squares over its slopes towards east and north. The
owner learns it, and it is no feature: the beam's components let a model find the plane by itself, and
computed in the estimated plane no candidate but the ridge gained (docs/decisions/0010-orientation.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from services.trainer_trigger.pipeline.data.site_validation import OrientationFinding
from shared.solar import irradiance
from shared.solar.irradiance import Components
from shared.solar.position import Floats, SolarPosition
from shared.solar.quality import Measurements

_CLEAR = (0.75, 1.2)  # clear-sky index of rows that tell
_LOWEST_SUN = 8.0  # degree
_GENERATING = 0.02  # share of AC capacity
_BELOW_TOP = 0.93  # share of the plant's own top, above which inverters may clip
_LEAST_ROWS, _LEAST_DAYS = 300, 10
_MOST_ROWS = 4000
_MODEL_ERROR = 5.0  # degree; plants whose plane is known came out within 1 to 6 degrees
_RESAMPLES = 8
_SURELY_APART = 3.0  # standard deviations
_LEAST_EXPLAINED = 0.6  # R2 on the rows that tell
_MIDDAY = 4.0  # hours around solar noon in which one plane must explain every hour
_HOUR_OFF = 0.1  # of the hour's median power
_BRIGHT_HOUR = 0.15  # share of the plant's own top
_HEATING = 0.028  # K per W/m2 that cells are warmer than the air
_PER_KELVIN = 0.004
_DEFAULT_TEMPERATURE = 15.0  # C
_ROBUST = 0.02  # share of AC capacity from which an error counts linearly


@dataclass(frozen=True, slots=True)
class _Clear:
    """Rows that tell the plane, with what their power depends on."""

    share: Floats
    ghi: Floats
    parts: Components
    temp_air: Floats
    sun: SolarPosition
    week: NDArray[np.int64]
    top: float

    @property
    def hour(self) -> Floats:
        """Whole hours after solar noon. [h]"""
        hours: Floats = np.floor(self.sun.hour_angle * 12 / np.pi)
        return hours

    def power(self, slopes: Floats) -> Floats:
        """Return the share of capacity that a plane gives. [unitless]

        Parameters
        ----------
        slopes
            Towards east, towards north, and the yield per kW/m2.
        """
        east, north, scale = slopes
        tilt, azimuth = _angles(east, north)
        poa = irradiance.plane_of_array(self.ghi, self.parts, self.sun, tilt, azimuth)
        warmer = self.temp_air + _HEATING * poa - 25.0
        power: Floats = scale * poa / 1000 * (1 - _PER_KELVIN * warmer)
        return power

    def solve(self, weight: Floats, start: Floats) -> Floats:
        """Return the slopes and the yield that fit best; a few strange rows sway them little."""
        found = least_squares(
            lambda slopes: np.sqrt(weight) * (self.power(slopes) - self.share),
            start,
            loss="soft_l1",
            f_scale=_ROBUST,
        )
        solved: Floats = found.x
        return solved


def estimate(measured: Measurements) -> OrientationFinding | None:
    """Estimate the plane from believed rows; None for a plant without global horizontal irradiance.

    The uncertainty is one standard deviation: that of whole weeks drawn again, and what the models of sky
    and cells are off at plants whose plane is known.
    """
    if "ghi" not in measured.weather:
        return None
    which = _telling(measured)
    if which.sum() < _LEAST_ROWS or len(np.unique(measured.day[which])) < _LEAST_DAYS:
        return OrientationFinding(finding="not_clear")
    clear = _clear(measured, np.flatnonzero(which))
    towards_sun = float(np.sign(clear.sun.north[np.argmax(clear.sun.up)]) or -1.0)
    best = clear.solve(np.ones(len(clear.share)), np.array([0.0, 0.3 * towards_sun, 0.9]))
    tilt, azimuth = _angles(best[0], best[1])
    off = float(np.hypot(_MODEL_ERROR, _deviation(clear, best)))
    explained = _explained(clear, best) >= _LEAST_EXPLAINED
    if not explained and not _regular(clear):
        return OrientationFinding(finding="not_clear")
    if not explained or _worst_hour(clear, best) > _HOUR_OFF:
        return OrientationFinding(finding="no_single_plane")
    if tilt < off:
        return OrientationFinding(
            finding="horizontal", surface_tilt=round(tilt), tilt_uncertainty=round(off)
        )
    sideways = np.degrees(np.radians(off) / np.sin(np.radians(tilt)))
    return OrientationFinding(
        finding="single_plane",
        surface_tilt=round(tilt),
        tilt_uncertainty=round(off),
        surface_azimuth=round(azimuth) % 360,
        azimuth_uncertainty=round(min(float(sideways), 180.0)),
    )


def contradicts(finding: OrientationFinding, tilt: float, azimuth: float) -> bool:
    """Return whether a stated plane is farther from the estimated one than chance and models explain.

    Parameters
    ----------
    tilt, azimuth
        As the site's YAML states them. [degree]
    """
    if finding.surface_tilt is None or finding.tilt_uncertainty is None:
        return False
    stated = _normal(_slopes(tilt, azimuth))
    found = _normal(_slopes(finding.surface_tilt, finding.surface_azimuth or 0.0))
    apart = np.degrees(np.arccos(np.clip(stated @ found, -1, 1)))
    return bool(apart > _SURELY_APART * finding.tilt_uncertainty)


def _telling(measured: Measurements) -> NDArray[np.bool_]:
    """Return the rows whose power tells the plane: clear, the sun up, neither dark nor clipped."""
    ghi, share, sun = measured.weather["ghi"], measured.share, measured.sun
    index = irradiance.clearsky_index(ghi, irradiance.clearsky_ghi(sun.up))
    known = np.isfinite(share) & np.isfinite(index)
    if not known.any():
        return known
    top = np.quantile(share[known], 0.999)
    which: NDArray[np.bool_] = (
        known
        & (index > _CLEAR[0])
        & (index < _CLEAR[1])
        & (sun.elevation > _LOWEST_SUN)
        & (share > _GENERATING)
        & (share < _BELOW_TOP * top)
    )
    return which


def _clear(measured: Measurements, places: NDArray[np.int64]) -> _Clear:
    if len(places) > _MOST_ROWS:
        places = places[np.linspace(0, len(places) - 1, _MOST_ROWS).astype(int)]
    nothing = np.full(len(measured.share), np.nan)
    ghi = measured.weather["ghi"][places]
    sun = measured.sun.take(places)
    parts = irradiance.erbs(ghi, sun)
    given = measured.weather.get("dhi", nothing)[places]
    dhi = np.where((given >= 0) & (given <= ghi), given, parts.dhi)
    air = measured.weather.get("temp_air", nothing)[places]
    return _Clear(
        share=measured.share[places],
        ghi=ghi,
        parts=Components(dni=(ghi - dhi) / sun.up, dhi=dhi),
        temp_air=np.where(np.isfinite(air), air, _DEFAULT_TEMPERATURE),
        sun=sun,
        week=measured.day[places] // 7,
        top=float(np.nanquantile(measured.share, 0.999)),
    )


def _angles(east: float, north: float) -> tuple[float, float]:
    """Return tilt and azimuth of a plane that falls so towards east and north. [degree]"""
    tilt, azimuth = np.degrees([np.arctan(np.hypot(east, north)), np.arctan2(east, north)])
    return float(tilt), float(azimuth) % 360


def _slopes(tilt: float, azimuth: float) -> Floats:
    steep, facing = np.tan(np.radians(min(tilt, 89.0))), np.radians(azimuth)
    return np.array([steep * np.sin(facing), steep * np.cos(facing)])


def _normal(slopes: Floats) -> Floats:
    normal: Floats = np.array([slopes[0], slopes[1], 1.0])
    normal /= np.linalg.norm(normal)
    return normal


def _deviation(clear: _Clear, best: Floats) -> float:
    """Return how far the plane's normal moves when whole weeks are drawn again. [degree]"""
    weeks, which = np.unique(clear.week, return_inverse=True)
    random = np.random.default_rng(len(clear.share))
    squares = []
    for _ in range(_RESAMPLES):
        drawn = np.bincount(random.integers(0, len(weeks), len(weeks)), minlength=len(weeks))
        again = clear.solve(drawn[which].astype(float), best)
        squares.append(np.arccos(np.clip(_normal(again) @ _normal(best), -1, 1)) ** 2)
    return float(np.degrees(np.sqrt(np.mean(squares))))


def _explained(clear: _Clear, best: Floats) -> float:
    """Return the plane's coefficient of determination on the rows that tell. [unitless]"""
    left = np.square(clear.share - clear.power(best)).sum()
    return float(1 - left / np.square(clear.share - clear.share.mean()).sum())


def _regular(clear: _Clear) -> bool:
    """Return whether clear hours of a week are alike, as those of any sound plant are, tracking or not."""
    _, which = np.unique(clear.week * 24 + clear.hour, return_inverse=True)
    usual = np.bincount(which, clear.share) / np.bincount(which)
    off = np.abs(clear.share - usual[which]) / usual[which]
    return bool(np.median(off) < _HOUR_OFF)


def _worst_hour(clear: _Clear, best: Floats) -> float:
    """Return by how much the plane misses the median power of its worst bright hour. [unitless]"""
    error = clear.share - clear.power(best)
    hour = clear.hour
    misses = [0.0]
    for each in np.unique(hour[np.abs(hour + 0.5) < _MIDDAY]):
        power = float(np.median(clear.share[hour == each]))
        if power > _BRIGHT_HOUR * clear.top and (hour == each).sum() >= _LEAST_ROWS // 10:
            misses.append(abs(float(np.median(error[hour == each]))) / power)
    return max(misses)
