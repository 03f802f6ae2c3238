"""What an evaluation promised of a day, by month and sky; where it never saw them, by the next wider ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shared.evaluation import Promise, PromisedDays
from shared.solar import skies

_SEEN = 0.03  # standard deviation of a level from one year to the next, in a month that was seen
_NEIGHBOURING = 0.05  # the same where only the month before or after was seen
_UNSEEN = 0.1  # the same where neither was
_NO_PROMISE = 0.12  # the same where an evaluation promised nothing
_STEADY = 0.03  # standard deviation of the steadiest days; a promise of less is luck
_HALF_WAY = 15  # days of a month after which it counts as much as the year
_UNKNOWN_SPREAD = 0.3
_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected of one day.

    Attributes
    ----------
    energy_ratio
        Measured over predicted energy. [unitless]
    nmae
        Mean absolute error in daylight, as a share of AC capacity; None where nothing was promised.
        [unitless]
    level
        Measured over predicted power of the stronger rows. [unitless]
    energy_spread, level_spread
        Standard deviation of their logarithms from one day to the next. [unitless]
    doubt
        Standard deviation of how far the promise itself may be off. [unitless]
    wider
        What the promise was taken from where this month and sky were never seen, in words; else empty.
    seen
        Whether the month, or one beside it, was seen.
    """

    energy_ratio: float
    energy_spread: float
    nmae: float | None
    level: float
    level_spread: float
    doubt: float
    wider: str
    seen: bool


def expected(promise: Promise | None, site_id: str, month: int, sky: float | None) -> Expected:
    """Return what a promise says of a day.

    Parameters
    ----------
    promise
        Of the version that predicted the day; None where its evaluation has none.
    month
        Calendar month, 1 to 12.
    sky
        Clear-sky index of the day, None where unknown. [unitless]
    """
    if promise is None:
        return Expected(
            1.0, _UNKNOWN_SPREAD, None, 1.0, _STEADY, _NO_PROMISE, "no promise", seen=False
        )
    cells = {(each.month, each.sky): each for each in promise.cells}
    name = skies.name(sky)
    place = next((place for place in _wider(month, name) if place in cells), None)
    if place is None:
        return expected(None, site_id, month, sky)
    cell = cells[place]
    own = promise.site_level.get(site_id, 1.0)
    level = _level(cells, month)
    return Expected(
        energy_ratio=cell.energy_ratio * own,
        energy_spread=cell.energy_spread,
        nmae=cell.nmae,
        level=own * level.value,
        level_spread=level.spread,
        doubt=level.doubt,
        wider="" if place == (month, name) else _in_words(place),
        seen=level.seen,
    )


def _wider(month: int, sky: str | None) -> Iterator[tuple[int | None, str | None]]:
    """Yield where to look: the month, those beside it, the year; first with the sky, then without."""
    for name in dict.fromkeys((sky, None)):
        yield month, name
        for beside in _beside(month):
            yield beside, name
        yield None, name


def _beside(month: int) -> tuple[int, int]:
    return (month - 2) % _MONTHS + 1, month % _MONTHS + 1


@dataclass(frozen=True, slots=True)
class _Level:
    value: float = 1.0
    spread: float = _STEADY
    doubt: float = _NO_PROMISE
    seen: bool = False


def _level(cells: dict[tuple[int | None, str | None], PromisedDays], month: int) -> _Level:
    """Return the level of a month: between what its days showed and the year's, for days are few.

    It is that of all skies, for a level hardly knows the sky.
    """
    year = cells.get((None, None))
    if year is None or year.level is None:
        return _Level()
    doubts = {month: _SEEN, **dict.fromkeys(_beside(month), _NEIGHBOURING)}
    for each, doubt in doubts.items():
        found = cells.get((each, None))
        if found is not None and found.level is not None and found.level_spread is not None:
            weight = found.days / (found.days + _HALF_WAY)
            value = year.level * (found.level / year.level) ** weight
            return _Level(value, max(found.level_spread, _STEADY), doubt, seen=True)
    return _Level(year.level, max(year.level_spread or 0.0, _STEADY), _UNSEEN)


def _in_words(place: tuple[int | None, str | None]) -> str:
    month, sky = place
    when = "all months" if month is None else f"month {month}"
    return f"{when}, {sky or 'all'} skies"
