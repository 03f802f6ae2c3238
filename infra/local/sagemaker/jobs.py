"""Training and processing jobs: subprocesses in the container contract, a few at a time."""

from __future__ import annotations

import math
import os
import subprocess
import threading
import time
from collections.abc import Callable

from infra.local import background, roles
from infra.local.home import Home
from infra.local.roles import Actor, RefusedError
from infra.local.sagemaker import access, events, validate
from infra.local.sagemaker.attempt import Attempt, folder
from infra.local.sagemaker.containers import Box
from infra.local.sagemaker.errors import ApiError, invalid
from infra.local.sagemaker.images import Images
from infra.local.sagemaker.kinds import SECONDS, ExceededError, Kind
from infra.local.sagemaker.processing import PROCESSING
from infra.local.sagemaker.store import Record, Store, now, page
from infra.local.sagemaker.training import TRAINING
from infra.local.sagemaker.transfer import TransferError

_RUNNING = {"InProgress", "Stopping"}
_INTERRUPTED = "Interrupted"
SLOTS_VARIABLE = "SOLAR_LOCAL_JOBS"
DEFAULT_SLOTS = 2


class _Work:
    """A job while it runs."""

    def __init__(self, role: Actor | None) -> None:
        self.role = role
        self.attempt: Attempt | None = None
        self.stopped = threading.Event()
        self.done = threading.Event()


def slots() -> threading.Semaphore:
    """Return what lets this machine run only so many jobs at once."""
    return threading.Semaphore(int(os.environ.get(SLOTS_VARIABLE, DEFAULT_SLOTS)))


