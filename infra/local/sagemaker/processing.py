"""Processing jobs: inputs, outputs, and several instances where asked for."""

from __future__ import annotations

import math

from infra.local.sagemaker import containers, images, transfer
from infra.local.sagemaker.containers import Box, Host
from infra.local.sagemaker.errors import invalid
from infra.local.sagemaker.kinds import DEFAULT_LONGEST
from infra.local.sagemaker.store import Record, now

_MOST_INSTANCES = 8  # processes of one machine


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
        if (
            request["ProcessingResources"]["ClusterConfig"].get("InstanceCount", 1)
            > _MOST_INSTANCES
        ):
            raise invalid(f"The local platform processes on at most {_MOST_INSTANCES} instances.")
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
        return float(job.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", DEFAULT_LONGEST))

    def patience(self, job: Record) -> float:  # noqa: ARG002  # the protocol's
        """Return that nothing bounds its waits: it has none."""
        return math.inf

    def interruptions(self, job: Record) -> list[float]:  # noqa: ARG002  # the protocol's
        """Return nothing: processing jobs have no spot instances."""
        return []

    def instances(self, job: Record) -> int:
        """Return on how many instances the job runs."""
        return int(job["ProcessingResources"]["ClusterConfig"].get("InstanceCount", 1))

    def prepare(self, box: Box, job: Record, host: Host) -> dict[str, str]:
        """Bring inputs and configuration files."""
        variables = containers.processing_files(box, job, host)
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


PROCESSING = Processing()
