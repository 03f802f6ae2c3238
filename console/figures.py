"""What shows at a glance whether files were read right: the peak, the middle of the day, the irradiance."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from console.output import counted
from shared.solar import irradiance, position
from shared.solar.site import Site

Values = npt.NDArray[np.float64]
# Starts of intervals, values, and half of each interval's length.
Series = tuple[npt.NDArray[np.datetime64], Values, npt.NDArray[np.timedelta64]]

IRRADIANCES = ("poa_global", "ghi", "dni", "dhi")
FORECAST = "forecast_ghi"
HIGH = 300.0  # W/m2 of clear sky; under a low sun a share says little
_NO_QUANTITY = {"timestamp", "issued_at", "provider", "step_minutes"}
LEAST_ROWS = 24  # that a correlation is told of
CENTRED = 0.3  # length of the mean of energy around the clock; a constant has none
MINUTES_PER_DEGREE = 4.0


def figures(tables: Sequence[bytes], site: Site) -> dict[str, Any]:
    """Return figures of canonical rows.

    Parameters
    ----------
    tables
        Parquet files of canonical rows, one or more of the same site.

    Returns
    -------
    dict
        `peak_kw`, `peak_of_capacity` (a share), `minutes_after_solar_noon` of the middle of the day's energy,
        `correlation` of power with each irradiance, and `forecast_peak`: the highest predicted irradiance
        and what the highest share of a clear sky is; None where the rows do not say.
    """
    parts = _parts(tables)
    series = _series(parts)
    power = series.get("power_ac")
    # Of all files: where two contradict each other, the one that does not count shows nothing else.
    peak = max(
        (float(each[1].max()) for each in parts.get("power_ac", []) if len(each[1])), default=None
    )
    centred = next((series[name] for name in ("power_ac", *IRRADIANCES) if name in series), None)
    follows = {
        name: _correlation(power, series[name])
        for name in series
        if power and name.removeprefix("forecast_") in IRRADIANCES
    }
    return {
        "peak_kw": None if peak is None else round(peak, 3),
        "peak_of_capacity": None if peak is None else round(peak / site.ac_capacity_kw, 4),
        "minutes_after_solar_noon": _after_noon(centred, site) if centred else None,
        "correlation": {name: each for name, each in follows.items() if each is not None},
        "forecast_peak": _beside_clear_sky(series[FORECAST], site) if FORECAST in series else None,
    }


def said(
    found: dict[str, Any], *, capacity_known: bool = True, place_known: bool = True
) -> list[str]:
    """Return figures in words.

    Parameters
    ----------
    capacity_known, place_known
        Whether somebody stated them; what was only guessed proves nothing.
    """
    lines = []
    if found["peak_kw"] is not None:
        of = f", {found['peak_of_capacity']:.0%} of the AC capacity" if capacity_known else ""
        lines.append(f"highest power {_shown(found['peak_kw'])} kW{of}")
    minutes = found["minutes_after_solar_noon"]
    if not place_known:
        lines.append("middle of the day: not checked without latitude and longitude")
    elif minutes is not None:
        side = "after" if minutes >= 0 else "before"
        lines.append(f"middle of the day {counted(abs(minutes), 'minute')} {side} solar noon")
    for name, value in found["correlation"].items():
        lines.append(f"correlation of power with {name} {value:.2f}")
    if found["forecast_peak"]:
        peak, share = found["forecast_peak"]["w_m2"], found["forecast_peak"]["of_clear_sky"]
        of = f", at best {share:.0%} of a clear sky" if share is not None and place_known else ""
        lines.append(f"highest predicted irradiance {peak:.0f} W/m2{of}")
    return lines


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"  # noqa: PLR2004 - no exponents


def _parts(tables: Sequence[bytes]) -> dict[str, list[Series]]:
    """Return what each table holds of each quantity."""
    parts: dict[str, list[Series]] = {}
    for each in tables:
        # Arrow's threads may outlive the last line of a short program, and abort it (apache/arrow#34314); a
        # time with a zone would be converted by pandas.
        table = pq.ParquetFile(io.BytesIO(each)).read(use_threads=False)
        times = table["timestamp"].cast(pa.int64()).to_numpy().astype("M8[us]")
        apart = np.diff(np.unique(times)).astype(np.int64)
        step = np.median(apart) if len(apart) else 0
        for name in table.column_names:
            if name in _NO_QUANTITY:
                continue
            values = table[name].to_numpy()
            known = np.isfinite(values)
            half = np.full(int(known.sum()), np.timedelta64(int(step // 2), "us"))
            parts.setdefault(name, []).append((times[known], values[known], half))
    return parts


def _series(parts: Mapping[str, Sequence[Series]]) -> dict[str, Series]:
    """Return each quantity of all tables together, the last value of each time; of forecasts the freshest."""
    found: dict[str, Series] = {}
    for name, some in parts.items():
        times, values, half = (np.concatenate(each)[::-1] for each in zip(*some, strict=True))
        unique, first = np.unique(times, return_index=True)
        if len(unique):
            found[name] = unique, values[first], half[first]
    return found


def _correlation(one: Series, other: Series) -> float | None:
    _, at, where = np.intersect1d(one[0], other[0], return_indices=True)
    first, second = one[1][at], other[1][where]
    if len(at) < LEAST_ROWS or not (first.std() and second.std()):
        return None
    return round(float(np.corrcoef(first, second)[0, 1]), 3)


def _beside_clear_sky(series: Series, site: Site) -> dict[str, float | None]:
    starts, values, half = series
    sun = position.position(position.ephemeris(starts + half), site.latitude, site.longitude)
    clear = irradiance.clearsky_ghi(sun.up)
    high = clear > HIGH
    share = float((values[high] / clear[high]).max()) if high.any() else None
    return {
        "w_m2": round(float(values.max()), 1),
        "of_clear_sky": None if share is None else round(share, 3),
    }


def _after_noon(series: Series, site: Site) -> int | None:
    """Return how long after solar noon the day's energy is centred. [min]"""
    starts, values, half = series
    sun = position.position(position.ephemeris(starts + half), site.latitude, site.longitude)
    weights = np.clip(values, 0.0, None)
    turned = (weights * np.exp(1j * sun.hour_angle)).sum()
    if not weights.sum() > 0 or abs(turned) < CENTRED * weights.sum():
        return None
    return round(float(np.degrees(np.angle(turned))) * MINUTES_PER_DEGREE)
