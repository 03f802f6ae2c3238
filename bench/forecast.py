"""How good forecasts of power are, beside what else could be had: `make bench-forecast DATA=folder`.

DATA names a folder laid out as PVOD (see `bench/peers_plants.py`), whose stations have `nwp_` columns of a
numerical weather prediction beside their own sensors. Everything is scored on the same last fifth of time.

`auto, for forecasts` is the product: Preprocess, Train and the predictor on forecasts as they were issued,
and beside it each single type. Its rivals are `auto` of measured weather asked with forecasts, `auto` trained
with the forecasts as if they were measured, LightGBM's quantiles on the plain columns, and persistence of the
last day that was over at the issue. With PEERS=1 AutoGluon stands beside them, once for the mean and once for
quantiles, each for SECONDS=60, in an environment that is made for the run.

PLANTS=station01,station07 names some of the plants.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bench import peers
from bench.peers import cpu_of
from bench.peers_plants import STATION_COLUMNS
from services.trainer_trigger.pipeline.judging import by_lead, scoring
from services.trainer_trigger.pipeline.judging.by_lead import LEVELS
from services.trainer_trigger.pipeline.train import MODEL
from shared.model_config import MODEL_TYPES
from shared.solar import artifact, metrics
from shared.solar.predictor import Predictor
from shared.solar.recipe import Plant, recipe_of
from shared.solar.rows import Rows
from shared.solar.site import FORECAST_PREFIX, Site
from tests.unit.pipeline.datasets import Bench, site

HERE = Path(__file__).parent
NWP_COLUMNS = {
    "nwp_globalirrad": "ghi",
    "nwp_temperature": "temp_air",
    "nwp_humidity": "relative_humidity",
    "nwp_windspeed": "wind_speed",
    "nwp_pressure": "pressure",
}
ZONE, ISSUED_AT = "Asia/Shanghai", pd.Timedelta(hours=12)
ASSUMED = f"""Assumed, for the files do not say it:
* the forecast of a day ({ZONE}) was issued at 12:00 of the day before, all of it, and nothing later;
* nwp_globalirrad and nwp_directirrad are horizontal means of the interval that begins at their stamp;
* arrays face south, tilted as metadata.csv says.
R² and nMAE are of all rows of the last fifth, night included; pinball (mean over P10, P20 … P90, and over
P10, P50 and P90), CRPS and the share of rows inside P10 to P90 are of daylight. All but R² in % of capacity.
"""
DECILES = tuple(round(level / 10, 1) for level in range(1, 10))
_SETTINGS = {
    "objective": "quantile",
    "num_leaves": 31,
    "learning_rate": 0.05,
    "min_data_in_leaf": 100,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
_ROUNDS = 300
_PRODUCT = "auto, for forecasts"


@dataclass(frozen=True, slots=True)
class Said:
    """What a method says of the test rows. [share of AC capacity]

    Attributes
    ----------
    quantiles
        Shape (rows, `LEVELS`); None where it says one value only.
    cpu_seconds
        Of its training. [s]
    """

    point: np.ndarray
    quantiles: np.ndarray | None = None
    cpu_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of one method. All but `r2` in % of capacity."""

    r2: float
    nmae: float
    pinball: float
    pinball_3: float
    crps: float
    coverage: float
    cpu_seconds: float


def main() -> None:
    """Print the figures of each plant and their means."""
    print(ASSUMED)
    chosen = set(filter(None, os.environ.get("PLANTS", "").split(",")))
    outcomes: dict[str, dict[str, Scored]] = {}
    with tempfile.TemporaryDirectory() as folder:
        python = peers.install(Path(folder) / "peers") if os.environ.get("PEERS") else None
        for plant in plants(Path(os.environ["DATA"])):
            if chosen and plant.site.site_id not in chosen:
                continue
            outcomes[plant.site.site_id] = outcomes_of(plant, Path(folder), python)
    show("mean", mean(list(outcomes.values())))


