"""The registry answers and refuses in SageMaker's words."""

from __future__ import annotations

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError


@pytest.fixture(scope="module")
def sm(platform):
    return platform.client("sagemaker")


@pytest.fixture(scope="module")
def unchecked(platform):
    """A client that sends whatever it is told, as other languages' do."""
    return boto3.client(
        "sagemaker",
        endpoint_url=platform.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(parameter_validation=False, retries={"max_attempts": 1}),
    )


def refused(call, code, says):
    with pytest.raises(ClientError, match=says) as error:
        call()
    assert error.value.response["Error"]["Code"] == code


def test_versions_count_up_and_are_never_given_twice(sm):
    sm.create_model_package_group(ModelPackageGroupName="versions")
    arns = [
        sm.create_model_package(ModelPackageGroupName="versions")["ModelPackageArn"]
        for _ in range(2)
    ]
    sm.delete_model_package(ModelPackageName=arns[1])
    third = sm.create_model_package(ModelPackageGroupName="versions")["ModelPackageArn"]
    assert [arn.rpartition("/")[2] for arn in (*arns, third)] == ["1", "2", "3"]


def test_packages_are_found_by_approval_and_page_by_page(sm):
    sm.create_model_package_group(ModelPackageGroupName="paged")
    for number in range(5):
        sm.create_model_package(
            ModelPackageGroupName="paged",
            ModelApprovalStatus="Approved" if number % 2 else "Rejected",
        )
    pages = sm.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName="paged",
        SortOrder="Descending",
        PaginationConfig={"PageSize": 2},
    )
    versions = [
        package["ModelPackageVersion"]
        for page in pages
        for package in page["ModelPackageSummaryList"]
    ]
    assert versions == [5, 4, 3, 2, 1]
    approved = sm.list_model_packages(
        ModelPackageGroupName="paged", ModelApprovalStatus="Approved"
    )["ModelPackageSummaryList"]
    assert [package["ModelPackageVersion"] for package in approved] == [2, 4]


def test_approval_is_kept_with_its_reason(sm):
    sm.create_model_package_group(ModelPackageGroupName="approval")
    arn = sm.create_model_package(
        ModelPackageGroupName="approval", CustomerMetadataProperties={"run_id": "r1"}
    )["ModelPackageArn"]
    sm.update_model_package(
        ModelPackageArn=arn,
        ModelApprovalStatus="Rejected",
        ApprovalDescription="bias of 5 %",
        CustomerMetadataProperties={"by": "ada"},
    )
    found = sm.describe_model_package(ModelPackageName=arn)
    assert found["ModelApprovalStatus"] == "Rejected"
    assert found["ApprovalDescription"] == "bias of 5 %"
    assert found["CustomerMetadataProperties"] == {"run_id": "r1", "by": "ada"}


def test_a_packages_card_is_kept_and_can_be_written_anew(sm):
    sm.create_model_package_group(ModelPackageGroupName="cards")
    arn = sm.create_model_package(ModelPackageGroupName="cards")["ModelPackageArn"]
    for content in ('{"intended_uses": {}}', '{"additional_information": {}}'):
        card = {"ModelCardContent": content, "ModelCardStatus": "Draft"}
        sm.update_model_package(ModelPackageArn=arn, ModelCard=card)
        found = sm.describe_model_package(ModelPackageName=arn)
        assert found["ModelCard"] == card
        assert found["ModelApprovalStatus"] == "PendingManualApproval"


def test_what_exists_or_does_not_is_refused_with_awss_code(sm):
    sm.create_model_package_group(ModelPackageGroupName="codes")
    sm.create_model_package(ModelPackageGroupName="codes")
    arn = "arn:aws:sagemaker:us-east-1:000000000000:model-package/codes/9"
    refused(
        lambda: sm.create_model_package_group(ModelPackageGroupName="codes"),
        "ValidationException",
        "already exists",
    )
    refused(
        lambda: sm.describe_model_package(ModelPackageName=arn),
        "ValidationException",
        "does not exist",
    )
    refused(
        lambda: sm.delete_model_package_group(ModelPackageGroupName="codes"),
        "ConflictException",
        "contains Model Packages",
    )
    refused(
        lambda: sm.describe_pipeline(PipelineName="nobody"), "ResourceNotFound", "does not exist"
    )
    refused(
        lambda: sm.describe_training_job(TrainingJobName="nobody"),
        "ValidationException",
        "Requested resource not found",
    )


def test_a_misspelt_or_impossible_member_is_refused(unchecked):
    refused(
        lambda: unchecked.create_model_package_group(ModelPackageGroupName="bad name!"),
        "ValidationException",
        "regular expression pattern",
    )
    refused(
        lambda: unchecked.update_model_package(
            ModelPackageArn="arn:aws:sagemaker:us-east-1:000000000000:model-package/a/1",
            ModelApprovalStatus="Aproved",
        ),
        "ValidationException",
        "enum value set",
    )
    refused(lambda: unchecked.create_pipeline(PipelineName="p"), "ValidationException", "RoleArn")


def test_an_operation_that_is_missing_here_is_named(sm):
    refused(sm.list_notebook_instances, "UnknownOperationException", "ListNotebookInstances")


def test_only_an_approved_package_becomes_a_model(sm):
    sm.create_model_package_group(ModelPackageGroupName="unapproved")
    arn = sm.create_model_package(ModelPackageGroupName="unapproved")["ModelPackageArn"]
    refused(
        lambda: sm.create_model(
            ModelName="unapproved",
            ExecutionRoleArn="arn:aws:iam::000000000000:role/any",
            PrimaryContainer={"ModelPackageName": arn},
        ),
        "ValidationException",
        "has not been approved",
    )


def test_tags_are_added_listed_and_removed(sm):
    arn = sm.create_model_package_group(
        ModelPackageGroupName="tagged", Tags=[{"Key": "project", "Value": "solar"}]
    )["ModelPackageGroupArn"]
    sm.add_tags(ResourceArn=arn, Tags=[{"Key": "model", "Value": "m1"}])
    sm.delete_tags(ResourceArn=arn, TagKeys=["project"])
    assert sm.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "model", "Value": "m1"}]


def test_autoscaling_is_kept_and_shown(platform):
    scaling = platform.client("application-autoscaling")
    target = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/solar-m/variant/AllTraffic",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    with pytest.raises(ClientError, match="No scalable target registered"):
        scaling.put_scaling_policy(PolicyName="p", PolicyType="TargetTrackingScaling", **target)
    scaling.register_scalable_target(MinCapacity=2, MaxCapacity=4, **target)
    scaling.register_scalable_target(MinCapacity=1, **target)
    scaling.put_scaling_policy(PolicyName="p", PolicyType="TargetTrackingScaling", **target)
    (found,) = scaling.describe_scalable_targets(
        ServiceNamespace="sagemaker", ResourceIds=[target["ResourceId"]]
    )["ScalableTargets"]
    assert (found["MinCapacity"], found["MaxCapacity"]) == (1, 4)
    policies = scaling.describe_scaling_policies(
        ServiceNamespace="sagemaker", ResourceId=target["ResourceId"]
    )["ScalingPolicies"]
    assert [policy["PolicyName"] for policy in policies] == ["p"]
    scaling.delete_scaling_policy(PolicyName="p", **target)
    scaling.deregister_scalable_target(**target)
    left = scaling.describe_scalable_targets(
        ServiceNamespace="sagemaker", ResourceIds=[target["ResourceId"]]
    )
    assert left["ScalableTargets"] == []
