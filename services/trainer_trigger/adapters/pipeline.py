"""Executions of the retraining pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from services.trainer_trigger.domain.run import Step
from shared.aws import error_code

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient


@dataclass(frozen=True, slots=True)
class SageMakerPipeline:
    """Executions of the retraining pipelines, found by their display name, which is the run's."""

    client: SageMakerClient
    pipeline_names: tuple[str, ...]

    def find(self, run_id: str) -> str | None:
        """Return the execution of a run."""
        found = (self._find(name, run_id) for name in self.pipeline_names)
        return next(filter(None, found), None)

    def _find(self, pipeline_name: str, run_id: str) -> str | None:
        pages = self.client.get_paginator("list_pipeline_executions").paginate(
            PipelineName=pipeline_name, SortBy="CreationTime", SortOrder="Descending"
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


def _step(found: Any) -> Step:
    started, ended = found.get("StartTime"), found.get("EndTime")
    about = found.get("Metadata", {})
    job = about.get("ProcessingJob") or about.get("TrainingJob")
    return Step(
        name=found["StepName"],
        status=found["StepStatus"],
        failure_reason=found.get("FailureReason", ""),
        seconds=(ended - started).total_seconds() if job and started and ended else 0.0,
        model_package_arn=about.get("RegisterModel", {}).get("Arn"),
        started_at=started,
        ended_at=ended,
        job_arn=job["Arn"] if job else None,
    )
