"""From forecasts as they were issued to rows on a model's step, one for each interval, provider and issue.

Preprocess and the prediction log see forecasts through this one module. Providers give hourly or 3-hourly
values. Between them irradiance follows the sun: what is interpolated is the clear-sky index, and the mean of
each coarse interval stays what the provider said. Everything else is interpolated straight.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from shared.solar import irradiance
from shared.solar.position import Floats, Times, ephemeris, position
from shared.solar.rows import ISSUED, PROVIDER, STEP, TIME, Rows
from shared.solar.site import FORECAST_PREFIX

_FOLLOW_THE_SUN = frozenset(FORECAST_PREFIX + name for name in ("ghi", "dhi", "poa_global"))
_DARK = 1.0  # W/m2 of clear sky; an index to less says nothing
_BRIGHTEST = 1.5  # clear-sky index beyond which only a low sun explains the value
_LONGEST = 6 * 3600  # s; providers' steps are shorter, so that a longer distance is a gap
_ALONE = 3600  # s; the interval of a provider's only row
_LEAST_FILLED = 0.5  # share of an interval that must be there for its mean to count


@dataclass(frozen=True, slots=True)
class _Issued:
    """Forecasts of one site: sorted by provider, issue and time, each combination once.

    Attributes
    ----------
    block
        Number of each row's block: the rows of one provider and issue.
    starts, lengths
        Where each row's interval begins, since 1970, and how long it is. [s]
    """

    providers: tuple[str, ...]
    provider: NDArray[np.int64]
    issued_at: NDArray[np.int64]
    block: NDArray[np.int64]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    weather: Mapping[str, Floats]


def rows_of(
    tables: Iterable[pa.Table], site_id: str, place: tuple[float, float], step_minutes: int
) -> Rows | None:
    """Return a site's forecasts on a model's step, without power; None where there are none.

    Parameters
    ----------
    tables
        Canonical tables with `issued_at` and `provider`, in the order of their uploads: of two that say
        something of the same interval, provider and issue the later one counts, column by column.
    place
        Latitude and longitude of the site. [degree]
    step_minutes
        The model's step. [min]
    """
    issued = _issued(tables)
    if issued is None:
        return None
    step = step_minutes * 60
    fine = _spread(issued, place, step)
    if not len(fine.times):
        return None
    return Rows(
        sites=(site_id,),
        site=np.zeros(len(fine.times), dtype=np.int64),
        times=fine.times.astype("datetime64[s]"),
        weather=fine.weather,
        power_ac=np.full(len(fine.times), np.nan),
        issued_at=issued.issued_at[fine.first].astype("datetime64[s]"),
        providers=issued.providers,
        provider=issued.provider[fine.first],
    )


def days_back(rows: Rows, step_minutes: int) -> NDArray[np.int64]:
    """Return how many days before each row an interval of the same hour lies that was over at its issue. [d]

    Of measured weather it is the day before.
    """
    if not rows.are_forecast:
        return np.ones(len(rows), dtype=np.int64)
    end = rows.times + np.timedelta64(step_minutes * 60, "s") - rows.issued_at
    days: NDArray[np.int64] = -(-end.astype("timedelta64[s]").astype(np.int64) // 86_400)
    return np.maximum(days, 1)


def nearest(rows: Rows, lead: timedelta, best_first: Sequence[str] = ()) -> NDArray[np.intp]:
    """Return the one forecast of each interval that is judged: that whose lead is nearest to a given one.

    Of two that are as near, that of the better provider counts, then the one issued later.

    Parameters
    ----------
    best_first
        Providers, the best first; without it they stand in the order in which the rows name them.
    """
    rank = np.array(
        [
            best_first.index(name) if name in best_first else at
            for at, name in enumerate(rows.providers)
        ]
    )
    far = np.abs(rows.lead_hours - lead.total_seconds() / 3600.0)
    order = np.lexsort((rows.lead_hours, rank[rows.provider], far, rows.site, rows.times))
    site, times = rows.site[order], rows.times[order]
    first = np.append(True, (site[1:] != site[:-1]) | (times[1:] != times[:-1]))
    chosen: NDArray[np.intp] = order[first[: len(order)]]
    return chosen


def _issued(tables: Iterable[pa.Table]) -> _Issued | None:
    """Join tables; a later one takes the place of an earlier one where it says something."""
    frames = [table.to_pandas() for table in tables if len(table)]
    if not frames:
        return None
    joined = pd.concat([_plain(frame) for frame in frames], ignore_index=True)
    keys = [PROVIDER, ISSUED, TIME]
    merged = joined.groupby(keys, sort=True).last()  # the last that is known, of each column
    said = merged.pop(STEP).to_numpy(dtype=float) * 60.0
    if not merged.notna().to_numpy().any():
        return None
    provider, issued_at, starts = (merged.index.get_level_values(name) for name in keys)
    names = tuple(sorted(set(provider)))
    which = np.searchsorted(np.array(names), np.array(provider, dtype=str))
    issues, seconds = issued_at.to_numpy(np.int64), starts.to_numpy(np.int64)
    begins = np.append(True, (np.diff(which) != 0) | (np.diff(issues) != 0))
    block = np.cumsum(begins) - 1
    return _Issued(
        providers=names,
        provider=which.astype(np.int64),
        issued_at=issues,
        block=block,
        starts=seconds,
        lengths=np.where(np.isnan(said), _lengths(seconds, block, which), said).astype(np.int64),
        weather={str(name): merged[name].to_numpy(dtype=float) for name in sorted(merged.columns)},
    )


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a canonical table with its moments in seconds since 1970, and its weather as numbers."""
    found = pd.DataFrame(
        {
            PROVIDER: frame[PROVIDER].astype(str),
            ISSUED: _seconds(frame[ISSUED]),
            TIME: _seconds(frame[TIME]),
            STEP: frame[STEP].astype(float) if STEP in frame else np.nan,
        }
    )
    for name in frame.columns:
        if str(name).startswith(FORECAST_PREFIX):
            found[name] = frame[name].astype(float)
    return found


