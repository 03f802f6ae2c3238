"""Requests are checked against botocore's shapes as AWS checks them."""

from __future__ import annotations

import pytest

from infra.local.sagemaker import validate
from infra.local.sagemaker.errors import ApiError

JOB = {
    "ProcessingJobName": "job",
    "ProcessingResources": {
        "ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30}
    },
    "AppSpecification": {"ImageUri": "image"},
    "RoleArn": "arn:aws:iam::000000000000:role/solar-sagemaker",
}


def changed(path, value):
    content = {
        **JOB,
        "ProcessingResources": {"ClusterConfig": dict(JOB["ProcessingResources"]["ClusterConfig"])},
    }
    target = content
    for part in path[:-1]:
        target = target[part]
    target[path[-1]] = value
    return content


def test_a_good_request_passes():
    validate.request("CreateProcessingJob", JOB)


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (["Enviroment"], {"A": "b"}, "Enviroment"),
        (["RoleArn"], "x" * 30, "regular expression pattern"),
        (["ProcessingJobName"], "under_score", "regular expression pattern"),
        (
            ["ProcessingResources", "ClusterConfig", "InstanceType"],
            "ml.m5.medium",
            "enum value set",
        ),
        (["ProcessingResources", "ClusterConfig", "InstanceCount"], 0, "InstanceCount"),
        (["AppSpecification"], {}, "ImageUri"),
        (["Environment"], {"A": 1}, "Environment"),
    ],
)
def test_a_bad_member_is_refused_by_name(path, value, says):
    with pytest.raises(ApiError, match=says) as refused:
        validate.request("CreateProcessingJob", changed(path, value))
    assert refused.value.code == "ValidationException"


def test_an_unknown_operation_is_refused():
    with pytest.raises(ApiError, match="no operation CreateSun"):
        validate.request("CreateSun", {})


def test_an_answer_has_only_members_that_aws_has():
    record = {"ModelName": "m", "_private": 1, "Other": 2, "CreationTime": 1.0}
    assert validate.answer("DescribeModel", record) == {"ModelName": "m", "CreationTime": 1.0}
    assert validate.summaries("ListModels", [record]) == [{"ModelName": "m", "CreationTime": 1.0}]
