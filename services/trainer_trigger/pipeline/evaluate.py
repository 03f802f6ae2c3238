"""Evaluate: challenger, champion and baselines on the same test rows, a verdict, and a report."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.trainer_trigger.pipeline.data.site_validation import Validation
from services.trainer_trigger.pipeline.data.site_validation import read as read_validation
from services.trainer_trigger.pipeline.failure import RunFailedError
from services.trainer_trigger.pipeline.judging import by_lead, promise, reference, scoring
from services.trainer_trigger.pipeline.judging.champion import (
    ARCHIVE,
    Asked,
    Rival,
    ServedModel,
    meet,
    read_champion,
)
from services.trainer_trigger.pipeline.judging.leaks import leaks, leaks_of_forecasts
from services.trainer_trigger.pipeline.judging.result import Result
from services.trainer_trigger.pipeline.judging.scoring import ScoredRows
from services.trainer_trigger.pipeline.judging.verdict import Findings, judge, not_compared
from services.trainer_trigger.pipeline.models.site_days import SiteDays
from services.trainer_trigger.pipeline.preprocess import DATASET_FILE, MASKED
from services.trainer_trigger.pipeline.reporting import report
from shared.container import ContainerSettings
from shared.dataset import Dataset
from shared.evaluation import (
    Baselines,
    Evaluation,
    ForecastScores,
    HiddenScores,
    ModelScores,
    RowCounts,
    Scores,
)
from shared.solar import artifact, hidden, issues, metrics
from shared.solar import rows as solar_rows
from shared.solar.artifact import ModelCard
from shared.solar.position import Floats
from shared.solar.predictor import Prediction, Predictor

MODEL = "/opt/ml/processing/input/model"
TEST = "/opt/ml/processing/input/test"
REPORT = "/opt/ml/processing/input/report"
CHAMPION = "/opt/ml/processing/input/champion"
OUTPUT = "/opt/ml/processing/output/evaluation"
EVALUATION_FILE = "evaluation.json"


def run(container: ContainerSettings, arguments: Sequence[str]) -> None:
    """Read the container's inputs; write `evaluation.json`, `report.html` and `reference.json`."""
    parser = argparse.ArgumentParser(prog="evaluate")
    parser.add_argument("--accuracy-threshold", type=float, required=True)
    given = parser.parse_args(arguments)
    described = container.path(REPORT)
    dataset = Dataset.model_validate_json((described / DATASET_FILE).read_bytes())
    archive = container.path(MODEL) / ARCHIVE
    challenger = Predictor(artifact.load_tar(archive))
    rows = solar_rows.together(list(solar_rows.SiteFiles(container.path(TEST))))
    result = evaluate(
        challenger=challenger,
        champion=read_champion(container.path(CHAMPION)),
        rows=rows,
        masked=list(solar_rows.SiteFiles(described / MASKED)),
        dataset=dataset,
        validation=read_validation(described, dataset),
        accuracy_threshold=given.accuracy_threshold,
        earlier=promise.days_of_training(archive),
    )
    output = container.path(OUTPUT)
    output.mkdir(parents=True, exist_ok=True)
    write_evaluation(result.evaluation, output / EVALUATION_FILE)
    reference.write(challenger, rows, output)
    report.write(result, dataset.margins, output)
    said = "; ".join(result.evaluation.reasons)
    print(f"evaluate: {result.evaluation.verdict}: {said}")


def write_evaluation(evaluation: Evaluation, path: Path) -> None:
    """Write `evaluation.json`; every number in it is finite, as JSON demands."""
    content = json.dumps(evaluation.model_dump(mode="json"), indent=2, allow_nan=False)
    path.write_text(content + "\n", encoding="utf-8")


