"""Days of sites on rows that a fit had not seen: what was measured over what was predicted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from shared.solar import day_level, runs, skies
from shared.solar.position import Floats, Times

DAYS_FILE = "days.parquet"  # beside a model's files, for the evaluation only
_MOST_DAYS = 40_000  # of a fleet's more, every second, third … is looked at
_LEAST_PREDICTED = 0.01  # mean share of AC capacity in daylight; a ratio to less says nothing
_HIGHEST_RATIO = 20.0


@dataclass(frozen=True, slots=True)
class SiteDays:
    """Days of sites, one value each.

    Attributes
    ----------
    site, month
        Name of the site, and calendar month from 1 to 12 in its mean solar time.
    sky
        Clear-sky index of the day, NaN where unknown. [unitless]
    energy_ratio
        Measured over predicted energy, NaN where next to nothing was predicted. [unitless]
    nmae
        Mean absolute error in daylight, as a share of AC capacity. [unitless]
    level, scatter
        As `day_level` defines them, NaN where too few rows tell. [unitless]
    """

    site: NDArray[np.str_]
    month: NDArray[np.int64]
    sky: Floats
    energy_ratio: Floats
    nmae: Floats
    level: Floats
    scatter: Floats

    @classmethod
    def none(cls) -> SiteDays:
        """Return no days."""
        empty = np.empty(0)
        return cls(np.empty(0, dtype=str), np.empty(0, dtype=np.int64), *([empty] * 5))

    @classmethod
    def read(cls, source: BinaryIO | Path) -> SiteDays:
        """Read days that `write` wrote."""
        table = pq.read_table(source)
        columns: dict[str, Any] = {name: table[name].to_numpy() for name in table.column_names}
        columns["site"] = columns["site"].astype(str)
        return cls(**columns)

    def write(self, folder: Path) -> None:
        """Write days beside a model; the same days give the same bytes."""
        table = pa.table({each.name: getattr(self, each.name).tolist() for each in fields(self)})
        pq.write_table(table, folder / DAYS_FILE, compression="zstd")

    def take(self, which: NDArray[Any]) -> SiteDays:
        """Return the days that a mask or an index names."""
        return SiteDays(**{each.name: getattr(self, each.name)[which] for each in fields(self)})

    def __add__(self, other: SiteDays) -> SiteDays:
        """Return the days of both."""
        return SiteDays(
            **{
                each.name: np.concatenate([getattr(self, each.name), getattr(other, each.name)])
                for each in fields(self)
            }
        )


@dataclass(frozen=True, slots=True)
class Days:
    """Which rows make up which day: rows lie site by site, in the order of time.

    Attributes
    ----------
    starts
        First row of each day; a day ends where the next begins.
    site
        Name of each day's site.
    month
        Calendar month of each day, 1 to 12.
    sky
        Clear-sky index of each day, NaN where unknown. [unitless]
    """

    starts: NDArray[np.int64]
    site: NDArray[np.str_]
    month: NDArray[np.int64]
    sky: Floats


def days_of(
    name: str, times: Times, longitude: float, irradiance: Floats | None, up: Floats
) -> Days:
    """Return the days, in mean solar time, of one site's rows in the order of time.

    Parameters
    ----------
    longitude
        Of the site. [degree]
    irradiance
        None where the model does not know it. [W/m2]
    up
        Cosine of the zenith angle. [unitless]
    """
    day = (times.astype(np.int64) + round(longitude * 240)) // 86_400
    starts = runs.starts(day)
    ends = np.append(starts[1:], len(day))
    sky = [
        np.nan if irradiance is None else skies.of_day(irradiance[start:end], up[start:end])
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
    ]
    months = day[starts].astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return Days(starts, np.full(len(starts), name), months % 12 + 1, np.array(sky, dtype=float))


def joined(parts: Sequence[Days], lengths: Sequence[int]) -> Days:
    """Return the days of sites whose rows follow each other.

    Parameters
    ----------
    lengths
        How many rows each part has.
    """
    before = np.cumsum([0, *lengths])
    return Days(
        np.concatenate([part.starts + at for part, at in zip(parts, before, strict=False)]),
        np.concatenate([part.site for part in parts]),
        np.concatenate([part.month for part in parts]),
        np.concatenate([part.sky for part in parts]),
    )


def summarise(days: Days, measured: Floats, predicted: Floats, step_minutes: int) -> SiteDays:
    """Return what was measured over what was predicted, day by day.

    Parameters
    ----------
    measured, predicted
        Power of each daylight row as a share of AC capacity; a row whose prediction is NaN does not count.
        [unitless]
    """
    ends = np.append(days.starts[1:], len(measured))
    chosen = np.arange(len(days.starts))[:: max(1, -(-len(days.starts) // _MOST_DAYS))]
    found = np.full((len(chosen), 4), np.nan)
    for place, which in enumerate(chosen):
        rows = slice(days.starts[which], ends[which])
        found[place] = _day(measured[rows], predicted[rows], step_minutes)
    some = SiteDays(days.site[chosen], days.month[chosen], days.sky[chosen], *found.T)
    return some.take(np.isfinite(some.nmae))


def _day(measured: Floats, predicted: Floats, step_minutes: int) -> tuple[float, ...]:
    """Return energy ratio, error, level and scatter of one day."""
    known = np.isfinite(predicted)
    if not known.any():
        return (np.nan,) * 4
    said, given = float(predicted[known].mean()), float(measured[known].mean())
    found = day_level.of_day(measured, predicted, step_minutes)
    return (
        min(given / said, _HIGHEST_RATIO) if said > _LEAST_PREDICTED and given > 0 else np.nan,
        float(np.abs(measured - predicted)[known].mean()),
        found.level if found else np.nan,
        found.scatter if found else np.nan,
    )
