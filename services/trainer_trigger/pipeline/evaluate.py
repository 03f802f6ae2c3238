"""Evaluate: challenger, champion and baselines on the same test rows, a verdict, and a report."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.trainer_trigger.pipeline import reference, scoring
from services.trainer_trigger.pipeline.failure import RunFailedError
from services.trainer_trigger.pipeline.leaks import leaks
from services.trainer_trigger.pipeline.preprocess import DATASET_FILE
from services.trainer_trigger.pipeline.scoring import Compared, ScoredRows
from services.trainer_trigger.pipeline.validation import Validation
from services.trainer_trigger.pipeline.validation import read as read_validation
from services.trainer_trigger.pipeline.verdict import Findings, judge
from shared.container import ContainerSettings
from shared.dataset import Dataset
from shared.evaluation import Evaluation, ModelScores, Rows
from shared.solar import artifact, metrics
from shared.solar import rows as solar_rows
from shared.solar.artifact import InvalidArtifactError
from shared.solar.position import Floats
from shared.solar.predictor import Predictor

MODEL = "/opt/ml/processing/input/model"
TEST = "/opt/ml/processing/input/test"
REPORT = "/opt/ml/processing/input/report"
CHAMPION = "/opt/ml/processing/input/champion"
OUTPUT = "/opt/ml/processing/output/evaluation"
ARCHIVE = "model.tar.gz"
CHAMPION_FILE = "champion.json"
EVALUATION_FILE = "evaluation.json"


@dataclass(frozen=True, slots=True)
class Champion:
    """The model that serves now.

    Attributes
    ----------
    version
        Its version in the registry, or None where there is no champion.
    predictor
        None where there is no champion, or its files cannot be used.
    note
        Why its files cannot be used.
    """

    version: int | None = None
    predictor: Predictor | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """An evaluation, and the rows and predictions that the report draws.

    Attributes
    ----------
    challenger, p10, p90, champion
        Predicted power as a share of AC capacity; champion is NaN where it cannot predict. [unitless]
    """

    evaluation: Evaluation
    validation: Validation
    test: ScoredRows
    challenger: Floats
    p10: Floats
    p90: Floats
    champion: Floats | None


def run(container: ContainerSettings, arguments: Sequence[str]) -> None:
    """Read the container's inputs; write `evaluation.json`, `report.html` and `reference.json`."""
    parser = argparse.ArgumentParser(prog="evaluate")
    parser.add_argument("--accuracy-threshold", type=float, required=True)
    given = parser.parse_args(arguments)
    report = container.path(REPORT)
    dataset = Dataset.model_validate_json((report / DATASET_FILE).read_bytes())
    challenger = Predictor(artifact.load_tar(container.path(MODEL) / ARCHIVE))
    rows = solar_rows.together(list(solar_rows.SiteFiles(container.path(TEST))))
    result = evaluate(
        challenger=challenger,
        champion=read_champion(container.path(CHAMPION)),
        rows=rows,
        dataset=dataset,
        validation=read_validation(report, dataset),
        accuracy_threshold=given.accuracy_threshold,
    )
    output = container.path(OUTPUT)
    output.mkdir(parents=True, exist_ok=True)
    write_evaluation(result.evaluation, output / EVALUATION_FILE)
    reference.write(challenger, rows, output)
    from services.trainer_trigger.pipeline import report as page  # noqa: PLC0415  it draws what is decided here

    page.write(result, dataset.margins, output)
    said = "; ".join(result.evaluation.reasons)
    print(f"evaluate: {result.evaluation.verdict}: {said}")


def write_evaluation(evaluation: Evaluation, path: Path) -> None:
    """Write `evaluation.json`; every number in it is finite, as JSON demands."""
    content = json.dumps(evaluation.model_dump(mode="json"), indent=2, allow_nan=False)
    path.write_text(content + "\n", encoding="utf-8")


def read_champion(folder: Path) -> Champion:
    """Read which model serves now; a champion that cannot be used is a note, not a failure."""
    described = folder / CHAMPION_FILE
    if not described.is_file():
        raise RunFailedError(
            f"{CHAMPION_FILE} is missing in the run's folder",
            "start a retrain by `solar retrain`, which writes it",
        )
    version = json.loads(described.read_text("utf-8")).get("version")
    archive = folder / ARCHIVE
    if version is None:
        return Champion()
    if not archive.is_file():
        return Champion(version, note="its files are not in the run's folder")
    try:
        return Champion(version, Predictor(artifact.load_tar(archive)))
    except InvalidArtifactError as error:
        return Champion(version, note=str(error))


