"""AWS has no spot instance to give, after the story and on the same system: the retrain goes on on demand."""

from __future__ import annotations

from typing import Any

import pytest

from console.commands.runs import all_runs
from infra.local.home import Home
from tests.e2e.test_story import eventually, solar
from tests.integration.conftest import LocalPlatform

pytestmark = pytest.mark.e2e
PATIENCE = 300.0  # seconds for a whole retrain, also on a machine that does much else


def runs() -> list[dict[str, Any]]:
    return [each for each in all_runs() if each["model_id"] == "serf"]


def over(number: int) -> dict[str, Any]:
    """Wait until so many runs of the model are over; return the last of them."""

    def look() -> dict[str, Any] | None:
        found = runs()[:number]
        done = len(found) == number and found[-1]["status"] != "running"
        return found[-1] if done else None

    ended: dict[str, Any] = eventually(look, PATIENCE)
    return ended


def test_a_retrain_that_gets_no_spot_instance_goes_on_on_demand_and_says_why(
    system: LocalPlatform,
) -> None:
    before, scarce = len(runs()), Home(system.home).no_spot
    scarce.touch()
    try:
        solar("exclude", "serf-east", "2016-08-10", "2016-08-11", "--reason", "a dirty sensor")
        failed = over(before + 1)
        solar("retrain", "serf", "--force", "--reason", "again, spot instances or not")
        run = over(before + 2)
    finally:
        scarce.unlink()
    assert failed["status"] == "failed"
    assert "MaxWaitTimeExceeded" in failed["failure"]
    assert run["status"] in {"registered", "rejected"}, run["failure"]
    assert "it is trained on demand, because the attempt before failed" in run["reasons"]
    sagemaker = system.client("sagemaker")
    newest, other = [
        sagemaker.describe_training_job(TrainingJobName=each["TrainingJobName"])
        for each in sagemaker.list_training_jobs()["TrainingJobSummaries"][:2]
    ]
    assert (newest["TrainingJobStatus"], other["TrainingJobStatus"]) == ("Completed", "Stopped")
    assert not newest.get("EnableManagedSpotTraining")
    assert other["EnableManagedSpotTraining"]
    told = [str(each) for each in solar("notices", "--every", "--limit", "50")]
    assert any("MaxWaitTimeExceeded" in each or "No spot instance" in each for each in told)
