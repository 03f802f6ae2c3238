"""The log groups of SageMaker's jobs, which all jobs of an account and Region share.

SageMaker makes them without an end. So a deployment makes them with one where they are missing. One that is
there belongs to others as well, and stays as it is; the look before a deployment says that it has no end.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from shared.aws import error_code

GROUPS = ("/aws/sagemaker/ProcessingJobs", "/aws/sagemaker/TrainingJobs")


def endless(logs: Any) -> list[str]:
    """Return which of the groups keep everything for ever."""
    return [
        name
        for name in GROUPS
        for found in _described(logs, name)
        if "retentionInDays" not in found
    ]


def missing(logs: Any) -> list[str]:
    """Return which of the groups do not exist yet."""
    return [name for name in GROUPS if not _described(logs, name)]


def make(logs: Any, name: str, days: int) -> None:
    """Make a group that ends after so many days; one that was made meanwhile stays as it is."""
    try:
        logs.create_log_group(logGroupName=name)
    except ClientError as error:
        if error_code(error) != "ResourceAlreadyExistsException":
            raise
        return
    logs.put_retention_policy(logGroupName=name, retentionInDays=days)


def _described(logs: Any, name: str) -> list[dict[str, Any]]:
    found = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return [each for each in found if each["logGroupName"] == name]