def evaluate(
    *,
    challenger: Predictor,
    champion: Champion,
    rows: solar_rows.Rows,
    dataset: Dataset,
    validation: Validation,
    accuracy_threshold: float,
) -> Result:
    """Score, compare and judge a challenger."""
    card = challenger.card
    if card.dataset_id != dataset.dataset_id:
        raise RunFailedError(
            f"the model was trained on dataset {card.dataset_id}, the test rows are of {dataset.dataset_id}",
            "start a retrain; the run's folder holds files of two runs",
        )
    if np.ptp(rows.power_ac) == 0:
        raise RunFailedError(
            f"the power never changes in the {len(rows)} test rows, so nothing can be scored",
            "see whether the plant or its meter was off; upload newer data and start a retrain",
        )
    test = scoring.describe(rows, card.recipe)
    predicted = challenger.predict(rows)
    share = predicted.power_ac / test.capacity
    rival, compared, note = _against_champion(test, share, challenger, champion)
    against = scoring.score_baselines(test, share, card.seed)
    scores = scoring.score_model(test, share)
    if card.recipe.earlier_sky:
        each_alone = challenger.predict(rows, np.ones(len(rows), dtype=bool)).power_ac
        alone = metrics.scores(test.share, each_alone / test.capacity)
        scores = scores.model_copy(update={"alone": alone})
    judgement = judge(
        Findings(
            accuracy_threshold=accuracy_threshold,
            challenger=scores,
            skill=against.skill,
            trained_on=card.train_window,
            tested_on=validation.test_window,
            compared=compared,
            champion_version=champion.version,
            champion_note=note,
            margins=dataset.margins,
            validation=validation,
            sites=dataset.sites,
            leaks=leaks(test, card.train_window),
        )
    )
    lit = test.daylight
    within = (rows.power_ac >= predicted.p10) & (rows.power_ac <= predicted.p90)
    evaluation = Evaluation(
        run_id=card.run_id,
        model_id=card.model_id,
        dataset_id=card.dataset_id,
        model_type=card.model_type,
        verdict=judgement.verdict,
        approval=judgement.approval,
        reasons=judgement.reasons,
        what_would_help=judgement.what_would_help,
        accuracy_threshold=accuracy_threshold,
        train_window=card.train_window,
        test_window=validation.test_window,
        rows=Rows(train=card.train_rows, test=len(rows), masked=sum(validation.masks().values())),
        masks=validation.masks(),
        challenger=scores,
        champion=_score_champion(test, rival),
        champion_version=champion.version,
        baselines=against.baselines,
        skill=against.skill,
        comparison=compared.comparison if compared else None,
        coverage_p10_p90=float(within[lit].mean()) if lit.any() else None,
        blend_weights=card.weights,
        rolling_r2=card.rolling_r2,
    )
    p10, p90 = predicted.p10 / test.capacity, predicted.p90 / test.capacity
    return Result(evaluation, validation, test, share, p10, p90, rival)


def _against_champion(
    test: ScoredRows, share: Floats, challenger: Predictor, champion: Champion
) -> tuple[Floats | None, Compared | None, str | None]:
    """Return the champion's predictions, the comparison, and why there is none."""
    if champion.predictor is None:
        return None, None, champion.note
    known = {plant.site_id for plant in champion.predictor.card.recipe.plants}
    common = np.array([name in known for name in test.rows.sites])[test.rows.site]
    rival = np.full(len(share), np.nan)
    if not common.any():
        return rival, None, "it serves none of these sites"
    try:
        said = champion.predictor.predict(_only_sites(test.rows, common)).power_ac
    except InvalidArtifactError as error:
        return None, None, str(error)
    rival[common] = said / test.capacity[common]
    ends = max(challenger.card.train_window.end, champion.predictor.card.train_window.end)
    after = test.rows.times >= np.datetime64(ends.astimezone(UTC).replace(tzinfo=None), "s")
    seed = challenger.card.seed
    compared = scoring.compare(test, share, rival, common & after, seed)
    return rival, compared, None


def _only_sites(rows: solar_rows.Rows, which: NDArray[np.bool_]) -> solar_rows.Rows:
    """Return rows without the sites that are not among them, which a model may not know."""
    taken = rows.take(which)
    present = np.unique(taken.site)
    return solar_rows.Rows(
        sites=tuple(rows.sites[place] for place in present),
        site=np.searchsorted(present, taken.site),
        times=taken.times,
        weather=taken.weather,
        power_ac=taken.power_ac,
        power_ac_24h_ago=taken.power_ac_24h_ago,
    )


def _score_champion(test: ScoredRows, rival: Floats | None) -> ModelScores | None:
    if rival is None or not np.isfinite(rival).all():
        return None
    return scoring.score_model(test, rival)
