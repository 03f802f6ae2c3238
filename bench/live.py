"""How well the live score tells a worse plant from a healthy one: `make bench-live`.

Each plant is replayed as it would have been: a version is trained on the first part of its time, or again and
again, and every later day is scored as it comes in. Then the same days come once more with a fault.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from services.deployer.domain.live.daily import score_day
from services.deployer.domain.live.day_rows import DayRows
from services.deployer.domain.live.scores import DayScore
from services.trainer_trigger.pipeline import evaluate, train
from services.trainer_trigger.pipeline.data.site_rows import prepare_site
from shared.evaluation import Evaluation, Promise
from shared.solar import artifact
from shared.solar.position import Floats, Times, ephemeris, position
from shared.solar.predictor import Predictor
from shared.solar.rows import Rows, together
from shared.solar.site import Site, tzinfo_of
from tests.unit.pipeline.datasets import Bench

MODEL_TYPE = os.environ.get("MODEL_TYPE", "neural_network")
STEP = 15
DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Plant:
    """A plant as its files say: what was uploaded, and all rows with power on the model's step."""

    site: Site
    tables: Sequence[pd.DataFrame]
    rows: Rows


@dataclass(frozen=True)
class Version:
    """A version, trained on what there was at a moment, and what it says of all rows."""

    number: int
    since: np.datetime64
    promise: Promise | None
    predicted: Floats
    p10: Floats
    p90: Floats


@dataclass(frozen=True)
class Grid:
    """All rows of a plant on a gapless grid, with what was predicted for each, and by which version."""

    site: Site
    times: Times
    day: np.ndarray
    weather: dict[str, Floats]
    power: Floats
    predicted: Floats
    p10: Floats
    p90: Floats
    version: np.ndarray
    promises: dict[int, Promise | None]


def plant(site: Site, tables: Sequence[pd.DataFrame]) -> Plant:
    """Return a plant with the rows that the product would read of its files."""
    with tempfile.TemporaryDirectory() as folder:
        bench = laid_out(Path(folder), site, tables)
        found = prepare_site(bench.freeze(), site, bench.input)
        assert found is not None
        return Plant(site, tables, together([found.rows, found.masked]))


def laid_out(folder: Path, site: Site, tables: Sequence[pd.DataFrame]) -> Bench:
    """Return a dataset of tables."""
    bench = Bench(folder, sites=[site])
    for table in tables:
        if len(table):
            bench.upload(table, site.site_id)
    return bench


def version(given: Plant, number: int, since: np.datetime64, model_type: str) -> Version:
    """Train and evaluate what there was at a moment, as the product's jobs do."""
    moment = pd.Timestamp(since).tz_localize("UTC")
    with tempfile.TemporaryDirectory() as folder:
        bench = laid_out(
            Path(folder), given.site, [table[table.index < moment] for table in given.tables]
        )
        bench.preprocess()
        bench.lay_out_training(model_type)
        train.run(bench.container)
        predictor = Predictor(artifact.load(bench.container.path(train.MODEL)))
        bench.lay_out_evaluation()
        evaluate.run(bench.container, ["--accuracy-threshold", "0.5"])
        written = bench.container.path(evaluate.OUTPUT) / evaluate.EVALUATION_FILE
        evaluation = Evaluation.model_validate_json(written.read_bytes())
    said = predictor.predict(given.rows)
    return Version(number, since, evaluation.promise, said.power_ac, said.p10, said.p90)


def served(given: Plant, versions: Sequence[Version]) -> Grid:
    """Return the rows from the first version on, each predicted by the version that served then."""
    rows = given.rows
    seconds = rows.times.astype("datetime64[s]").astype(np.int64)
    first = seconds[0] // 86_400 * 86_400 - 86_400
    count = (seconds[-1] - first) // (STEP * 60) + 1 + 24 * 4
    place = (seconds - first) // (STEP * 60)
    times = (first + np.arange(count) * STEP * 60).astype("datetime64[s]")

    def spread(values: Floats) -> Floats:
        found = np.full(count, np.nan)
        found[place] = values
        return found

    which = np.searchsorted([each.since for each in versions], times, side="right") - 1
    said = {}
    for name in ("predicted", "p10", "p90"):
        said[name] = np.full(count, np.nan)
        for number, each in enumerate(versions):
            said[name][which == number] = spread(getattr(each, name))[which == number]
    zone = tzinfo_of(given.site.timezone)
    local = pd.DatetimeIndex(times).tz_localize("UTC").tz_convert(zone)
    return Grid(
        given.site,
        times,
        np.array(local.date),
        {name: spread(values) for name, values in rows.weather.items()},
        spread(rows.power_ac),
        **said,
        version=np.array([0, *(each.number for each in versions)])[which + 1],
        promises={each.number: each.promise for each in versions},
    )


def scores(grid: Grid, power: Floats | None = None) -> list[DayScore]:
    """Score every local day that begins after the first version, with other power if given."""
    power = grid.power if power is None else power
    yesterday = np.concatenate([np.full(96, np.nan), power[:-96]])
    centres = grid.times + np.timedelta64(STEP * 30, "s")
    sun = position(ephemeris(centres), grid.site.latitude, grid.site.longitude)
    found = []
    for rows in days(grid):
        if grid.version[rows][0] == 0 or not np.isfinite(power[rows]).any():
            continue
        given = DayRows(
            times=grid.times[rows],
            weather={name: values[rows] for name, values in grid.weather.items()},
            sun=sun.take(np.arange(rows.start, rows.stop)),
            predicted=grid.predicted[rows],
            p10=grid.p10[rows],
            p90=grid.p90[rows],
            power_ac=power[rows],
            power_ac_24h_ago=yesterday[rows],
        )
        found.append(
            score_day(
                grid.site.site_id,
                grid.day[rows][0],
                int(grid.version[rows][0]),
                given,
                capacity_kw=grid.site.ac_capacity_kw,
                step_minutes=STEP,
            )
        )
    return found


def days(grid: Grid) -> Iterator[slice]:
    """Yield the rows of each local day."""
    edges = np.flatnonzero(np.append(True, grid.day[1:] != grid.day[:-1]))
    for start, end in zip(edges, [*edges[1:], len(grid.day)], strict=True):
        yield slice(int(start), int(end))
