"""Made-up weather forecasts of a real plant: no package carries any that were issued for it.

A forecast is the weather that came, blurred: per hour, with the clear-sky index k (irradiance over that of a
clear sky),

1. k is smoothed over three hours, for a weather model sees no single clouds;
2. it is drawn towards the mean index, the more the longer the lead: nobody knows the clouds of the day after;
3. an error is added that grows with the lead. It is smooth (its correlation falls to 1/e in eight hours), and
   half of its variance is the same in all issues, so that an issue resembles the one before.

The air's temperature gets an error of the same kind. All errors are drawn with fixed seeds. Nothing else of
the weather that came is in a forecast. One provider errs more than the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.signal import lfilter

from shared.solar import irradiance
from shared.solar.position import Floats, ephemeris, position

HORIZON_HOURS = 48
ISSUE_HOUR = 12  # UTC; five in the morning in Golden
_MEMORY_HOURS = 8.0
_SAME_IN_ALL_ISSUES = 0.5  # share of an error's variance
_BRIGHTEST = 1.1  # clear-sky index
_DARK = 20.0  # W/m2 of clear sky, below which an index says nothing


@dataclass(frozen=True, slots=True)
class Provider:
    """Who made forecasts, and how well.

    Attributes
    ----------
    number
        Seed of its errors.
    spread
        Standard deviation of the clear-sky index's error at once, and after 24 h. [unitless]
    drawn
        How far it is drawn towards the mean after 24 h, as a share. [unitless]
    """

    name: str
    number: int
    spread: tuple[float, float]
    drawn: float


# Of two forecasts with the same lead the report judges that of the provider which is named first.
SHARP = Provider("made-up-sharp", 1, (0.06, 0.10), 0.1)
VAGUE = Provider("made-up-vague", 2, (0.15, 0.28), 0.35)
PROVIDERS = (SHARP, VAGUE)


class MadeUpForecasts:
    """Forecasts of one provider for one place, an issue a day."""

    def __init__(
        self, weather: pd.DataFrame, place: tuple[float, float], provider: Provider
    ) -> None:
        """Take the weather that came.

        Parameters
        ----------
        weather
            Hourly means of `ghi` [W/m2] and `temp_air` [C], by the beginning of the hour in UTC.
        place
            Latitude and longitude. [degree]
        """
        self._provider = provider
        self._weather = weather
        hours = pd.DatetimeIndex(weather.index)
        middles = (
            (hours + pd.Timedelta(minutes=30)).tz_convert(None).to_numpy().astype("datetime64[s]")
        )
        self._clear = irradiance.clearsky_ghi(position(ephemeris(middles), *place).up)
        lit = self._clear > _DARK
        index: pd.Series[float] = weather["ghi"].where(lit) / np.where(lit, self._clear, 1.0)
        self._mean = float(index.mean())
        smoothed = index.rolling(3, center=True, min_periods=1).mean()
        self._index: Floats = smoothed.fillna(self._mean).to_numpy(dtype=float)
        self._common: Floats = _smooth(np.random.default_rng([provider.number, 0]), 2, len(weather))

    def issue(self, day: pd.Timestamp) -> pd.DataFrame:
        """Return the issue of a day: `run`, `valid_time` (the hour's end), `ghi` and `temp_air`.

        Parameters
        ----------
        day
            Midnight in UTC.
        """
        run = day + pd.Timedelta(hours=ISSUE_HOUR)
        first = int(self._weather.index.get_indexer(pd.DatetimeIndex([run]))[0])
        if first < 0 or first + HORIZON_HOURS > len(self._weather):
            message = f"there is no weather of the {HORIZON_HOURS} hours from {run}"
            raise ValueError(message)
        rows = slice(first, first + HORIZON_HOURS)
        lead = np.arange(HORIZON_HOURS) / 24.0  # d
        random = np.random.default_rng([self._provider.number, 1 + first])
        own = _smooth(random, 2, HORIZON_HOURS)
        share = np.sqrt(_SAME_IN_ALL_ISSUES), np.sqrt(1 - _SAME_IN_ALL_ISSUES)
        clouds, warmth = share[0] * self._common[:, rows] + share[1] * own
        at_once, after_a_day = self._provider.spread
        spread = at_once + (after_a_day - at_once) * np.sqrt(lead)
        kept = 1 - self._provider.drawn * lead
        index = self._mean + kept * (self._index[rows] - self._mean) + spread * clouds
        ghi = np.clip(index, 0.03, _BRIGHTEST) * self._clear[rows]
        warm = self._weather["temp_air"].to_numpy()[rows] + 10 * spread * warmth
        hours = pd.DatetimeIndex(self._weather.index[rows]) + pd.Timedelta(hours=1)
        return pd.DataFrame(
            {"run": run, "valid_time": hours, "ghi": ghi.round(1), "temp_air": warm.round(1)}
        )


def _smooth(random: np.random.Generator, count: int, hours: int) -> Floats:
    """Return noise of mean 0 and variance 1 that remembers some hours. Shape (count, hours)."""
    memory = float(np.exp(-1 / _MEMORY_HOURS))
    steps: NDArray[np.float64] = random.standard_normal((count, hours))
    steps[:, 1:] *= np.sqrt(1 - memory**2)
    noise: Floats = lfilter([1.0], [1.0, -memory], steps, axis=1)
    return noise
