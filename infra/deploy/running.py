"""Ends retrains that are under way: AWS deletes no pipeline that has running executions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from infra.deploy.errors import DeployError
from infra.deploy.target import Target
from shared import names
from shared.aws import error_code

Say = Callable[[str], None]
_ABSENT = {"ResourceNotFound", "ValidationException", "StateMachineDoesNotExist"}
_LONGEST_SECONDS = 900.0


def stop(target: Target, say: Say) -> None:
    """Stop the sequences and the pipelines' executions, and wait until they have ended.

    Raises
    ------
    DeployError
        One did not end in a quarter of an hour.
    """
    end = time.monotonic() + _LONGEST_SECONDS
    asked: set[str] = set()
    while left := [*_sequences(target), *_executions(target)]:
        for arn, ask in left:
            if arn in asked:
                continue
            asked.add(arn)
            say(f"  stopping {arn.rpartition(':')[2]}")
            ask()
        if time.monotonic() > end:
            arns = ", ".join(arn for arn, _ in left)
            raise DeployError(f"these do not end: {arns}. Stop them by hand, then destroy again")
        time.sleep(0.5 if target.kind == "local" else 5.0)


def _sequences(target: Target) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield the running sequences first: each would start another step, or explain a failure."""
    steps = target.client("stepfunctions")
    machine = (
        f"arn:{target.pseudo_parameters['AWS::Partition']}:states:{target.region}:{target.account_id}:"
        f"stateMachine:{names.sequence()}"
    )
    try:
        pages = steps.get_paginator("list_executions").paginate(
            stateMachineArn=machine, statusFilter="RUNNING"
        )
        found = [each["executionArn"] for page in pages for each in page["executions"]]
    except ClientError as error:
        if error_code(error) not in _ABSENT:
            raise
        return
    for arn in found:
        yield arn, partial(steps.stop_execution, executionArn=arn, cause="destroyed")


def _executions(target: Target) -> Iterator[tuple[str, Callable[[], Any]]]:
    sagemaker = target.client("sagemaker")
    for pipeline in (names.pipeline(), names.on_demand_pipeline()):
        try:
            pages = sagemaker.get_paginator("list_pipeline_executions").paginate(
                PipelineName=pipeline, SortBy="CreationTime", SortOrder="Descending"
            )
            found = [
                each["PipelineExecutionArn"]
                for page in pages
                for each in page["PipelineExecutionSummaries"]
                if each["PipelineExecutionStatus"] in {"Executing", "Stopping"}
            ]
        except ClientError as error:
            if error_code(error) not in _ABSENT:
                raise
            continue
        for arn in found:
            token = f"destroy-{arn.rpartition('/')[2]:0>32}"
            yield (
                arn,
                partial(
                    sagemaker.stop_pipeline_execution,
                    PipelineExecutionArn=arn,
                    ClientRequestToken=token,
                ),
            )
