"""What EventBridge is told, in AWS's words; times are milliseconds since 1970 where AWS sends them so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from infra.local import telemetry
from infra.local.sagemaker.store import Record

SOURCE = "aws.sagemaker"
_ENDPOINT_WORDS = {
    "Creating": "CREATING",
    "InService": "IN_SERVICE",
    "Updating": "UPDATING",
    "SystemUpdating": "SYSTEM_UPDATING",
    "RollingBack": "ROLLING_BACK",
    "Failed": "FAILED",
    "UpdateRollbackFailed": "UPDATE_ROLLBACK_FAILED",
    "Deleting": "DELETING",
}


def execution_changed(execution: Record, previous: str | None) -> None:
    """Tell that a pipeline's execution has another status."""
    detail = {
        "pipelineArn": execution["PipelineArn"],
        "pipelineExecutionArn": execution["PipelineExecutionArn"],
        "pipelineExecutionDisplayName": execution.get("PipelineExecutionDisplayName"),
        "pipelineExecutionDescription": execution.get("PipelineExecutionDescription"),
        "previousPipelineExecutionStatus": previous,
        "currentPipelineExecutionStatus": execution["PipelineExecutionStatus"],
        "executionStartTime": _iso(execution["CreationTime"]),
        "executionEndTime": _iso(execution.get("_EndTime")),
        "failureReason": execution.get("FailureReason"),
    }
    _send(
        "SageMaker Model Building Pipeline Execution Status Change",
        detail,
        [execution["PipelineArn"], execution["PipelineExecutionArn"]],
    )


def step_changed(execution: Record, step: Record, previous: str | None) -> None:
    """Tell that a step of an execution has another status."""
    detail = {
        "pipelineArn": execution["PipelineArn"],
        "pipelineExecutionArn": execution["PipelineExecutionArn"],
        "stepName": step["StepName"],
        "stepType": step["_Type"],
        "previousStepStatus": previous,
        "currentStepStatus": step["StepStatus"],
        "stepStartTime": _iso(step.get("StartTime")),
        "stepEndTime": _iso(step.get("EndTime")),
        "failureReason": step.get("FailureReason"),
        "metadata": step.get("Metadata"),
    }
    _send(
        "SageMaker Model Building Pipeline Execution Step Status Change",
        detail,
        [execution["PipelineArn"], execution["PipelineExecutionArn"]],
    )


def package_changed(package: Record, tags: dict[str, str]) -> None:
    """Tell that a model package was registered, or approved, or rejected."""
    shown = (
        *("ModelPackageGroupName", "ModelPackageVersion", "ModelPackageArn"),
        *("ModelPackageDescription", "InferenceSpecification", "ModelPackageStatus"),
        *("ModelPackageStatusDetails", "ModelApprovalStatus", "ApprovalDescription"),
        *("ModelMetrics", "CustomerMetadataProperties"),
    )
    detail = {name: package[name] for name in shown if name in package}
    detail["CreationTime"] = _iso(package["CreationTime"])
    detail["Tags"] = tags
    _send("SageMaker Model Package State Change", detail, [package["ModelPackageArn"]])


def job_changed(kind: str, job: Record, tags: dict[str, str]) -> None:
    """Tell that a training or processing job has another status; `kind` as AWS's title spells it."""
    detail = {
        name: value
        for name, value in job.items()
        if not name.startswith("_") and not name.endswith("Time")
    }
    for name, value in job.items():
        if name.endswith("Time"):
            detail[name] = round(value * 1000)
    detail["Tags"] = tags
    arn = job.get("TrainingJobArn") or job["ProcessingJobArn"]
    _send(f"SageMaker {kind} Job State Change", detail, [arn])


def endpoint_changed(endpoint: Record, tags: dict[str, str]) -> None:
    """Tell that an endpoint has another status."""
    detail = {
        "EndpointName": endpoint["EndpointName"],
        "EndpointArn": endpoint["EndpointArn"],
        "EndpointConfigName": endpoint["EndpointConfigName"],
        "ProductionVariants": endpoint.get("ProductionVariants", []),
        "EndpointStatus": _ENDPOINT_WORDS[endpoint["EndpointStatus"]],
        "FailureReason": endpoint.get("FailureReason"),
        "CreationTime": round(endpoint["CreationTime"] * 1000),
        "LastModifiedTime": round(endpoint["LastModifiedTime"] * 1000),
        "Tags": tags,
    }
    _send("SageMaker Endpoint State Change", detail, [endpoint["EndpointArn"]])


def _send(title: str, detail: dict[str, Any], resources: list[str]) -> None:
    told = {name: value for name, value in detail.items() if value is not None}
    telemetry.event(SOURCE, title, told, resources)


def _iso(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
