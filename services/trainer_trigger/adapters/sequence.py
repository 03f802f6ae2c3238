"""Executions of the retrain state machine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from services.trainer_trigger.domain.run import Run
from shared.aws import error_code

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

_GONE = {"ExecutionDoesNotExist", "StateMachineDoesNotExist"}


@dataclass(frozen=True, slots=True)
class StepFunctionsSequence:
    """Executions of the retrain state machine."""

    client: SFNClient
    account_id: str
    name: str

    def start(self, run: Run) -> None:
        """Start a run's execution; one that exists already is the same run, already started."""
        try:
            self.client.start_execution(
                stateMachineArn=self._arn("stateMachine"),
                name=run.execution,
                input=json.dumps({"model_id": run.model_id, "run_id": run.run_id}, sort_keys=True),
            )
        except ClientError as error:
            if error_code(error) != "ExecutionAlreadyExists":
                raise

    def status(self, run: Run) -> str | None:
        """Return the status of a run's execution, or None where there is no such execution."""
        try:
            return self.client.describe_execution(executionArn=self._execution(run))["status"]
        except ClientError as error:
            if error_code(error) in _GONE:
                return None
            raise

    def cause(self, run: Run) -> str:
        """Return why a run's execution ended, in the state machine's words; empty where it says nothing."""
        try:
            found = self.client.describe_execution(executionArn=self._execution(run))
        except ClientError as error:
            if error_code(error) in _GONE:
                return ""
            raise
        return ": ".join(filter(None, (found.get("error"), found.get("cause"))))

    def stop(self, run: Run, why: str) -> None:
        """Stop a run's execution; one that has ended stays as it ended."""
        try:
            self.client.stop_execution(
                executionArn=self._execution(run), error="Stopped", cause=why
            )
        except ClientError as error:
            if error_code(error) not in _GONE:
                raise

    def _execution(self, run: Run) -> str:
        return f"{self._arn('execution')}:{run.execution}"

    def _arn(self, kind: str) -> str:
        where = self.client.meta
        return (
            f"arn:{where.partition}:states:{where.region_name}:{self.account_id}:{kind}:{self.name}"
        )
