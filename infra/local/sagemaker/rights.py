"""Which rights an operation of SageMaker asks for."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from infra.local import roles
from infra.local.roles import RefusedError
from infra.local.sagemaker.errors import ApiError

Request = Mapping[str, Any]
_PASSED = ("RoleArn", "ExecutionRoleArn")
# Only operations whose one resource is beyond doubt; the rest is allowed.
_RESOURCES = {
    **{
        f"{verb}{noun}": (f"{noun}Name", kind)
        for noun, kind in (
            ("Endpoint", "endpoint"),
            ("EndpointConfig", "endpoint-config"),
            ("Model", "model"),
            ("Pipeline", "pipeline"),
            ("TrainingJob", "training-job"),
            ("ProcessingJob", "processing-job"),
            ("ModelPackageGroup", "model-package-group"),
        )
        for verb in ("Create", "Describe", "Update", "Delete", "Stop")
    },
    "CreateModelPackage": ("ModelPackageGroupName", "model-package-group"),
    "StartPipelineExecution": ("PipelineName", "pipeline"),
    "ListPipelineExecutions": ("PipelineName", "pipeline"),
    "DescribePipelineExecution": ("PipelineExecutionArn", ""),
    "StopPipelineExecution": ("PipelineExecutionArn", ""),
    "DescribeModelPackage": ("ModelPackageName", ""),
    "UpdateModelPackage": ("ModelPackageArn", ""),
    "DeleteModelPackage": ("ModelPackageName", ""),
    "ListModelPackages": ("ModelPackageGroupName", "model-package-group"),
    "ListPipelineExecutionSteps": ("PipelineExecutionArn", ""),
    "UpdateEndpointWeightsAndCapacities": ("EndpointName", "endpoint"),
    "AddTags": ("ResourceArn", ""),
    "ListTags": ("ResourceArn", ""),
}
# AWS takes these for all resources or none.
_OF_ALL = {
    f"List{kind}" for kind in ("Endpoints", "EndpointConfigs", "Models", "ModelPackageGroups")
}


def is_known(operation: str) -> bool:
    """Whether an operation's rights are checked."""
    return operation in _RESOURCES or operation in _OF_ALL


def resource(operation: str, request: Request, region: str, account: str) -> str:
    """Return what an operation is about; `*` where it knows no resource, or the request names none."""
    if operation in _OF_ALL:
        return "*"
    member, kind = _RESOURCES[operation]
    name = str(request.get(member) or "*")
    is_whole = name == "*" or name.startswith("arn:")
    return name if is_whole else f"arn:aws:sagemaker:{region}:{account}:{kind}/{name}"


def require(operation: str, request: Request, region: str, account: str) -> None:
    """Refuse what a role in whose name SageMaker itself calls an operation may not.

    Raises
    ------
    ApiError
        In AWS's words.
    """
    with refusing():
        roles.require(f"sagemaker:{operation}", resource(operation, request, region, account))


def require_beside(operation: str, request: Request, region: str, account: str) -> None:
    """Refuse what whoever calls an operation needs besides: passing roles, and tags.

    Raises
    ------
    ApiError
        In AWS's words.
    """
    if not operation.startswith(("Create", "Update")):
        return
    with refusing():
        for role in filter(None, (request.get(member) for member in _PASSED)):
            roles.require("iam:PassRole", role, {"iam:PassedToService": roles.SAGEMAKER})
        if request.get("Tags") and is_known(operation):
            roles.require("sagemaker:AddTags", resource(operation, request, region, account))


@contextlib.contextmanager
def refusing() -> Iterator[None]:
    """Let SageMaker refuse what a role may not."""
    try:
        yield
    except RefusedError as error:
        raise ApiError("AccessDeniedException", str(error)) from error
