"""What the deployer made at run time and no stack knows: endpoints, their configurations and alarms."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from infra.deploy.target import Target
from shared import names
from shared.aws import error_code

Say = Callable[[str], None]
_GONE = {"ResourceNotFound", "ResourceNotFoundException", "ValidationException"}


def delete_all(target: Target, say: Say) -> None:
    """Delete endpoints, then what they stand on; what is gone already is success."""
    sagemaker = target.client("sagemaker")
    served = endpoints(target)
    for name in served:
        say(f"Deleting endpoint {name}")
        _delete_endpoint(sagemaker, name)
    for name in _ours(sagemaker, "list_endpoint_configs", "EndpointConfigs", "EndpointConfig"):
        _unless_gone(sagemaker.delete_endpoint_config, EndpointConfigName=name)
    for name in _ours(sagemaker, "list_models", "Models", "Model"):
        _unless_gone(sagemaker.delete_model, ModelName=name)
    _delete_alarms(target, [f"{name}-endpoint-" for name in served])


def endpoints(target: Target) -> list[str]:
    """Return the names of our endpoints."""
    return _ours(target.client("sagemaker"), "list_endpoints", "Endpoints", "Endpoint")


def delete_registry(target: Target, say: Say) -> None:
    """Delete all versions of our models, their groups and their endpoints' logs."""
    sagemaker, logs = target.client("sagemaker"), target.client("logs")
    for group in _ours(
        sagemaker, "list_model_package_groups", "ModelPackageGroupSummaryList", "ModelPackageGroup"
    ):
        pages = sagemaker.get_paginator("list_model_packages").paginate(ModelPackageGroupName=group)
        for arn in [
            p["ModelPackageArn"] for page in pages for p in page["ModelPackageSummaryList"]
        ]:
            _unless_gone(sagemaker.delete_model_package, ModelPackageName=arn)
        sagemaker.delete_model_package_group(ModelPackageGroupName=group)
        say(f"Deleted versions and group {group}")
        endpoint = names.endpoint(names.model_of(group))
        _unless_gone(logs.delete_log_group, logGroupName=f"/aws/sagemaker/Endpoints/{endpoint}")


def _ours(sagemaker: Any, operation: str, listed: str, kind: str) -> list[str]:
    """Return the names of what is of one kind and carries the tags of this product and stage."""
    pages = sagemaker.get_paginator(operation).paginate(NameContains=names.all_ours())
    found = {each[f"{kind}Name"]: each[f"{kind}Arn"] for page in pages for each in page[listed]}
    return [
        name
        for name, arn in found.items()
        if name.startswith(names.all_ours()) and names.is_ours(_tags(sagemaker, arn))
    ]


def _tags(sagemaker: Any, arn: str) -> dict[str, str]:
    pages = sagemaker.get_paginator("list_tags").paginate(ResourceArn=arn)
    return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}


def _delete_alarms(target: Target, prefixes: list[str]) -> None:
    cloudwatch = target.client("cloudwatch")
    for prefix in prefixes:
        pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix)
        found = [alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"]]
        if found:
            cloudwatch.delete_alarms(AlarmNames=found)


def _delete_endpoint(sagemaker: Any, endpoint: str, seconds: float = 1800.0) -> None:
    """Delete an endpoint until it is gone: AWS refuses while it is being created or updated."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            found = sagemaker.describe_endpoint(EndpointName=endpoint)
        except ClientError as error:
            if error_code(error) in {"ValidationException", "ResourceNotFound"}:
                return
            raise
        if found["EndpointStatus"] != "Deleting":
            _unless_gone(sagemaker.delete_endpoint, EndpointName=endpoint)
        time.sleep(0.5)


def _unless_gone(call: Callable[..., Any], **arguments: str) -> None:
    try:
        call(**arguments)
    except ClientError as error:
        if error_code(error) not in _GONE:
            raise
