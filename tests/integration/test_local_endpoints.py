"""Endpoints serve for real; an update moves traffic in stages and comes back when an alarm goes off."""

from __future__ import annotations

import contextlib
import io
import json
import tarfile
import threading
import time

import pytest
from botocore.exceptions import ClientError

from tests.integration import fake_image
from tests.integration.fake_pipeline import ROLE
from tests.integration.observe import wait_for

BUCKET = "serving"


class World:
    """Models of the fake image, marked by an environment variable that answers carry."""

    def __init__(self, platform):
        self.platform = platform
        self.sm, self.runtime = platform.client("sagemaker"), platform.client("sagemaker-runtime")
        s3 = platform.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        digest, content = fake_image.build()
        s3.put_object(Bucket=BUCKET, Key=f"image/{digest}.zip", Body=content)
        self.image = fake_image.uri(digest)
        s3.put_object(
            Bucket=BUCKET, Key="model.tar.gz", Body=archive({"model.json": b'{"rows": []}'})
        )

    def config(self, name, *, artifact="model.tar.gz", instances=2, **environment):
        self.sm.create_model(
            ModelName=name,
            ExecutionRoleArn=ROLE,
            EnableNetworkIsolation=True,
            PrimaryContainer={
                "Image": self.image,
                "ModelDataUrl": f"s3://{BUCKET}/{artifact}",
                "Environment": {"MARK": name, **environment},
            },
        )
        self.sm.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[
                {
                    "VariantName": "AllTraffic",
                    "ModelName": name,
                    "InitialInstanceCount": instances,
                    "InstanceType": "ml.m5.large",
                }
            ],
        )
        return name

    def create(self, name, config):
        self.sm.create_endpoint(EndpointName=name, EndpointConfigName=config)
        return self.settled(name)

    def settled(self, name):
        return wait_for(
            lambda: self.sm.describe_endpoint(EndpointName=name),
            lambda found: found["EndpointStatus"] in {"InService", "Failed"},
        )

    def answer(self, name, body=b"1", **more):
        return self.runtime.invoke_endpoint(
            EndpointName=name, Body=body, ContentType="application/json", **more
        )

    def mark(self, name):
        return self.answer(name)["CustomAttributes"]


def archive(files):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as target:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            target.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def canary(percent=50, wait=60, last=0, alarms=()):
    watched = [{"AlarmName": name} for name in alarms]
    return {
        **({"AutoRollbackConfiguration": {"Alarms": watched}} if watched else {}),
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {
                "Type": "CANARY",
                "WaitIntervalInSeconds": wait,
                "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": percent},
            },
            "TerminationWaitInSeconds": last,
        },
    }


@pytest.fixture(scope="module")
def world(platform):
    return World(platform)


@pytest.fixture(scope="module")
def served(world):
    world.create("served", world.config("served-1"))
    return "served"


def test_an_endpoint_answers_with_the_containers_own_words(world, served):
    answer = world.answer(served, b"[1, 2]", Accept="application/json", CustomAttributes="trace=7")
    said = json.loads(answer["Body"].read())
    assert said["body"] == "[1, 2]"
    assert said["accept"] == "application/json"
    assert said["custom"] == "trace=7"
    assert said["credentials"] is False
    assert answer["ContentType"] == "application/json"
    assert answer["InvokedProductionVariant"] == "AllTraffic"
    assert answer["CustomAttributes"] == "served-1"


def test_a_containers_refusal_is_a_model_error(world, served):
    with pytest.raises(ClientError) as refused:
        world.answer(served, b"bad rows")
    response = refused.value.response
    assert response["Error"]["Code"] == "ModelError"
    assert response["OriginalStatusCode"] == 400
    assert response["OriginalMessage"] == "rows of 7 numbers expected"
    assert 'Received client error (400) from primary with message "rows' in str(refused.value)


def test_an_unknown_endpoint_or_variant_is_a_validation_error(world, served):
    with pytest.raises(ClientError, match="Endpoint nobody of account 000000000000 not found"):
        world.answer("nobody")
    with pytest.raises(ClientError, match="Variant green not found"):
        world.answer(served, TargetVariant="green")


