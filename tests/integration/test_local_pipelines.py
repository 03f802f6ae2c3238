"""Pipelines run as they would on SageMaker, with every job a process in the container contract."""

from __future__ import annotations

import json
import uuid

import pytest
from botocore.exceptions import ClientError

from console.client import job_logs
from tests.integration import fake_image, fake_pipeline
from tests.integration.fake_pipeline import ROLE
from tests.integration.observe import processes_of, wait_for
from tests.unit.console.systems import fake_system

ENDED = {"Succeeded", "Failed", "Stopped"}


class World:
    """A bucket with data and an image, a group and a pipeline."""

    def __init__(self, platform, name):
        self.platform = platform
        self.sm, self.s3 = platform.client("sagemaker"), platform.client("s3")
        self.bucket, self.group, self.pipeline = f"{name}-data", f"solar-{name}", f"{name}-pipeline"
        self.s3.create_bucket(Bucket=self.bucket)
        digest, content = fake_image.build()
        self.s3.put_object(Bucket=self.bucket, Key=f"image/{digest}.zip", Body=content)
        self.image = fake_image.uri(digest)
        for number in range(3):
            self.s3.put_object(Bucket=self.bucket, Key=f"canonical/a/{number}.parquet", Body=b"x")
        manifest = [{"prefix": f"s3://{self.bucket}/canonical/"}, "a/0.parquet", "a/2.parquet"]
        self.put("datasets/manifest.json", manifest)
        self.sm.create_model_package_group(ModelPackageGroupName=self.group)

    def put(self, key, content):
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=json.dumps(content))

    def read(self, key):
        return json.loads(self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())

    def create(self, **options):
        text = json.dumps(
            fake_pipeline.definition(self.image, self.bucket, group=self.group, **options)
        )
        self.sm.create_pipeline(PipelineName=self.pipeline, RoleArn=ROLE, PipelineDefinition=text)

    def start(self, token=None, **parameters):
        given = {
            "manifest": f"s3://{self.bucket}/datasets/manifest.json",
            "checkpoints": f"s3://{self.bucket}/checkpoints/{uuid.uuid4()}",
            **parameters,
        }
        return self.sm.start_pipeline_execution(
            PipelineName=self.pipeline,
            ClientRequestToken=token or uuid.uuid4().hex,
            PipelineParameters=[
                {"Name": name, "Value": str(value)} for name, value in given.items()
            ],
        )["PipelineExecutionArn"]

    def ended(self, arn):
        return wait_for(
            lambda: self.sm.describe_pipeline_execution(PipelineExecutionArn=arn),
            lambda found: found["PipelineExecutionStatus"] in ENDED,
        )

    def steps(self, arn):
        found = self.sm.list_pipeline_execution_steps(PipelineExecutionArn=arn)
        return {step["StepName"]: step for step in found["PipelineExecutionSteps"]}


@pytest.fixture
def world(platform, request):
    return World(platform, f"p{abs(hash(request.node.name)) % 10**9}")


@pytest.fixture(scope="module")
def done(platform):
    """One execution that registered a model."""
    world = World(platform, "happy")
    world.create()
    world.arn = world.start()
    assert world.ended(world.arn)["PipelineExecutionStatus"] == "Succeeded"
    return world


def test_a_good_model_is_registered(done):
    steps = done.steps(done.arn)
    assert {name: step["StepStatus"] for name, step in steps.items()} == dict.fromkeys(
        ["Preprocess", "Train", "Evaluate", "CheckAccuracy", "RegisterModel"], "Succeeded"
    )
    package = done.sm.describe_model_package(
        ModelPackageName=steps["RegisterModel"]["Metadata"]["RegisterModel"]["Arn"]
    )
    assert package["ModelPackageVersion"] == 1
    assert package["CustomerMetadataProperties"] == {"model_type": "neural_network"}
    assert package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"].endswith(
        "/output/model.tar.gz"
    )


