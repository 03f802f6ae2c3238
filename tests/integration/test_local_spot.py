"""Spot training loses its instance and goes on from its checkpoints; processing has several instances."""

from __future__ import annotations

import io
import json
import tarfile
import uuid
from pathlib import Path

import pytest

from infra.deploy import build
from infra.local.home import Home
from services.trainer_trigger.pipeline import preprocess
from tests.integration import fake_image
from tests.integration.fake_pipeline import ROLE, source, target
from tests.integration.observe import wait_for
from tests.unit.pipeline.datasets import Bench, frame, site

ENDED = {"Completed", "Failed", "Stopped"}
OUTPUT = "/opt/ml/processing/output"
AFTER = "SOLAR_LOCAL_INTERRUPT_AFTER"


class World:
    """A bucket with two images: the product's own, and one of a few lines."""

    def __init__(self, platform):
        self.platform, self.bucket = platform, "spot-data"
        self.sm, self.s3 = platform.client("sagemaker"), platform.client("s3")
        self.s3.create_bucket(Bucket=self.bucket)
        product, (digest, content) = build.image_context(), fake_image.build()
        self.product, self.fake = fake_image.uri(product.digest), fake_image.uri(digest)
        for name, body in ((product.digest, product.body), (digest, content)):
            self.s3.put_object(Bucket=self.bucket, Key=f"image/{name}.zip", Body=body)

    def upload(self, folder: Path, prefix: str) -> str:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                key = f"{prefix}/{path.relative_to(folder).as_posix()}"
                self.s3.put_object(Bucket=self.bucket, Key=key, Body=path.read_bytes())
        return f"s3://{self.bucket}/{prefix}"

    def train(self, image, channels, hyperparameters, *, after="", limit=120):
        name = f"spot-{uuid.uuid4().hex[:8]}"
        where = {"S3DataType": "S3Prefix", "S3DataDistributionType": "FullyReplicated"}
        self.sm.create_training_job(
            TrainingJobName=name,
            RoleArn=ROLE,
            AlgorithmSpecification={"TrainingImage": image, "TrainingInputMode": "File"},
            HyperParameters=hyperparameters,
            InputDataConfig=[
                {"ChannelName": channel, "DataSource": {"S3DataSource": where | {"S3Uri": uri}}}
                for channel, uri in channels.items()
            ],
            OutputDataConfig={"S3OutputPath": f"s3://{self.bucket}/models"},
            ResourceConfig={
                "InstanceType": "ml.m5.large",
                "InstanceCount": 1,
                "VolumeSizeInGB": 1,
            },
            StoppingCondition={"MaxRuntimeInSeconds": limit, "MaxWaitTimeInSeconds": limit},
            EnableManagedSpotTraining=True,
            CheckpointConfig={"S3Uri": f"s3://{self.bucket}/checkpoints/{name}"},
            Environment={AFTER: after},
        )
        return wait_for(
            lambda: self.sm.describe_training_job(TrainingJobName=name),
            lambda found: found["TrainingJobStatus"] in ENDED,
            seconds=240,
        )

    def process(self, script, count):
        name = f"process-{uuid.uuid4().hex[:8]}"
        cluster = {"InstanceType": "ml.m5.large", "InstanceCount": count, "VolumeSizeInGB": 1}
        self.sm.create_processing_job(
            ProcessingJobName=name,
            RoleArn=ROLE,
            ProcessingResources={"ClusterConfig": cluster},
            AppSpecification={
                "ImageUri": self.fake,
                "ContainerEntrypoint": ["python3", "-c", script],
            },
            ProcessingOutputConfig={
                "Outputs": [target("out", f"s3://{self.bucket}/{name}", "/opt/ml/out")]
            },
        )
        return wait_for(
            lambda: self.sm.describe_processing_job(ProcessingJobName=name),
            lambda found: found["ProcessingJobStatus"] in ENDED,
        )

    def preprocess(self, dataset, count):
        """Run the product's Preprocess on so many instances; return what it wrote, by name."""
        name = f"preprocess-{uuid.uuid4().hex[:8]}"
        cluster = {"InstanceType": "ml.m5.large", "InstanceCount": count, "VolumeSizeInGB": 1}
        self.sm.create_processing_job(
            ProcessingJobName=name,
            RoleArn=ROLE,
            ProcessingResources={"ClusterConfig": cluster},
            AppSpecification={
                "ImageUri": self.product,
                "ContainerEntrypoint": ["python3", "-m", "infra.image.entrypoint"],
                "ContainerArguments": ["preprocess"],
            },
            ProcessingInputs=[source("dataset", dataset, preprocess.INPUT)],
            ProcessingOutputConfig={
                "Outputs": [
                    target(each, f"s3://{self.bucket}/{name}/{each}", f"{OUTPUT}/{each}")
                    for each in ("train", "test", "report")
                ]
            },
        )
        job = wait_for(
            lambda: self.sm.describe_processing_job(ProcessingJobName=name),
            lambda found: found["ProcessingJobStatus"] in ENDED,
            seconds=120,
        )
        assert job["ProcessingJobStatus"] == "Completed", job
        listed = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=f"{name}/")["Contents"]
        return {
            each["Key"].partition("/")[2]: self.s3.get_object(Bucket=self.bucket, Key=each["Key"])[
                "Body"
            ].read()
            for each in listed
        }

    def model(self, job):
        key = job["ModelArtifacts"]["S3ModelArtifacts"].partition(f"{self.bucket}/")[2]
        return self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def said(self, job):
        logs = self.platform.client("logs")
        group = "/aws/sagemaker/TrainingJobs"
        streams = logs.describe_log_streams(
            logGroupName=group, logStreamNamePrefix=job["TrainingJobName"]
        )["logStreams"]
        return "\n".join(
            event["message"]
            for stream in streams
            for event in logs.get_log_events(
                logGroupName=group, logStreamName=stream["logStreamName"]
            )["events"]
        )


