"""How well the live score tells a worse plant from a healthy one: `make bench-live`.

Each plant is replayed as it would have been: a version is trained on the first part of its time, or again
every three months, and every later day is scored as it comes in. Then the same days come once more with a
fault from many a day on. At the end the adjuster is replayed on the last fifth of each plant's time.

By default the plants whose data come with the locked packages; DATA=folder reads plants as in PVOD
(`bench/peers_plants.py`). MODEL_TYPE, FIRST (part of the time that trains) and EVERY (days between two start
days of a fault) can be set.
"""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from bench import peers_plants
from services.deployer.domain.live.adjusting import gain
from services.deployer.domain.live.daily import score_day
from services.deployer.domain.live.day_rows import DayRows
from services.deployer.domain.live.degradation import Verdict, verdicts
from services.deployer.domain.live.evidence import level_of
from services.deployer.domain.live.scores import DayScore
from services.trainer_trigger.pipeline import evaluate, train
from services.trainer_trigger.pipeline.data.site_rows import prepare_site
from shared.evaluation import Evaluation, Promise
from shared.solar import artifact
from shared.solar.position import Floats, Times, ephemeris, position
from shared.solar.predictor import Predictor
from shared.solar.rows import Rows, together
from shared.solar.site import Site
from shared.solar.zones import tzinfo_of
from tests.unit.pipeline.datasets import Bench, serf_east

MODEL_TYPE = os.environ.get("MODEL_TYPE", "neural_network")
FIRST = float(os.environ.get("FIRST", "0.37"))
EVERY = int(os.environ.get("EVERY", "5"))
RETRAIN_DAYS = 91
STEP = 15
DAY = np.timedelta64(1, "D")
LED = 80  # scored days before a fault that are shown again
LEAST_LED = 20


@dataclass(frozen=True)
class Plant:
    """A plant as its files say: what was uploaded, and all rows with power on the model's step."""

    site: Site
    tables: Sequence[pd.DataFrame]
    rows: Rows


@dataclass(frozen=True)
class Version:
    """A version, and from when on it serves."""

    number: int
    since: np.datetime64
    promise: Promise | None
    predictor: Predictor


@dataclass(frozen=True)
class Grid:
    """All rows of a plant without gaps, with what was predicted for each, and by which version."""

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


def main() -> None:
    """Print the figures of each plant, and the adjuster's at the end."""
    folder = os.environ.get("DATA")
    given = (
        peers_plants.stations(Path(folder)) if folder else [peers_plants.system_50(), serf_east()]
    )
    plants = [plant(site, list(tables)) for site, tables in given]
    for each in plants:
        show_plant(each)
    show_adjuster(plants)


def show_plant(given: Plant) -> None:
    """Print how a plant's healthy and faulty days are judged."""
    print(f"\n{given.site.site_id}, {MODEL_TYPE}, trained on the first {FIRST:.0%}")
    once = versions(given, None)
    for name, served_by in (("once", once), ("every 3 months", versions(given, RETRAIN_DAYS))):
        show_healthy(name, scores(served(given, served_by)), promises(served_by))
    grid = served(given, once)
    show_found("10 % less power", grid, lambda power, _: power * 0.9, within=10)
    show_found("25 % less power", grid, lambda power, _: power * 0.75, within=4)
    show_found("20 % more power", grid, lambda power, _: power * 1.2, within=10)
    show_found("15 % less over 60 days", grid, soiled, within=60)
    show_fault("curtailed to 40 %", grid, curtailed, {"curtailed"})
    show_fault("held back by half", grid, lambda power, _: power * 0.5, {"partly_off"})
    show_fault("off", grid, lambda power, _: power * 0.0, {"outage"})
    show_fault("clock an hour late", grid, lambda power, _: np.roll(power, 4), {"clock"})
    show_fault("stuck pyranometer", grid, None, {"stuck_irradiance"}, stuck(given, once))
    show_fault("dead pyranometer", grid, None, {"dead_irradiance"}, dimmed(given, once, 0.0))
    show_fault("pyranometer 20 % low", grid, None, {"sensor"}, dimmed(given, once, 0.8))


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


def versions(given: Plant, every: int | None) -> list[Version]:
    """Return the versions that would have served: one, or one more every so many days."""
    first, last = given.rows.times[0], given.rows.times[-1]
    since = (first + (last - first) * FIRST).astype("M8[D]").astype("M8[s]")
    found = [version(given, 1, since)]
    while every and since + (every + 10) * DAY < last:
        since = since + every * DAY
        found.append(version(given, len(found) + 1, since))
    return found


