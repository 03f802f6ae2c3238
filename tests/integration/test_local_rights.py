"""With AUTH=true, roles may do what their policies say and nothing else."""

from __future__ import annotations

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.integration.conftest import running

DESCRIBE_ONE = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["sagemaker:DescribePipeline", "sagemaker:InvokeEndpoint"],
            "Resource": [
                "arn:aws:sagemaker:us-east-1:000000000000:pipeline/mine",
                "arn:aws:sagemaker:us-east-1:000000000000:endpoint/mine",
            ],
        },
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::rights/*"},
        {
            "Effect": "Allow",
            "Action": "cloudwatch:PutMetricData",
            "Resource": "*",
            "Condition": {"StringEquals": {"cloudwatch:namespace": "Solar"}},
        },
        {
            "Effect": "Allow",
            "Action": "iam:SimulatePrincipalPolicy",
            "Resource": "arn:aws:iam::000000000000:user/${aws:username}",
        },
    ],
}
TLS_ONLY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": ["arn:aws:s3:::rights", "arn:aws:s3:::rights/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ],
}


@pytest.fixture(scope="module")
def user(tmp_path_factory):
    """Clients of a user who may do one thing."""
    with running(tmp_path_factory.mktemp("rights"), AUTH="true") as platform:
        iam, sm, s3 = (platform.client(each) for each in ("iam", "sagemaker", "s3"))
        iam.create_user(UserName="u")
        iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=json.dumps(DESCRIBE_ONE))
        key = iam.create_access_key(UserName="u")["AccessKey"]
        for name in ("mine", "other"):
            sm.create_pipeline(
                PipelineName=name,
                RoleArn="arn:aws:iam::000000000000:role/any",
                PipelineDefinition=json.dumps({"Version": "2020-12-01", "Steps": []}),
            )
        s3.create_bucket(Bucket="rights")
        s3.put_bucket_policy(Bucket="rights", Policy=json.dumps(TLS_ONLY))
        s3.put_object(Bucket="rights", Key="a", Body=b"1")
        yield lambda service: boto3.client(
            service,
            endpoint_url=platform.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
        )


def test_sagemakers_resources_are_guarded(user):
    sm = user("sagemaker")
    assert sm.describe_pipeline(PipelineName="mine")["PipelineName"] == "mine"
    with pytest.raises(ClientError, match="not authorized to perform: sagemaker:DescribePipeline"):
        sm.describe_pipeline(PipelineName="other")
    with pytest.raises(ClientError, match="not authorized to perform: sagemaker:DeletePipeline"):
        sm.delete_pipeline(PipelineName="mine")


def test_endpoints_are_guarded(user):
    runtime = user("sagemaker-runtime")
    with pytest.raises(ClientError, match="mine of account 000000000000 not found"):
        runtime.invoke_endpoint(EndpointName="mine", Body=b"1")
    with pytest.raises(ClientError, match="not authorized to perform: sagemaker:InvokeEndpoint"):
        runtime.invoke_endpoint(EndpointName="other", Body=b"1")


def test_a_tls_only_policy_admits_the_loopback_interface(user):
    assert user("s3").get_object(Bucket="rights", Key="a")["Body"].read() == b"1"


def test_a_metrics_namespace_is_a_condition(user):
    cloudwatch = user("cloudwatch")
    one = [{"MetricName": "ReferenceMismatch", "Value": 1.0}]
    cloudwatch.put_metric_data(Namespace="Solar", MetricData=one)
    with pytest.raises(ClientError, match="not authorized to perform: cloudwatch:PutMetricData"):
        cloudwatch.put_metric_data(Namespace="Other", MetricData=one)


def test_a_user_may_ask_about_himself_only_where_a_policy_names_its_caller(user):
    simulate, me = user("iam").simulate_principal_policy, "arn:aws:iam::000000000000:user/u"
    asked = {
        "ActionNames": ["s3:GetObject", "s3:PutObject"],
        "ResourceArns": ["arn:aws:s3:::rights/x"],
    }
    found = simulate(PolicySourceArn=me, **asked)["EvaluationResults"]
    assert [each["EvalDecision"] for each in found] == ["allowed", "implicitDeny"]
    with pytest.raises(ClientError, match="AccessDenied"):
        simulate(PolicySourceArn=f"{me}2", **asked)
