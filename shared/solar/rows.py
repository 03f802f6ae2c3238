"""Rows on a model's step: what Preprocess hands on, and what an endpoint is asked about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.solar.position import Floats, Times
from shared.solar.site import POWER

SITE = "site_id"
TIME = "timestamp"
POWER_YESTERDAY = "power_ac_24h_ago"
ISSUED = "issued_at"
PROVIDER = "provider"
STEP = "step_minutes"  # of a canonical forecast: how long the row's interval is
WEIGHT = "weight"


def _no_times() -> Times:
    return np.empty(0, dtype="datetime64[s]")


@dataclass(frozen=True, slots=True)
class Rows:
    """Intervals of one or more sites, left-labelled in UTC.

    Rows of measured weather are one per site and interval. Rows of forecasts are one per site, interval,
    provider and issue; those of one site, provider and issue are a block.

    Attributes
    ----------
    sites
        Names of the sites.
    site
        Index into `sites`, one per row.
    times
        Start of the interval. [UTC]
    weather
        Canonical weather columns in their canonical unit; NaN where nothing was measured.
    power_ac
        Mean power of the interval, NaN where unknown. [kW]
    power_ac_24h_ago
        The same a day earlier, for baselines only; never a model's input. Of a forecast: the least whole
        number of days earlier that was over when it was issued. [kW]
    issued_at
        When the forecast of each row was issued; empty for measured weather. [UTC]
    providers, provider
        Names of those who issued, and which of them issued each row; empty for measured weather.
    weight
        How much each row counts in training, so that the forecasts of one interval count once; empty where
        all count alike. [unitless]
    """

    sites: tuple[str, ...]
    site: NDArray[np.int64]
    times: Times
    weather: Mapping[str, Floats]
    power_ac: Floats
    power_ac_24h_ago: Floats = field(default_factory=lambda: np.empty(0))
    issued_at: Times = field(default_factory=_no_times)
    providers: tuple[str, ...] = ()
    provider: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    weight: Floats = field(default_factory=lambda: np.empty(0))

    def __len__(self) -> int:
        return len(self.times)

    @property
    def are_forecast(self) -> bool:
        """Whether the weather is that of forecasts, each with its issue."""
        return len(self.providers) > 0

    @property
    def lead_hours(self) -> Floats:
        """How long after its issue each row's interval begins; forecasts only. [h]"""
        return (self.times - self.issued_at).astype("timedelta64[s]").astype(float) / 3600.0

    def take(self, which: NDArray[Any] | slice) -> Rows:
        """Return the rows that a mask, an index or a slice names."""
        optional = {
            name: values[which]
            for name in ("power_ac_24h_ago", "issued_at", "provider", "weight")
            if len(values := getattr(self, name))
        }
        return replace(
            self,
            site=self.site[which],
            times=self.times[which],
            weather={name: values[which] for name, values in self.weather.items()},
            power_ac=self.power_ac[which],
            **optional,
        )

    def column(self, name: str) -> Floats:
        """Return a weather column; one that was never measured is NaN throughout."""
        return self.weather[name] if name in self.weather else np.full(len(self), np.nan)


def write(rows: Rows, path: Path) -> None:
    """Write rows as Parquet; the same rows give the same bytes."""
    import pyarrow as pa  # noqa: PLC0415  an endpoint never writes rows and starts sooner without
    import pyarrow.parquet as pq  # noqa: PLC0415

    columns: dict[str, Any] = {
        SITE: pa.DictionaryArray.from_arrays(
            pa.array(rows.site.astype(np.int32)), list(rows.sites)
        ),
        TIME: pa.array(rows.times.astype("datetime64[ms]"), type=pa.timestamp("ms", tz="UTC")),
        POWER: rows.power_ac,
    }
    if len(rows.power_ac_24h_ago):
        columns[POWER_YESTERDAY] = rows.power_ac_24h_ago
    if rows.are_forecast:
        columns[ISSUED] = pa.array(
            rows.issued_at.astype("datetime64[ms]"), type=pa.timestamp("ms", tz="UTC")
        )
        columns[PROVIDER] = pa.DictionaryArray.from_arrays(
            pa.array(rows.provider.astype(np.int32)), list(rows.providers)
        )
    if len(rows.weight):
        columns[WEIGHT] = rows.weight
    columns |= dict(sorted(rows.weather.items()))
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path, compression="zstd")


