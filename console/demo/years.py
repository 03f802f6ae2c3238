"""The plant of the demo moved to today: its years 2011 to 2013 as if they ended now.

A forecast is late by the clock of today, so a story about forecasts cannot be played in 2013. The plant's
calendar is moved by whole years, to the day: sun and season stay what they were. The same plant, another
year earlier, plays a second site with weather of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pandas as pd

from console.demo.made_up import ISSUE_HOUR, PROVIDERS, MadeUpForecasts
from console.demo.plant import Plant, PlantFile

PLACE = (39.7406, -105.1775)  # degree
_LAST_DAY = date(2013, 12, 31)  # of the data
_DAY = timedelta(days=1)
_STORY = timedelta(minutes=3)
_MOST_HISTORY = 365 * _DAY


@dataclass(frozen=True, slots=True)
class Span:
    """Some days, [first, end)."""

    first: date
    end: date


class MovedPlant:
    """A site's files: power in UTC, and the forecasts of each provider.

    Attributes
    ----------
    today
        In UTC.
    first_day
        From which there is power, at most a year back; of the second site as little as eight months.
    """

    def __init__(self, plant: Plant, now: datetime, years_earlier: int = 0) -> None:
        """Move the plant.

        Parameters
        ----------
        now
            Aware and in UTC. Nothing is measured after it, nothing is issued after it.
        """
        self._now = pd.Timestamp(now)
        moved = pd.Timedelta(now.date() - _of_the_data(now.date(), years_earlier))
        power, weather = plant.in_utc()
        self._power = power.set_axis(power.index + moved)
        self._forecasts = {
            each.name: MadeUpForecasts(weather.set_axis(weather.index + moved), PLACE, each)
            for each in PROVIDERS
        }
        self.today = now.date()
        self.first_day = max(self.today - _MOST_HISTORY, power.index[0].date() + moved + _DAY)

    @property
    def last_issue(self) -> date:
        """The day of the newest issue."""
        # The story takes minutes; with an issue that comes during it, others would be a day older than told.
        is_out = (self._now + _STORY).hour >= ISSUE_HOUR
        return self.today if is_out else self.today - _DAY

    def power(self, span: Span, name: str) -> PlantFile:
        """Return the power of some days, as far as it is measured by now."""
        end = min(pd.Timestamp(span.end, tz="UTC"), self._now.floor("15min"))
        chosen = self._power[
            (self._power.index >= pd.Timestamp(span.first, tz="UTC")) & (self._power.index < end)
        ]
        return PlantFile(f"power_{name}.csv", _csv(chosen.rename_axis("measured_on").reset_index()))

    def issues(self, provider: str, span: Span, name: str) -> PlantFile:
        """Return the issues of some days in one file."""
        issues = [
            self._forecasts[provider].issue(pd.Timestamp(day, tz="UTC")) for day in days(span)
        ]
        return PlantFile(f"{provider}_{name}.csv", _csv(pd.concat(issues)))


def days(span: Span) -> Iterator[date]:
    """Yield the days of a span."""
    for number in range((span.end - span.first).days):
        yield span.first + number * _DAY


def months(span: Span) -> Iterator[tuple[str, Span]]:
    """Yield the calendar months of a span, each with its name."""
    first = span.first
    while first < span.end:
        end = min((first.replace(day=1) + 32 * _DAY).replace(day=1), span.end)
        yield f"{first:%Y-%m}", Span(first, end)
        first = end


def _of_the_data(today: date, years_earlier: int) -> date:
    """Return the day of the data that plays today: the last one that the weather of two days follows."""
    day = 28 if (today.month, today.day) == (2, 29) else today.day
    year = _LAST_DAY.year
    if date(year, today.month, day) + 3 * _DAY > _LAST_DAY:  # an issue of noon, and its 48 hours
        year -= 1
    return date(year - years_earlier, today.month, day)


def _csv(frame: pd.DataFrame) -> bytes:
    text: str = frame.to_csv(index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
    return text.encode()
