"""From measurements of many files and steps to one column on a model's step.

Preprocess and the prediction log see a plant's files through this one module.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

# Loggers' steps; stamps may be off by seconds and a single distance by more.
_USUAL_SECONDS = 60 * np.array(
    [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360, 720, 1440]
)
_LEAST_FILLED = 0.5  # share of an interval that must be measured for its mean to count

Piece = tuple[int, int, pd.Series]  # order, step [min], values by time


def index_of(data: pd.DataFrame) -> pd.DatetimeIndex:
    """Return the index of a table of time series, which is of time stamps."""
    return pd.DatetimeIndex(data.index)


def frame_of(table: pa.Table) -> pd.DataFrame:
    """Return a canonical table as numbers by time stamp in UTC, in order and each once."""
    frame: pd.DataFrame = table.to_pandas()
    frame = frame.set_index("timestamp").drop(columns=["mask"], errors="ignore")
    index = pd.DatetimeIndex(frame.index).as_unit("s")
    frame.index = index.tz_localize("UTC") if index.tz is None else index.tz_convert("UTC")
    numbers = frame.astype(float)
    return numbers.loc[~numbers.index.duplicated(keep="last")].sort_index()


def native_step(index: pd.DatetimeIndex, default: int) -> int:
    """Return the usual step nearest to the commonest distance of stamps; `default` for a single one. [min]"""
    distances = np.diff(index.asi8)
    distances = distances[distances > 0]
    if not len(distances):
        return default
    nearest = np.abs(np.log(distances[:, None] / _USUAL_SECONDS)).argmin(axis=1)
    return int(_USUAL_SECONDS[np.bincount(nearest).argmax()] // 60)


def merged(column: list[Piece], step_minutes: int) -> pd.Series:
    """Merge one column's pieces; later ones win, among steps the row whose newest measurement is newer.

    Parameters
    ----------
    column
        Pieces of the column, each with its order (a later upload has a higher one) and its own step. [min]
    step_minutes
        The step of what is returned, whose index may have gaps. [min]
    """
    merged: pd.DataFrame | None = None
    for native in sorted({step for _, step, _ in column}):
        joined = pd.concat(
            [
                pd.DataFrame({"value": series, "order": order})
                for order, step, series in column
                if step == native
            ]
        )
        joined = joined[~joined.index.duplicated(keep="last")].sort_index()
        stepped = _on_step(joined, native, step_minutes)
        if merged is None:
            merged = stepped
        else:
            both = pd.concat([merged, stepped]).sort_values("order", kind="stable")
            merged = both[~both.index.duplicated(keep="last")].sort_index()
    return merged["value"] if merged is not None else pd.Series(dtype=float)


def _on_step(joined: pd.DataFrame, native: int, step_minutes: int) -> pd.DataFrame:
    if native == step_minutes:
        joined.index = index_of(joined).round(pd.Timedelta(minutes=step_minutes))
        return joined[~joined.index.duplicated(keep="last")]
    if native < step_minutes:
        return _averaged(joined, native, step_minutes)
    return _interpolated(joined, native, step_minutes)


def _averaged(joined: pd.DataFrame, native: int, step_minutes: int) -> pd.DataFrame:
    groups = joined.groupby(index_of(joined).floor(pd.Timedelta(minutes=step_minutes)))
    value = groups["value"].mean()
    enough = groups["value"].count() >= _LEAST_FILLED * step_minutes / native
    return pd.DataFrame({"value": value.where(enough), "order": groups["order"].max()})


def _interpolated(joined: pd.DataFrame, native: int, step_minutes: int) -> pd.DataFrame:
    """Interpolate between the centres of adjacent coarse intervals, and only inside known intervals."""
    index = index_of(joined)
    stamps = index.asi8
    coarse, fine = native * 60, step_minutes * 60
    grid = pd.date_range(
        index[0].floor(pd.Timedelta(minutes=step_minutes)),
        index[-1] + pd.Timedelta(minutes=native - step_minutes),
        freq=pd.Timedelta(minutes=step_minutes),
    ).as_unit("s")
    centres = grid.asi8 + fine // 2
    at = np.searchsorted(stamps, centres, side="right") - 1
    values = joined["value"].to_numpy()
    inside = (at >= 0) & (centres < stamps[np.maximum(at, 0)] + coarse)
    at = np.maximum(at, 0)
    own = values[at]
    offset = centres - (stamps[at] + coarse // 2)
    beside = np.clip(at + np.where(offset < 0, -1, 1), 0, len(stamps) - 1)
    adjacent = (np.abs(stamps[beside] - stamps[at]) == coarse) & np.isfinite(values[beside])
    weight = np.where(adjacent, np.abs(offset) / coarse, 0.0)
    mixed = own * (1 - weight) + np.where(adjacent, values[beside], 0.0) * weight
    order = joined["order"].to_numpy()[at]
    found = pd.DataFrame({"value": mixed, "order": order}, index=grid)
    return found.loc[inside]
