"""Who destroys while a retrain is under way first ends it: AWS deletes no pipeline that runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.deploy import running
from infra.deploy.errors import DeployError


@dataclass
class Account:
    """Sequences and executions that end some looks after they were stopped."""

    kind: str = "local"
    region: str = "us-east-1"
    account_id: str = "123456789012"
    ends_after: int = 2
    left: dict[str, int] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)
    is_deployed: bool = True

    @property
    def pseudo_parameters(self) -> dict[str, str]:
        return {"AWS::Partition": "aws"}

    def client(self, _: str) -> Account:
        return self

    def get_paginator(self, operation: str) -> Account:
        self.operation = operation
        return self

    def paginate(self, **asked: str) -> list[dict[str, Any]]:
        if not self.is_deployed:
            code = "StateMachineDoesNotExist" if "stateMachineArn" in asked else "ResourceNotFound"
            raise ClientError({"Error": {"Code": code, "Message": "x"}}, self.operation)
        if "stateMachineArn" in asked:
            return [{"executions": [{"executionArn": each} for each in self._alive("sequence")]}]
        alive = self._alive(asked["PipelineName"])
        found = [
            {"PipelineExecutionArn": each, "PipelineExecutionStatus": "Executing"} for each in alive
        ]
        over = {"PipelineExecutionArn": "old", "PipelineExecutionStatus": "Succeeded"}
        return [{"PipelineExecutionSummaries": [*found, over]}]

    def _alive(self, kind: str) -> list[str]:
        for arn in [each for each in self.stopped if each in self.left]:
            self.left[arn] -= 1
            if self.left[arn] <= 0:
                del self.left[arn]
        return [arn for arn in self.left if arn.startswith(f"{kind}/")]

    def stop_execution(self, executionArn: str, cause: str) -> None:  # noqa: N803 - AWS's name
        self.stopped.append(executionArn)

    def stop_pipeline_execution(self, PipelineExecutionArn: str, ClientRequestToken: str) -> None:  # noqa: N803
        assert 32 <= len(ClientRequestToken) <= 128
        self.stopped.append(PipelineExecutionArn)


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.deploy.running.time.sleep", lambda _: None)


def account(*left: str, **more: Any) -> Any:
    return Account(left=dict.fromkeys(left, 3), **more)


SPOT = "solar-power-retraining-pipeline/1"
ON_DEMAND = "solar-power-retraining-pipeline-on-demand/2"


def test_everything_that_runs_is_stopped_once_and_waited_for() -> None:
    trial = account("sequence/a", SPOT, ON_DEMAND)
    running.stop(trial, str)
    assert sorted(trial.stopped) == sorted(["sequence/a", SPOT, ON_DEMAND])
    assert trial.left == {}


def test_where_nothing_is_deployed_nothing_is_stopped() -> None:
    trial = account(SPOT, is_deployed=False)
    running.stop(trial, str)
    assert trial.stopped == []


def test_what_does_not_end_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_LONGEST_SECONDS", 0.0)
    trial = Account(left={SPOT: 10**9})
    with pytest.raises(DeployError, match=f"these do not end: {SPOT}"):
        running.stop(trial, str)
