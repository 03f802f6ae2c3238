"""What the command line reads from the model registry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from console.errors import ConsoleError, NotFoundError
from console.target import System
from shared import names
from shared.aws import error_code

# While an endpoint changes, it answers with the version and the configuration of before.
ANSWERING = {"InService", "Updating", "SystemUpdating", "RollingBack"}


def is_unknown(error: ClientError) -> bool:
    """Return whether SageMaker does not know what it was asked for."""
    return error_code(error) in {"ValidationException", "ResourceNotFound"}


def versions(system: System, model_id: str) -> list[dict[str, Any]]:
    """Return a model's registered versions, newest first, as DescribeModelPackage gives them."""
    sagemaker = system.client("sagemaker")
    try:
        pages = sagemaker.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=names.package_group(model_id),
            SortBy="CreationTime",
            SortOrder="Descending",
        )
        arns = [
            found["ModelPackageArn"] for page in pages for found in page["ModelPackageSummaryList"]
        ]
    except ClientError as error:
        if is_unknown(error):
            return []
        raise
    return [sagemaker.describe_model_package(ModelPackageName=arn) for arn in arns]


def version(system: System, model_id: str, number: int) -> dict[str, Any]:
    """Return one registered version.

    Raises
    ------
    NotFoundError
        Says which there are.
    """
    found = versions(system, model_id)
    for each in found:
        if each["ModelPackageVersion"] == number:
            return each
    known = ", ".join(str(each["ModelPackageVersion"]) for each in reversed(found)) or "none"
    raise NotFoundError(f"no version {number} of {model_id}; there are {known}")


def decide(
    system: System,
    model_id: str,
    number: int,
    status: str,
    reason: str,
    *,
    unchecked: bool = False,
    at_once: bool = False,
) -> dict[str, Any]:
    """Approve or reject a version, with the reason in the registry; `solar approve` explains the rest.

    Returns
    -------
    dict
        The version as it was before, as DescribeModelPackage gives it.

    Raises
    ------
    ConsoleError
        Somebody else decided at the same time; says what stands.
    """
    package = version(system, model_id, number)
    said = {"unchecked": "true"} if unchecked else {}
    if at_once or "now" in package.get("CustomerMetadataProperties", {}):
        said["now"] = str(at_once).lower()  # of an earlier approval it does not count any more
    more: Any = {"CustomerMetadataProperties": said} if said else {}
    sagemaker, decision = system.client("sagemaker"), (status, reason[:1024])
    sagemaker.update_model_package(
        ModelPackageArn=package["ModelPackageArn"],
        ModelApprovalStatus=status,
        ApprovalDescription=decision[1],
        **more,
    )
    # AWS takes the last word of two; whose that was, only another look tells.
    stands = decision_of(
        sagemaker.describe_model_package(ModelPackageName=package["ModelPackageArn"])
    )
    if stands != decision:
        raise ConsoleError(
            f"somebody else decided at the same time: {model_id} version {number} is {stands[0]} now "
            f"({stands[1]}); look at `solar models` and decide again if that is wrong"
        )
    return package


def decision_of(package: dict[str, Any]) -> tuple[str, str]:
    """Return a version's approval, and the note of whoever decided it; '' where nobody did."""
    return package["ModelApprovalStatus"], package.get("ApprovalDescription", "")


def serving(system: System, model_id: str) -> int | None:
    """Return the version that answers for a model, by its endpoint or without; None where none does."""
    return _by_endpoint(system, model_id) or _by_function(system, model_id)


def _by_function(system: System, model_id: str) -> int | None:
    found: dict[str, int] = system.ask("deployer", "by_function", model_id=model_id)["by_function"]
    return found.get(model_id)


def _by_endpoint(system: System, model_id: str) -> int | None:
    try:
        found = system.client("sagemaker").describe_endpoint(EndpointName=names.endpoint(model_id))
    except ClientError as error:
        if is_unknown(error):
            return None
        raise
    if found["EndpointStatus"] not in ANSWERING:
        return None
    return names.version_of_configuration(found["EndpointConfigName"])


def holds(system: System, models: Sequence[str] | None = None) -> dict[str, dict[str, Any]]:
    """Return by model what a person decided about what serves: `by`, `reason` and `since`.

    Parameters
    ----------
    models
        At most 200; None is all.
    """
    found: dict[str, dict[str, Any]] = system.ask("deployer", "holds", model_ids=models)["holds"]
    return found


def served_versions(system: System, models: Sequence[str] | None = None) -> dict[str, int]:
    """Return the version that was confirmed last, by model; whether it serves still, `serving` says.

    Parameters
    ----------
    models
        At most 200; None is all.
    """
    served = system.ask("deployer", "served", model_ids=models)["served"]
    return {model_id: entry["version"] for model_id, entry in served.items() if entry}