def version(given: Plant, number: int, since: np.datetime64) -> Version:
    """Train and evaluate what there was at a moment, as the product's jobs do."""
    moment = pd.Timestamp(since).tz_localize("UTC")
    tables = [table[table.index < moment] for table in given.tables]
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        bench = laid_out(Path(folder), given.site, tables)
        bench.preprocess()
        bench.lay_out_training(MODEL_TYPE)
        train.run(bench.container)
        predictor = Predictor(artifact.load(bench.container.path(train.MODEL)))
        bench.lay_out_evaluation()
        evaluate.run(bench.container, ["--accuracy-threshold", "0.5"])
        written = bench.container.path(evaluate.OUTPUT) / evaluate.EVALUATION_FILE
        evaluation = Evaluation.model_validate_json(written.read_bytes())
    return Version(number, since, evaluation.promise, predictor)


def promises(served_by: Sequence[Version]) -> dict[int, Promise | None]:
    """Return the promise of each version."""
    return {each.number: each.promise for each in served_by}


def served(given: Plant, served_by: Sequence[Version], rows: Rows | None = None) -> Grid:
    """Return a plant's rows, or others in their place, each predicted by the version that served then."""
    rows = given.rows if rows is None else rows
    seconds = rows.times.astype("datetime64[s]").astype(np.int64)
    first = seconds[0] // 86_400 * 86_400 - 86_400
    place = (seconds - first) // (STEP * 60)
    count = int(place[-1]) + 1 + 24 * 4
    times = (first + np.arange(count) * STEP * 60).astype("datetime64[s]")

    def spread(values: Floats) -> Floats:
        found = np.full(count, np.nan)
        found[place] = values
        return found

    which = np.searchsorted([each.since for each in served_by], times, side="right")
    said = {name: np.full(count, np.nan) for name in ("power_ac", "p10", "p90")}
    for each in served_by:
        own = which == each.number
        prediction = each.predictor.predict(rows)
        for name, values in said.items():
            values[own] = spread(getattr(prediction, name))[own]
    local = pd.DatetimeIndex(times).tz_localize("UTC").tz_convert(tzinfo_of(given.site.timezone))
    return Grid(
        given.site,
        times,
        np.array(local.date),
        {name: spread(values) for name, values in rows.weather.items()},
        spread(rows.power_ac),
        said["power_ac"],
        said["p10"],
        said["p90"],
        which,
        promises(served_by),
    )


def scores(
    grid: Grid, power: Floats | None = None, since: date = date.min, until: date = date.max
) -> list[DayScore]:
    """Score the local days that a version served from their beginning, with other power if given."""
    power = grid.power if power is None else power
    yesterday = np.concatenate([np.full(96, np.nan), power[:-96]])
    found = []
    for rows in days(grid):
        day, number = grid.day[rows][0], int(grid.version[rows][0])
        if not since <= day <= until or number == 0 or not np.isfinite(power[rows]).any():
            continue
        centres = grid.times[rows] + np.timedelta64(STEP * 30, "s")
        given = DayRows(
            times=grid.times[rows],
            weather={name: values[rows] for name, values in grid.weather.items()},
            sun=position(ephemeris(centres), grid.site.latitude, grid.site.longitude),
            predicted=grid.predicted[rows],
            p10=grid.p10[rows],
            p90=grid.p90[rows],
            power_ac=power[rows],
            power_ac_24h_ago=yesterday[rows],
        )
        capacity = grid.site.ac_capacity_kw
        found.append(
            score_day(
                grid.site.site_id, day, number, given, capacity_kw=capacity, step_minutes=STEP
            )
        )
    return found


def days(grid: Grid) -> Iterator[slice]:
    """Yield the rows of each local day."""
    edges = np.flatnonzero(np.append(True, grid.day[1:] != grid.day[:-1])).tolist()
    for start, end in zip(edges, [*edges[1:], len(grid.day)], strict=True):
        yield slice(start, end)


def show_healthy(name: str, found: list[DayScore], promised: dict[int, Promise | None]) -> None:
    """Print how often days without a made-up fault are called worse."""
    scored = sum(each.state == "scored" for each in found)
    alarms = false_alarms(found, promised)
    said = f": {'; '.join(alarms)}" if alarms else ""
    print(
        f"  healthy, trained {name}: {len(alarms)} alarms in {scored} scored days{said}", flush=True
    )