def evaluate(
    *,
    challenger: Predictor,
    champion: ServedModel,
    rows: solar_rows.Rows,
    masked: Sequence[solar_rows.Rows],
    dataset: Dataset,
    validation: Validation,
    accuracy_threshold: float,
    earlier: SiteDays | None = None,
) -> Result:
    """Score, compare and judge a challenger.

    Parameters
    ----------
    masked
        What checks masked in the test time; it counts in nothing but the unmasked score.
    earlier
        Days of the training time that followed a fit; they too say what a day will be like.

    Raises
    ------
    RunFailedError
        The rows are of another dataset, or their power never changes.
    """
    card = challenger.card
    _refuse_other_dataset(card, dataset)
    judged = _judged(rows, dataset, card.best_first)
    test = scoring.describe(rows.take(judged), card.recipe)
    _refuse_constant_power(test)
    said = challenger.predict(rows)
    predicted = said.take(judged)
    share, p10, p90 = (
        each / test.capacity for each in (predicted.power_ac, predicted.p10, predicted.p90)
    )
    rival = meet(champion, card, test, share, Asked(rows, judged))
    against = scoring.score_baselines(test, share, card.seed)
    findings = Findings(
        accuracy_threshold=accuracy_threshold,
        challenger=_score_challenger(challenger, test, share, _unmasked(rows, masked), dataset),
        skill=against.skill,
        trained_on=card.train_window,
        tested_on=validation.test_window,
        compared=rival.compared,
        champion_version=champion.version,
        champion_note=rival.note,
        margins=dataset.margins,
        validation=validation,
        sites=dataset.sites,
        leaks=(*leaks(test, card.train_window), *leaks_of_forecasts(rows, validation)),
        forecast=_score_forecasts(challenger, rows, said, judged, dataset),
    )
    inside = _coverage(test, predicted)
    days = promise.days_of_test(test, share, card.recipe) + (earlier or SiteDays.none())
    evaluation = _evaluation(
        card, findings, test, rival=rival, baselines=against.baselines, coverage=inside
    ).model_copy(
        update={
            "promise": promise.promise(days),
            "hidden": () if rows.are_forecast else tuple(_score_hidden(challenger, test)),
        }
    )
    return Result(evaluation, validation, test, share, p10, p90, rival.share)


def _refuse_other_dataset(card: ModelCard, dataset: Dataset) -> None:
    if card.dataset_id != dataset.dataset_id:
        raise RunFailedError(
            f"the model was trained on dataset {card.dataset_id}, the test rows are of {dataset.dataset_id}",
            "start a retrain; the run's folder holds files of two runs",
        )


def _refuse_constant_power(test: ScoredRows) -> None:
    """Refuse power that never changes; by night it does not, and the verdict says that these are nights."""
    if test.daylight.any() and np.ptp(test.rows.power_ac) == 0:
        raise RunFailedError(
            f"the power never changes in the {len(test.rows)} test rows, so nothing can be scored",
            "see whether the plant or its meter was off; upload newer data and start a retrain",
        )


def _score_hidden(challenger: Predictor, test: ScoredRows) -> Iterator[HiddenScores]:
    """Score a challenger with each input hidden in turn, the worst first."""
    found = []
    for name, members in hidden.groups(challenger.card.recipe).items():
        said = challenger.predict(hidden.hide(test.rows, members))
        scores = metrics.scores(test.share, said.power_ac / test.capacity)
        coverage = _coverage(test, said)
        if scores is not None and coverage is not None:
            found.append(HiddenScores(name=name, coverage=coverage, **scores.model_dump()))
    yield from sorted(found, key=lambda each: (-each.nmae, each.name))


def _judged(
    rows: solar_rows.Rows, dataset: Dataset, best_first: Sequence[str]
) -> NDArray[Any] | slice:
    """Return which rows are scored: all, or of forecasts one for each interval."""
    if not rows.are_forecast:
        return slice(None)
    return issues.nearest(rows, dataset.floor_lead, best_first)


