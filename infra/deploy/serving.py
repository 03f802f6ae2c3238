"""What the deployer made at run time and no stack knows: endpoints, their configurations and alarms."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from infra.deploy.target import Target
from shared import names
from shared.aws import error_code

Say = Callable[[str], None]


def delete_all(target: Target, say: Say) -> None:
    """Delete endpoints, then what they stand on; what is gone already is success."""
    sagemaker = target.client("sagemaker")
    served = endpoints(target)
    for name in served:
        say(f"Deleting endpoint {name}")
        _delete_endpoint(sagemaker, name)
    for name in _names(sagemaker, "list_endpoint_configs", "EndpointConfigs", "EndpointConfigName"):
        _unless_gone(sagemaker.delete_endpoint_config, EndpointConfigName=name)
    for name in _names(sagemaker, "list_models", "Models", "ModelName"):
        _unless_gone(sagemaker.delete_model, ModelName=name)
    _delete_alarms(target, [f"{name}-endpoint-" for name in served])


def endpoints(target: Target) -> list[str]:
    """Return the names of our endpoints."""
    return list(_names(target.client("sagemaker"), "list_endpoints", "Endpoints", "EndpointName"))


def delete_registry(target: Target, say: Say) -> None:
    """Delete all versions of our models and their groups; what they were is then not known any more."""
    sagemaker = target.client("sagemaker")
    for group in _names(
        sagemaker,
        "list_model_package_groups",
        "ModelPackageGroupSummaryList",
        "ModelPackageGroupName",
    ):
        pages = sagemaker.get_paginator("list_model_packages").paginate(ModelPackageGroupName=group)
        for arn in [
            p["ModelPackageArn"] for page in pages for p in page["ModelPackageSummaryList"]
        ]:
            _unless_gone(sagemaker.delete_model_package, ModelPackageName=arn)
        sagemaker.delete_model_package_group(ModelPackageGroupName=group)
        say(f"Deleted versions and group {group}")


def delete_logs(target: Target, say: Say) -> None:
    """Delete the logs of our functions and sequences."""
    logs = target.client("logs")
    for prefix in ("/aws/lambda/solar-", "/aws/vendedlogs/states/solar-"):
        pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix)
        for name in [group["logGroupName"] for page in pages for group in page["logGroups"]]:
            logs.delete_log_group(logGroupName=name)
            say(f"Deleted log group {name}")


def _names(sagemaker: Any, operation: str, listed: str, name: str) -> Iterator[str]:
    pages = sagemaker.get_paginator(operation).paginate(NameContains=names.ALL_OURS)
    found = [each[name] for page in pages for each in page[listed]]
    return iter([each for each in found if each.startswith(names.ALL_OURS)])


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
        if error_code(error) not in {"ValidationException", "ResourceNotFound"}:
            raise
