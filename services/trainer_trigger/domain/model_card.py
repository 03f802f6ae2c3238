"""What the registry's entry says of a version: dataset, windows, scores, masks, intervals, limits.

The card follows SageMaker's model package model card schema, which bounds every text and admits no other
member; the flat properties beside it are for those who search.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from services.trainer_trigger.domain.run import Run
from shared.evaluation import Evaluation, GroupScores, Scores, Window

_SHORT, _LONG = 1024, 2048  # characters that the schema takes
_PROPERTY = 256  # characters of a CustomerMetadataProperties value; of marks it takes only _.:/=+-@
_LIMITS = (
    "It knows the sites and seasons of its training window; others are extrapolated. Its inputs are "
    "weather, not earlier power, so that a fault of the plant does not show in it. Rows that a check masked "
    "or a person excluded were neither learnt nor tested. An input that is missing is estimated, and the "
    "answer says so."
)


@dataclass(frozen=True, slots=True)
class Card:
    """The card's content, and the flat properties of the registry's entry."""

    content: dict[str, Any]
    properties: dict[str, str]


def card_of(run: Run, evaluation: Evaluation, evaluation_uri: str, report_uri: str) -> Card:
    """Describe a registered version.

    Parameters
    ----------
    evaluation_uri, report_uri
        Where the whole evaluation and its report lie.
    """
    content = {
        "model_overview": {"model_creator": f"solar retraining, run {run.run_id}"},
        "intended_uses": {
            "purpose_of_model": f"Predict the AC power of model {run.model_id}'s plants from weather.",
            "intended_uses": "Forecasts and plausibility checks of the sites "
            + _text((each.name for each in evaluation.challenger.by_site), _SHORT, ", "),
            "factors_affecting_model_efficiency": _text(evaluation.what_would_help, _LONG),
        },
        "training_details": {
            "training_observations": _text(_observations(run, evaluation), _SHORT),
            "training_job_details": {
                "training_datasets": [f"dataset {run.dataset_id}"],
                "hyper_parameters": [{"name": "model_type", "value": run.model_type}],
            },
        },
        "evaluation_details": [
            {
                "name": "time-ordered test",
                "evaluation_observation": _text(evaluation.reasons, _LONG),
                "datasets": [report_uri, evaluation_uri],
                "metadata": {"tested": _span(evaluation.test_window)},
                "metric_groups": list(_groups(evaluation)),
            }
        ],
        "additional_information": {
            "caveats_and_recommendations": _LIMITS,
            "custom_details": _properties(evaluation),
        },
    }
    return Card(content, _properties(evaluation))


def _observations(run: Run, evaluation: Evaluation) -> Iterable[str]:
    rows = evaluation.rows
    yield f"Trained on {rows.train} rows of {run.files} files, {_span(evaluation.train_window)}"
    masked = ", ".join(f"{reason} {count}" for reason, count in evaluation.masks.items() if count)
    yield f"masked: {rows.masked} rows ({masked})" if masked else "no row was masked"
    if evaluation.blend_weights:
        yield "blend: " + ", ".join(
            f"{name} {weight:.2f}" for name, weight in evaluation.blend_weights.items()
        )


def _groups(evaluation: Evaluation) -> Iterable[dict[str, Any]]:
    found = evaluation.challenger
    yield _group("all hours", _scores(found.all))
    yield _group("daylight", _scores(found.daylight))
    if found.unmasked is not None:
        yield _group("every measured row", _scores(found.unmasked))
    skill = evaluation.skill.model_dump()
    coverage = {"coverage_p10_p90": evaluation.coverage_p10_p90}
    yield _group("skill against persistence, and intervals", dict(_ends_apart(skill | coverage)))
    for kind, parts in (("month", found.by_month), ("site", found.by_site), ("sky", found.by_sky)):
        yield _group(f"R2 by {kind}", _r2(parts))


def _ends_apart(
    values: Mapping[str, float | tuple[float, float] | None],
) -> Iterable[tuple[str, float | None]]:
    """Yield figures by name, the two ends of an interval apart: a metric of the schema is one number."""
    for name, value in values.items():
        if isinstance(value, tuple):
            yield f"{name}_low", value[0]
            yield f"{name}_high", value[1]
        else:
            yield name, value


def _group(name: str, values: Mapping[str, float | None]) -> dict[str, Any]:
    data = [
        {"name": key, "type": "number", "value": round(value, 6)}
        for key, value in values.items()
        if value is not None
    ]
    return {"name": name, "metric_data": data}


def _scores(scores: Scores) -> dict[str, float | None]:
    return {"r2": scores.r2, "nmae": scores.nmae, "nrmse": scores.nrmse, "mbe": scores.mbe}


def _r2(parts: Iterable[GroupScores]) -> dict[str, float | None]:
    return {part.name: part.r2 for part in parts}


def _properties(evaluation: Evaluation) -> dict[str, str]:
    found, coverage = evaluation.challenger, evaluation.coverage_p10_p90
    said = {
        "r2": _number(found.all.r2),
        "daylight_r2": _number(found.daylight.r2),
        "nmae": _number(found.all.nmae),
        "bias": _number(found.all.mbe),
        "coverage_p10_p90": _number(coverage),
        "trained": _span(evaluation.train_window),
        "tested": _span(evaluation.test_window),
        "train_rows": str(evaluation.rows.train),
        "test_rows": str(evaluation.rows.test),
        "masked_rows": str(evaluation.rows.masked),
    }
    return {name: value[:_PROPERTY] for name, value in said.items() if value}


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _span(window: Window) -> str:
    return f"{window.start:%Y-%m-%dT%H:%MZ} to {window.end:%Y-%m-%dT%H:%MZ}"


def _text(parts: Iterable[str], most: int, between: str = "; ") -> str:
    """Join texts as far as the schema takes them."""
    text = between.join(parts)
    return text if len(text) <= most else text[: most - 1] + "…"
