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


@dataclass(frozen=True, slots=True)
class Rows:
    """Intervals of one or more sites, left-labelled in UTC.

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
        The same a day earlier, for baselines only; never a model's input. [kW]
    """

    sites: tuple[str, ...]
    site: NDArray[np.int64]
    times: Times
    weather: Mapping[str, Floats]
    power_ac: Floats
    power_ac_24h_ago: Floats = field(default_factory=lambda: np.empty(0))

    def __len__(self) -> int:
        return len(self.times)

    def take(self, which: NDArray[Any]) -> Rows:
        """Return the rows that a mask or an index names."""
        return replace(
            self,
            site=self.site[which],
            times=self.times[which],
            weather={name: values[which] for name, values in self.weather.items()},
            power_ac=self.power_ac[which],
            power_ac_24h_ago=self.power_ac_24h_ago[which]
            if len(self.power_ac_24h_ago)
            else self.power_ac_24h_ago,
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
    columns |= dict(sorted(rows.weather.items()))
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path, compression="zstd")


def read(path: Path) -> Rows:
    """Read rows that `write` wrote."""
    import pyarrow as pa  # noqa: PLC0415  as in `write`
    import pyarrow.parquet as pq  # noqa: PLC0415

    table = pq.read_table(path)
    site = table[SITE].combine_chunks()
    if isinstance(site, pa.ChunkedArray):
        site = pa.concat_arrays(site.chunks)
    named = {SITE, TIME, POWER, POWER_YESTERDAY}
    yesterday = (
        table[POWER_YESTERDAY].to_numpy() if POWER_YESTERDAY in table.column_names else np.empty(0)
    )
    return Rows(
        sites=tuple(site.dictionary.to_pylist()),
        site=site.indices.to_numpy().astype(np.int64),
        times=table[TIME].to_numpy().astype("datetime64[s]"),
        weather={name: table[name].to_numpy() for name in table.column_names if name not in named},
        power_ac=table[POWER].to_numpy(),
        power_ac_24h_ago=yesterday,
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
    """Join rows in the order of time, several parts of one site too; a column that one lacks is NaN there."""
    columns = sorted({name for part in parts for name in part.weather})
    sites = tuple(dict.fromkeys(name for part in parts for name in part.sites))
    joined = Rows(
        sites=sites,
        site=np.concatenate(
            [
                np.array([sites.index(name) for name in part.sites], dtype=np.int64)[part.site]
                for part in parts
            ]
        ),
        times=np.concatenate([part.times for part in parts]),
        weather={name: np.concatenate([part.column(name) for part in parts]) for name in columns},
        power_ac=np.concatenate([part.power_ac for part in parts]),
        power_ac_24h_ago=np.concatenate([part.power_ac_24h_ago for part in parts]),
    )
    return joined.take(np.lexsort((joined.site, joined.times)))