@dataclass(frozen=True, slots=True)
class Station:
    """A plant with its own sensors and a forecast of the same columns, in their canonical units."""

    site: Site
    power: pd.Series
    measured: pd.DataFrame
    forecast: pd.DataFrame


def plants(folder: Path) -> Iterator[Station]:
    """Yield the stations of a folder that have forecasts."""
    known = pd.read_csv(folder / "metadata.csv", encoding="utf-8-sig").set_index("Station_ID")
    for path in sorted(folder.glob("station*.csv")):
        about, table = known.loc[path.stem], pd.read_csv(path)
        if "nwp_globalirrad" not in table:
            continue
        index = pd.DatetimeIndex(pd.to_datetime(table["date_time"], utc=True))
        table = table.set_axis(index)
        forecast = table[list(NWP_COLUMNS)].rename(columns=NWP_COLUMNS).astype(float)
        diffuse = table["nwp_globalirrad"] - table["nwp_directirrad"]
        yield Station(
            site(
                path.stem,
                latitude=float(about["Latitude"]),
                longitude=float(about["Longitude"]),
                timezone=ZONE,
                ac_capacity_kw=float(about["Capacity"]),
                surface_tilt=float(re.findall(r"\d+", about["Array_Tilt"])[0]),
                surface_azimuth=180.0,
            ),
            table["power"] * 1000,
            table[list(STATION_COLUMNS)].rename(columns=STATION_COLUMNS).astype(float),
            forecast.assign(dhi=diffuse.clip(lower=0)),
        )


def outcomes_of(plant: Station, base: Path, python: Path | None) -> dict[str, Scored]:
    """Print and return what each method reached on one plant."""
    folder = base / plant.site.site_id
    product, test, learnt = trained(plant, folder / "forecast", "auto")
    said = {_PRODUCT: product}
    for model_type in MODEL_TYPES:
        if model_type != "auto":
            said[f"  {model_type}"] = trained(plant, folder / model_type, model_type)[0]
    by_measured, as_if_measured = measured_models(plant, folder, test)
    said |= {"auto of sensors, asked with forecasts": by_measured}
    said |= {"auto, forecasts as if measured": as_if_measured}
    said |= {"LightGBM's quantiles": boosted(learnt, test, plant.site)}
    if python is not None:
        said |= {"AutoGluon": autogluon(learnt, test, plant.site, folder, python)}
    scored_rows = described(test, plant.site)
    yesterday, scaled = scoring.persistence(scored_rows)
    said |= {"persistence of a day": Said(yesterday), "clear-sky persistence": Said(scaled)}
    common = np.all([np.isfinite(each.point) for each in said.values()], axis=0)
    rows = described(test.take(common), plant.site)
    some = {name: taken(each, common) for name, each in said.items()}
    print(
        f"{plant.site.site_id}: {len(rows.rows)} of {len(test)} test rows, which all can tell, of "
        f"{len(np.unique(scored_rows.day))} days"
    )
    show_leads(rows, some[_PRODUCT])
    found = {name: score(rows, each) for name, each in some.items()}
    show(plant.site.site_id, found)
    return found


def trained(plant: Station, base: Path, model_type: str) -> tuple[Said, Rows, Rows]:
    """Train the product for forecasts; return what it says, the test rows and those it learnt from."""
    bench = Bench(base, sites=[plant.site], inputs="forecast")
    bench.upload(plant.measured.assign(power_ac=plant.power), plant.site.site_id)
    bench.upload(as_issued(plant.forecast), plant.site.site_id, provider="nwp")
    found = bench.preprocess()
    predictor, cpu = fitted(bench, model_type)
    capacity = plant.site.ac_capacity_kw
    said = Said(
        predictor.predict(found.test).power_ac / capacity,
        predictor.quantiles(found.test, LEVELS) / capacity,
        cpu,
    )
    return said, found.test, found.train


def as_issued(forecast: pd.DataFrame) -> pd.DataFrame:
    """Return a canonical table of forecasts, the issue of each row with it."""
    local = pd.DatetimeIndex(forecast.index).tz_convert(ZONE)
    issued = local.normalize() - pd.Timedelta(days=1) + ISSUED_AT
    return forecast.add_prefix(FORECAST_PREFIX).assign(
        issued_at=issued.tz_convert("UTC"), provider="nwp"
    )


