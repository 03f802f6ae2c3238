"""With AUTH=true a service does in the name of a role what the role may, and AWS's words refuse the rest."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.integration import fake_image, fake_pipeline
from tests.integration.conftest import LocalPlatform, running
from tests.integration.observe import wait_for

ACCOUNT = "000000000000"
BUCKET = "roles"
IMAGE = "arn:aws:ecr:us-east-1:000000000000:repository/solar-ml"
PULL = [
    ("ecr:GetAuthorizationToken", "*"),
    ("ecr:BatchCheckLayerAvailability", IMAGE),
    ("ecr:BatchGetImage", IMAGE),
    ("ecr:GetDownloadUrlForLayer", IMAGE),
]
READ = [
    ("s3:ListBucket", f"arn:aws:s3:::{BUCKET}"),
    ("s3:GetObject", f"arn:aws:s3:::{BUCKET}/in/*"),
]
WRITE = [("s3:PutObject", f"arn:aws:s3:::{BUCKET}/out/*")]
LOG = [
    (f"logs:{action}", "arn:aws:logs:us-east-1:000000000000:log-group:/aws/sagemaker/*")
    for action in ("CreateLogGroup", "CreateLogStream", "DescribeLogStreams", "PutLogEvents")
]
WHO = """
import os, pathlib, botocore.session
who = botocore.session.get_session().create_client("sts").get_caller_identity()["Arn"]
(pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"]) / "output/message").write_text(who)
"""
COPY = """
import os, pathlib
base = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"])
(base / "out/a").write_text((base / "in/a").read_text())
print("copied")
"""

Rights = list[tuple[str, str]]


class World:
    """A platform that enforces roles, with what the stories need."""

    def __init__(self, platform: LocalPlatform) -> None:
        self.platform = platform
        self.client = platform.client
        digest, content = fake_image.build()
        self.image = fake_image.uri(digest)
        self.client("s3").create_bucket(Bucket=BUCKET)
        self.client("s3").put_object(Bucket=BUCKET, Key=f"image/{digest}.zip", Body=content)
        self.client("s3").put_object(Bucket=BUCKET, Key="in/a", Body=b"measured")

    def role(self, service: str, rights: Rights) -> str:
        """Make a role that a service may assume; return its ARN."""
        iam, name = self.client("iam"), f"r{uuid.uuid4().hex[:12]}"
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": f"{service}.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
        }
        allow = [{"Effect": "Allow", "Action": act, "Resource": on} for act, on in rights]
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_document([trust]))
        if allow:
            iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=_document(allow))
        return str(made["Role"]["Arn"])

    def job(self, role: str, code: str = COPY, **more: Any) -> dict[str, Any]:
        """Run a processing job that copies a file from in/ to out/; return it as it ended."""
        sm, name = self.client("sagemaker"), f"j{uuid.uuid4().hex[:12]}"
        cluster = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
        source = fake_pipeline.source("in", f"s3://{BUCKET}/in/", "/opt/ml/in", "S3Prefix")
        target = fake_pipeline.target("out", f"s3://{BUCKET}/out/{name}", "/opt/ml/out")
        request = {
            "ProcessingJobName": name,
            "RoleArn": role,
            "ProcessingResources": {"ClusterConfig": cluster},
            "AppSpecification": {
                "ImageUri": self.image,
                "ContainerEntrypoint": ["python3", "-c", code],
            },
            "ProcessingInputs": [source],
            "ProcessingOutputConfig": {"Outputs": [target]},
        }
        sm.create_processing_job(**request | more)
        ended: dict[str, Any] = wait_for(
            lambda: sm.describe_processing_job(ProcessingJobName=name),
            lambda found: found["ProcessingJobStatus"] in {"Completed", "Failed"},
        )
        return ended

    def execution(self, role: str, task: dict[str, Any]) -> dict[str, Any]:
        """Run a state machine of one task; return the execution as it ended."""
        states = self.client("stepfunctions")
        machine = states.create_state_machine(
            name=f"m{uuid.uuid4().hex[:12]}",
            roleArn=role,
            definition=json.dumps(
                {"StartAt": "Do", "States": {"Do": task | {"Type": "Task", "End": True}}}
            ),
        )["stateMachineArn"]
        run = states.start_execution(stateMachineArn=machine)["executionArn"]
        ended: dict[str, Any] = wait_for(
            lambda: states.describe_execution(executionArn=run),
            lambda found: found["status"] != "RUNNING",
        )
        return ended

    def schedule(self, role: str, target: str) -> None:
        """Let a schedule send something to a target at once."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        self.client("scheduler").create_schedule(
            Name=f"s{uuid.uuid4().hex[:12]}",
            ScheduleExpression=f"at({now})",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": target, "RoleArn": role, "Input": "{}"},
        )

    def queue(self) -> tuple[str, str]:
        """Make a queue; return its URL and ARN."""
        name = f"q{uuid.uuid4().hex[:12]}"
        url = self.client("sqs").create_queue(QueueName=name)["QueueUrl"]
        return url, f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"

    def encrypted(self) -> tuple[str, str]:
        """Make a bucket with an object, encrypted by a key; return the key's ARN and the bucket."""
        key = str(self.client("kms").create_key()["KeyMetadata"]["Arn"])
        s3, bucket = self.client("s3"), f"b{uuid.uuid4().hex[:12]}"
        s3.create_bucket(Bucket=bucket)
        chosen = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
        s3.put_bucket_encryption(
            Bucket=bucket,
            ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": chosen}]
            },
        )
        s3.put_object(Bucket=bucket, Key="a", Body=b"measured")
        return key, bucket

    def user(self, service: str, rights: Rights) -> Any:
        """Return a client of a user who has these rights."""
        iam, name = self.client("iam"), f"u{uuid.uuid4().hex[:12]}"
        iam.create_user(UserName=name)
        allow = [{"Effect": "Allow", "Action": act, "Resource": on} for act, on in rights]
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=_document(allow))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return boto3.client(
            service,
            endpoint_url=self.platform.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
        )

    def came(self, url: str) -> int:
        found = self.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=0)
        return len(found.get("Messages", []))