def test_invocations_are_measured_per_variant(world, served):
    world.answer(served)
    dimensions = [
        {"Name": "EndpointName", "Value": served},
        {"Name": "VariantName", "Value": "AllTraffic"},
    ]
    found = {
        metric["MetricName"]
        for metric in world.platform.client("cloudwatch").list_metrics(
            Namespace="AWS/SageMaker", Dimensions=dimensions
        )["Metrics"]
    }
    assert {
        *("Invocations", "Invocation4XXErrors", "Invocation5XXErrors"),
        *("ModelLatency", "OverheadLatency"),
    } <= found


def test_the_containers_output_is_in_the_endpoints_log_group(world, served):
    world.answer(served)
    logs = world.platform.client("logs")
    events = wait_for(
        lambda: logs.filter_log_events(logGroupName=f"/aws/sagemaker/Endpoints/{served}")["events"],
        bool,
    )
    assert events[-1]["message"].startswith("request")


def test_a_container_that_dies_is_replaced(world):
    world.create("mortal", world.config("mortal-1"))
    with pytest.raises(ClientError, match="Received server error"):
        world.answer("mortal", b"die")

    def alive():
        try:
            return world.mark("mortal")
        except ClientError:
            return None

    assert wait_for(alive, bool) == "mortal-1"


def test_a_model_that_does_not_load_fails_the_endpoint(world):
    found = world.create("broken", world.config("broken-1", BROKEN="start"))
    assert found["EndpointStatus"] == "Failed"
    assert "did not pass the ping health check" in found["FailureReason"]
    world.sm.create_endpoint_config(
        EndpointConfigName="broken-2",
        ProductionVariants=[
            {"VariantName": "AllTraffic", "ModelName": "served-1", "InstanceType": "ml.m5.large"}
        ],
    )
    with pytest.raises(ClientError, match="in status Failed"):
        world.sm.update_endpoint(EndpointName="broken", EndpointConfigName="broken-2")


def test_a_model_archive_with_an_entry_outside_is_not_unpacked(world):
    world.platform.client("s3").put_object(
        Bucket=BUCKET, Key="evil.tar.gz", Body=archive({"../../evil": b"x"})
    )
    found = world.create("evil", world.config("evil-1", artifact="evil.tar.gz"))
    assert found["EndpointStatus"] == "Failed"
    assert "outside" in found["FailureReason"]


def test_a_canary_gets_its_share_and_then_everything(world):
    world.create("canary", world.config("canary-1"))
    world.config("canary-2")
    world.sm.update_endpoint(
        EndpointName="canary", EndpointConfigName="canary-2", DeploymentConfig=canary(50, 60)
    )
    with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
        world.sm.update_endpoint(EndpointName="canary", EndpointConfigName="canary-2")
    with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
        world.sm.delete_endpoint(EndpointName="canary")
    with pytest.raises(ClientError, match="uses it"):
        world.sm.delete_endpoint_config(EndpointConfigName="canary-2")
    wait_for(lambda: world.mark("canary"), lambda mark: mark == "canary-2")
    marks = [world.mark("canary") for _ in range(10)]
    assert marks.count("canary-2") == 5
    assert world.settled("canary")["EndpointConfigName"] == "canary-2"
    assert {world.mark("canary") for _ in range(5)} == {"canary-2"}
    world.sm.delete_endpoint_config(EndpointConfigName="canary-1")


def test_no_request_fails_while_an_endpoint_is_updated(world):
    world.create("steady", world.config("steady-1"))
    world.config("steady-2")
    failures, stop = [], threading.Event()

    def ask():
        while not stop.is_set():
            try:
                world.answer("steady")
            except ClientError as error:
                failures.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    world.sm.update_endpoint(EndpointName="steady", EndpointConfigName="steady-2")
    wait_for(lambda: world.mark("steady"), lambda mark: mark == "steady-2")
    world.settled("steady")
    time.sleep(0.2)
    stop.set()
    asking.join()
    assert failures == []