class Jobs:
    """Runs jobs and answers the operations about them."""

    def __init__(self, store: Store, images: Images, home: Home, free: threading.Semaphore) -> None:
        self._store = store
        self._images = images
        self._home = home
        self._works: dict[str, _Work] = {}
        self._slots = free

    def operations(self) -> dict[str, Callable[[Record], Record]]:
        """Return the operations that this part answers."""
        answers: dict[str, Callable[[Record], Record]] = {}
        for kind in (TRAINING, PROCESSING):
            answers |= {
                f"Create{kind.name}Job": self._bind(self.create, kind),
                f"Describe{kind.name}Job": self._bind(self._describe, kind),
                f"List{kind.name}Jobs": self._bind(self._list, kind),
                f"Stop{kind.name}Job": self._bind(self._stop_named, kind),
            }
        return answers

    @staticmethod
    def _bind(answer: Callable[[Kind, Record], Record], kind: Kind) -> Callable[[Record], Record]:
        return lambda request: answer(kind, request)

    # --- operations ----------------------------------------------------------

    def create(self, kind: Kind, request: Record) -> Record:
        """Answer CreateTrainingJob or CreateProcessingJob: the job runs on its own from here."""
        name = request[kind.member]
        table = self._store[kind.table]
        if name in table:
            raise ApiError(
                "ResourceInUse", f"Job name must be unique within an AWS account: {name}"
            )
        kind.refuse_unknown(request)
        arn = self._store.arn(kind.resource, name.lower())  # as AWS writes the ARNs of jobs
        role = access.assumed(request["RoleArn"], arn)
        job = {member: value for member, value in request.items() if member != "Tags"} | {
            kind.arn: arn,
            kind.status: "InProgress",
            "CreationTime": now(),
            "LastModifiedTime": now(),
        }
        kind.progress(job, "Starting")
        table[name] = job
        self._store.tag(arn, request.get("Tags"))
        work = self._works[arn] = _Work(role)
        self._tell(kind, job)
        background.thread(self._run, kind, job, work, name=f"job {name}").start()
        return {kind.arn: arn}

    def _describe(self, kind: Kind, request: Record) -> Record:
        return validate.answer(f"Describe{kind.name}Job", self._job(kind, request[kind.member]))

    def _list(self, kind: Kind, request: Record) -> Record:
        found = list(self._store[kind.table].values())
        wanted = request.get("NameContains", "").lower()
        found = [job for job in found if wanted in job[kind.member].lower()]
        if "StatusEquals" in request:
            found = [job for job in found if job[kind.status] == request["StatusEquals"]]
        shown, rest = page(found, request, key=lambda job: job["CreationTime"], descending=True)
        member, _ = validate.listed(f"List{kind.name}Jobs")
        return {member: validate.summaries(f"List{kind.name}Jobs", shown), **rest}

    def _stop_named(self, kind: Kind, request: Record) -> Record:
        job = self._job(kind, request[kind.member])
        if job[kind.status] not in _RUNNING:
            raise invalid(
                f"The request was rejected because the job is in status {job[kind.status]}."
            )
        self.stop(job[kind.arn])
        job[kind.status] = "Stopping"
        return {}

    def _job(self, kind: Kind, name: str) -> Record:
        """Return a job by its name, in whatever case: who has its ARN knows it in small letters only."""
        jobs = self._store[kind.table]
        job = jobs.get(name) or next(
            (job for each, job in list(jobs.items()) if each.lower() == name.lower()), None
        )
        if job is None:
            raise invalid(kind.missing.format(name=name))
        return job

    # --- for the executor ----------------------------------------------------

    def wait(self, kind: Kind, name: str) -> Record:
        """Wait until a job has ended and return its record."""
        job = self._job(kind, name)
        work = self._works.get(job[kind.arn])
        if work is not None:
            work.done.wait()
        return job

    def stop(self, arn: str) -> None:
        """Ask a job to end; it gets SIGTERM, and SIGKILL after its grace period."""
        work = self._works.get(arn)
        if work is not None:
            work.stopped.set()
            if work.attempt is not None:
                work.attempt.ask_to_end()

    def stop_all(self) -> None:
        """End every job and wait for it; the platform is going down."""
        works = dict(self._works)
        for arn in works:
            self.stop(arn)
        for work in works.values():
            if work.attempt is not None:
                work.attempt.end()
            work.done.wait(timeout=5.0)

    def after_restart(self) -> None:
        """Mark jobs of an earlier process as ended; they ended with it."""
        for kind in (TRAINING, PROCESSING):
            for job in self._store[kind.table].values():
                if job[kind.status] in _RUNNING:
                    job[kind.status] = "Failed"
                    job["FailureReason"] = "InternalServerError: the local platform was stopped"

    # --- one job -------------------------------------------------------------

    def _run(self, kind: Kind, job: Record, work: _Work) -> None:
        try:
            with self._slots, roles.acting(work.role):
                self._run_to_end(kind, job, work)
        except ExceededError as error:
            self._end(kind, job, "Stopped", str(error))
        except TransferError as error:
            self._end(kind, job, "Failed", str(error))
        except ApiError as error:
            self._end(kind, job, "Failed", f"ClientError: {error.message}")
        except RefusedError as error:
            self._end(kind, job, "Failed", f"ClientError: AccessDenied: {error}")
        except Exception as error:
            self._end(kind, job, "Failed", f"InternalServerError: {error}")
            raise
        finally:
            Box(folder(self._home, kind, job)).remove()
            self._works.pop(job[kind.arn], None)
            work.done.set()

    def _run_to_end(self, kind: Kind, job: Record, work: _Work) -> None:
        """Attempt a job; one that loses its instance is attempted again, with its checkpoints."""
        if self._home.no_spot.exists() and kind.patience(job) < math.inf:
            raise ExceededError("MaxWaitTimeExceeded")  # AWS says so after that time, not at once
        access.to_start(kind.image(job), job)
        interruptions = iter(kind.interruptions(job))
        image = self._images.folder(kind.image(job))
        codes: list[int] | None = None
        while codes is None:
            if work.stopped.is_set():
                self._end(kind, job, "Stopped", "")
                return
            kind.progress(job, "Downloading")
            attempt = Attempt(kind, job, self._home, image)
            attempt.prepare()
            kind.progress(job, "Training")
            codes = _run_once(attempt, work, next(interruptions, math.inf))
        if work.stopped.is_set():
            attempt.keep_partial()
            self._end(kind, job, "Stopped", "")
        elif any(codes):
            self._end(kind, job, "Failed", attempt.failure(codes))
        else:
            kind.progress(job, "Uploading")
            attempt.finish()
            self._end(kind, job, "Completed", "")

    def _end(self, kind: Kind, job: Record, status: str, reason: str) -> None:
        job[kind.status] = status
        job["LastModifiedTime"] = now()
        if reason:
            job["FailureReason"] = reason[:1024]
        kind.ended(job)
        self._tell(kind, job)

    def _tell(self, kind: Kind, job: Record) -> None:
        events.job_changed(kind.name, job, self._store.tags.get(job[kind.arn], {}))


def _run_once(attempt: Attempt, work: _Work, interrupted_after: float) -> list[int] | None:
    """Run the containers of an attempt; return their exit codes, or None where the instance was taken.

    Raises
    ------
    ExceededError
        The job ran, or ran and waited, longer than it may.
    """
    kind, job = attempt.kind, attempt.job
    limits = {
        _INTERRUPTED: interrupted_after,
        "MaxRuntimeExceeded": kind.longest(job) - job.get(SECONDS, 0.0),
        "MaxWaitTimeExceeded": kind.patience(job) - (now() - job["CreationTime"]),
    }
    event = min(limits, key=lambda name: limits[name])
    started = time.monotonic()
    attempt.start()
    work.attempt = attempt
    if work.stopped.is_set():
        attempt.ask_to_end()
    try:
        codes, taken = attempt.wait(max(limits[event], 0.0)), False
    except subprocess.TimeoutExpired:
        codes, taken = attempt.end(), True
    kind.measure(job, time.monotonic() - started, attempt.metrics())
    if not taken or work.stopped.is_set():
        return codes
    if event != _INTERRUPTED:
        attempt.keep_partial()
        raise ExceededError(event)
    if not any(codes):  # it was done before its grace was over
        return codes
    attempt.keep_partial()
    kind.progress(job, _INTERRUPTED)
    return None
