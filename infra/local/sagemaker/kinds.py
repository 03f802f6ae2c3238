"""What differs between training and processing jobs."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from infra.local import objects
from infra.local.sagemaker import containers, images, transfer
from infra.local.sagemaker.containers import Box
from infra.local.sagemaker.errors import invalid
from infra.local.sagemaker.store import Record, now

_DEFAULT_LONGEST = 86400  # [s]


class MaxRuntimeExceededError(Exception):
    """A job ran longer than its StoppingCondition allows."""

    def __str__(self) -> str:
        return "MaxRuntimeExceeded: the job ran longer than its StoppingCondition allows"


class Kind(Protocol):
    """A kind of job: the names of its members, and what is done before and after its process."""

    name: str
    table: str
    resource: str
    member: str
    arn: str
    status: str
    log_group: str
    missing: str
    grace: float

    def refuse_unknown(self, request: Record) -> None:
        """Refuse by name what runs on AWS and not here."""

    def image(self, job: Record) -> str:
        """Return the URI of the job's image."""

    def command(self, job: Record) -> list[str]:
        """Return what the container runs."""

    def longest(self, job: Record) -> float:
        """Return how long the job may run. [s]"""

    def prepare(self, box: Box, job: Record) -> dict[str, str]:
        """Bring inputs and configuration files; return the variables that go with them."""

    def finish(self, box: Box, job: Record) -> None:
        """Take the outputs of a job that succeeded."""

    def keep_partial(self, box: Box, job: Record) -> None:
        """Take what a stopped job leaves: its checkpoints."""

    def failure(self, box: Box, job: Record, code: int) -> str:
        """Return the FailureReason of a process that failed."""

    def progress(self, job: Record, stage: str) -> None:
        """Note the stage that the job is in."""

    def measure(self, job: Record, seconds: float, metrics: list[Record]) -> None:
        """Note how long the process ran, and the metrics it wrote."""

    def metric_definitions(self, job: Record) -> list[dict[str, str]]:
        """Return what to search the output for."""

    def ended(self, job: Record) -> None:
        """Note when the job ended."""


class Training:
    """Training jobs."""

    name = "Training"
    table = "training_jobs"
    resource = "training-job"
    member = "TrainingJobName"
    arn = "TrainingJobArn"
    status = "TrainingJobStatus"
    log_group = "/aws/sagemaker/TrainingJobs"
    missing = "Requested resource not found."
    grace = 120.0

    def refuse_unknown(self, request: Record) -> None:
        """Refuse by name what runs on AWS and not here."""
        if "TrainingImage" not in request["AlgorithmSpecification"]:
            raise invalid(
                "The local platform trains with AlgorithmSpecification.TrainingImage only."
            )
        if request["ResourceConfig"].get("InstanceCount", 1) != 1:
            raise invalid("The local platform trains on one instance.")
        for channel in request.get("InputDataConfig", []):
            name = channel["ChannelName"]
            if channel.get("InputMode", "File") == "Pipe":
                raise invalid(f"Channel {name}: the local platform does not know InputMode Pipe.")
            if channel.get("CompressionType", "None") != "None":
                raise invalid(
                    f"Channel {name}: the local platform does not unpack compressed input."
                )
            if "S3DataSource" not in channel["DataSource"]:
                raise invalid(f"Channel {name}: the local platform reads S3DataSource only.")

    def image(self, job: Record) -> str:
        """Return the URI of the job's image."""
        return str(job["AlgorithmSpecification"]["TrainingImage"])

    def command(self, job: Record) -> list[str]:
        """Return what the container runs: `train`, unless the request brings its own entrypoint."""
        algorithm = job["AlgorithmSpecification"]
        entrypoint = algorithm.get("ContainerEntrypoint")
        arguments = algorithm.get("ContainerArguments", [])
        return images.command(entrypoint, arguments if entrypoint else ["train", *arguments])

    def longest(self, job: Record) -> float:
        """Return how long the job may run. [s]"""
        return float(job["StoppingCondition"].get("MaxRuntimeInSeconds", _DEFAULT_LONGEST))

    def prepare(self, box: Box, job: Record) -> dict[str, str]:
        """Bring channels, checkpoints and configuration files."""
        variables = containers.training_files(box, job)
        for channel in job.get("InputDataConfig", []):
            source = channel["DataSource"]["S3DataSource"]
            target = box.base / "input/data" / channel["ChannelName"]
            transfer.bring(source["S3Uri"], source["S3DataType"], target)
        checkpoints = job.get("CheckpointConfig")
        if checkpoints and objects.keys(*objects.split(checkpoints["S3Uri"])):
            transfer.bring(checkpoints["S3Uri"], "S3Prefix", self._checkpoints(box, job))
        return variables

    @staticmethod
    def _checkpoints(box: Box, job: Record) -> Path:
        return box.path(job["CheckpointConfig"].get("LocalPath", "/opt/ml/checkpoints"))

    def finish(self, box: Box, job: Record) -> None:
        """Take the model, further output and the checkpoints."""
        self.keep_partial(box, job)
        base = f"{job['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{job[self.member]}/output"
        transfer.take_packed(box.base / "model", f"{base}/model.tar.gz")
        if any((box.base / "output/data").iterdir()):
            transfer.take_packed(box.base / "output/data", f"{base}/output.tar.gz")
        job["ModelArtifacts"] = {"S3ModelArtifacts": f"{base}/model.tar.gz"}

    def keep_partial(self, box: Box, job: Record) -> None:
        """Take the checkpoints."""
        if "CheckpointConfig" in job:
            transfer.take(self._checkpoints(box, job), job["CheckpointConfig"]["S3Uri"])

    def failure(self, box: Box, job: Record, code: int) -> str:  # noqa: ARG002  # the protocol's
        """Return what the container wrote to `/opt/ml/output/failure`, as AWS shows it."""
        said = box.said("output/failure") or "See job logs for more information"
        return f"AlgorithmError: {said[:900]}, exit code: {code}"

    def progress(self, job: Record, stage: str) -> None:
        """Note the secondary status."""
        transitions = job.setdefault("SecondaryStatusTransitions", [])
        if transitions:
            transitions[-1]["EndTime"] = now()
        transitions.append({"Status": stage, "StartTime": now(), "StatusMessage": stage})
        job["SecondaryStatus"] = stage
        job["LastModifiedTime"] = now()
        if stage == "Training":
            job["TrainingStartTime"] = now()

    def measure(self, job: Record, seconds: float, metrics: list[Record]) -> None:
        """Note the time that is paid for, and the metrics."""
        job["TrainingTimeInSeconds"] = job["BillableTimeInSeconds"] = max(1, round(seconds))
        job["FinalMetricDataList"] = [metric | {"Timestamp": now()} for metric in metrics]

    def metric_definitions(self, job: Record) -> list[dict[str, str]]:
        """Return what to search the output for."""
        definitions: list[dict[str, str]] = job["AlgorithmSpecification"].get(
            "MetricDefinitions", []
        )
        return definitions

    def ended(self, job: Record) -> None:
        """Note when the job ended, and how."""
        exceeded = job.get("FailureReason", "").startswith("MaxRuntimeExceeded")
        self.progress(job, "MaxRuntimeExceeded" if exceeded else job[self.status])
        job["TrainingEndTime"] = now()