def _document(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with running(tmp_path_factory.mktemp("roles"), AUTH="true") as platform:
        yield World(platform)


# --- Step Functions ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "right", "error"),
    [
        (
            {
                "Resource": "arn:aws:states:::sns:publish",
                "Parameters": {"TopicArn": "arn:aws:sns:us-east-1:000000000000:t", "Message": "m"},
            },
            ("sns:Publish", "arn:aws:sns:us-east-1:000000000000:t"),
            "SNS.AuthorizationErrorException",
        ),
        (
            {
                "Resource": "arn:aws:states:::aws-sdk:sagemaker:listPipelineExecutions",
                "Parameters": {"PipelineName": "p"},
            },
            (
                "sagemaker:ListPipelineExecutions",
                "arn:aws:sagemaker:us-east-1:000000000000:pipeline/p",
            ),
            "SageMaker.SageMakerException",
        ),
        (
            {
                "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": {"FunctionName": "f", "Payload": {}},
            },
            ("lambda:InvokeFunction", "arn:aws:lambda:us-east-1:000000000000:function:f"),
            "Lambda.AWSLambdaException",
        ),
    ],
    ids=["topic", "sagemaker", "function"],
)
def test_a_task_needs_the_machines_right(
    world: World, task: dict[str, Any], right: tuple[str, str], error: str
) -> None:
    world.client("sns").create_topic(Name="t")
    refused = world.execution(world.role("states", []), task)
    assert (refused["status"], refused["error"]) == ("FAILED", error)
    assert f"is not authorized to perform: {right[0]} on resource: {right[1]}" in refused["cause"]
    assert world.execution(world.role("states", [right]), task).get("error") != error


def test_a_machine_needs_a_role_that_trusts_step_functions(world: World) -> None:
    with pytest.raises(ClientError, match=r"states\.amazonaws\.com.* authorized to assume"):
        world.execution(world.role("lambda", []), {"Resource": "arn:aws:states:::sns:publish"})


# --- EventBridge Scheduler ---------------------------------------------------------


def test_a_schedule_reaches_only_what_its_role_may(world: World) -> None:
    url, arn = world.queue()
    other, forbidden = world.queue()
    world.schedule(world.role("scheduler", [("sqs:SendMessage", arn)]), forbidden)
    wait_for(
        lambda: world.client("cloudwatch").list_metrics(
            Namespace="AWS/Scheduler", MetricName="TargetErrorCount"
        )["Metrics"],
        bool,
    )
    world.schedule(world.role("scheduler", [("sqs:SendMessage", arn)]), arn)
    wait_for(lambda: world.came(url), bool)
    assert world.came(other) == 0