@pytest.fixture(scope="module")
def world(platform):
    return World(platform)


@pytest.fixture(scope="module")
def rows(world):
    """What the small image trains on."""
    world.s3.put_object(Bucket=world.bucket, Key="few/rows.json", Body=b"[1, 2]")
    return {"train": f"s3://{world.bucket}/few"}


def stages(job):
    return [each["Status"] for each in job["SecondaryStatusTransitions"]]


def members(packed):
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        return {entry.name: archive.extractfile(entry).read() for entry in archive}


def test_an_interrupted_train_goes_on_from_its_checkpoints_and_leaves_the_same_bytes(
    world, tmp_path
):
    bench = Bench(tmp_path)
    bench.upload(frame(days=240, noise=0.1))
    bench.freeze()
    preprocess.run(bench.container)
    channels = {
        name: world.upload(bench.container.path(f"/opt/ml/processing/output/{name}"), name)
        for name in ("train", "report")
    }
    given = {"model_type": "neural_network", "run_id": "run-1"}
    undisturbed = world.train(world.product, channels, given)
    assert undisturbed["TrainingJobStatus"] == "Completed", undisturbed
    seconds = undisturbed["TrainingTimeInSeconds"]
    interrupted = world.train(
        world.product, channels, given, after=f"{0.5 * seconds},{0.7 * seconds}"
    )
    assert interrupted["TrainingJobStatus"] == "Completed", interrupted
    assert "Interrupted" in stages(interrupted)
    assert "is taken over from an interrupted attempt" in world.said(interrupted)
    assert members(world.model(interrupted)) == members(world.model(undisturbed))


def test_after_an_interruption_the_job_starts_anew_with_its_checkpoints(world, rows):
    job = world.train(world.fake, rows, {"sleep": "1"}, after="0.5")
    assert stages(job) == [
        *("Starting", "Downloading", "Training", "Interrupted"),
        *("Downloading", "Training", "Uploading", "Completed"),
    ]
    assert json.loads(members(world.model(job))["model.json"])["epoch"] == 2


def test_a_job_that_is_interrupted_again_and_again_is_given_up_at_its_longest_wait(world, rows):
    job = world.train(world.fake, rows, {"sleep": "60"}, after="0.3," * 50, limit=2)
    assert job["TrainingJobStatus"] == "Stopped"
    assert job["SecondaryStatus"] in {"MaxWaitTimeExceeded", "MaxRuntimeExceeded"}
    assert stages(job).count("Interrupted") >= 2


def test_without_a_spot_instance_to_be_had_a_job_waits_in_vain(world, rows):
    scarce = Home(world.platform.home).no_spot
    scarce.touch()
    try:
        job = world.train(world.fake, rows, {"sleep": "1"})
    finally:
        scarce.unlink()
    assert job["TrainingJobStatus"] == "Stopped"
    assert "MaxWaitTimeExceeded" in job["FailureReason"]


def test_what_is_no_time_is_refused_by_name(world, rows):
    job = world.train(world.fake, rows, {}, after="soon")
    assert job["TrainingJobStatus"] == "Failed"
    assert f"{AFTER} is seconds" in job["FailureReason"]


TELL = """
import json, os, pathlib
base = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"])
told = json.loads((base / "config/resourceconfig.json").read_text())
(base / "out" / (told["current_host"] + ".json")).write_text(json.dumps(told["hosts"]))
"""
ONE_FAILS = """
import os, pathlib, sys, time
base = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"])
if "algo-2" in str(base):
    (base / "output/message").write_text("no row is left")
    sys.exit(1)
time.sleep(60)
"""


def test_every_instance_of_a_processing_job_knows_all_and_writes_to_the_same_place(world):
    job = world.process(TELL, 3)
    assert job["ProcessingJobStatus"] == "Completed"
    found = world.s3.list_objects_v2(Bucket=world.bucket, Prefix=job["ProcessingJobName"])
    keys = [each["Key"] for each in found["Contents"]]
    assert [key.rpartition("/")[2] for key in keys] == ["algo-1.json", "algo-2.json", "algo-3.json"]
    body = world.s3.get_object(Bucket=world.bucket, Key=keys[1])["Body"].read()
    assert json.loads(body) == ["algo-1", "algo-2", "algo-3"]


def test_two_instances_write_together_what_one_writes(world, tmp_path):
    bench = Bench(tmp_path, sites=[site(), site("hill"), site("lake")])
    for number, each in enumerate(bench.sites):
        bench.upload(frame(days=20, seed=number), each.site_id)
    bench.freeze()
    dataset = world.upload(bench.input, "fleet")
    alone, shared = (world.preprocess(dataset, count) for count in (1, 2))
    assert alone == shared
    assert {f"train/{each.site_id}.parquet" for each in bench.sites} <= set(shared)


def test_an_instance_that_fails_ends_the_others_and_says_why(world):
    job = world.process(ONE_FAILS, 2)
    assert job["ProcessingJobStatus"] == "Failed"
    assert "no row is left, exit code: 1" in job["FailureReason"]
