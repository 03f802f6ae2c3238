"""What SageMaker needs of a role beside the operation itself: data, the key, the image, the network, logs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from infra.local import emulator, roles
from infra.local.roles import Actor, RefusedError
from infra.local.sagemaker.errors import invalid

_SESSION = "SageMaker"  # how SageMaker calls its sessions of roles
_REGISTRY = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.[^/]+/([^@:]+)[@:].*")
_PULL = ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer")
_NETWORK = (
    *("CreateNetworkInterface", "CreateNetworkInterfacePermission", "DeleteNetworkInterface"),
    *("DeleteNetworkInterfacePermission", "DescribeDhcpOptions", "DescribeNetworkInterfaces"),
    *("DescribeSecurityGroups", "DescribeSubnets", "DescribeVpcs"),
)
_WRITE_LOG = ("DescribeLogStreams", "CreateLogStream", "PutLogEvents")


def assumed(role: str, source: str) -> Actor | None:
    """Return SageMaker's session of a role.

    Raises
    ------
    ApiError
        The role does not exist, or does not trust SageMaker.
    """
    try:
        return roles.assume(role, roles.SAGEMAKER, _SESSION, source)
    except RefusedError as error:
        raise invalid(str(error)) from error


def to_read(bucket: str, key: str) -> None:
    """Refuse a role that may not read an object."""
    roles.require("s3:GetObject", f"arn:aws:s3:::{bucket}/{key}")


def to_list(bucket: str, prefix: str) -> None:
    """Refuse a role that may not list a bucket."""
    roles.require("s3:ListBucket", f"arn:aws:s3:::{bucket}", {"s3:prefix": prefix})


def to_write(bucket: str, key: str) -> None:
    """Refuse a role that may not write an object."""
    roles.require("s3:PutObject", f"arn:aws:s3:::{bucket}/{key}")


def to_start(image: str, described: Mapping[str, Any]) -> None:
    """Refuse a role with which no instance can be started.

    Parameters
    ----------
    image
        The container's image.
    described
        A job, model or endpoint configuration: what it says of networks and keys counts.
    """
    if registry := _REGISTRY.fullmatch(image):
        account, region, name = registry.groups()
        roles.require("ecr:GetAuthorizationToken", "*")
        for action in _PULL:
            roles.require(f"ecr:{action}", f"arn:aws:ecr:{region}:{account}:repository/{name}")
    for key in set(_values(described, "VolumeKmsKeyId")):
        roles.require("kms:DescribeKey", key)
        roles.require("kms:CreateGrant", key, {"kms:GrantIsForAWSResource": "true"})
    if any(_values(described, "VpcConfig")):
        for action in _NETWORK:
            roles.require(f"ec2:{action}", "*")


def to_watch(alarm: str) -> None:
    """Refuse a role that may not look at an alarm that would take an endpoint back."""
    account, region = emulator.responses.get_account_id(), emulator.responses.get_region()
    roles.require(
        "cloudwatch:DescribeAlarms", f"arn:aws:cloudwatch:{region}:{account}:alarm:{alarm}"
    )


def to_measure() -> bool:
    """Whether a role may publish a training job's metrics; without the right there are none."""
    namespace = {"cloudwatch:namespace": "/aws/sagemaker/TrainingJobs"}
    return roles.allowed("cloudwatch:PutMetricData", "*", namespace)


def to_log(group: str, stream: str) -> bool:
    """Whether a role may write a log; without the right SageMaker writes none, and says nothing."""
    where = f"arn:aws:logs:{emulator.responses.get_region()}:{emulator.responses.get_account_id()}"
    of_group = f"{where}:log-group:{group}"
    if group not in emulator.log_groups and not roles.allowed("logs:CreateLogGroup", of_group):
        return False
    of_stream = f"{of_group}:log-stream:{stream}"
    return all(roles.allowed(f"logs:{action}", of_stream) for action in _WRITE_LOG)


def _values(described: Any, member: str) -> Iterator[Any]:
    """Yield what a request holds by a name, wherever it is."""
    if isinstance(described, Mapping):
        for name, value in described.items():
            if name == member:
                yield value
            else:
                yield from _values(value, member)
    elif isinstance(described, list):
        for each in described:
            yield from _values(each, member)
