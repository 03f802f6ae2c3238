"""How far an honest successor is from the version that it replaces: what `endpoint.live_shift` must allow.

    DATA=<folder laid out as PVOD> .venv/bin/python -m bench.successors

On each plant an older network (of the first 65 % of the data) is replaced by one of all training data, and
that by `lightgbm`. For each test day, as shares of the energy that the replaced one predicts: how much
farther the successor is from the measured power, how far both are apart, and how often the rule takes it
back; the same for a faulty successor, which predicts half. Plants as in `make bench-peers`.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from bench import peers_plants
from bench.peers import cpu_of
from services.deployer.domain.real_rows import (
    DARK,
    LEAST_ENERGY,
    LEAST_LIT,
    MOST_ROWS,
    UNMEASURED,
    Question,
    SiteDay,
    Span,
    fault,
)
from services.deployer.domain.reference import Answer
from services.trainer_trigger.pipeline.train import HYPERPARAMETERS, MODEL
from shared.model_config import EndpointConfig
from shared.solar import artifact
from shared.solar.predictor import Predictor
from shared.solar.rows import Rows
from tests.unit.pipeline.datasets import Bench

OLDER = 0.65  # of the data, in the order of time
BOUND = EndpointConfig().live_shift
WEEK = 7  # days
EVERY = 2  # rows of a quarter of an hour: half-hours are asked


def main() -> None:
    """Print the farthest days of each plant and pair."""
    with tempfile.TemporaryDirectory() as folder:
        for name, bench in peers_plants.plants(Path(folder) / "all"):
            test = bench.preprocess().test
            bench.lay_out_training("neural_network")
            newer, other = trained(bench, "neural_network"), trained(bench, "lightgbm")
            older = trained(the_older(bench, Path(folder) / "older" / name), "neural_network")
            capacity = float(newer.capacity(test)[0])
            said = [each.predict(test).power_ac for each in (older, newer, other)]
            for pair, (before, after) in {
                "older network, network": (said[0], said[1]),
                "network, lightgbm": (said[1], said[2]),
                "network, half of it": (said[1], said[1] / 2),
            }.items():
                farther, apart, week, taken_back = np.array(days(test, before, after, capacity)).T
                print(
                    f"{name:10} {pair:23} {len(farther):4} days; farther from the measured power: "
                    f"95 % within {np.quantile(farther, 0.95):.3f}, at most {farther.max():.3f}; "
                    f"apart: at most {apart.max():.3f}, in a week {np.nanmax(week):.3f}; "
                    f"taken back {taken_back.sum():.0f}, without measured power {gross(apart, 'day')} days, "
                    f"{gross(week, 'week')} of {np.isfinite(week).sum()} weeks",
                    flush=True,
                )


def gross(apart: np.ndarray, span: Span) -> int:
    """Return how many successors are taken back for their distance alone."""
    return int((apart > UNMEASURED[span] * BOUND).sum())


def the_older(bench: Bench, base: Path) -> Bench:
    """Return the bench of the first part of a plant's data, ready to train."""
    made = Bench(base, sites=bench.sites)
    for file in bench.files:
        table = pd.read_parquet(bench.input / file.key).set_index("timestamp")
        made.upload(table.iloc[: int(len(table) * OLDER)], file.site_id)
    made.preprocess()
    made.lay_out_training("neural_network")
    return made


def trained(bench: Bench, model_type: str) -> Predictor:
    """Train as the training job does."""
    said = {"model_type": model_type, "run_id": "run-1"}
    bench.container.path(HYPERPARAMETERS).write_text(json.dumps(said))
    cpu_of([sys.executable, "-m", "infra.image.entrypoint", "train"], bench.base)
    return Predictor(artifact.load(bench.container.path(MODEL)))


def days(
    test: Rows, before: np.ndarray, after: np.ndarray, capacity: float
) -> list[tuple[float, float, float, bool]]:
    """Return of each test day how far `after` is off, and whether it is taken back.

    First how much farther from the measured power, then how far from `before`, on that day and in the week
    that ends with it (NaN for less than a week), as shares of the energy of `before`.
    """
    found, day = [], test.times.astype("datetime64[D]")
    for each in np.unique(day):
        rows = np.flatnonzero(day == each)[::EVERY]
        lit = lit_rows(rows, before, after, capacity)
        if len(lit) < LEAST_LIT or not np.isfinite(test.power_ac[lit]).all():
            continue
        energy = energy_of(before, lit, capacity)
        errors = [np.abs(power[lit] - test.power_ac[lit]).sum() for power in (after, before)]
        taken_back = fault(
            question(test, rows, before, capacity), Answer(2, tuple(after[rows])), BOUND
        )
        week = np.flatnonzero((day <= each) & (day > each - np.timedelta64(7, "D")))
        is_week = len(np.unique(day[week])) == WEEK
        week = lit_rows(week[:: -(-len(week) // MOST_ROWS)], before, after, capacity)
        found.append(
            (
                (errors[0] - errors[1]) / energy,
                np.abs(after[lit] - before[lit]).sum() / energy,
                np.abs(after[week] - before[week]).sum() / energy_of(before, week, capacity)
                if is_week
                else np.nan,
                taken_back is not None,
            )
        )
    return found


def lit_rows(
    rows: np.ndarray, before: np.ndarray, after: np.ndarray, capacity: float
) -> np.ndarray:
    """Return the rows for which one of both predicts more than nothing."""
    return rows[np.maximum(before[rows], after[rows]) > DARK * capacity]


def energy_of(before: np.ndarray, lit: np.ndarray, capacity: float) -> float:
    """Return the energy to which a distance is compared, as a sum of powers. [kW]"""
    return max(before[lit].sum(), LEAST_ENERGY * capacity * len(lit))


def question(test: Rows, rows: np.ndarray, before: np.ndarray, capacity: float) -> Question:
    """Return what a day's rows ask."""
    asked = tuple({"timestamp": str(each)} for each in test.times[rows])
    measured = tuple(float(each) if np.isfinite(each) else None for each in test.power_ac[rows])
    return Question(SiteDay("plant", capacity, asked, measured), tuple(before[rows]))


if __name__ == "__main__":
    main()
