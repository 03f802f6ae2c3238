"""Figures of accuracy are published for each model, and among those of all models."""

from __future__ import annotations

import json
import logging

import pytest
from aws_lambda_powertools import Metrics

from services.trainer_trigger.adapters.measures import PowertoolsMeasures


def test_a_figure_has_a_line_of_its_own_for_each_model(
    capsys: pytest.CaptureFixture[str],
) -> None:
    metrics = Metrics(namespace="Solar", service="trainer_trigger")
    measures = PowertoolsMeasures(metrics, logging.getLogger("x"))  # type: ignore[arg-type]
    measures.figure("EvaluationR2", 0.97, "golden")
    metrics.flush_metrics()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = {frozenset(each["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0]) for each in lines}
    assert frozenset({"service"}) in found
    assert frozenset({"service", "model_id"}) in found
    assert {each.get("model_id") for each in lines} == {"golden", None}