def fitted(bench: Bench, model_type: str) -> tuple[Predictor, float]:
    """Train as the training job does; return what is served, and the CPU it took. [s]"""
    bench.lay_out_training(model_type)
    cpu = cpu_of([sys.executable, "-m", "infra.image.entrypoint", "train"], bench.base)
    return Predictor(artifact.load(bench.container.path(MODEL))), cpu


def measured_models(plant: Station, base: Path, test: Rows) -> tuple[Said, Said]:
    """Return what models of measured weather say of forecasts: trained on sensors, and on the forecasts."""
    found = []
    for name, weather in (("sensors", plant.measured), ("pretended", plant.forecast)):
        bench = Bench(base / name, sites=[plant.site])
        bench.upload(weather.assign(power_ac=plant.power), plant.site.site_id)
        bench.preprocess()
        predictor, cpu = fitted(bench, "auto")
        asked = Rows(
            sites=test.sites,
            site=test.site,
            times=test.times,
            weather={
                each.removeprefix(FORECAST_PREFIX): values for each, values in test.weather.items()
            },
            power_ac=test.power_ac,
        )
        said, capacity = predictor.predict(asked), plant.site.ac_capacity_kw
        known = np.stack([said.p10, said.power_ac, said.p90], axis=1) / capacity
        found.append(Said(said.power_ac / capacity, of_three(known), cpu))
    return found[0], found[1]


def of_three(known: np.ndarray) -> np.ndarray:
    """Return all levels of who says P10, P50 and P90 only: read between, and beyond them the nearest."""
    return np.array([np.interp(LEVELS, (0.1, 0.5, 0.9), each) for each in known])


def plain(rows: Rows, described_site: Site) -> np.ndarray:
    """Return what a first try would learn from: the columns, the hour, the day of the year and the sun."""
    recipe = recipe_of([rows], (Plant.of(described_site),), 15, inputs_kind="forecast")
    sun = scoring.describe(rows, recipe).sun
    hours = rows.times.astype(np.int64) / 3600
    columns = [rows.weather[name] for name in sorted(rows.weather)]
    return np.column_stack([*columns, hours % 24, hours / 24 % 365.25, sun.up, sun.east])


def boosted(train: Rows, test: Rows, described_site: Site) -> Said:
    """Return LightGBM's quantiles on plain columns; the median is its point."""
    before = os.times()
    capacity = described_site.ac_capacity_kw
    learnt, asked = plain(train, described_site), plain(test, described_site)
    lit, dark = learnt[:, -2] > 0, asked[:, -2] <= 0
    heads = []
    for level in LEVELS:
        data = lgb.Dataset(learnt[lit], train.power_ac[lit] / capacity)
        booster = lgb.train(_SETTINGS | {"alpha": level}, data, num_boost_round=_ROUNDS)
        heads.append(np.asarray(booster.predict(asked)))
    quantiles = np.sort(np.clip(np.column_stack(heads), 0.0, 1.0), axis=1)
    quantiles[dark] = 0.0
    after = os.times()
    return Said(quantiles[:, LEVELS.index(0.5)], quantiles, after.user - before.user)


def autogluon(train: Rows, test: Rows, described_site: Site, base: Path, python: Path) -> Said:
    """Return what AutoGluon's ensembles say from plain columns: one of the mean, one of the quantiles."""
    lit = {}
    for part, rows in (("train", train), ("test", test)):
        values = plain(rows, described_site)
        lit[part] = values[:, -2] > 0
        columns = {f"column{place}": each for place, each in enumerate(values[lit[part]].T)}
        columns["share"] = (rows.power_ac / described_site.ac_capacity_kw)[lit[part]]
        pq.write_table(pa.table(columns), base / f"{part}.parquet")
    found, cpu = {}, 0.0
    for what in ("autogluon", "autogluon_quantiles"):
        written = base / f"{what}.npy"
        cpu += cpu_of([python, HERE / "peers_fit.py", what, base, written, peers.SECONDS], base)
        found[what] = np.clip(np.load(written), 0.0, 1.0)
    point, quantiles = np.zeros(len(test)), np.zeros((len(test), len(LEVELS)))
    point[lit["test"]] = found["autogluon"]
    quantiles[lit["test"]] = of_three(np.sort(found["autogluon_quantiles"], axis=1))
    return Said(point, quantiles, cpu)