def test_a_schedule_needs_a_role_that_trusts_the_scheduler(world: World) -> None:
    _, arn = world.queue()
    with pytest.raises(ClientError, match="must allow AWS EventBridge Scheduler to assume"):
        world.schedule(world.role("lambda", [("sqs:SendMessage", arn)]), arn)


# --- SageMaker: jobs ---------------------------------------------------------------


def test_a_job_with_the_rights_of_its_role_works(world: World) -> None:
    job = world.job(world.role("sagemaker", [*PULL, *READ, *WRITE, *LOG]))
    assert job["ProcessingJobStatus"] == "Completed"
    logs = world.client("logs").describe_log_streams(
        logGroupName="/aws/sagemaker/ProcessingJobs", logStreamNamePrefix=job["ProcessingJobName"]
    )
    assert len(logs["logStreams"]) == 1


@pytest.mark.parametrize(
    ("rights", "lacks"),
    [
        ([*READ, *WRITE], "ecr:GetAuthorizationToken on resource: *"),
        ([*PULL, READ[1], *WRITE], "s3:ListBucket on resource: arn:aws:s3:::roles"),
        ([*PULL, READ[0], *WRITE], "s3:GetObject on resource: arn:aws:s3:::roles/in/a"),
        ([*PULL, *READ], "s3:PutObject on resource: arn:aws:s3:::roles/out/"),
    ],
    ids=["image", "list", "read", "write"],
)
def test_a_job_fails_by_what_its_role_may_not(world: World, rights: Rights, lacks: str) -> None:
    job = world.job(world.role("sagemaker", rights))
    assert job["ProcessingJobStatus"] == "Failed"
    assert "AccessDenied" in job["FailureReason"]
    assert f"is not authorized to perform: {lacks}" in job["FailureReason"]


def test_a_job_that_may_not_log_works_and_says_nothing(world: World) -> None:
    job = world.job(world.role("sagemaker", [*PULL, *READ, *WRITE]))
    assert job["ProcessingJobStatus"] == "Completed"
    logs = world.client("logs").describe_log_streams(
        logGroupName="/aws/sagemaker/ProcessingJobs", logStreamNamePrefix=job["ProcessingJobName"]
    )
    assert logs["logStreams"] == []


def test_what_is_encrypted_needs_the_key(world: World) -> None:
    key, bucket = world.encrypted()
    source = fake_pipeline.source("in", f"s3://{bucket}/a", "/opt/ml/in", "S3Prefix")
    read = [
        ("s3:ListBucket", f"arn:aws:s3:::{bucket}"),
        ("s3:GetObject", f"arn:aws:s3:::{bucket}/*"),
    ]
    refused = world.job(world.role("sagemaker", [*PULL, *read, *WRITE]), ProcessingInputs=[source])
    assert f"perform: kms:Decrypt on resource: {key}" in refused["FailureReason"]
    rights = [*PULL, *read, *WRITE, ("kms:Decrypt", key)]
    job = world.job(world.role("sagemaker", rights), ProcessingInputs=[source])
    assert job["ProcessingJobStatus"] == "Completed"


def test_people_need_the_key_of_an_encrypted_object_too(world: World) -> None:
    key, bucket = world.encrypted()
    read = ("s3:GetObject", f"arn:aws:s3:::{bucket}/*")
    with pytest.raises(ClientError, match=f"perform: kms:Decrypt on resource: {key}"):
        world.user("s3", [read]).get_object(Bucket=bucket, Key="a")
    answer = world.user("s3", [read, ("kms:Decrypt", key)]).get_object(Bucket=bucket, Key="a")
    assert answer["Body"].read() == b"measured"


def test_a_message_to_an_encrypted_topic_needs_the_key(world: World) -> None:
    key, _ = world.encrypted()
    topic = world.client("sns").create_topic(Name="sealed", Attributes={"KmsMasterKeyId": key})
    publish = ("sns:Publish", topic["TopicArn"])
    task = {
        "Resource": "arn:aws:states:::sns:publish",
        "Parameters": {"TopicArn": topic["TopicArn"], "Message": "m"},
    }
    assert "kms:Decrypt" in world.execution(world.role("states", [publish]), task)["cause"]
    rights = [publish, ("kms:Decrypt", key), ("kms:GenerateDataKey", key)]
    assert world.execution(world.role("states", rights), task)["status"] == "SUCCEEDED"


