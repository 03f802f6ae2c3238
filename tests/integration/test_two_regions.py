"""Two Regions of one account hold the same system side by side, and neither sees anything of the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import default
from functools import cache
from typing import Any

import pytest

from console.client import dashboards
from console.target import System
from infra.deploy import build, target
from infra.deploy.errors import DeployError
from infra.deploy.main import Deployment, Options
from shared import names
from shared.aws import session_of
from tests.integration.conftest import LocalPlatform, running
from tests.integration.observe import wait_for

SAY_WHERE = """
import os, pathlib
said = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"]) / "output"
said.mkdir(exist_ok=True)
(said / "message").write_text(os.environ["AWS_REGION"])
print("here")
"""
REFUSED = b"this is no measurement\n"


@dataclass
class Place:
    """The system in one Region."""

    platform: LocalPlatform
    region: str
    outputs: dict[str, str] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        return self.platform.client(service, self.region)

    def deployment(self, **options: Any) -> Deployment:
        variables = self.platform.info.environment(self.region)
        return Deployment(target.find(variables), Options(**options), str)

    def ledger(self) -> list[dict[str, Any]]:
        kept = self.client("dynamodb").scan(TableName=names.service("data_watcher"))["Items"]
        return [each for each in kept if "key" in each]

    def upload(self, name: str) -> None:
        key = f"raw/{self.region}/{name}"
        self.client("s3").put_object(
            Bucket=self.outputs["DataBucketName"], Key=key, Body=REFUSED + name.encode()
        )

    def notices(self) -> str:
        answer = self.client("lambda").invoke(
            FunctionName=names.query_function("notifier"),
            Payload=json.dumps(
                {
                    "query": "notices",
                }
            ),
        )
        return str(answer["Payload"].read().decode())

    def mails(self) -> str:
        """Return all mails to whom this Region's system tells something."""
        kept = (self.platform.home / "outbox" / "email").glob("*.eml")
        texts = [BytesParser(policy=default).parsebytes(mail.read_bytes()) for mail in kept]
        address = f"{self.region}@example.org"
        return "\n".join(str(mail.get_content()) for mail in texts if mail["To"] == address)

    def inventory(self) -> dict[str, Any]:
        """Return what there is in this Region, whoever made it."""
        pipelines = self.client("sagemaker").list_pipelines()["PipelineSummaries"]
        schedules = self.client("scheduler").list_schedules()["Schedules"]
        functions = self.client("lambda").get_paginator("list_functions").paginate()
        alarms = self.client("cloudwatch").get_paginator("describe_alarms").paginate()
        groups = self.client("logs").get_paginator("describe_log_groups").paginate()
        return {
            "stacks": [
                each["StackId"]
                for each in self.client("cloudformation").describe_stacks()["Stacks"]
            ],
            "pipelines": [each["PipelineArn"] for each in pipelines],
            "schedules": [each["Arn"] for each in schedules],
            "functions": [f["FunctionArn"] for page in functions for f in page["Functions"]],
            "alarms": [a["AlarmArn"] for page in alarms for a in page["MetricAlarms"]],
            "log groups": [g["arn"] for page in groups for g in page["logGroups"]],
            "topics": [t["TopicArn"] for t in self.client("sns").list_topics()["Topics"]],
            "keys": [k["KeyArn"] for k in self.client("kms").list_keys()["Keys"]],
        }


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Place]]:
    """The system in the Region in which the platform was started, and in another one."""
    with (
        running(tmp_path_factory.mktemp("regions"), AWS_REGION="eu-central-1") as platform,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in platform.environment.items():
            patch.setenv(name, value)
        for made in ("code_zip", "image_context"):  # the code does not change meanwhile
            patch.setattr(build, made, cache(getattr(build, made)))
        places = Place(platform, "eu-central-1"), Place(platform, "eu-west-1")
        for place in places:
            place.outputs = place.deployment(
                notification_email=f"{place.region}@example.org"
            ).deploy()
        yield places


def test_both_have_all_of_it_and_each_sees_its_own_only(both: tuple[Place, Place]) -> None:
    for place, other in (both, both[::-1]):
        found = place.inventory()
        assert all(found.values()), found
        assert other.region not in json.dumps(found)
    here, there = both[0].inventory(), both[1].inventory()
    assert {kind: len(found) for kind, found in here.items()} == {
        kind: len(found) for kind, found in there.items()
    }


def test_what_an_account_has_once_bears_the_region(both: tuple[Place, Place]) -> None:
    iam, s3 = both[0].client("iam"), both[0].client("s3")
    roles = {each["RoleName"] for each in iam.list_roles()["Roles"]}
    buckets = {each["Name"] for each in s3.list_buckets()["Buckets"]}
    for found in (roles, buckets):
        one, two = (
            {each.removesuffix(place.region) for each in found if each.endswith(place.region)}
            for place in both
        )
        assert one == two != set()
        assert len(found) == len(one) + len(two)


def test_changes_in_the_account_are_recorded_once_and_uploads_in_each_region(
    both: tuple[Place, Place],
) -> None:
    for place, management in zip(both, (True, False), strict=True):
        trails = place.client("cloudtrail")
        name = names.trail(place.region)
        assert trails.get_trail(Name=name)["Trail"]["IsMultiRegionTrail"] is management
        (selector,) = trails.get_event_selectors(TrailName=name)["EventSelectors"]
        assert selector["IncludeManagementEvents"] is management
        assert place.outputs["DataBucketName"] in json.dumps(selector["DataResources"])


def test_an_upload_is_handled_in_its_region_only(both: tuple[Place, Place]) -> None:
    for place, other in (both, both[::-1]):
        before = other.ledger(), other.notices()
        place.upload("a.csv")
        wait_for(
            lambda place=place: json.dumps(place.ledger()), lambda found: "quarantined" in found
        )
        wait_for(place.notices, lambda found, place=place: place.region in found)
        assert (other.ledger(), other.notices()) == before
    for place, other in (both, both[::-1]):
        told = wait_for(place.mails, lambda found, place=place: f"raw/{place.region}/" in found)
        assert f"raw/{other.region}/" not in told


def test_queues_are_measured_in_each_region(both: tuple[Place, Place]) -> None:
    for place in both:
        cloudwatch = place.client("cloudwatch")
        wait_for(lambda ask=cloudwatch: ask.list_metrics(Namespace="AWS/SQS")["Metrics"], bool)


def test_alarms_ring_in_each_region_though_nobody_looks_at_them(both: tuple[Place, Place]) -> None:
    queues = []
    for place in both:
        sqs, sns, cloudwatch = map(place.client, ("sqs", "sns", "cloudwatch"))
        url = sqs.create_queue(QueueName="rung")["QueueUrl"]
        topic = sns.create_topic(Name="rung")["TopicArn"]
        arn = f"arn:aws:sqs:{place.region}:000000000000:rung"
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        cloudwatch.put_metric_data(
            Namespace="Test", MetricData=[{"MetricName": "Beat", "Value": 1.0}]
        )
        cloudwatch.put_metric_alarm(
            AlarmName="no-beat",
            Namespace="Test",
            MetricName="Beat",
            Statistic="Sum",
            Period=10,
            EvaluationPeriods=1,
            Threshold=1.0,
            ComparisonOperator="LessThanThreshold",
            TreatMissingData="breaching",
            AlarmActions=[topic],
        )
        queues.append((sqs, url))
    for sqs, url in queues:
        wait_for(lambda sqs=sqs, url=url: sqs.receive_message(QueueUrl=url).get("Messages"), bool)
    for place in both:  # the last test looks at what is left
        place.client("cloudwatch").delete_alarms(AlarmNames=["no-beat"])
        place.client("sns").delete_topic(TopicArn=f"arn:aws:sns:{place.region}:000000000000:rung")


def test_a_state_machine_asks_the_sagemaker_of_its_region(both: tuple[Place, Place]) -> None:
    ask = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sagemaker:listPipelines",
        "End": True,
    }
    for place in both:
        states = place.client("stepfunctions")
        machine = states.create_state_machine(
            name="ask",
            definition=json.dumps({"StartAt": "Ask", "States": {"Ask": ask}}),
            roleArn="arn:aws:iam::000000000000:role/any",
        )["stateMachineArn"]
        run = states.start_execution(stateMachineArn=machine)["executionArn"]
        ended = wait_for(
            lambda states=states, run=run: states.describe_execution(executionArn=run),
            lambda found: found["status"] != "RUNNING",
        )
        found = {each["PipelineArn"] for each in json.loads(ended["output"])["PipelineSummaries"]}
        assert found == set(place.inventory()["pipelines"])
        states.delete_state_machine(stateMachineArn=machine)