def test_an_alarm_during_the_bake_rolls_back(world):
    world.create("alarmed", world.config("alarmed-1"))
    world.config("alarmed-2", BROKEN="answers")
    cloudwatch = world.platform.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="alarmed-5xx",
        Namespace="AWS/SageMaker",
        MetricName="Invocation5XXErrors",
        Dimensions=[
            {"Name": "EndpointName", "Value": "alarmed"},
            {"Name": "VariantName", "Value": "AllTraffic"},
        ],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
    )
    world.sm.update_endpoint(
        EndpointName="alarmed",
        EndpointConfigName="alarmed-2",
        DeploymentConfig=canary(50, 1500, alarms=["alarmed-5xx"]),
    )
    statuses = set()

    def ask():
        with contextlib.suppress(world.runtime.exceptions.ModelError):
            world.answer("alarmed")
        found = world.sm.describe_endpoint(EndpointName="alarmed")
        statuses.add(found["EndpointStatus"])
        return found

    found = wait_for(ask, lambda found: found["EndpointStatus"] == "InService")
    assert found["EndpointConfigName"] == "alarmed-1"
    assert "alarmed-5xx" in found["FailureReason"]
    assert "Updating" in statuses
    assert {world.mark("alarmed") for _ in range(4)} == {"alarmed-1"}
    world.sm.delete_endpoint_config(EndpointConfigName="alarmed-2")


def test_a_new_model_that_does_not_load_leaves_the_old_one_serving(world):
    world.create("kept", world.config("kept-1"))
    world.sm.update_endpoint(
        EndpointName="kept", EndpointConfigName=world.config("kept-2", BROKEN="start")
    )
    found = world.settled("kept")
    assert found["EndpointConfigName"] == "kept-1"
    assert "ping health check" in found["FailureReason"]
    assert world.mark("kept") == "kept-1"


@pytest.mark.parametrize(
    ("deployment", "says"),
    [
        (canary(60), "less than or equal to 50%"),
        (canary(alarms=["nobody"]), "Alarm nobody"),
        (
            {
                "RollingUpdatePolicy": {
                    "MaximumBatchSize": {"Type": "INSTANCE_COUNT", "Value": 1},
                    "WaitIntervalInSeconds": 1,
                }
            },
            "RollingUpdatePolicy",
        ),
    ],
)
def test_a_deployment_that_cannot_be_is_refused(world, served, deployment, says):
    name = f"refused-{abs(hash(says)) % 10**6}"
    world.config(name)
    with pytest.raises(ClientError, match=says):
        world.sm.update_endpoint(
            EndpointName=served, EndpointConfigName=name, DeploymentConfig=deployment
        )


def test_one_instance_cannot_be_divided(world, served):
    world.config("single", instances=1)
    with pytest.raises(ClientError, match="at least two instances"):
        world.sm.update_endpoint(
            EndpointName=served, EndpointConfigName="single", DeploymentConfig=canary()
        )


def test_deleting_ends_the_process(world):
    world.create("short", world.config("short-1"))
    before = set((world.platform.home / "tmp" / "endpoints").iterdir())
    assert any(folder.name.startswith("short-") for folder in before)
    world.sm.delete_endpoint(EndpointName="short")
    with pytest.raises(ClientError, match='Could not find endpoint "arn'):
        world.sm.describe_endpoint(EndpointName="short")
    wait_for(
        lambda: [
            folder
            for folder in (world.platform.home / "tmp" / "endpoints").iterdir()
            if folder.name.startswith("short-")
        ],
        lambda left: not left,
    )


def test_names_that_exist_or_do_not_are_refused_as_aws_does(world, served):
    with pytest.raises(ClientError, match="Cannot create already existing endpoint"):
        world.sm.create_endpoint(EndpointName=served, EndpointConfigName="served-1")
    with pytest.raises(ClientError, match="Could not find endpoint configuration"):
        world.sm.create_endpoint(EndpointName="other", EndpointConfigName="nothing")
    with pytest.raises(ClientError, match="Could not find model"):
        world.sm.create_endpoint_config(
            EndpointConfigName="no-model",
            ProductionVariants=[
                {"VariantName": "A", "ModelName": "nothing", "InstanceType": "ml.m5.large"}
            ],
        )
    with pytest.raises(ClientError, match=r"Requested image .* not found"):
        world.sm.create_model(
            ModelName="no-image",
            ExecutionRoleArn=ROLE,
            PrimaryContainer={"Image": fake_image.uri("1" * 64)},
        )