def test_a_job_sees_the_manifests_files_and_no_way_to_aws(done):
    run = done.arn.rpartition("/")[2]
    assert done.read(f"runs/{run}/data/rows.json") == ["0.parquet", "2.parquet"]
    seen = done.read(f"runs/{run}/data/seen.json")
    assert seen["job"].startswith(f"pipelines-{run}-Preprocess-")
    assert seen["aws"] == ["AWS_DEFAULT_REGION", "AWS_EC2_METADATA_DISABLED", "AWS_REGION"]


def test_the_arn_of_a_job_has_its_name_in_small_letters_and_finds_it(done):
    arn = done.steps(done.arn)["Train"]["Metadata"]["TrainingJob"]["Arn"]
    job = done.sm.describe_training_job(TrainingJobName=arn.rpartition("/")[2])
    assert "-Train-" in job["TrainingJobName"]
    assert job["TrainingJobArn"] == arn == arn.lower()


def test_a_stages_log_is_read_by_its_jobs_arn(done):
    system = fake_system()
    system.clients["logs"] = done.platform.client("logs")
    arn = done.steps(done.arn)["Preprocess"]["Metadata"]["ProcessingJob"]["Arn"]
    stage = {"name": "Preprocess", "status": "Succeeded", "job_arn": arn}
    assert [each.text for each in job_logs.tail(system, stage).lines] == ["preprocessed 2 files"]
    other = {**stage, "job_arn": arn.replace("preprocess", "evaluate")}
    assert job_logs.tail(system, other).lines == ()


def test_a_training_job_can_be_described(done):
    arn = done.steps(done.arn)["Train"]["Metadata"]["TrainingJob"]["Arn"]
    job = done.sm.describe_training_job(TrainingJobName=arn.rpartition("/")[2])
    assert job["TrainingJobStatus"] == "Completed"
    assert [step["Status"] for step in job["SecondaryStatusTransitions"]] == [
        *("Starting", "Downloading", "Training", "Uploading", "Completed")
    ]
    assert job["FinalMetricDataList"][0]["MetricName"] == "validation:r2"
    assert job["FinalMetricDataList"][0]["Value"] == pytest.approx(0.97)
    assert job["BillableTimeInSeconds"] >= 1


def test_what_jobs_write_is_in_the_log_groups(done):
    logs = done.platform.client("logs")
    arn = done.steps(done.arn)["Preprocess"]["Metadata"]["ProcessingJob"]["Arn"]
    job = done.sm.describe_processing_job(ProcessingJobName=arn.rpartition("/")[2])
    stream = logs.describe_log_streams(
        logGroupName="/aws/sagemaker/ProcessingJobs",
        logStreamNamePrefix=job["ProcessingJobName"],
    )["logStreams"][0]["logStreamName"]
    events = logs.get_log_events(
        logGroupName="/aws/sagemaker/ProcessingJobs", logStreamName=stream
    )["events"]
    assert [event["message"] for event in events] == ["preprocessed 2 files"]


def test_executions_are_counted_by_pipeline_and_outcome(done):
    cloudwatch = done.platform.client("cloudwatch")
    found = cloudwatch.list_metrics(Namespace="AWS/Sagemaker/ModelBuildingPipeline")["Metrics"]
    of_ours = {
        each["MetricName"]
        for each in found
        if each["Dimensions"] == [{"Name": "PipelineName", "Value": done.pipeline}]
    }
    assert of_ours == {"ExecutionStarted", "ExecutionSucceeded"}


def test_the_folders_of_jobs_are_gone_afterwards(done):
    jobs = done.platform.home / "tmp" / "jobs" / done.platform.info.region
    assert list(jobs.iterdir()) == []


def test_the_same_token_is_the_same_execution(done):
    token = "t" * 64
    first = done.start(token=token)
    assert done.start(token=token) == first
    assert done.ended(first)["PipelineExecutionStatus"] == "Succeeded"


def test_a_model_below_the_threshold_is_rejected_with_the_reason(done):
    arn = done.start(accuracy_threshold=0.99)
    ended = done.ended(arn)
    steps = done.steps(arn)
    assert ended["PipelineExecutionStatus"] == "Failed"
    assert "RegisterModel" not in steps
    assert steps["Reject"]["FailureReason"] == "R2 0.97 is below 0.99"


