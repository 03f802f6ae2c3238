"""What differs between training and processing jobs."""

from __future__ import annotations

from typing import Protocol

from infra.local.sagemaker.containers import Box, Host
from infra.local.sagemaker.store import Record

DEFAULT_LONGEST = 86400  # [s]
SECONDS = "_Seconds"  # member of a job's record: how long its attempts ran [s]
EXCEEDED = ("MaxRuntimeExceeded", "MaxWaitTimeExceeded")


class ExceededError(Exception):
    """A job took longer than its StoppingCondition allows.

    Parameters
    ----------
    what
        `MaxRuntimeExceeded` or, with the waits of managed spot training, `MaxWaitTimeExceeded`.
    """

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}: the job took longer than its StoppingCondition allows")


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

    def patience(self, job: Record) -> float:
        """Return how long the job may run and wait. [s]"""

    def interruptions(self, job: Record) -> list[float]:
        """Return after how long each of the first attempts loses its instance. [s]"""

    def instances(self, job: Record) -> int:
        """Return on how many instances the job runs."""

    def prepare(self, box: Box, job: Record, host: Host) -> dict[str, str]:
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
        """Note how long an attempt ran, and the metrics it wrote."""

    def metric_definitions(self, job: Record) -> list[dict[str, str]]:
        """Return what to search the output for."""

    def ended(self, job: Record) -> None:
        """Note when the job ended."""
