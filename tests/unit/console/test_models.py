"""Runs and versions are found by what people type."""

from __future__ import annotations

from typing import Any

import pytest

from console.commands.models import find_run
from console.errors import ConsoleError
from tests.unit.console.systems import FakeSystem, system

__all__ = ["system"]  # the fixture


def run(run_id: str, model_id: str = "golden", version: int | None = None) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "model_id": model_id,
        "dataset_id": "d",
        "status": "registered" if version else "rejected",
        "started_at": "2026-11-24T07:19:00+00:00",
        "ended_at": "2026-11-24T07:24:30+00:00",
        "reasons": ["new data"],
        "evaluation_uri": None,
        "model_package_version": version,
        "cost_usd": 0.001,
        "failure": None,
    }


@pytest.fixture
def runs(system: FakeSystem) -> list[dict[str, Any]]:
    found = [
        run("2f15376cabcd-1"),
        run("2f15376cabcd-2", version=1),
        run("9f15376cabcd-1", version=2),
        run("8815376cabcd-1", "serf", version=3),
        run("7715376cabcd-1", "golden", version=3),
    ]
    system.answers["trainer_trigger", "runs"] = {"runs": found}
    return found


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2", "9f15376cabcd-1"),
        ("1", "2f15376cabcd-2"),
        ("88", "8815376cabcd-1"),
        ("2f15376cabcd-2", "2f15376cabcd-2"),
        ("2f15376c…-2", "2f15376cabcd-2"),
        ("2f-2", "2f15376cabcd-2"),
    ],
)
def test_a_number_is_a_version_first_and_then_the_beginning_of_a_run(
    written: str, meant: str
) -> None:
    assert find_run(written, None) == meant


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("3", "several models have a version 3: golden, serf; name one by --model"),
        ("2f", "fits several runs: 2f15376c…-1, 2f15376c…-2"),
        ("4", "no run or version '4'"),
    ],
)
def test_what_fits_none_or_several_is_said(written: str, says: str) -> None:
    with pytest.raises(ConsoleError, match=says):
        find_run(written, None)
