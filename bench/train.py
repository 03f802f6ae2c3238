"""How fast a dataset becomes a judged model, beside a bare LightGBM fit of the same rows: `make bench-train`.

1, 10 and 100 sites of a year of 15-minute rows, made up; SITES and MODEL_TYPE choose others. Every job runs
in a process of its own, as in the container, so that each peak of memory is its own. Memory is what a process
cannot give back (RssAnon); pages of files it can.

References of the same run: LightGBM alone on ready features, 400 rounds, without what starting and reading
take; and LightGBM on an Arrow table of the same features, for the memory of a fit from a file.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.memory import anonymous
from tests.unit.pipeline.datasets import Bench, frame, site

FLEETS = tuple(int(count) for count in os.environ.get("SITES", "1,10").split(","))
DAYS = 365
STEP = 15
MODEL_TYPE = os.environ.get("MODEL_TYPE", "lightgbm")
ROUNDS = 400
FEW_ROUNDS = 20  # memory is known after the first
SETTINGS = {"num_leaves": 31, "learning_rate": 0.05, "num_threads": 1, "verbosity": -1}
TABLE = "features.parquet"
_POWER = "power"
_TOOK = "fit took "


def main() -> None:
    """Print the figures of each fleet."""
    print(
        f"{'sites':>6}{'rows':>11}{'step':>34}{'seconds':>9}{'rows/s':>11}{'peak MB':>9}{'of ref.':>9}"
    )
    for count in FLEETS:
        with tempfile.TemporaryDirectory() as folder:
            measure(count, Path(folder))


def measure(count: int, base: Path) -> None:
    """Print the figures of one fleet."""
    bench = Bench(base, sites=[site(f"site-{number:03}") for number in range(count)])
    for number, each in enumerate(bench.sites):
        bench.upload(frame(days=DAYS, seed=number + 1, noise=0.1), each.site_id)
    rows = sum(file.rows for file in bench.freeze().files)

    def show(name: str, taken: tuple[float, float], share: float | None = None) -> None:
        seconds, peak = taken
        of = "" if share is None else f"{share:9.2f}"
        line = f"{count:6}{rows:11,}{name:>34}{seconds:9.2f}{rows / seconds:11,.0f}{peak:9.0f}{of}"
        print(line, flush=True)

    entrypoint = ("-m", "infra.image.entrypoint")
    preprocessed = run(base, *entrypoint, "preprocess")
    bench.lay_out_training(MODEL_TYPE)
    run(base, __file__, "table")
    bare = run(base, __file__, "bare", str(ROUNDS))
    from_arrow = run(base, __file__, "bare", str(FEW_ROUNDS))
    from_file = run(base, __file__, "file", str(FEW_ROUNDS))
    trained = run(base, *entrypoint, "train")
    bench.lay_out_evaluation()
    evaluated = run(base, *entrypoint, "evaluate", "--accuracy-threshold", "0.9")
    show(f"reference: LightGBM, {ROUNDS} rounds", bare)
    show("reference: fit of an Arrow table", from_arrow)
    show("fit from a file", from_file, from_file[1] / from_arrow[1])
    show("preprocess", preprocessed, bare[0] / preprocessed[0])
    show(f"train {MODEL_TYPE}", trained, bare[0] / trained[0])
    show("evaluate", evaluated, bare[0] / evaluated[0])
    jobs = (preprocessed, trained, evaluated)
    seconds, peak = sum(each[0] for each in jobs), max(each[1] for each in jobs)
    show("the whole chain", (seconds, peak), bare[0] / seconds)


def run(base: Path, *arguments: str) -> tuple[float, float]:
    """Run Python with arguments; return its time and its peak of memory. [s, MB]"""
    environment = os.environ | {"SAGEMAKER_BASE_DIR": str(base)}
    began, highest = time.perf_counter(), 0
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(
            [sys.executable, *arguments], env=environment, stdout=said, stderr=said
        )
        while child.poll() is None:
            highest = max(highest, anonymous(child.pid))
            time.sleep(0.005)
        taken = time.perf_counter() - began
        said.seek(0)
        text = said.read().decode()
    if child.returncode:
        raise RuntimeError(text[-2000:])
    if _TOOK in text:
        taken = float(text.split(_TOOK)[1])
    return taken, highest / 1024**2


def fit(what: str, base: Path, rounds: int) -> None:
    """Fit LightGBM, `bare` on an Arrow table or as Train does from a `file`; print how long it took. [s]"""
    import lightgbm as lgb  # noqa: PLC0415  only where it is measured

    if what == "bare":
        import pyarrow.parquet as pq  # noqa: PLC0415

        table = pq.read_table(base / TABLE)
        data = lgb.Dataset(table.drop_columns(_POWER), table[_POWER])
    else:
        found = gathered(base)
        data = lgb.Dataset(found.values, found.share)
    began = time.perf_counter()
    lgb.train(SETTINGS, data, num_boost_round=rounds)
    print(f"{_TOOK}{time.perf_counter() - began}")


def gathered(base: Path):  # noqa: ANN201  see `gather`
    """Return the examples that Train learns from, their features in a file."""
    from services.trainer_trigger.pipeline.models.examples import FeatureRoom, gather, survey  # noqa: PLC0415
    from shared.solar.recipe import Plant, recipe_of  # noqa: PLC0415
    from shared.solar.rows import SiteFiles  # noqa: PLC0415

    parts = SiteFiles(base / "input/data/train")
    plants = tuple(Plant.of(site(path.stem)) for path in sorted(parts.folder.iterdir()))
    recipe = recipe_of(parts, plants, STEP)
    return gather(parts, recipe, survey(parts, recipe), FeatureRoom(most_bytes=0), None).examples


def write_table(base: Path) -> None:
    """Write the features as Parquet."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    found = gathered(base)
    columns = {name: found.values[:, place] for place, name in enumerate(found.names)}
    pq.write_table(pa.table(columns | {_POWER: found.share}), base / TABLE)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    elif sys.argv[1] == "table":
        write_table(Path(os.environ["SAGEMAKER_BASE_DIR"]))
    else:
        fit(sys.argv[1], Path(os.environ["SAGEMAKER_BASE_DIR"]), int(sys.argv[2]))
