"""Train: rows become a model, its intervals and its card. The test rows are not here to be seen."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from services.trainer_trigger.pipeline.data.site_validation import Validation
from services.trainer_trigger.pipeline.data.site_validation import read as read_validation
from services.trainer_trigger.pipeline.failure import RunFailedError
from services.trainer_trigger.pipeline.models import hiding
from services.trainer_trigger.pipeline.models.base import Fit, Learnt
from services.trainer_trigger.pipeline.models.checkpoints import Checkpoints
from services.trainer_trigger.pipeline.models.examples import FeatureRoom, Gathered, gather, survey
from services.trainer_trigger.pipeline.models.folds import origin_of
from services.trainer_trigger.pipeline.models.registry import FITS, MOST_ROWS, SEE_EARLIER_SKY
from services.trainer_trigger.pipeline.models.site_days import SiteDays, summarise
from services.trainer_trigger.pipeline.preprocess import DATASET_FILE
from shared.container import ContainerSettings
from shared.dataset import Dataset
from shared.ids import content_id, sha256_hex
from shared.model_config import Inputs
from shared.settings import Settings
from shared.solar import artifact, features, intervals, metrics, spread
from shared.solar.artifact import Artifact, ModelCard
from shared.solar.intervals import Intervals
from shared.solar.position import Floats
from shared.solar.predictor import Predictor
from shared.solar.recipe import Plant, Recipe, recipe_of, unit
from shared.solar.rows import Rows, SiteFiles
from shared.solar.spread import Spread

HYPERPARAMETERS = "/opt/ml/input/config/hyperparameters.json"
TRAIN = "/opt/ml/input/data/train"
REPORT = "/opt/ml/input/data/report"
MODEL = "/opt/ml/model"
CHECKPOINTS = "/opt/ml/checkpoints"
_MB = 1024 * 1024


class TrainSettings(Settings):
    """What a job may be told of its instance."""

    train_memory_mb: Annotated[int, Field(ge=0)] = 512


@dataclass(frozen=True, slots=True)
class Trained:
    """A model, and its days on rows that a fit had not seen."""

    artifact: Artifact
    days: SiteDays


def run(container: ContainerSettings) -> None:
    """Read the container's channels and hyperparameters, and write the model."""
    given: dict[str, str] = json.loads(container.path(HYPERPARAMETERS).read_text("utf-8"))
    report = container.path(REPORT)
    dataset = Dataset.model_validate_json((report / DATASET_FILE).read_bytes())
    trained = train(
        SiteFiles(container.path(TRAIN)),
        dataset,
        read_validation(report, dataset),
        model_type=given["model_type"],
        run_id=given["run_id"],
        checkpoint_folder=container.path(CHECKPOINTS),
        memory=FeatureRoom(TrainSettings.from_environment().train_memory_mb * _MB),
    )
    artifact.write(trained.artifact, container.path(MODEL))
    trained.days.write(container.path(MODEL))


def train(
    parts: Collection[Rows],
    dataset: Dataset,
    validation: Validation,
    *,
    model_type: str,
    run_id: str,
    checkpoint_folder: Path,
    memory: FeatureRoom = FeatureRoom(),  # noqa: B008  frozen
) -> Trained:
    """Fit a model of a type on training rows.

    Parts of the training time take turns in stopping the fit; errors on rows after a fit calibrate the
    intervals.

    Parameters
    ----------
    parts
        Training rows, site by site; gone through several times.
    memory
        How much of the features stays in memory.

    Raises
    ------
    RunFailedError
        The model type is unknown.
    """
    fit = _fit_of(model_type, dataset.inputs)
    recipe = _recipe(parts, dataset, model_type)
    surveyed = survey(parts, recipe)
    gathered = gather(
        parts, recipe, surveyed, memory, MOST_ROWS.get(model_type), lead=dataset.floor_lead
    )
    names, seed, code = gathered.examples.names, dataset.seed(model_type), code_version()
    fingerprint = content_id(dataset.dataset_id, model_type, surveyed.rows, names, code)
    learnt = fit(gathered.examples, seed, Checkpoints(checkpoint_folder, fingerprint))
    _log(learnt, gathered, surveyed.cap)
    card = ModelCard(
        model_type=model_type,
        model_id=dataset.model_id,
        run_id=run_id,
        dataset_id=dataset.dataset_id,
        code_version=code,
        seed=seed,
        train_window=validation.train_window,
        train_rows=surveyed.rows,
        recipe=recipe,
        features=names,
        units={"power_ac": "kW", **{each.name: unit(each.name) for each in recipe.inputs}},
        cap=round(surveyed.cap, 4),
        night_below=surveyed.night_below,
        intervals=None if recipe.is_for_forecasts else _intervals(learnt, gathered, surveyed.cap),
        spread=_spread(learnt, gathered, surveyed.cap) if recipe.is_for_forecasts else None,
        best_first=_best_first(learnt, gathered, recipe),
        hashes={artifact.GRAPH: sha256_hex(learnt.graph)},
        weights=learnt.weights or {},
        rolling_r2=learnt.rolling_r2 or {},
    )
    made = Artifact(card=card, graph=learnt.graph)
    if not recipe.is_for_forecasts:
        own = Artifact(card=card.model_copy(deep=True), graph=learnt.graph)  # caches as it predicts
        wider = hiding.widening(parts, Predictor(own))
        made = Artifact(card=card.model_copy(update={"hidden": wider}), graph=learnt.graph)
    return Trained(
        made,
        _days(learnt, gathered, surveyed.cap, dataset.step_minutes),
    )