def read(path: Path) -> Rows:
    """Read rows that `write` wrote."""
    import pyarrow as pa  # noqa: PLC0415  as in `write`
    import pyarrow.parquet as pq  # noqa: PLC0415

    table = pq.read_table(path)

    def names(column: str) -> tuple[tuple[str, ...], NDArray[np.int64]]:
        coded = table[column].combine_chunks()
        if isinstance(coded, pa.ChunkedArray):
            coded = pa.concat_arrays(coded.chunks)
        return tuple(coded.dictionary.to_pylist()), coded.indices.to_numpy().astype(np.int64)

    sites, site = names(SITE)
    optional: dict[str, Any] = {
        name: table[name].to_numpy()
        for name in (POWER_YESTERDAY, WEIGHT)
        if name in table.column_names
    }
    if PROVIDER in table.column_names:
        optional["providers"], optional[PROVIDER] = names(PROVIDER)
        optional[ISSUED] = table[ISSUED].to_numpy().astype("datetime64[s]")
    named = {SITE, TIME, POWER, POWER_YESTERDAY, WEIGHT, ISSUED, PROVIDER}
    return Rows(
        sites=sites,
        site=site,
        times=table[TIME].to_numpy().astype("datetime64[s]"),
        weather={name: table[name].to_numpy() for name in table.column_names if name not in named},
        power_ac=table[POWER].to_numpy(),
        **optional,
    )


@dataclass(frozen=True, slots=True)
class SiteFiles:
    """A folder of one file per site; every pass reads them one after the other, sites without rows left out.

    Attributes
    ----------
    folder
        Where Preprocess wrote, or SageMaker laid down, `<site_id>.parquet`.
    """

    folder: Path

    def __iter__(self) -> Iterator[Rows]:
        for path in sorted(self.folder.glob("*.parquet")):
            rows = read(path)
            if len(rows):
                yield rows

    def __len__(self) -> int:
        return len(list(self.folder.glob("*.parquet")))

    def __contains__(self, site_id: object) -> bool:
        return (self.folder / f"{site_id}.parquet").is_file()


def together(parts: Sequence[Rows]) -> Rows:
    """Join rows in the order of time, several parts of one site too; a column that one lacks is NaN there.

    All parts are of one kind: of measured weather, or of forecasts.
    """
    columns = sorted({name for part in parts for name in part.weather})
    sites, site = _named(parts, "sites", "site")
    providers, provider = _named(parts, "providers", "provider")
    joined = Rows(
        sites=sites,
        site=site,
        times=_end_to_end(parts, "times"),
        weather={name: np.concatenate([part.column(name) for part in parts]) for name in columns},
        power_ac=_end_to_end(parts, "power_ac"),
        power_ac_24h_ago=_end_to_end(parts, "power_ac_24h_ago"),
        issued_at=_end_to_end(parts, "issued_at"),
        providers=providers,
        provider=provider,
        weight=_end_to_end(parts, "weight"),
    )
    if providers:
        return joined.take(np.lexsort((provider, joined.issued_at, site, joined.times)))
    return joined.take(np.lexsort((site, joined.times)))


def _end_to_end(parts: Sequence[Rows], name: str) -> NDArray[Any]:
    joined: NDArray[Any] = np.concatenate([getattr(part, name) for part in parts])
    return joined


def _named(parts: Sequence[Rows], names: str, which: str) -> tuple[tuple[str, ...], NDArray[Any]]:
    """Join columns of names, each of which is told by its place in a part's own list of names."""
    every = tuple(dict.fromkeys(name for part in parts for name in getattr(part, names)))
    found = [
        np.array([every.index(name) for name in getattr(part, names)], dtype=np.int64)[
            getattr(part, which)
        ]
        for part in parts
    ]
    return every, np.concatenate(found)