def test_a_failing_step_names_its_cause_and_nothing_after_it_runs(done):
    arn = done.start(preprocess_flag="--fail")
    ended = done.ended(arn)
    assert ended["PipelineExecutionStatus"] == "Failed"
    assert "no row is left after masking, exit code: 3" in ended["FailureReason"]
    assert list(done.steps(arn)) == ["Preprocess"]


def test_a_failing_training_shows_what_the_container_said(done):
    arn = done.start(fail="yes")
    done.ended(arn)
    reason = done.steps(arn)["Train"]["FailureReason"]
    assert reason == "AlgorithmError: loss is not finite, exit code: 1"


def test_checkpoints_are_brought_back(done):
    where = f"s3://{done.bucket}/checkpoints/kept"
    for epoch in (1, 2):
        arn = done.start(checkpoints=where)
        done.ended(arn)
        run = arn.rpartition("/")[2]
        assert done.read(f"runs/{run}/evaluation/evaluation.json")["epoch"] == epoch


def test_stopping_ends_the_process(done):
    arn = done.start(sleep=60)
    job = f"pipelines-{arn.rpartition('/')[2]}-Train"
    wait_for(lambda: processes_of(job), bool)
    done.sm.stop_pipeline_execution(PipelineExecutionArn=arn)
    assert done.ended(arn)["PipelineExecutionStatus"] == "Stopped"
    step = done.steps(arn)["Train"]
    assert (step["StepStatus"], step["FailureReason"]) == ("Stopped", "Training job was stopped")
    assert processes_of(job) == []
    with pytest.raises(ClientError, match="can't be stopped"):
        done.sm.stop_pipeline_execution(PipelineExecutionArn=arn)


def test_a_job_that_runs_too_long_is_ended(world):
    world.create(limit=1)
    arn = world.start(sleep=60)
    assert world.ended(arn)["PipelineExecutionStatus"] == "Failed"
    assert "MaxRuntimeExceeded" in world.steps(arn)["Train"]["FailureReason"]


def test_an_input_that_is_not_there_fails_its_step(done):
    arn = done.start(manifest=f"s3://{done.bucket}/datasets/nothing.json")
    done.ended(arn)
    assert "No S3 objects found" in done.steps(arn)["Preprocess"]["FailureReason"]


def test_an_image_that_is_not_there_fails_its_step(world):
    world.image = fake_image.uri("0" * 64)
    world.create()
    arn = world.start()
    world.ended(arn)
    assert "not found" in world.steps(arn)["Preprocess"]["FailureReason"]


def test_at_most_two_jobs_run_at_once(world):
    sleeper = {
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceType": "ml.m5.large",
                "InstanceCount": 1,
                "VolumeSizeInGB": 1,
            }
        },
        "AppSpecification": {
            "ImageUri": world.image,
            "ContainerEntrypoint": ["python", "-c", "import time; time.sleep(1)"],
        },
        "RoleArn": ROLE,
    }
    steps = [
        {"Name": f"Sleep{number}", "Type": "Processing", "Arguments": sleeper}
        for number in range(3)
    ]
    world.sm.create_pipeline(
        PipelineName=world.pipeline,
        RoleArn=ROLE,
        PipelineDefinition=json.dumps({"Version": "2020-12-01", "Steps": steps}),
    )
    arn = world.sm.start_pipeline_execution(PipelineName=world.pipeline)["PipelineExecutionArn"]
    assert world.ended(arn)["PipelineExecutionStatus"] == "Succeeded"
    jobs = [
        world.sm.describe_processing_job(
            ProcessingJobName=step["Metadata"]["ProcessingJob"]["Arn"].rpartition("/")[2]
        )
        for step in world.steps(arn).values()
    ]
    moments = [(job["ProcessingStartTime"], 1) for job in jobs]
    moments += [(job["ProcessingEndTime"], -1) for job in jobs]
    running = peak = 0
    for _, change in sorted(moments):
        running += change
        peak = max(peak, running)
    assert peak == 2


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d["Steps"][0].update(Type="Tuning"), "type 'Tuning' is not known"),
        (lambda d: d["Steps"][0].update(DependsOn=["Evaluate"]), "wait for each other"),
        (lambda d: d["Steps"][0].update(DependsOn=["Nobody"]), "which the definition lacks"),
        (lambda d: d.update(Version="2019-01-01"), "Version must be"),
        (lambda d: d["Parameters"].pop(0), "accuracy_threshold"),
    ],
)
def test_a_definition_that_cannot_run_is_refused_by_name(world, change, says):
    content = fake_pipeline.definition(world.image, world.bucket, group=world.group)
    change(content)
    with pytest.raises(ClientError, match=says) as refused:
        world.sm.create_pipeline(
            PipelineName=world.pipeline, RoleArn=ROLE, PipelineDefinition=json.dumps(content)
        )
    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_a_parameter_outside_its_values_is_refused(done):
    with pytest.raises(ClientError, match="should be one of"):
        done.start(model_type="forest")
    with pytest.raises(ClientError, match="Unknown parameters"):
        done.start(colour="red")


