"""Days of sites: which were scored, and what was missing on the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from console.client.fleet import Row, days_of
from console.target import System

ONE_DAY = timedelta(days=1)
UNKNOWN = "unknown"  # nothing came and nothing was predicted
# The worst first: of a day with several sources or leads the worst is shown.
STATES = ("outage", "no_power", "no_weather", "masked", "waiting", "scored", "night_only")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days one after the other in the same state.

    Attributes
    ----------
    state
        One of `STATES`, or `UNKNOWN`.
    place
        How many days after the first of the calendar it begins.
    """

    first: date
    last: date
    state: str
    place: int

    @property
    def days(self) -> int:
        """How many they are."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Line:
    """A site's days in the calendar."""

    row: Row
    stretches: tuple[Stretch, ...]

    def count(self, state: str) -> int:
        """Return how many days are in a state."""
        return sum(each.days for each in self.stretches if each.state == state)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Sites by days; `months` are those that begin in it, each with its place in days."""

    first: date
    last: date
    lines: tuple[Line, ...]

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    @property
    def months(self) -> list[tuple[date, int]]:
        """The months that begin in it, each with how many days after the first."""
        every = (self.first + ONE_DAY * place for place in range(self.days))
        return [(each, (each - self.first).days) for each in every if each.day == 1]


def calendar(system: System, rows: Sequence[Row], days: int, today: date) -> Calendar:
    """Return the days of some sites up to the newest that any of them was scored on; without one to today."""
    known = [_states(each) for each in days_of(system, rows, days)]
    last = max((day for each in known for day in each), default=today)
    first = last - ONE_DAY * (days - 1)
    lines = tuple(
        Line(row, stretches(states, first, last)) for row, states in zip(rows, known, strict=True)
    )
    return Calendar(first, last, lines)


def stretches(states: Mapping[date, str], first: date, last: date) -> tuple[Stretch, ...]:
    """Return the days between two as stretches; days of which nothing is known are `UNKNOWN`."""
    every = [first + ONE_DAY * place for place in range((last - first).days + 1)]
    found = []
    for state, days in groupby(every, lambda day: states.get(day, UNKNOWN)):
        some = list(days)
        found.append(Stretch(some[0], some[-1], state, (some[0] - first).days))
    return tuple(found)


def _states(lines: Iterable[Mapping[str, Any]]) -> dict[date, str]:
    found = {}
    for line in lines:
        worst = [each for each in STATES if line["days"].get(each)]
        if worst:
            found[date.fromisoformat(line["name"])] = worst[0]
    return found