def described(rows: Rows, described_site: Site) -> scoring.ScoredRows:
    """Return test rows with their sun."""
    return scoring.describe(
        rows, recipe_of([rows], (Plant.of(described_site),), 15, inputs_kind="forecast")
    )


def taken(said: Said, which: np.ndarray) -> Said:
    """Return what is said of some rows."""
    quantiles = None if said.quantiles is None else said.quantiles[which]
    return replace(said, point=said.point[which], quantiles=quantiles)


def score(rows: scoring.ScoredRows, said: Said) -> Scored:
    """Score one method; who says one value only says it for every level."""
    found = metrics.scores(rows.share, said.point)
    assert found is not None
    assert found.r2 is not None
    lit = rows.daylight
    actual = rows.share[lit]
    quantiles = said.quantiles
    if quantiles is None:
        quantiles = np.repeat(said.point[:, None], len(LEVELS), axis=1)
    quantiles = quantiles[lit]
    losses = {
        level: 100 * metrics.pinball(actual, quantiles[:, place], level)
        for place, level in enumerate(LEVELS)
    }
    low, high = (quantiles[:, LEVELS.index(level)] for level in (0.1, 0.9))
    return Scored(
        r2=found.r2,
        nmae=100 * found.nmae,
        pinball=float(np.mean([losses[level] for level in DECILES])),
        pinball_3=float(np.mean([losses[level] for level in (0.1, 0.5, 0.9)])),
        crps=2 * float(np.mean(list(losses.values()))),
        coverage=100 * float(((actual >= low) & (actual <= high)).mean()),
        cpu_seconds=said.cpu_seconds,
    )


def show_leads(rows: scoring.ScoredRows, said: Said) -> None:
    """Print the product's scores by lead, and how often each decile held."""
    assert said.quantiles is not None
    forecast = by_lead.Forecast(rows, said.point, said.quantiles)
    found = by_lead.score(forecast, np.arange(len(rows.rows)), pd.Timedelta(hours=24))
    for each in found.by_lead:
        print(
            f"  {each.name:>7}: R² {each.r2:.4f} nMAE {100 * each.nmae:5.2f} pinball "
            f"{100 * each.pinball:5.2f} CRPS {100 * each.crps:5.2f} inside P10 to P90 "
            f"{100 * each.coverage:3.0f} %, daylight rows {each.n}"
        )
    held = [f"{each.level:.2f}: {each.observed:.2f}" for each in found.reliability]
    print(f"  below each level: {', '.join(held[1::2])}")


def mean(all_outcomes: Sequence[dict[str, Scored]]) -> dict[str, Scored]:
    """Return the mean over plants."""
    names = Scored.__slots__
    return {
        method: Scored(
            *(
                float(np.mean([getattr(each[method], name) for each in all_outcomes]))
                for name in names
            )
        )
        for method in all_outcomes[0]
    }


def show(name: str, outcomes: dict[str, Scored]) -> None:
    """Print one line for each method."""
    heading = ("R²", "nMAE", "pinball", "of three", "CRPS", "inside", "CPU s")
    print(f"{name:<40}" + "".join(f"{each:>9}" for each in heading))
    for method, found in outcomes.items():
        print(
            f"{method:<40}{found.r2:9.4f}{found.nmae:9.2f}{found.pinball:9.3f}{found.pinball_3:9.3f}"
            f"{found.crps:9.2f}{found.coverage:9.1f}{found.cpu_seconds:9.1f}"
        )
    print(flush=True)


if __name__ == "__main__":
    main()