def _score_forecasts(
    challenger: Predictor,
    rows: solar_rows.Rows,
    said: Prediction,
    judged: NDArray[Any] | slice,
    dataset: Dataset,
) -> ForecastScores | None:
    """Score every issue by its lead; None for a model of measured weather."""
    if not rows.are_forecast or isinstance(judged, slice):
        return None
    every = scoring.describe(rows, challenger.card.recipe)
    quantiles = challenger.quantiles(rows, by_lead.LEVELS) / every.capacity[:, None]
    forecast = by_lead.Forecast(every, said.power_ac / every.capacity, quantiles)
    return by_lead.score(forecast, judged, dataset.floor_lead).model_copy(
        update={"best_first": challenger.card.best_first}
    )


def _score_challenger(
    challenger: Predictor,
    test: ScoredRows,
    share: Floats,
    unmasked: Sequence[solar_rows.Rows],
    dataset: Dataset,
) -> ModelScores:
    """Score a challenger, also with the masked rows; where it looks at earlier rows also each row alone.

    Parameters
    ----------
    unmasked
        All measured rows, those that are masked too; none where nothing is masked.
    """
    scores = scoring.score_model(test, share)
    every = _score_unmasked(challenger, unmasked, dataset) or scores.all
    scores = scores.model_copy(update={"unmasked": every})
    if not challenger.card.recipe.earlier_sky:
        return scores
    each_alone = challenger.predict(test.rows, np.ones(len(test.rows), dtype=bool)).power_ac
    alone = metrics.scores(test.share, each_alone / test.capacity)
    return scores.model_copy(update={"alone": alone})


def _unmasked(
    rows: solar_rows.Rows, masked: Sequence[solar_rows.Rows]
) -> Sequence[solar_rows.Rows]:
    return [rows, *masked] if masked else []


def _score_unmasked(
    challenger: Predictor, unmasked: Sequence[solar_rows.Rows], dataset: Dataset
) -> Scores | None:
    """Score a challenger on every measured row of the sites that it serves; None where none was masked."""
    served = [part for part in unmasked if challenger.capacities.keys() >= set(part.sites)]
    if len(served) <= 1:
        return None
    rows = solar_rows.together(served)
    judged = _judged(rows, dataset, challenger.card.best_first)
    predicted = challenger.predict(rows).take(judged).power_ac
    rows = rows.take(judged)
    capacity = challenger.capacity(rows)
    return metrics.scores(rows.power_ac / capacity, predicted / capacity)


def _coverage(test: ScoredRows, predicted: Prediction) -> float | None:
    """Return the share of daylight rows between P10 and P90. [unitless]"""
    measured, lit = test.rows.power_ac, test.daylight
    within = (measured >= predicted.p10) & (measured <= predicted.p90)
    return float(within[lit].mean()) if lit.any() else None


def _evaluation(
    card: ModelCard,
    findings: Findings,
    test: ScoredRows,
    *,
    rival: Rival,
    baselines: Baselines,
    coverage: float | None,
) -> Evaluation:
    """Judge, and write the verdict down with the figures behind it."""
    judgement = judge(findings)
    masks = findings.validation.masks()
    return Evaluation(
        run_id=card.run_id,
        model_id=card.model_id,
        dataset_id=card.dataset_id,
        model_type=card.model_type,
        verdict=judgement.verdict,
        approval=judgement.approval,
        reasons=judgement.reasons,
        what_would_help=judgement.what_would_help,
        accuracy_threshold=findings.accuracy_threshold,
        train_window=findings.trained_on,
        test_window=findings.tested_on,
        forecast=findings.forecast,
        rows=RowCounts(train=card.train_rows, test=len(test.rows), masked=sum(masks.values())),
        masks=masks,
        challenger=findings.challenger,
        champion=rival.scores(test),
        champion_version=findings.champion_version,
        baselines=baselines,
        skill=findings.skill,
        comparison=rival.compared.comparison if rival.compared else None,
        not_compared=not_compared(findings),
        coverage_p10_p90=coverage,
        blend_weights=card.weights,
        rolling_r2=card.rolling_r2,
        corrected_clocks=tuple(
            name for name, site in sorted(findings.validation.sites.items()) if site.clock.corrected
        ),
    )