class Processing:
    """Processing jobs."""

    name = "Processing"
    table = "processing_jobs"
    resource = "processing-job"
    member = "ProcessingJobName"
    arn = "ProcessingJobArn"
    status = "ProcessingJobStatus"
    log_group = "/aws/sagemaker/ProcessingJobs"
    missing = "Could not find requested job with name: {name}"
    grace = 30.0

    def refuse_unknown(self, request: Record) -> None:
        """Refuse by name what runs on AWS and not here."""
        if request["ProcessingResources"]["ClusterConfig"].get("InstanceCount", 1) != 1:
            raise invalid("The local platform processes on one instance.")
        for given in request.get("ProcessingInputs", []):
            name = given["InputName"]
            if "S3Input" not in given:
                raise invalid(f"Input {name}: the local platform reads S3Input only.")
            if given["S3Input"].get("S3CompressionType", "None") != "None":
                raise invalid(f"Input {name}: the local platform does not unpack compressed input.")
            if given["S3Input"].get("S3InputMode", "File") != "File":
                raise invalid(f"Input {name}: the local platform knows S3InputMode File only.")
        for output in request.get("ProcessingOutputConfig", {}).get("Outputs", []):
            if "S3Output" not in output:
                raise invalid(
                    f"Output {output['OutputName']}: the local platform writes S3Output only."
                )

    def image(self, job: Record) -> str:
        """Return the URI of the job's image."""
        return str(job["AppSpecification"]["ImageUri"])

    def command(self, job: Record) -> list[str]:
        """Return what the container runs."""
        application = job["AppSpecification"]
        return images.command(
            application.get("ContainerEntrypoint"), application.get("ContainerArguments", [])
        )

    def longest(self, job: Record) -> float:
        """Return how long the job may run. [s]"""
        return float(job.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", _DEFAULT_LONGEST))

    def prepare(self, box: Box, job: Record) -> dict[str, str]:
        """Bring inputs and configuration files."""
        variables = containers.processing_files(box, job)
        for given in job.get("ProcessingInputs", []):
            source = given["S3Input"]
            transfer.bring(source["S3Uri"], source["S3DataType"], box.path(source["LocalPath"]))
        job["ProcessingStartTime"] = now()
        return variables

    def finish(self, box: Box, job: Record) -> None:
        """Take the outputs."""
        job["ExitMessage"] = box.said("output/message") or None
        for output in job.get("ProcessingOutputConfig", {}).get("Outputs", []):
            target = output["S3Output"]
            transfer.take(box.path(target["LocalPath"]), target["S3Uri"])

    def keep_partial(self, box: Box, job: Record) -> None:
        """Take nothing: a processing job has no checkpoints."""

    def failure(self, box: Box, job: Record, code: int) -> str:
        """Return what the container wrote to `/opt/ml/output/message`, as AWS shows it."""
        said = box.said("output/message")
        job["ExitMessage"] = said or None
        return f"AlgorithmError: {said[:900] or 'See job logs for more information'}, exit code: {code}"

    def progress(self, job: Record, stage: str) -> None:  # noqa: ARG002  # the protocol's
        """Note that something happened; processing jobs have no secondary status."""
        job["LastModifiedTime"] = now()

    def measure(self, job: Record, seconds: float, metrics: list[Record]) -> None:
        """Note nothing: processing jobs show times only."""

    def metric_definitions(self, job: Record) -> list[dict[str, str]]:  # noqa: ARG002
        """Return nothing: processing jobs have no metrics."""
        return []

    def ended(self, job: Record) -> None:
        """Note when the job ended."""
        job["ProcessingEndTime"] = now()


TRAINING = Training()
PROCESSING = Processing()