# --- serverless endpoints ------------------------------------------------------------------------


def serverless(world, name, *, memory=2048, isolated=False, **more):
    """Make a serverless configuration; `more` goes into the request as it is."""
    world.sm.create_model(
        ModelName=name,
        ExecutionRoleArn=ROLE,
        EnableNetworkIsolation=isolated,
        PrimaryContainer={
            "Image": world.image,
            "ModelDataUrl": f"s3://{BUCKET}/model.tar.gz",
            "Environment": {"MARK": name},
        },
        **more.pop("model", {}),
    )
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": name,
        "ServerlessConfig": {"MemorySizeInMB": memory, "MaxConcurrency": 5},
        **more.pop("variant", {}),
    }
    world.sm.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=[variant, *more.pop("beside", [])], **more
    )
    return name


def test_a_serverless_endpoint_answers_and_moves_at_once(world):
    found = world.create("lambda", serverless(world, "lambda-1"))
    (variant,) = found["ProductionVariants"]
    assert variant["CurrentServerlessConfig"] == {"MemorySizeInMB": 2048, "MaxConcurrency": 5}
    assert "CurrentInstanceCount" not in variant
    assert world.mark("lambda") == "lambda-1"
    world.sm.update_endpoint(
        EndpointName="lambda", EndpointConfigName=serverless(world, "lambda-2")
    )
    assert world.settled("lambda")["EndpointConfigName"] == "lambda-2"
    assert world.mark("lambda") == "lambda-2"


CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": f"s3://{BUCKET}/captured",
    "CaptureOptions": [{"CaptureMode": "Input"}],
}
PRIVATE = {"VpcConfig": {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}}
OTHER = {
    "VariantName": "other",
    "ModelName": "served-1",
    "InitialInstanceCount": 1,
    "InstanceType": "ml.m5.large",
}


@pytest.mark.parametrize(
    ("refused", "more"),
    [
        ("DataCaptureConfig", {"DataCaptureConfig": CAPTURE}),
        ("VpcConfig", {"model": PRIVATE}),
        ("EnableNetworkIsolation", {"isolated": True}),
        ("InstanceType", {"variant": {"InstanceType": "ml.m5.large"}}),
        ("one production variant", {"beside": [OTHER]}),
        ("MemorySizeInMB", {"memory": 1500}),
    ],
)
def test_a_serverless_configuration_is_refused_as_on_aws(world, served, refused, more):
    name = f"not-{refused.replace(' ', '-')}"
    with pytest.raises(ClientError, match=refused) as caught:
        serverless(world, name, **more)
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_instances_become_serverless_in_no_way_and_serverless_becomes_instances(world):
    world.create("both", serverless(world, "both-1"))
    world.sm.update_endpoint(EndpointName="both", EndpointConfigName=world.config("both-2"))
    found = world.settled("both")
    assert found["EndpointConfigName"] == "both-2"
    assert found["ProductionVariants"][0]["CurrentInstanceCount"] == 2
    with pytest.raises(ClientError, match="cannot be updated to a serverless one"):
        world.sm.update_endpoint(
            EndpointName="both", EndpointConfigName=serverless(world, "both-3")
        )


def test_a_serverless_endpoint_has_no_canary_and_no_scaling(world):
    world.create("whole", serverless(world, "whole-1"))
    with pytest.raises(ClientError, match="no instances among which traffic could be divided"):
        world.sm.update_endpoint(
            EndpointName="whole",
            EndpointConfigName=serverless(world, "whole-2"),
            DeploymentConfig=canary(),
        )
    with pytest.raises(ClientError, match="no DesiredInstanceCount"):
        world.platform.client("application-autoscaling").register_scalable_target(
            ServiceNamespace="sagemaker",
            ResourceId="endpoint/whole/variant/AllTraffic",
            ScalableDimension="sagemaker:variant:DesiredInstanceCount",
            MinCapacity=1,
            MaxCapacity=2,
        )


def test_a_serverless_endpoint_takes_four_mebibytes(world):
    world.create("small", serverless(world, "small-1"))
    with pytest.raises(ClientError, match="larger than 4194304 bytes"):
        world.answer("small", b"x" * (4 * 1024 * 1024 + 1))