def test_a_jobs_own_calls_are_its_roles(world: World) -> None:
    role = world.role("sagemaker", [*PULL, *READ, *WRITE])
    job = world.job(role, WHO)
    assert job["ExitMessage"] == (
        role.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + "/SageMaker"
    )


def test_a_job_needs_a_role_that_trusts_sagemaker(world: World) -> None:
    with pytest.raises(
        ClientError, match=r"allows principal 'sagemaker\.amazonaws\.com' to assume"
    ):
        world.job(world.role("states", [*PULL, *READ, *WRITE]))


# --- SageMaker: pipelines, models, passing roles -----------------------------------


def pipeline(world: World, pipelines_role: str, jobs_role: str) -> dict[str, Any]:
    """Run a pipeline of one processing step; return its step as it ended."""
    cluster = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
    step = {
        "Name": "Copy",
        "Type": "Processing",
        "Arguments": {
            "RoleArn": jobs_role,
            "ProcessingResources": {"ClusterConfig": cluster},
            "AppSpecification": {
                "ImageUri": world.image,
                "ContainerEntrypoint": ["python3", "-c", "pass"],
            },
        },
    }
    sm, name = world.client("sagemaker"), f"p{uuid.uuid4().hex[:12]}"
    definition = {"Version": "2020-12-01", "Parameters": [], "Steps": [step]}
    sm.create_pipeline(
        PipelineName=name, RoleArn=pipelines_role, PipelineDefinition=json.dumps(definition)
    )
    run = sm.start_pipeline_execution(PipelineName=name)["PipelineExecutionArn"]
    wait_for(
        lambda: sm.describe_pipeline_execution(PipelineExecutionArn=run)["PipelineExecutionStatus"],
        lambda status: status in {"Succeeded", "Failed"},
    )
    (ended,) = sm.list_pipeline_execution_steps(PipelineExecutionArn=run)["PipelineExecutionSteps"]
    return dict(ended)


def test_a_pipeline_starts_jobs_and_passes_roles_only_where_its_role_may(world: World) -> None:
    jobs = world.role("sagemaker", PULL)
    of_jobs = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:processing-job/*"
    needed = [
        ("sagemaker:CreateProcessingJob", of_jobs),
        ("iam:PassRole", jobs),
        ("sagemaker:AddTags", of_jobs),
        ("sagemaker:DescribeProcessingJob", of_jobs),
    ]
    assert pipeline(world, world.role("sagemaker", needed), jobs)["StepStatus"] == "Succeeded"
    for left_out in needed:
        rights = [each for each in needed if each != left_out]
        step = pipeline(world, world.role("sagemaker", rights), jobs)
        assert step["StepStatus"] == "Failed", left_out
        assert f"is not authorized to perform: {left_out[0]}" in step["FailureReason"]


def test_a_model_is_made_only_of_what_its_role_may_read(world: World) -> None:
    def make(role: str) -> None:
        world.client("sagemaker").create_model(
            ModelName=f"m{uuid.uuid4().hex[:12]}",
            ExecutionRoleArn=role,
            PrimaryContainer={"Image": world.image, "ModelDataUrl": f"s3://{BUCKET}/in/a"},
        )

    with pytest.raises(ClientError, match=r"Could not access model data .* s3:GetObject"):
        make(world.role("sagemaker", PULL))
    make(world.role("sagemaker", [*PULL, *READ]))


def test_who_makes_a_pipeline_must_be_allowed_to_pass_its_role(world: World) -> None:
    role, make = world.role("sagemaker", []), ("sagemaker:CreatePipeline", "*")
    definition = json.dumps({"Version": "2020-12-01", "Steps": []})
    request = {"PipelineName": "made", "RoleArn": role, "PipelineDefinition": definition}
    with pytest.raises(ClientError, match=f"not authorized to perform: iam:PassRole on .* {role}"):
        world.user("sagemaker", [make]).create_pipeline(**request)
    world.user("sagemaker", [make, ("iam:PassRole", role)]).create_pipeline(**request)