def test_the_dashboard_is_the_regions_own(both: tuple[Place, Place]) -> None:
    listed = both[0].client("cloudwatch").list_dashboards()["DashboardEntries"]
    assert {each["DashboardName"] for each in listed} == {
        names.dashboard(place.region) for place in both
    }
    for place, other in (both, both[::-1]):
        system = System("local", session_of(place.region), place.platform.endpoint_url)
        assert other.region not in json.dumps(dashboards.body(system))


def test_jobs_of_one_name_run_in_both_regions_and_know_where_they_are(
    both: tuple[Place, Place],
) -> None:
    for place in both:
        place.client("sagemaker").create_processing_job(
            ProcessingJobName="same",
            RoleArn=place.outputs["JobsRoleArn"],
            AppSpecification={
                "ImageUri": place.outputs["ImageUri"],
                "ContainerEntrypoint": ["python", "-c", SAY_WHERE],
            },
            ProcessingResources={
                "ClusterConfig": {
                    "InstanceCount": 1,
                    "InstanceType": "ml.m5.large",
                    "VolumeSizeInGB": 1,
                }
            },
        )
    for place in both:
        job = wait_for(
            lambda place=place: place.client("sagemaker").describe_processing_job(
                ProcessingJobName="same"
            ),
            lambda found: found["ProcessingJobStatus"] != "InProgress",
        )
        assert (job["ProcessingJobStatus"], job["ExitMessage"]) == ("Completed", place.region)
        assert f":{place.region}:" in job["ProcessingJobArn"]
        streams = place.client("logs").describe_log_streams(
            logGroupName="/aws/sagemaker/ProcessingJobs", logStreamNamePrefix="same/"
        )["logStreams"]
        assert len(streams) == 1


