"""Plants anywhere, under any weather, with the sun and the planes of pvlib: none of it is the product's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import pvlib

from shared.solar.site import Site

START = datetime(2024, 1, 1, tzinfo=UTC)
CLEAR_PART = 0.4  # of the days
HIGH_SUN = 300.0  # W/m2, of a clear sky
Values = npt.NDArray[np.float64]
Write = Callable[[float], str]


@dataclass(frozen=True)
class AnyPlant:
    """A plant with some days of measurements.

    Attributes
    ----------
    site
        With one source, which reads the file that `csv` writes.
    clock
        Of each row, the beginning of its interval by the plant's clock, written as if it were UTC.
    watt, ghi
        Means of the intervals. [W], [W/m2]
    """

    site: Site
    step: int
    clock: list[datetime]
    watt: Values
    ghi: Values

    @classmethod
    def drawn(cls, seed: int) -> Self:
        """Draw place, season, size, planes, step and weather."""
        draw = np.random.default_rng(seed)
        latitude, longitude = float(draw.uniform(-45, 58)), float(draw.uniform(-120, 140))
        step, capacity = (
            int(draw.choice([5, 10, 15, 30, 60])),
            float(np.exp(draw.uniform(1.4, 10.8))),
        )
        offset, days = round(longitude / 15), int(draw.integers(2, 9))
        first = START + timedelta(days=int(draw.integers(0, 360)))
        clock = [first + timedelta(minutes=step * row) for row in range(days * 1440 // step)]
        middles = (
            pd.DatetimeIndex(clock) + pd.Timedelta(minutes=step / 2) - pd.Timedelta(hours=offset)
        )
        sky = _sky(middles, latitude, longitude)
        ghi = np.round(sky.clear * _clouds(draw, days, step), 1)
        tilt = float(draw.uniform(0, min(abs(latitude), 40)))
        plane = _plane(sky, ghi, tilt, 180.0 if latitude > 0 else 0.0)
        watt = np.minimum(plane / 1000 * draw.uniform(0.75, 1.15), 1.0) * capacity * 1000
        columns = {
            "power_ac": {"column": "p", "unit": "W"},
            "ghi": {"column": "g", "unit": "W/m2"},
        }
        source = {
            "name": "p",
            "files": "p*.csv",
            "delimiter": ";",
            "timestamp": {"column": "t", "step_minutes": step},
            "columns": columns,
        }
        site = {
            "site_id": "east",
            "model_id": "fleet",
            "latitude": round(latitude, 3),
            "longitude": round(longitude, 3),
            "timezone": f"{offset:+03d}:00",
            "ac_capacity_kw": round(capacity, 2),
            "sources": [source],
        }
        return cls(Site.model_validate(site), step, clock, np.round(watt, 1), ghi)

    def unclouded(self) -> Self:
        """Return the same under a clear sky, with modules too few for the inverters' limit."""
        offset = timedelta(hours=int(self.site.timezone[:3]))
        middles = pd.DatetimeIndex(self.clock) + pd.Timedelta(minutes=self.step / 2) - offset
        sky = _sky(middles, self.site.latitude, self.site.longitude)
        tilt = min(abs(self.site.latitude), 30.0)
        plane = _plane(sky, sky.clear, tilt, 180.0 if self.site.latitude > 0 else 0.0)
        watt = np.round(plane / 1000 * 0.8 * self.site.ac_capacity_kw * 1000, 1)
        return self.but(watt=watt, ghi=np.round(sky.clear, 1))

    def under_high_sun(self) -> list[int]:
        """Return the rows that have an hour, or four rows, of a high sun before them and behind them."""
        rows = max(60 // self.step, 4)
        every = range(rows, len(self.ghi) - rows)
        return [at for at in every if self.ghi[at - rows : at + rows].min() > HIGH_SUN]

    def truth(self) -> dict[datetime, tuple[float, float]]:
        """Return power [kW] and irradiance [W/m2] by time in UTC."""
        offset = timedelta(hours=int(self.site.timezone[:3]))
        utc = (each - offset for each in self.clock)
        return dict(
            zip(utc, zip((self.watt / 1000).tolist(), self.ghi.tolist(), strict=True), strict=True)
        )

    def alone(self) -> Site:
        """Return the site of which only the power is read."""
        (source,) = self.site.sources
        power = {"power_ac": source.columns["power_ac"]}
        return self.site.model_copy(
            update={"sources": (source.model_copy(update={"columns": power}),)}
        )

    def but(self, *, watt: Values | None = None, ghi: Values | None = None) -> Self:
        """Return the same with other values."""
        return replace(
            self,
            watt=self.watt if watt is None else watt,
            ghi=self.ghi if ghi is None else ghi,
        )

    def late(self, hours: int, begin: int = 0) -> Self:
        """Return the same with a clock that is some hours late from some row on."""
        moved = [each + timedelta(hours=hours) for each in self.clock[begin:]]
        return replace(self, clock=[*self.clock[:begin], *moved])

    def csv(self, power: Write = "{:.4f}".format, light: Write = "{:.4f}".format) -> bytes:
        """Write the file."""
        rows = zip(self.clock, self.watt.tolist(), self.ghi.tolist(), strict=True)
        lines = [f"{at:%Y-%m-%d %H:%M:%S};{power(watt)};{light(ghi)}" for at, watt, ghi in rows]
        return "\n".join(["t;p;g", *lines]).encode()


@dataclass(frozen=True)
class _Sky:
    zenith: Values
    azimuth: Values
    clear: Values
    times: pd.DatetimeIndex


def _sky(times: pd.DatetimeIndex, latitude: float, longitude: float) -> _Sky:
    sun = pvlib.solarposition.get_solarposition(times, latitude, longitude)
    clear = pvlib.clearsky.haurwitz(sun["apparent_zenith"])["ghi"]
    return _Sky(
        sun["apparent_zenith"].to_numpy(), sun["azimuth"].to_numpy(), clear.to_numpy(), times
    )


def _clouds(draw: np.random.Generator, days: int, step: int) -> Values:
    """Return the clear-sky index of each row: steady on clear days, and in gusts of an hour on others."""
    stays, value, found = float(np.exp(-step / 40)), 0.0, []
    for _ in range(days):
        is_clear = draw.random() < CLEAR_PART
        level, change = (1.0, 0.02) if is_clear else (draw.uniform(0.25, 0.8), 0.25)
        for _ in range(1440 // step):
            value = stays * value + float(np.sqrt(1 - stays**2) * draw.normal())
            found.append(np.clip(level * (1 + change * value), 0.05, 1.02 if is_clear else 1.1))
    return np.array(found)


def _plane(sky: _Sky, ghi: Values, tilt: float, azimuth: float) -> Values:
    parts = pvlib.irradiance.erbs(ghi, sky.zenith, sky.times.day_of_year.to_numpy())
    plane = pvlib.irradiance.get_total_irradiance(
        tilt, azimuth, sky.zenith, sky.azimuth, parts["dni"], ghi, parts["dhi"]
    )
    return np.nan_to_num(np.asarray(plane["poa_global"], float))