def _seconds(moments: pd.Series) -> NDArray[np.int64]:
    stamps = pd.DatetimeIndex(moments)
    plain = stamps.tz_convert(None) if stamps.tz is not None else stamps
    return plain.to_numpy().astype("datetime64[s]").astype(np.int64)


def _lengths(
    starts: NDArray[np.int64], block: NDArray[np.int64], provider: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return how long the interval of each row is, where its file does not say so. [s]

    Older canonical objects do not. A provider's step may grow within an issue. An interval reaches to the
    next row of its block. Before a gap, and at a block's end, it is as long as the one before; a single row,
    as where each is issued so long before it, is as long as the provider's rows are apart.
    """
    to_next = np.append(np.diff(starts), 0)
    to_next[np.append(np.diff(block) != 0, True)] = 0
    known = (to_next > 0) & (to_next <= _LONGEST)
    last_known = np.maximum.accumulate(np.where(known, np.arange(len(starts)), -1))
    same_block = (last_known >= 0) & (block[np.maximum(last_known, 0)] == block)
    alone = _apart(starts, provider)[provider]
    before = np.where(same_block, to_next[np.maximum(last_known, 0)], alone)
    return np.where(known, to_next, before).astype(np.int64)


def _apart(starts: NDArray[np.int64], provider: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how far the rows of each provider usually lie apart, whatever their issue. [s]"""
    found = np.full(int(provider.max()) + 1, _ALONE, dtype=np.int64)
    for each in np.unique(provider):
        distances = np.diff(np.unique(starts[provider == each]))
        distances = distances[distances <= _LONGEST]
        if len(distances):
            values, counts = np.unique(distances, return_counts=True)
            found[each] = values[counts.argmax()]
    return found


@dataclass(frozen=True, slots=True)
class _Fine:
    """Rows on the model's step.

    Attributes
    ----------
    first
        The coarse row that each comes from, the first where several.
    """

    times: NDArray[np.int64]
    first: NDArray[np.int64]
    weather: Mapping[str, Floats]


def _spread(issued: _Issued, place: tuple[float, float], step: int) -> _Fine:
    """Bring coarse rows to the step, and average those that are finer; rows that say nothing are left out."""
    coarse = issued.lengths >= step
    parts = []
    if coarse.any():
        parts.append(_interpolated(issued, np.flatnonzero(coarse), place, step))
    if not coarse.all():
        parts.append(_averaged(issued, np.flatnonzero(~coarse), step))
    times = np.concatenate([part.times for part in parts])
    first = np.concatenate([part.first for part in parts])
    order = np.lexsort((times, issued.block[first]))
    ordered, block = times[order], issued.block[first][order]
    fresh = np.append(True, (np.diff(ordered) != 0) | (np.diff(block) != 0))
    chosen = order[fresh]
    weather = {
        name: np.concatenate([part.weather[name] for part in parts])[chosen]
        for name in issued.weather
    }
    known = np.isfinite(list(weather.values())).any(axis=0)
    kept = {name: values[known] for name, values in weather.items()}
    return _Fine(times[chosen][known], first[chosen][known], kept)


def _averaged(issued: _Issued, rows: NDArray[np.int64], step: int) -> _Fine:
    """Average rows that are finer than the step; a mean of less than half of an interval is none."""
    times = issued.starts[rows] // step * step
    block = issued.block[rows]
    begins = np.append(True, (np.diff(times) != 0) | (np.diff(block) != 0))
    at = np.flatnonzero(begins)
    length = issued.lengths[rows]
    values = {}
    for name, every in issued.weather.items():
        known = np.isfinite(every[rows])
        total = np.add.reduceat(np.where(known, every[rows], 0.0) * length, at)
        filled = np.add.reduceat(np.where(known, length, 0), at)
        mean = total / np.maximum(filled, 1)
        values[name] = np.where(filled >= _LEAST_FILLED * step, mean, np.nan)
    return _Fine(times[at], rows[at], values)


def _interpolated(
    issued: _Issued, rows: NDArray[np.int64], place: tuple[float, float], step: int
) -> _Fine:
    """Divide rows that are coarser than the step into intervals of the step."""
    begin, length = issued.starts[rows], issued.lengths[rows]
    half = step // 2
    # The intervals of the grid whose centre lies inside.
    first = -(-(begin - half) // step) * step
    end = -(-(begin + length - half) // step) * step
    counts = np.maximum((end - first) // step, 0)
    which = np.repeat(np.arange(len(rows)), counts)
    within = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    times = first[which] + within * step
    between = _between(begin, length, issued.block[rows], which, times + half)
    clear = _clearsky(times + half, place)
    values = {}
    for name, every in issued.weather.items():
        said = every[rows]
        if name in _FOLLOW_THE_SUN:
            values[name] = _along_the_sun(said, which, clear, between)
        else:
            values[name] = between.interpolate(said)
    return _Fine(times, rows[which], values)


@dataclass(frozen=True, slots=True)
class _Between:
    """How each fine row lies between the centres of its own coarse row and of the one beside it.

    Attributes
    ----------
    own, beside
        Coarse rows.
    weight
        Share of the one beside; 0 where none is adjacent. [unitless]
    """

    own: NDArray[np.int64]
    beside: NDArray[np.int64]
    weight: Floats

    def interpolate(self, said: Floats) -> Floats:
        """Return what coarse values say at fine rows; where only one of both is known, it counts alone."""
        own, beside = said[self.own], said[self.beside]
        weight = np.where(np.isfinite(beside), self.weight, 0.0)
        mixed: Floats = own * (1 - weight) + np.where(weight > 0, beside, 0.0) * weight
        return mixed


def _between(
    begin: NDArray[np.int64],
    length: NDArray[np.int64],
    block: NDArray[np.int64],
    which: NDArray[np.int64],
    centres: NDArray[np.int64],
) -> _Between:
    middle = begin + length // 2
    offset = centres - middle[which]
    beside = np.clip(which + np.where(offset < 0, -1, 1), 0, len(begin) - 1)
    earlier, later = np.minimum(which, beside), np.maximum(which, beside)
    adjacent = (
        (beside != which)
        & (block[beside] == block[which])
        & (begin[later] == begin[earlier] + length[earlier])
    )
    distance = np.abs(middle[beside] - middle[which])
    weight = np.where(adjacent, np.abs(offset) / np.maximum(distance, 1), 0.0)
    return _Between(which, beside, weight)


def _along_the_sun(
    said: Floats, which: NDArray[np.int64], clear: Floats, between: _Between
) -> Floats:
    """Return irradiance on the step, whose mean over each coarse interval is what was said. [W/m2]"""

    def mean(values: Floats) -> Floats:
        count = np.bincount(which, minlength=len(said))
        return np.bincount(which, values, len(said)) / np.maximum(count, 1)

    usual = mean(clear)
    lit = usual > _DARK
    index = np.where(lit, said / np.where(lit, usual, 1.0), np.nan)
    index = np.where(np.isfinite(said) & lit, np.clip(index, 0.0, _BRIGHTEST), np.nan)
    shape = between.interpolate(index) * clear
    shape = np.where(np.isfinite(shape), shape, 0.0)
    level = mean(shape)
    shaped = (level > 0) & np.isfinite(said)
    factor = np.where(shaped, said / np.where(shaped, level, 1.0), 0.0)
    spread: Floats = np.where(shaped[which], shape * factor[which], said[which])
    return spread


def _clearsky(centres: NDArray[np.int64], place: tuple[float, float]) -> Floats:
    """Return the clear sky of moments, many of which come again in several issues. [W/m2]"""
    moments, which = np.unique(centres, return_inverse=True)
    stamps: Times = moments.astype("datetime64[s]")
    clear: Floats = irradiance.clearsky_ghi(position(ephemeris(stamps), *place).up)[which]
    return clear
