"""How fast a dataset becomes a judged model, beside a bare LightGBM fit of the same rows: `make bench-train`.

1, 10 and 100 sites of a year of 15-minute rows, made up. Preprocess and Train run in a process each, as in
the container, so that each peak of memory is its own.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import lightgbm as lgb

from shared.solar import features
from shared.solar import rows as solar_rows
from tests.unit.pipeline.datasets import Bench, frame, site

FLEETS = tuple(int(count) for count in os.environ.get("SITES", "1,10").split(","))
DAYS = 365
MODEL_TYPE = os.environ.get("MODEL_TYPE", "lightgbm")
_PEAK = "import resource,sys; from infra.image.entrypoint import main; code=main(sys.argv[1:]); "
_PEAK += "print('peak', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss); sys.exit(code)"


def main() -> None:
    """Print the figures of each fleet."""
    print(
        f"{'sites':>6}{'rows':>11}{'step':>24}{'seconds':>9}{'rows/s':>11}{'peak MB':>9}{'of bare':>9}"
    )
    for count in FLEETS:
        with tempfile.TemporaryDirectory() as folder:
            measure(count, Path(folder))


def measure(count: int, base: Path) -> None:
    """Print the figures of one fleet."""
    bench = Bench(base, sites=[site(f"site-{number}") for number in range(count)])
    for number, each in enumerate(bench.sites):
        bench.upload(frame(days=DAYS, seed=number + 1, noise=0.1), each.site_id)
    dataset = bench.freeze()
    rows = sum(file.rows for file in dataset.files)
    preprocessed = run("preprocess", base)
    bench.lay_out_training(MODEL_TYPE)
    trained = run("train", base)
    bare = bare_fit(bench)
    show(count, rows, "bare LightGBM, 400 rounds", (bare, 0.0), None)
    show(count, rows, "preprocess", preprocessed, bare)
    show(count, rows, f"train {MODEL_TYPE}", trained, bare)
    whole = preprocessed[0] + trained[0], max(preprocessed[1], trained[1])
    show(count, rows, "preprocess and train", whole, bare)


def run(verb: str, base: Path) -> tuple[float, float]:
    """Run a verb of the container; return its time and peak of memory. [s, MB]"""
    environment = os.environ | {"SAGEMAKER_BASE_DIR": str(base)}
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _PEAK, verb],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    taken = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    peak = float(done.stdout.split("peak ")[-1]) / 1024
    return taken, peak


def bare_fit(bench: Bench) -> float:
    """Return how long LightGBM alone takes for the same rows and features. [s]"""
    rows = solar_rows.read(bench.container.path("/opt/ml/input/data/train") / "rows.parquet")
    dataset = json.loads(bench.container.path("/opt/ml/input/data/report/dataset.json").read_text())
    plants = tuple(features.Plant.of(each) for each in bench.sites)
    recipe = features.recipe(rows, plants, dataset["step_minutes"])
    _, values, _ = features.compute(rows, recipe)
    settings = {"num_leaves": 31, "learning_rate": 0.05, "num_threads": 1, "verbosity": -1}
    began = time.perf_counter()
    lgb.train(settings, lgb.Dataset(values, rows.power_ac), num_boost_round=400)
    return time.perf_counter() - began


def show(count: int, rows: int, name: str, taken: tuple[float, float], bare: float | None) -> None:
    """Print one line."""
    seconds, peak = taken
    share = "" if bare is None else f"{bare / seconds:9.2f}"
    own = peak or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{count:6}{rows:11,}{name:>24}{seconds:9.2f}{rows / seconds:11,.0f}{own:9.0f}{share}",
        flush=True,
    )


if __name__ == "__main__":
    main()
