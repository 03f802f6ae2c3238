"""How accurate `auto` is beside AutoGluon and FLAML, and at which cost: `make bench-peers`.

All get the same features of the same training rows, and are scored on the same last part of time, which
none has seen. The peers stand in an environment of their own that is made for the run and removed after it;
each fit is a process, whose CPU seconds count from its start.

DATA=folder reads plants as in PVOD (`bench/peers_plants.py`) instead of those of the locked packages.
PEERS=autogluon,flaml names the peers, SECONDS=60 is what each may take.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench import peers_plants
from scripts.setup import uv_environment
from services.trainer_trigger.pipeline.train import MODEL
from shared.dataset import Dataset
from shared.solar import artifact, features, metrics
from shared.solar.predictor import Predictor
from shared.solar.recipe import Plant, recipe_of
from shared.solar.rows import Rows
from tests.unit.pipeline.datasets import Bench, Prepared

HERE = Path(__file__).parent
SECONDS = int(os.environ.get("SECONDS", "60"))
PEERS = tuple(os.environ.get("PEERS", "autogluon,flaml").split(","))
OURS = "auto"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one method reached on one plant, and the CPU its process took. [unitless, s]"""

    r2: float
    cpu_seconds: float


def main() -> None:
    """Print the figures of each plant and their means."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        python = install(base / "peers")
        outcomes: dict[str, dict[str, Outcome]] = {}
        for name, bench in peers_plants.plants(base):
            outcomes[name] = outcomes_of(bench, base / name, python)
            show(name, outcomes[name])
        show("mean", mean(list(outcomes.values())))


def install(folder: Path) -> Path:
    """Make the peers' environment; return its interpreter."""
    venv.create(folder)
    python = folder / "bin/python"
    subprocess.run(
        [
            *(
                Path(sys.executable).with_name("uv"),
                "pip",
                "install",
                "--quiet",
                "--python",
                python,
            ),
            *("--require-hashes", "-r", HERE / "peers.txt"),
        ],
        check=True,
        env=uv_environment(os.environ, {}),
    )
    return python


def outcomes_of(bench: Bench, base: Path, python: Path) -> dict[str, Outcome]:
    """Return what each method reached on one plant."""
    dataset, found = bench.freeze(), bench.preprocess()
    outcomes = {OURS: ours(bench, dataset, found)}
    lit = write_tables(dataset, found, base)
    for peer in PEERS:
        said = base / f"{peer}.npy"
        cpu = cpu_of([python, HERE / "peers_fit.py", peer, base, said, SECONDS], base)
        predicted = np.zeros(len(found.test))
        predicted[lit] = np.clip(np.load(said), 0.0, None)
        outcomes[peer] = Outcome(r2(dataset, found.test, predicted), cpu)
    return outcomes


def ours(bench: Bench, dataset: Dataset, found: Prepared) -> Outcome:
    """Train `auto` as the training job does, and score what is served."""
    bench.lay_out_training(OURS)
    cpu = cpu_of([sys.executable, "-m", "infra.image.entrypoint", "train"], bench.base)
    predictor = Predictor(artifact.load(bench.container.path(MODEL)))
    predicted = predictor.predict(found.test).power_ac / predictor.capacity(found.test)
    return Outcome(r2(dataset, found.test, predicted), cpu)


def write_tables(dataset: Dataset, found: Prepared, base: Path) -> np.ndarray:
    """Write the features that `auto` learns from as Parquet; return which test rows are no night."""
    plants = tuple(Plant.of(site) for site in dataset.sites)
    recipe = recipe_of([found.train], plants, dataset.step_minutes, earlier_sky=True)
    base.mkdir(parents=True, exist_ok=True)
    lit = {}
    for part, rows in (("train", found.train), ("test", found.test)):
        names, values, sun = features.compute(rows, recipe)
        lit[part] = sun.up > 0
        columns = dict(zip(names, values[lit[part]].T, strict=True))
        columns["share"] = share(dataset, rows)[lit[part]]
        pq.write_table(pa.table(columns), base / f"{part}.parquet")
    return lit["test"]


def share(dataset: Dataset, rows: Rows) -> np.ndarray:
    """Return measured power as a share of AC capacity. [unitless]"""
    capacity = {site.site_id: site.ac_capacity_kw for site in dataset.sites}
    return rows.power_ac / np.array([capacity[name] for name in rows.sites])[rows.site]


def r2(dataset: Dataset, rows: Rows, predicted: np.ndarray) -> float:
    """Return the score on all test rows, night included. [unitless]"""
    found = metrics.scores(share(dataset, rows), predicted)
    assert found is not None
    assert found.r2 is not None
    return found.r2


def cpu_of(command: Sequence[str | Path | int], base: Path) -> float:
    """Run a command to its end; return the CPU seconds of it and all that it started. [s]"""
    log = base / "log.txt"
    environment = os.environ | {"SAGEMAKER_BASE_DIR": str(base), "PYTHONPATH": str(HERE.parent)}
    with log.open("wb") as written:
        process = subprocess.Popen(
            [str(word) for word in command], env=environment, stdout=written, stderr=written
        )
        _, status, used = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(log.read_text(errors="replace")[-2000:])
    return used.ru_utime + used.ru_stime


def mean(all_outcomes: Sequence[dict[str, Outcome]]) -> dict[str, Outcome]:
    """Return the mean over plants."""
    return {
        method: Outcome(
            float(np.mean([each[method].r2 for each in all_outcomes])),
            float(np.mean([each[method].cpu_seconds for each in all_outcomes])),
        )
        for method in all_outcomes[0]
    }


def show(name: str, outcomes: dict[str, Outcome]) -> None:
    """Print one line: R2 and CPU seconds of each, and which share of a peer's CPU ours took."""
    cells = [f"{name:>14}"]
    for method, outcome in outcomes.items():
        part = outcomes[OURS].cpu_seconds / outcome.cpu_seconds
        cells.append(f"{method:>12} {outcome.r2:.4f} {outcome.cpu_seconds:6.1f} s {part:5.2f}")
    print("".join(cells), flush=True)


if __name__ == "__main__":
    main()