def test_a_misspelt_argument_fails_its_step_as_aws_would(world):
    content = fake_pipeline.definition(world.image, world.bucket, group=world.group)
    content["Steps"][0]["Arguments"]["Enviroment"] = {"A": "b"}
    world.sm.create_pipeline(
        PipelineName=world.pipeline, RoleArn=ROLE, PipelineDefinition=json.dumps(content)
    )
    arn = world.start()
    world.ended(arn)
    assert "Enviroment" in world.steps(arn)["Preprocess"]["FailureReason"]


LIST_INPUTS = """
import json, os, pathlib
base = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"])
found = sorted(str(p.relative_to(base / "in")) for p in (base / "in").rglob("*") if p.is_file())
(base / "out" / "found.json").write_text(json.dumps(found))
"""


def listed(world, uri, kind="S3Prefix"):
    """Run a processing job that lists its input; return the list, or the reason why it failed."""
    name = f"list-{uuid.uuid4().hex[:8]}"
    cluster = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
    world.sm.create_processing_job(
        ProcessingJobName=name,
        RoleArn=ROLE,
        ProcessingResources={"ClusterConfig": cluster},
        AppSpecification={
            "ImageUri": world.image,
            "ContainerEntrypoint": ["python3", "-c", LIST_INPUTS],
        },
        ProcessingInputs=[fake_pipeline.source("in", uri, "/opt/ml/in", kind)],
        ProcessingOutputConfig={
            "Outputs": [fake_pipeline.target("out", f"s3://{world.bucket}/{name}", "/opt/ml/out")]
        },
    )
    job = wait_for(
        lambda: world.sm.describe_processing_job(ProcessingJobName=name),
        lambda found: found["ProcessingJobStatus"] in {"Completed", "Failed"},
    )
    if job["ProcessingJobStatus"] == "Failed":
        return job["FailureReason"]
    return world.read(f"{name}/found.json")


def test_a_prefix_is_a_folder_and_a_key_is_a_file(done):
    base = f"s3://{done.bucket}"
    for key in ("in/run1/a.csv", "in/run1/sub/b.csv", "in/run10/c.csv", "in/one.tar.gz"):
        done.put(key, {})
    assert listed(done, f"{base}/in/run1") == ["a.csv", "sub/b.csv"]
    assert listed(done, f"{base}/in/run1/") == ["a.csv", "sub/b.csv"]
    assert listed(done, f"{base}/in/one.tar.gz") == ["one.tar.gz"]


def test_a_manifest_cannot_write_outside_its_folder(done):
    done.put("in/evil.json", [{"prefix": f"s3://{done.bucket}/in/"}, "run1/../../../../evil"])
    done.s3.put_object(Bucket=done.bucket, Key="in/run1/../../../../evil", Body=b"x")
    reason = listed(done, f"s3://{done.bucket}/in/evil.json", "ManifestFile")
    assert "outside its input folder" in reason
    done.put("in/odd.json", {"not": "a list"})
    assert "is no manifest" in listed(done, f"s3://{done.bucket}/in/odd.json", "ManifestFile")
