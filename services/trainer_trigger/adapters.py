"""The AWS side of the ports: the model registry, the pipeline, the state machine and the timer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import ClientError

from services.trainer_trigger.domain import Champion
from services.trainer_trigger.ports import InvalidCardError, Run, Step
from shared import layout
from shared.aws import S3Objects, SqsInbox, error_code
from shared.messages import EvaluationDue, SweepDue

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_stepfunctions import SFNClient

_GONE = {"ExecutionDoesNotExist", "StateMachineDoesNotExist"}


@dataclass(frozen=True, slots=True)
class SageMakerRegistry:
    """The model registry: one group per model, one package per version."""

    client: SageMakerClient
    objects: S3Objects

    def approved(self, model_id: str) -> Iterator[Champion]:
        """Yield the approved versions, newest first; a barred one is rejected in the registry."""
        pages = self.client.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=_group(model_id),
            ModelApprovalStatus="Approved",
            SortBy="CreationTime",
            SortOrder="Descending",
        )
        try:
            arns = [
                each["ModelPackageArn"]
                for page in pages
                for each in page["ModelPackageSummaryList"]
            ]
        except ClientError as error:
            if error_code(error) in {"ValidationException", "ResourceNotFound"}:
                return
            raise
        for arn in arns:
            package = self.client.describe_model_package(ModelPackageName=arn)
            yield Champion(
                version=package["ModelPackageVersion"],
                package_arn=arn,
                model_data_url=package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"],
                created_at=package["CreationTime"],
                dataset_id=package.get("CustomerMetadataProperties", {}).get("dataset_id"),
            )

    def ensure_group(self, model_id: str) -> None:
        """Create a model's package group where it is missing."""
        try:
            self.client.create_model_package_group(
                ModelPackageGroupName=_group(model_id),
                ModelPackageGroupDescription=f"Versions of the solar power model {model_id}",
                Tags=[{"Key": "project", "Value": "solar-retraining"}],
            )
        except ClientError as error:
            if error_code(error) not in {"ValidationException", "ConflictException"}:
                raise
            self.client.describe_model_package_group(ModelPackageGroupName=_group(model_id))

    def lend_champion(self, run: Run) -> None:
        """Copy the champion that a run compares with to where its evaluation reads; `null` without one."""
        found = (
            each for each in self.approved(run.model_id) if each.version == run.champion_version
        )
        champion = next(found, None) if run.champion_version is not None else None
        lent: dict[str, Any] = {"version": None}
        if champion is not None:
            bucket, _, key = champion.model_data_url.removeprefix("s3://").partition("/")
            self.objects.client.copy_object(
                Bucket=self.objects.bucket,
                Key=f"{layout.champion(run.run_id)}model.tar.gz",
                CopySource={"Bucket": bucket, "Key": key},
            )
            lent = {"version": champion.version, "model_package_arn": champion.package_arn}
        self.objects.create(
            f"{layout.champion(run.run_id)}champion.json", json.dumps(lent).encode()
        )

    def describe(
        self, package_arn: str, card: Mapping[str, Any], properties: Mapping[str, str]
    ) -> None:
        """Write a version's card and properties into its entry; the same again changes nothing."""
        try:
            self.client.update_model_package(
                ModelPackageArn=package_arn,
                ModelCard={
                    "ModelCardContent": json.dumps(card, ensure_ascii=False, sort_keys=True),
                    "ModelCardStatus": "Draft",  # people review it; approval is another matter
                },
                CustomerMetadataProperties=dict(properties),
            )
        except ClientError as error:
            if error_code(error) == "ValidationException":
                raise InvalidCardError(error.response["Error"].get("Message", "")) from error
            raise

    def approve(self, package_arn: str, why: str) -> None:
        """Approve a version; the deployer hears of it from the registry."""
        package = self.client.describe_model_package(ModelPackageName=package_arn)
        if package["ModelApprovalStatus"] != "PendingManualApproval":
            return  # approved before, or a person decided otherwise meanwhile
        self.client.update_model_package(
            ModelPackageArn=package_arn,
            ModelApprovalStatus="Approved",
            ApprovalDescription=f"by policy: {why}"[:1024],
        )


@dataclass(frozen=True, slots=True)
class SageMakerPipeline:
    """Executions of the retraining pipeline, found by their display name, which is the run's."""

    client: SageMakerClient
    pipeline_name: str

    def find(self, run_id: str) -> str | None:
        """Return the execution of a run."""
        pages = self.client.get_paginator("list_pipeline_executions").paginate(
            PipelineName=self.pipeline_name, SortBy="CreationTime", SortOrder="Descending"
        )
        for page in pages:
            for found in page["PipelineExecutionSummaries"]:
                if found.get("PipelineExecutionDisplayName") == run_id:
                    return found["PipelineExecutionArn"]
        return None

    def steps(self, execution_arn: str) -> tuple[Step, ...]:
        """Return the steps of an execution, in the order in which they started."""
        pages = self.client.get_paginator("list_pipeline_execution_steps").paginate(
            PipelineExecutionArn=execution_arn, SortOrder="Ascending"
        )
        return tuple(_step(found) for page in pages for found in page["PipelineExecutionSteps"])

    def stop(self, execution_arn: str) -> None:
        """Stop an execution; one that has ended stays as it ended."""
        try:
            self.client.stop_pipeline_execution(
                PipelineExecutionArn=execution_arn,
                ClientRequestToken=f"stop-{execution_arn.rpartition('/')[2]:0>32}",
            )
        except ClientError as error:
            if error_code(error) not in {"ValidationException", "ConflictException"}:
                raise


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


@dataclass(frozen=True, slots=True)
class DelayedMessages:
    """The inbox as a timer: a message that becomes visible later."""

    inbox: SqsInbox

    def evaluate_later(self, model_id: str, now: datetime, seconds: int) -> None:
        """Send one `EvaluationDue`, visible after at most 900 seconds."""
        self.inbox.remind(EvaluationDue, model_id, now, seconds)

    def continue_sweep(self, sweep: SweepDue, cursor: str) -> None:
        """Send the continuation of a sweep that had no more time."""
        message = SweepDue.of(
            subject=(sweep.id, cursor),
            occurred_at=sweep.occurred_at,
            correlation_id=sweep.correlation_id,
            scope=sweep.scope,
            cursor=cursor,
        )
        self.inbox.send(message)


@dataclass(frozen=True, slots=True)
class PowertoolsMeasures:
    """Metrics in the embedded format, and warnings in the log."""

    metrics: Metrics
    logger: Logger

    def count(self, name: str, value: float) -> None:
        """Put a figure into CloudWatch; it leaves with the invocation's log."""
        self.metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)

    def warn(self, text: str) -> None:
        """Write a warning into the log."""
        self.logger.warning(text)


def _step(found: Any) -> Step:
    started, ended = found.get("StartTime"), found.get("EndTime")
    is_job = {"ProcessingJob", "TrainingJob"} & set(found.get("Metadata", {}))
    return Step(
        name=found["StepName"],
        status=found["StepStatus"],
        failure_reason=found.get("FailureReason", ""),
        seconds=(ended - started).total_seconds() if is_job and started and ended else 0.0,
        model_package_arn=found.get("Metadata", {}).get("RegisterModel", {}).get("Arn"),
    )


def _group(model_id: str) -> str:
    return f"solar-{model_id}"