def false_alarms(found: list[DayScore], promised: dict[int, Promise | None]) -> list[str]:
    """Return in words what healthy days are said to be."""
    alarms, last = [], "fine"
    for day, verdict in verdicts(found, promised):
        if verdict.status in {"degraded", "data_fault"} and verdict.status != last:
            alarms.append(f"{day} {verdict.cause} ({verdict.why.partition(' since')[0]})")
        last = verdict.status
    return alarms


Change = Callable[[Floats, int], Floats]


def show_found(name: str, grid: Grid, change: Change, within: int) -> None:
    """Print from how many of the start days on a lasting change is found in time, and what it is called.

    A day tells where its level is sure: no snow on the array, no overcast sky, rows that agree.
    """
    outcomes = list(each_start(grid, change, within))
    found = [each for each in outcomes if each.verdict is not None]
    in_time = [each.delay for each in found if each.delay <= within]
    told = [each for each in found if each.telling <= within]
    causes = pd.Series([each.verdict.cause for each in found if each.verdict], dtype=str)
    usual = f"{np.median(in_time):.0f}" if in_time else "-"
    print(
        f"  {name}: found within {within} scored days from {len(in_time)} of {len(outcomes)} start days "
        f"(median {usual}), within {within} days that tell from {len(told)}; "
        f"called {causes.value_counts().to_dict()}",
        flush=True,
    )


@dataclass(frozen=True)
class Outcome:
    """After how many scored days, and days that tell, a change is found, and what is said then."""

    delay: int = 0
    telling: int = 0
    verdict: Verdict | None = None


def each_start(grid: Grid, change: Change, within: int) -> Iterator[Outcome]:
    """Yield the outcome for each start day."""
    healthy = scores(grid)
    told = dict(verdicts(healthy, grid.promises))
    scored = [each.day for each in healthy if each.state == "scored"]
    for place in range(LEAST_LED, len(scored) - within, EVERY):
        if told[scored[place - 1]].status != "fine":
            continue
        start, end = scored[place], scored[min(place + 4 * within, len(scored)) - 1]
        row = int(np.argmax(grid.day >= start))
        power = np.concatenate([grid.power[:row], change(grid.power, row)[row:]])
        changed = scores(grid, power, start, end)
        before = [each for each in healthy if each.day < start][-LED:]
        yield outcome([*before, *changed], start, grid.promises)


def outcome(found: Sequence[DayScore], start: date, promised: dict[int, Promise | None]) -> Outcome:
    """Return when a change from a day on is found."""
    for day, verdict in verdicts(found, promised):
        if day >= start and verdict.status in {"degraded", "data_fault"}:
            since = [each for each in found if start <= each.day <= day]
            return Outcome(
                sum(each.state == "scored" for each in since),
                sum(level_of(each) is not None for each in since),
                verdict,
            )
    return Outcome()


@dataclass(frozen=True)
class Named:
    """In how many months a fault was named, after how many days each, and where a retrain was advised."""

    months: int
    delays: tuple[int, ...]
    retrains: int


def show_fault(
    name: str,
    grid: Grid,
    change: Change | None,
    expected: set[str],
    faulty: Grid | None = None,
) -> None:
    """Print how often a fault of a month is named, and that it starts no retrain."""
    found = named(grid, change, expected, faulty)
    usual = f"{np.median(found.delays) + 1:.0f}" if found.delays else "-"
    print(
        f"  {name}: named in {len(found.delays)} of {found.months} months (median after {usual} days), "
        f"a retrain advised in {found.retrains}",
        flush=True,
    )


def named(
    grid: Grid, change: Change | None, expected: set[str], faulty: Grid | None = None
) -> Named:
    """Return in how many of the months from many a day on a fault is named, and a retrain advised.

    Parameters
    ----------
    change
        What the fault makes of the power; None where it is one of the weather, as `faulty` has it.
    """
    healthy = scores(grid)
    after = healthy if faulty is None else scores(faulty)
    if change is not None:
        after = scores(grid, change(grid.power, 0))
    known = [each.day for each in healthy]
    months = retrains = 0
    delays: list[int] = []
    for place in range(LEAST_LED, len(known) - 30, 3 * EVERY):
        start, end = known[place], known[place + 30]
        before = [each for each in healthy if each.day < start][-LED:]
        month = [each for each in after if start <= each.day <= end]
        said = [
            verdict for day, verdict in verdicts([*before, *month], grid.promises) if day >= start
        ]
        months += 1
        delays += [number for number, verdict in enumerate(said) if verdict.cause in expected][:1]
        retrains += any(verdict.retrain_helps for verdict in said)
    return Named(months, tuple(delays), retrains)