def test_a_bucket_of_one_region_is_not_adopted_in_the_other(both: tuple[Place, Place]) -> None:
    here, there = both
    elsewhere = {"LocationConstraint": here.region}
    here.client("s3").create_bucket(Bucket="mine-already", CreateBucketConfiguration=elsewhere)
    variables = there.platform.info.environment(there.region) | {"S3_BUCKET": "mine-already"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(names.VARIABLE, names.prefix_of("other"))
        with pytest.raises(
            DeployError, match="is in eu-central-1, and this is eu-west-1: say --region"
        ):
            target.find(variables)
    here.client("s3").delete_bucket(Bucket="mine-already")


def test_one_region_is_destroyed_and_the_other_stays_whole(both: tuple[Place, Place]) -> None:
    gone, stays = both
    before, ledger = stays.inventory(), stays.ledger()
    gone.deployment(delete_data=True).destroy()
    left = gone.inventory()
    assert not [
        kind for kind, found in left.items() if found and kind not in {"keys", "log groups"}
    ]
    assert (stays.inventory(), stays.ledger()) == (before, ledger)
    stays.upload("b.csv")
    wait_for(lambda: json.dumps(stays.ledger()), lambda found: "b.csv" in found)
    stays.deployment().deploy()
    trail = stays.client("cloudtrail").get_trail(Name=names.trail(stays.region))["Trail"]
    assert trail["IsMultiRegionTrail"] is True, "nobody else records the account now"
