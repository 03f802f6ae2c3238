"""Runs and versions are found by what people type."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from console.commands import live
from console.commands import runs as runs_module
from console.commands.runs import find_run, show_evaluation
from console.errors import ConsoleError
from shared.evaluation import Evaluation
from tests.unit.console.systems import FakeSystem, solar, system

__all__ = ["system"]  # the fixture


def run(run_id: str, model_id: str = "golden", version: int | None = None) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "model_id": model_id,
        "dataset_id": run_id.rpartition("-")[0],
        "files": 1,
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


@dataclass
class SageMaker:
    """A registry with one approved version, and an endpoint or none."""

    endpoint: tuple[str, str] | None

    def get_paginator(self, _: str) -> Any:
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{"ModelPackageSummaryList": [{"ModelPackageArn": "arn"}]}]

    def describe_model_package(self, **_: Any) -> dict[str, Any]:
        return {"ModelPackageVersion": 2, "ModelApprovalStatus": "Approved"}

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:  # noqa: N803 - boto3's
        assert EndpointName == "solar-golden"
        if self.endpoint is None:
            raise ClientError({"Error": {"Code": "ValidationException"}}, "DescribeEndpoint")
        status, configuration = self.endpoint
        return {"EndpointStatus": status, "EndpointConfigName": configuration}


@pytest.mark.parametrize(
    ("endpoint", "deployed"),
    [
        (("InService", "solar-golden-v2-0a1b2c3d"), True),
        (("Updating", "solar-golden-v2-0a1b2c3d"), True),
        (("InService", "solar-golden-v1-0a1b2c3d"), False),
        (("Failed", "solar-golden-v2-0a1b2c3d"), False),
        (("Creating", "solar-golden-v2-0a1b2c3d"), False),
        (None, False),
    ],
)
def test_a_version_is_deployed_only_if_an_endpoint_answers_with_it(
    system: FakeSystem,
    endpoint: tuple[str, str] | None,
    deployed: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    system.clients["sagemaker"] = SageMaker(endpoint)
    system.answers["trainer_trigger", "models"] = {"models": [{"model_id": "golden"}]}
    system.answers["deployer", "holds"] = {"holds": {}}
    system.answers["deployer", "by_function"] = {"by_function": {}}

    (found,) = json.loads(solar("models", "--json").stdout)

    assert found["deployed"] is deployed


def test_the_deployment_log_says_why_a_version_was_taken_back(system: FakeSystem) -> None:
    entry = {
        "version": 2,
        "previous": 1,
        "event": "rolled_back",
        "at": "2026-11-24T07:19:00+00:00",
        "reason": "at 2026-11-23T11:00:00Z it predicts 12 kW, the champion 60 kW",
    }
    system.answers["deployer", "deployments"] = {"deployments": {"golden": [entry]}}

    said = solar("deployments").stdout
    assert "rolled back" in said
    assert entry["reason"] in said
    assert json.loads(solar("deployments", "--json").stdout) == {"golden": [entry]}

    system.answers["deployer", "deployments"] = {"deployments": {}}
    assert "nothing was deployed yet" in solar("deployments").stdout


def test_without_an_endpoint_nothing_is_said_to_serve_now_but_the_past_stays(
    system: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = {"version": 2, "at": "2026-11-24T07:19:00+00:00", "run_id": "r-1", "dataset_id": "d"}
    system.answers["deployer", "served"] = {"served": {"golden": entry}}
    system.answers["deployer", "by_function"] = {"by_function": {}}
    system.clients["sagemaker"] = SageMaker(None)
    monkeypatch.setattr(live.log, "sites", lambda *_: [])

    assert "no endpoint now" in solar("served-at").stdout
    assert json.loads(solar("served-at", "--json").stdout) == {"golden": None}
    said = json.loads(solar("served-at", "2026-11-25", "--json").stdout)
    assert said == {"golden": entry | {"predicted": []}}


@pytest.mark.parametrize(
    ("looked_at_by", "says"),
    [
        ("2026-11-24T07:30:00+00:00", "looked at by 2026-11-24 07:30:00 UTC"),
        (None, "by the next sweep"),
    ],
)
def test_why_says_what_came_since_the_latest_decision(
    system: FakeSystem, looked_at_by: str | None, says: str
) -> None:
    decision = {
        "at": "2026-11-24T07:19:00+00:00",
        "outcome": "idle",
        "reasons": ["no accepted file yet"],
        "until": None,
        "verdicts": [],
    }
    waiting = {"files": 2, "rows": 66048, "looked_at_by": looked_at_by}
    system.answers["data_watcher", "sites"] = {"sites": []}
    system.answers["trainer_trigger", "models"] = {"models": [{"model_id": "golden"}]}
    system.answers["trainer_trigger", "decisions"] = {
        "decisions": {"golden": [decision]},
        "waiting": {"golden": waiting},
    }

    said = solar("why", "golden").output

    assert "Since then came 2 files of 66048 rows" in said
    assert says in said


def evaluated(**changes: Any) -> Evaluation:
    scores = {"r2": 0.96, "nmae": 0.03, "nrmse": 0.06, "mbe": 0.001, "n": 4000}
    span = {"start": "2024-01-01T00:00:00Z", "end": "2024-06-01T00:00:00Z"}
    said = {
        "run_id": "2f15376cabcd-1", "model_id": "golden", "dataset_id": "d", "model_type": "ridge",
        "verdict": "register", "approval": "person", "reasons": ["because"],
        "accuracy_threshold": 0.95, "train_window": span, "test_window": span,
        "rows": {"train": 1, "test": 1, "masked": 0}, "masks": {},
        "challenger": {"all": scores, "daylight": scores, "by_month": [], "by_site": []},
        "baselines": {"persistence_24h": None, "clear_sky_persistence": None},
    }  # fmt: skip
    return Evaluation.model_validate(said | changes)


COMPARED = {"delta_nmae": -0.004, "ci_low": -0.01, "ci_high": 0.0, "days": 30, "by_site": {}}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"champion_version": 2, "not_compared": "its files are gone"},
            "v2 serves but cannot be compared: its files are gone",
        ),
        ({"champion_version": 2}, "v2 serves but cannot be compared: see the reasons"),
        (
            {"champion_version": 2, "comparison": COMPARED},
            "against champion v2 on the same 30 days: no sure difference",
        ),
    ],
)
def test_a_report_says_what_became_of_the_comparison_with_what_serves(
    changes: dict[str, Any], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    show_evaluation(evaluated(**changes))
    assert said in " ".join(capsys.readouterr().out.split())


def test_where_nothing_serves_a_report_says_nothing_of_a_champion(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_evaluation(evaluated())
    assert "champion" not in capsys.readouterr().out


def test_a_report_says_the_score_with_the_masked_rows_where_the_evaluation_has_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_evaluation(evaluated())
    assert "masked" not in capsys.readouterr().out
    found = evaluated()
    unmasked = found.challenger.all.model_copy(update={"r2": 0.9123})
    challenger = found.challenger.model_copy(update={"unmasked": unmasked})
    show_evaluation(found.model_copy(update={"challenger": challenger}))
    assert "R² with masked rows 0.9123" in " ".join(capsys.readouterr().out.split())


def test_a_run_that_runs_says_so_instead_of_showing_a_report(system: FakeSystem) -> None:
    running = run("a1b2c3-1") | {"status": "running"}
    system.answers["trainer_trigger", "runs"] = {"runs": [running]}
    said = str(solar("report", "a1b2").exception)
    assert "run a1b2c3-1 of golden runs since 2026-11-24 07:19:00 UTC" in said
    assert "`solar watch a1b2c3-1`" in said


@pytest.mark.parametrize(
    ("scored", "said"),
    [
        (3, "Since it serves: R² 0.958, nMAE 2.1% of capacity over 3 site-days, as of "),
        (0, "How it does since"),
    ],
)
def test_a_saved_report_says_how_its_version_does_since(
    system: FakeSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scored: int, said: str
) -> None:
    page = b'<p id="since" class="soft">How it does since</p>'
    evaluation = SimpleNamespace(model_id="golden", model_dump=lambda **_: {})
    monkeypatch.setattr(runs_module, "evaluation_of", lambda _: evaluation)
    monkeypatch.setattr(runs_module.objects, "of_run", lambda *_: page)
    system.answers["trainer_trigger", "runs"] = {"runs": [run("a1b2c3-1", version=2)]}
    line = {"days": {"scored": scored}, "r2": 0.958, "nmae": 0.021}
    system.answers["deployer", "scorecard"] = {"total": [line]}
    file = tmp_path / "report.html"
    assert solar("report", "2", "--save", str(file), "--json").exit_code == 0
    assert said in file.read_text()