def curtailed(power: Floats, _: int) -> Floats:
    """Return power that a limit holds below 40 % of the highest."""
    return np.minimum(power, 0.4 * np.nanquantile(power, 0.999))


def soiled(power: Floats, row: int) -> Floats:
    """Return power that loses 15 % within 60 days from a row on."""
    since = np.arange(len(power)) - row
    return power * (1 - 0.15 * np.clip(since / (60 * 24 * 60 / STEP), 0, 1))


def stuck(given: Plant, served_by: Sequence[Version]) -> Grid:
    """Return the rows as predicted from a pyranometer that stays at one value."""
    return with_ghi(given, served_by, lambda ghi: np.full(len(ghi), np.nanquantile(ghi, 0.8)))


def dimmed(given: Plant, served_by: Sequence[Version], part: float) -> Grid:
    """Return the rows as predicted from a pyranometer that shows a part of the irradiance."""
    return with_ghi(given, served_by, lambda ghi: ghi * part)


def with_ghi(
    given: Plant, served_by: Sequence[Version], change: Callable[[Floats], Floats]
) -> Grid:
    """Return the rows as predicted from another irradiance."""
    weather = {**given.rows.weather, "ghi": change(given.rows.weather["ghi"])}
    return served(given, served_by, replace(given.rows, weather=weather))


def show_adjuster(plants: Sequence[Plant]) -> None:
    """Print R2 with and without the adjuster on the last fifth of each plant's time.

    Beside it, what a gain could bring at most that knew the week around each day, the day itself included.
    """
    print("\nadjuster on the last fifth: R2 without, with, difference; difference with hindsight")
    gained, possible = [], []
    for each in plants:
        first, last = each.rows.times[0], each.rows.times[-1]
        cut = (first + (last - first) * 0.8).astype("M8[D]").astype("M8[s]") + DAY
        served_by = replace(version(each, 1, last + DAY), since=cut)
        plain, better, best = with_and_without(served(each, [served_by]), served_by)
        gained.append(better - plain)
        possible.append(best - plain)
        print(
            f"  {each.site.site_id:>12} {plain:.4f} {better:.4f} {gained[-1]:+.4f}; {possible[-1]:+.4f}",
            flush=True,
        )
    mean = (
        f"{np.mean(gained):+.4f}, least {min(gained):+.4f}; with hindsight {np.mean(possible):+.4f}"
    )
    print(f"  {'mean':>12} {mean}")


def with_and_without(grid: Grid, served_by: Version) -> tuple[float, float, float]:
    """Return R2 on the days without a doubt: of the prediction, adjusted, and adjusted with hindsight."""
    found = scores(grid)
    gains = {each.day: gain(found, each.day).value for each in found}
    highest = served_by.predictor.card.cap * grid.site.ac_capacity_kw
    clean = {each.day for each in found if each.state == "scored" and not each.masked}
    rows = np.isfinite(grid.power) & np.isfinite(grid.predicted) & (grid.version > 0)
    rows &= np.array([day in clean for day in grid.day])
    measured = np.maximum(grid.power[rows], 0.0)
    spread = np.square(measured - measured.mean()).sum()

    def r2(predicted: Floats) -> float:
        return float(1 - np.square(measured - predicted[rows]).sum() / spread)

    def adjusted(by_day: dict[date, float]) -> float:
        factor = np.array([by_day.get(day, 1.0) for day in grid.day])
        return r2(np.minimum(grid.predicted * factor, highest))

    return r2(grid.predicted), adjusted(gains), adjusted(with_hindsight(grid, rows))


def with_hindsight(grid: Grid, rows: np.ndarray) -> dict[date, float]:
    """Return the gain of least squares over the week around each day."""
    measured, predicted = np.maximum(grid.power, 0.0), grid.predicted
    found = {}
    for day in np.unique(grid.day[rows]):
        week = rows & (np.abs(grid.day - day) <= timedelta(days=3))
        found[day] = float((measured[week] * predicted[week]).sum() / (predicted[week] ** 2).sum())
    return found


if __name__ == "__main__":
    main()
