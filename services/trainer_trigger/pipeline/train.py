"""Train: rows become a model, its intervals and its card. The test rows are not here to be seen."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.trainer_trigger.pipeline.candidates import (
    FITS,
    SEE_EARLIER_SKY,
    Examples,
    Learnt,
)
from services.trainer_trigger.pipeline.checkpoints import Checkpoints
from services.trainer_trigger.pipeline.failure import RunFailedError
from services.trainer_trigger.pipeline.folds import folds
from services.trainer_trigger.pipeline.preprocess import (
    DATASET_FILE,
    ROWS_FILE,
    VALIDATION_FILE,
)
from services.trainer_trigger.pipeline.validation import Validation
from shared.container import ContainerSettings
from shared.dataset import Dataset
from shared.ids import content_id, sha256_hex
from shared.solar import artifact, features, intervals, metrics, neighbours
from shared.solar import rows as solar_rows
from shared.solar.artifact import Artifact, ModelCard
from shared.solar.position import Floats, SolarPosition
from shared.solar.rows import Rows

HYPERPARAMETERS = "/opt/ml/input/config/hyperparameters.json"
TRAIN = "/opt/ml/input/data/train"
REPORT = "/opt/ml/input/data/report"
MODEL = "/opt/ml/model"
CHECKPOINTS = "/opt/ml/checkpoints"
_HIDDEN = 0.25  # share of days that learn to do without the sky of the hour before
_GENERATING = 0.01  # share of AC capacity
_LOWEST_NIGHT = -12.0  # degree
_DARKEST_GENERATING = 0.001  # share of generating rows that night may cut off


def run(container: ContainerSettings) -> None:
    """Read the container's channels and hyperparameters, and write the model."""
    given: dict[str, str] = json.loads(container.path(HYPERPARAMETERS).read_text("utf-8"))
    report = container.path(REPORT)
    dataset = Dataset.model_validate_json((report / DATASET_FILE).read_bytes())
    validation = Validation.model_validate_json((report / VALIDATION_FILE).read_bytes())
    rows = solar_rows.read(container.path(TRAIN) / ROWS_FILE)
    trained = train(
        rows,
        dataset,
        validation,
        model_type=given["model_type"],
        run_id=given["run_id"],
        checkpoint_folder=container.path(CHECKPOINTS),
    )
    artifact.write(trained, container.path(MODEL))


def train(
    rows: Rows,
    dataset: Dataset,
    validation: Validation,
    *,
    model_type: str,
    run_id: str,
    checkpoint_folder: Path,
) -> Artifact:
    """Fit a model of a type on training rows.

    Parts of the training time take turns in stopping the fit; errors on rows after a fit calibrate the
    intervals.

    Raises
    ------
    RunFailedError
        The model type is unknown.
    """
    if model_type not in FITS:
        raise RunFailedError(
            f"model_type {model_type!r} is unknown", f"use one of {', '.join(sorted(FITS))}"
        )
    plants = tuple(features.Plant.of(site) for site in dataset.sites)
    sees_earlier = model_type in SEE_EARLIER_SKY
    recipe = features.recipe(rows, plants, dataset.step_minutes, earlier_sky=sees_earlier)
    hidden = neighbours.hidden_days(rows, _HIDDEN) if sees_earlier else None
    names, values, sun = features.compute(rows, recipe, hidden)
    share = _share(rows, plants)
    cap = max(1.0, float(np.quantile(share, 0.999)))
    seed = dataset.seed(model_type)
    target = np.minimum(share, cap)
    seconds = rows.times.astype(np.int64)
    code = code_version()
    checkpoints = Checkpoints(
        checkpoint_folder, content_id(dataset.dataset_id, model_type, len(rows), names, code)
    )
    examples = Examples(values, target.astype(np.float32), folds(seconds), seconds, names)
    night_below = _night_below(share, sun)
    # Night is not learnt: the predictor knows it, and half of all rows would teach nothing else.
    lit = sun.elevation >= night_below
    learnt = FITS[model_type](examples.take(lit), seed, checkpoints)
    _log(learnt, target, cap, lit)
    known = np.isfinite(learnt.later) & (sun.up[lit] > 0)
    card = ModelCard(
        model_type=model_type,
        model_id=dataset.model_id,
        run_id=run_id,
        dataset_id=dataset.dataset_id,
        code_version=code,
        seed=seed,
        train_window=validation.train_window,
        train_rows=len(rows),
        recipe=recipe,
        features=names,
        units={"power_ac": "kW", **{each.name: features.unit(each.name) for each in recipe.inputs}},
        cap=round(cap, 4),
        night_below=night_below,
        intervals=intervals.calibrate(
            target[lit][known],
            np.clip(learnt.later[known], 0.0, cap),
            features.conditions(names, values, recipe, sun).cell[lit][known],
        ),
        hashes={artifact.GRAPH: sha256_hex(learnt.graph)},
        weights=learnt.weights or {},
        rolling_r2=learnt.rolling_r2 or {},
    )
    return Artifact(card=card, graph=learnt.graph)


def _log(learnt: Learnt, target: Floats, cap: float, lit: NDArray[np.bool_]) -> None:
    """Print the scores on rows their fit had not seen, night included."""
    known = np.isfinite(learnt.unseen)
    lit_known = np.zeros(len(target), dtype=bool)
    lit_known[lit] = known
    predicted = np.zeros(len(target))
    predicted[lit_known] = np.clip(learnt.unseen[known], 0.0, cap)
    counted = ~lit | lit_known
    found = metrics.scores(target[counted], predicted[counted])
    if found is not None and found.r2 is not None:
        # SageMaker reads these figures from the log by the pipeline's metric definitions.
        print(
            f"validation: length={learnt.length} validation_r2={found.r2:.5f} "
            f"validation_nmae={found.nmae:.5f}",
            flush=True,
        )
    if learnt.weights:
        print(f"validation: weights={learnt.weights} rolling_r2={learnt.rolling_r2}", flush=True)


def _share(rows: Rows, plants: tuple[features.Plant, ...]) -> Floats:
    capacity = np.array([features.find(plants, name).ac_capacity_kw for name in rows.sites])
    share: Floats = rows.power_ac / capacity[rows.site]
    return share


def _night_below(share: Floats, sun: SolarPosition) -> float:
    """Return the elevation below which nothing was generated; low where a clock runs wrong. [degree]"""
    elevation = sun.elevation[share > _GENERATING]
    if not len(elevation):
        return 0.0
    return round(
        float(np.clip(np.quantile(elevation, _DARKEST_GENERATING) - 1.0, _LOWEST_NIGHT, 0.0)), 2
    )


def code_version() -> str:
    """Return a name for the code that computes features and fits: the same code has the same name."""
    here = Path(__file__).parent
    solar = Path(features.__file__).parent
    sources = sorted([*here.glob("*.py"), *solar.glob("*.py")])
    return content_id([(path.name, sha256_hex(path.read_bytes())) for path in sources])[:12]