def _fit_of(model_type: str, inputs: Inputs) -> Fit:
    known = FITS[inputs]
    if model_type not in known:
        raise RunFailedError(
            f"model_type {model_type!r} is unknown", f"use one of {', '.join(sorted(known))}"
        )
    return known[model_type]


def _recipe(parts: Collection[Rows], dataset: Dataset, model_type: str) -> Recipe:
    plants = tuple(Plant.of(site) for site in dataset.sites)
    earlier_sky = model_type in SEE_EARLIER_SKY and dataset.inputs == "measured"
    return recipe_of(
        parts, plants, dataset.step_minutes, earlier_sky=earlier_sky, inputs_kind=dataset.inputs
    )


def _intervals(learnt: Learnt, gathered: Gathered, cap: float) -> Intervals:
    """Calibrate P10 and P90 by the errors on rows after a fit."""
    known = np.isfinite(learnt.later) & gathered.sunlit
    return intervals.calibrate(
        gathered.target[known],
        np.clip(learnt.later[known], 0.0, cap),
        gathered.cell[known],
        origin_of(gathered.examples.seconds)[known],
    )


def _spread(learnt: Learnt, gathered: Gathered, cap: float) -> Spread:
    """Calibrate the quantiles by rows after a fit; later fits are more like the last one and count more."""
    assert learnt.heads is not None  # noqa: S101  every model of forecasts says quantiles
    known = np.isfinite(learnt.later) & gathered.sunlit
    weight: Floats = origin_of(gathered.examples.seconds)[known].astype(float) + 1.0
    if gathered.examples.weight is not None:
        weight *= gathered.examples.weight[known]
    return spread.calibrate(
        gathered.target[known],
        np.clip(learnt.later[known], 0.0, cap),
        learnt.heads[known],
        gathered.bucket[known],
        weight,
    )


def _best_first(learnt: Learnt, gathered: Gathered, recipe: Recipe) -> tuple[str, ...]:
    """Return the providers by the mean absolute error on rows after a fit, unknown ones last."""
    known = np.isfinite(learnt.later) & gathered.sunlit
    error = np.abs(learnt.later - gathered.target)
    mean = {
        name: float(error[own].mean())
        if (own := known & (gathered.provider == place)).any()
        else np.inf
        for place, name in enumerate(recipe.providers)
    }
    return tuple(sorted(mean, key=lambda name: (mean[name], name)))


def _days(learnt: Learnt, gathered: Gathered, cap: float, step_minutes: int) -> SiteDays:
    """Return the days as fits predicted them that had not seen them, for the evaluation's promise.

    Rows that only followed a fit would promise too little: a fit of four months is off in the fifth, where
    the final one knows the same month of the year before.
    """
    counting = gathered.sunlit & gathered.judged
    unseen = np.where(counting, np.clip(learnt.unseen, 0.0, cap), np.nan)
    return summarise(gathered.days, gathered.target, unseen, step_minutes)


def _log(learnt: Learnt, gathered: Gathered, cap: float) -> None:
    """Print the scores on rows their fit had not seen, night included."""
    known = np.isfinite(learnt.unseen)
    actual = np.concatenate([gathered.target[known], gathered.dark])
    predicted = np.zeros(len(actual))
    predicted[: int(known.sum())] = np.clip(learnt.unseen[known], 0.0, cap)
    found = metrics.scores(actual, predicted)
    if found is not None and found.r2 is not None:
        # SageMaker reads these figures from the log by the pipeline's metric definitions.
        print(
            f"validation: length={learnt.length} validation_r2={found.r2:.5f} "
            f"validation_nmae={found.nmae:.5f}",
            flush=True,
        )
    if learnt.weights:
        print(f"validation: weights={learnt.weights} rolling_r2={learnt.rolling_r2}", flush=True)


def code_version() -> str:
    """Return a name for the code that computes features and fits: the same code has the same name."""
    here = Path(__file__).parent
    solar = Path(features.__file__).parent
    sources = sorted([*here.rglob("*.py"), *solar.glob("*.py")])
    return content_id([(path.name, sha256_hex(path.read_bytes())) for path in sources])[:12]
