"""Training jobs: channels, checkpoints, a model; on spot instances they may be interrupted."""

from __future__ import annotations

import math
import os
from pathlib import Path

from infra.local.sagemaker import access, containers, images, transfer
from infra.local.sagemaker.containers import Box, Host
from infra.local.sagemaker.errors import invalid
from infra.local.sagemaker.kinds import DEFAULT_LONGEST, EXCEEDED, SECONDS
from infra.local.sagemaker.store import Record, now

INTERRUPT_VARIABLE = "SOLAR_LOCAL_INTERRUPT_AFTER"


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
        return float(job["StoppingCondition"].get("MaxRuntimeInSeconds", DEFAULT_LONGEST))

    def patience(self, job: Record) -> float:
        """Return how long the job may run and wait. [s]"""
        if not job.get("EnableManagedSpotTraining"):
            return math.inf
        return float(job["StoppingCondition"].get("MaxWaitTimeInSeconds", math.inf))

    def interruptions(self, job: Record) -> list[float]:
        """Return after how long each of the first attempts loses its instance. [s]

        Asked for by a variable of the platform, or of the same name in the job's Environment.

        Raises
        ------
        ApiError
            It is no list of seconds.
        """
        if not job.get("EnableManagedSpotTraining"):
            return []
        text = job.get("Environment", {}).get(
            INTERRUPT_VARIABLE, os.environ.get(INTERRUPT_VARIABLE, "")
        )
        try:
            return [float(each) for each in text.split(",") if each.strip()]
        except ValueError as error:
            raise invalid(
                f"{INTERRUPT_VARIABLE} is seconds, like 5 or 5,10, not {text!r}."
            ) from error

    def instances(self, job: Record) -> int:  # noqa: ARG002  # the protocol's
        """Return on how many instances the job runs."""
        return 1

    def prepare(self, box: Box, job: Record, host: Host) -> dict[str, str]:
        """Bring channels, checkpoints and configuration files."""
        variables = containers.training_files(box, job, host)
        for channel in job.get("InputDataConfig", []):
            source = channel["DataSource"]["S3DataSource"]
            target = box.base / "input/data" / channel["ChannelName"]
            transfer.bring(source["S3Uri"], source["S3DataType"], target)
        checkpoints = job.get("CheckpointConfig")
        if checkpoints and transfer.is_there(checkpoints["S3Uri"]):
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
        job[SECONDS] = job.get(SECONDS, 0.0) + seconds
        job["TrainingTimeInSeconds"] = job["BillableTimeInSeconds"] = max(1, round(job[SECONDS]))
        published = metrics if access.to_measure() else []
        job["FinalMetricDataList"] = [metric | {"Timestamp": now()} for metric in published]

    def metric_definitions(self, job: Record) -> list[dict[str, str]]:
        """Return what to search the output for."""
        definitions: list[dict[str, str]] = job["AlgorithmSpecification"].get(
            "MetricDefinitions", []
        )
        return definitions

    def ended(self, job: Record) -> None:
        """Note when the job ended, and how."""
        reason = job.get("FailureReason", "").partition(":")[0]
        self.progress(job, reason if reason in EXCEEDED else job[self.status])
        job["TrainingEndTime"] = now()


TRAINING = Training()
