"""What a whole issue says of each of its rows: a forecast knows a day better than a quarter of an hour.

A block is the rows of one site, provider and issue; what a row sees of it are means around it. Clouds of a
forecast come at the wrong minute, so that the mean of some hours tells more than the row itself. No row sees
another block: the sums are of whole numbers, so that not even rounding depends on what else is computed.

A block may come in part, for the horizon is short or rows are missing. Means are then of what is there;
training cuts some blocks in two so that a model knows such rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from shared.solar.position import Floats, SolarPosition
from shared.solar.recipe import Recipe, find
from shared.solar.rows import Rows

_HIGH_SUN = 0.05  # cosine of the zenith angle; below, an index is mostly noise
_HIGHEST_INDEX = 1.5
_PARTS = 10_000  # of an index, and of a W/m2: what is summed up is whole
_WINDOWS = {"hour": 3600, "3h": 3 * 3600}  # s to either side
_CUT = (0.2, 0.8)  # within which share of a block training cuts it


@dataclass(frozen=True, slots=True)
class Window:
    """What the rows around each row say, itself among them.

    Attributes
    ----------
    index
        Clear-sky index of their whole irradiance. [unitless]
    deviation
        Standard deviation of their indices. [unitless]
    beam_share
        Share of the direct irradiance in theirs, None where the provider does not tell it. [unitless]
    """

    index: Floats
    deviation: Floats
    beam_share: Floats | None


@dataclass(frozen=True)
class Blocks:
    """Rows by their blocks.

    Attributes
    ----------
    order
        Rows by block and time.
    begins
        Whether a block begins with a row in that order.
    seconds
        Start of each interval in that order, since 1970. [s]
    day
        Day of each row in that order, in the site's mean solar time.
    """

    order: NDArray[np.int64]
    begins: NDArray[np.bool_]
    seconds: NDArray[np.int64]
    day: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Rows, recipe: Recipe, alone: NDArray[np.bool_] | None) -> Blocks:
        """Sort the rows of forecasts into blocks; those to be seen alone are one block each."""
        seconds = rows.times.astype(np.int64)
        keys: list[NDArray[np.int64]] = [rows.issued_at.astype(np.int64), rows.provider, rows.site]
        if alone is not None:
            keys.insert(0, np.where(alone, np.arange(1, len(rows) + 1), 0))
        order = np.lexsort((seconds, *keys))
        begins = np.zeros(len(order), dtype=bool)
        begins[:1] = True
        for key in keys:
            begins[1:] |= np.diff(key[order]) != 0
        noon = [round(find(recipe.plants, name).longitude * 240) for name in rows.sites]
        day = (seconds + np.array(noon, dtype=np.int64)[rows.site]) // 86_400
        return cls(order, begins, seconds[order], day[order])

    def windows(
        self, known: NDArray[np.bool_], irradiance: Floats, clearsky: Floats, beam: Floats | None
    ) -> dict[str, Window]:
        """Return what each row's hour, hours and day say.

        Parameters
        ----------
        known
            Rows whose irradiance was told and whose sun is high enough; the others count in no mean.
        irradiance, clearsky
            Told, and that of a clear sky. [W/m2]
        beam
            The direct part of what was told, on the horizontal; None where unknown. [W/m2]
        """
        own = np.clip(irradiance / np.maximum(clearsky, 1.0), 0.0, _HIGHEST_INDEX)
        ranges = {name: self._around(reach) for name, reach in _WINDOWS.items()}
        ranges["day"] = self._days
        sums = _Sums(self.order, known)
        told, clear = sums.of(irradiance), sums.of(clearsky)
        index, square = sums.of(own), sums.of(own * own)
        count, direct = sums.of(np.ones(len(own))), sums.of(beam) if beam is not None else None
        found = {}
        for name, (first, end) in ranges.items():

            def between(
                running: NDArray[np.int64],
                first: NDArray[np.int64] = first,
                end: NDArray[np.int64] = end,
            ) -> Floats:
                return (running[end] - running[first]) / _PARTS

            many = np.maximum(between(count), 1.0)
            mean = between(index) / many
            variance = np.maximum(between(square) / many - mean * mean, 0.0)
            bright, total = between(told), between(clear)
            mean_index = np.where(total > 0, bright / np.maximum(total, 1e-3), own[self.order])
            found[name] = Window(
                index=self._back(np.minimum(mean_index, _HIGHEST_INDEX)),
                deviation=self._back(np.sqrt(variance)),
                beam_share=None
                if direct is None
                else self._back(between(direct) / np.maximum(bright, 1e-3)),
            )
        return found

    def _around(self, reach: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the first row within so many seconds of each, and the one after the last."""
        block = np.cumsum(self.begins) - 1
        span = int(np.ptp(self.seconds)) + 4 * reach if len(self.seconds) else 0
        key = block * span + (self.seconds - (self.seconds.min() if len(self.seconds) else 0))
        return (
            np.searchsorted(key, key - reach, "left"),
            np.searchsorted(key, key + reach, "right"),
        )

    @cached_property
    def _days(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the first row of each row's day, and the one after its last."""
        begins = self.begins.copy()
        begins[1:] |= np.diff(self.day) != 0
        starts = np.flatnonzero(begins)
        which = np.cumsum(begins) - 1
        ends = np.append(starts[1:], len(begins))
        return starts[which], ends[which]

    def _back(self, ordered: Floats) -> Floats:
        found = np.empty(len(ordered))
        found[self.order] = ordered
        return found


@dataclass(frozen=True, slots=True)
class _Sums:
    """Running sums of whole numbers over rows in the order of blocks."""

    order: NDArray[np.int64]
    known: NDArray[np.bool_]

    def of(self, values: Floats) -> NDArray[np.int64]:
        """Return the sum before each row, and that of all at the end. [ten-thousandths]"""
        whole = np.where(self.known, np.round(np.nan_to_num(values) * _PARTS), 0.0).astype(np.int64)
        return np.concatenate([[0], np.cumsum(whole[self.order])])


def is_told(told: Floats, sun: SolarPosition) -> NDArray[np.bool_]:
    """Return the rows whose irradiance counts in a mean.

    Parameters
    ----------
    told
        Irradiance, NaN where the provider says nothing. [W/m2]
    """
    return np.isfinite(told) & (sun.up > _HIGH_SUN)


def cut_off(rows: Rows, share: float) -> NDArray[np.bool_]:
    """Return the rows behind the cut of those blocks that training cuts in two, the same for the same blocks.

    Parameters
    ----------
    share
        How many of the blocks are cut. [unitless]
    """
    issued, which = rows.issued_at.astype(np.int64), _numbered(rows)
    mixed = (issued // 60 + rows.provider * 7919) % 1_000_003 * 2_654_435_761 % 1_000_003
    seconds = rows.times.astype(np.int64)
    first = np.full(which.max(initial=-1) + 1, np.iinfo(np.int64).max)
    last = np.full(len(first), np.iinfo(np.int64).min)
    np.minimum.at(first, which, seconds)
    np.maximum.at(last, which, seconds)
    place = (seconds - first[which]) / np.maximum(last - first, 1)[which]
    at = _CUT[0] + (_CUT[1] - _CUT[0]) * (mixed % 997) / 997
    behind: NDArray[np.bool_] = (mixed % 1000 < share * 1000) & (place > at)
    return behind


def before_a_cut(rows: Rows, behind: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the other rows of those blocks that have rows behind a cut."""
    which = _numbered(rows)
    is_cut = np.zeros(which.max(initial=-1) + 1, dtype=bool)
    is_cut[which[behind]] = True
    return is_cut[which] & ~behind


def _numbered(rows: Rows) -> NDArray[np.int64]:
    """Return the number of each row's block."""
    keys = np.column_stack([rows.site, rows.provider, rows.issued_at.astype(np.int64)])
    _, which = np.unique(keys, axis=0, return_inverse=True)
    numbers: NDArray[np.int64] = which.reshape(-1)
    return numbers
