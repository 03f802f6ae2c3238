"""The plant of the demo: PVDAQ system 50 as monthly files, out of the pvanalytics package.

Data: PVDAQ, DOE OEDI submission 4568, doi 10.25984/1846021 (NREL), with satellite weather of the NSRDB
(PSM3); CC BY 4.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

FIRST_MONTH = pd.Period("2011-04", "M")
_POWER = "system_50_ac_power_2_full_DST.parquet"
_WEATHER = "system_50_ac_power_2_full_DST_psm3.parquet"


@dataclass(frozen=True, slots=True)
class PlantFile:
    """A file as the plant sends it."""

    name: str
    body: bytes


class Plant:
    """Monthly files of power and weather, a file each."""

    def __init__(self, folder: Path | None = None) -> None:
        """Read the data set.

        Parameters
        ----------
        folder
            Where the two Parquet files stand; by default inside the installed pvanalytics package.
        """
        where = folder or _package_data()
        self._power = pd.read_parquet(where / _POWER).set_index("measured_on")
        weather = pd.read_parquet(where / _WEATHER).rename(columns={"index": "time"})
        self._weather = weather.set_index("time")[["ghi", "temp_air"]]

    def months(self, first: int, count: int) -> list[PlantFile]:
        """Return `count` months from the `first` on (0 is April 2011): a power and a weather file each."""
        return [
            file
            for offset in range(first, first + count)
            for file in (self.power(offset), self.weather(offset))
        ]

    def power(self, offset: int, *, claims_kilowatts: bool = False) -> PlantFile:
        """Return a month of power in W, in a file that may claim kW."""
        month = FIRST_MONTH + offset
        unit = "kw" if claims_kilowatts else "w"
        return PlantFile(f"power_{unit}_{month}.csv", _csv(self._power, month))

    def weather(self, offset: int) -> PlantFile:
        """Return a month of satellite weather."""
        month = FIRST_MONTH + offset
        return PlantFile(f"weather_{month}.csv", _csv(self._weather, month))

    def day_files(self, date: str) -> list[PlantFile]:
        """Return a day of power and of satellite weather, a file each."""
        day = pd.Period(date, "D")
        return [
            PlantFile(f"power_w_{day}.csv", _csv(self._power, day)),
            PlantFile(f"weather_{day}.csv", _csv(self._weather, day)),
        ]

    def day(self, date: str) -> pd.DataFrame:
        """Return a day's weather, indexed by time with the label's offset of -07:00."""
        return self._weather[_dates(self._weather) == date].copy()

    def power_of_day(self, date: str) -> pd.Series:
        """Return a day's measured power [W]."""
        day = self._power[_dates(self._power) == date]
        return pd.Series(day["ac_power_2"])

    def in_utc(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return power [W] every 15 minutes and hourly means of the weather, both by their beginnings in UTC.

        The power's clock follows daylight saving time, whatever its label says; here it is put right. The
        weather's values are of the full and the half hour.
        """
        wall = pd.DatetimeIndex(self._power.index).tz_localize(None)
        put_right = wall.tz_localize(
            "America/Denver", ambiguous="NaT", nonexistent="NaT"
        ).tz_convert("UTC")
        power = self._power.set_axis(put_right)[["ac_power_2"]].round(1)
        moments = self._weather.tz_convert("UTC")
        means = (moments + 2 * moments.shift(-1) + moments.shift(-2)) / 4
        full = pd.DatetimeIndex(means.index).minute == 0
        return power[power.index.notna()], means[full].dropna()


def _csv(frame: pd.DataFrame, period: pd.Period) -> bytes:
    local = pd.DatetimeIndex(frame.index).tz_localize(None)
    chosen = frame.set_axis(local)[local.to_period(period.freqstr) == period].round(2)
    text: str = chosen.rename_axis(str(frame.index.name)).to_csv(date_format="%Y-%m-%d %H:%M:%S")
    return text.encode()


def _dates(frame: pd.DataFrame) -> pd.Index[str]:
    return pd.DatetimeIndex(frame.index).strftime("%Y-%m-%d")


def _package_data() -> Path:
    import pvanalytics  # noqa: PLC0415 - only its folder is wanted, and only here

    return Path(pvanalytics.__file__).parent / "data"
