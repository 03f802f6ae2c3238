"""From AWS's words to stage, cause and next step: a table, first match wins."""

from __future__ import annotations

from dataclasses import dataclass

STEPS_OF_THE_PIPELINE = "the pipeline"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a run ended without a verdict."""

    stage: str
    cause: str
    next_step: str


# What AWS's text contains -> what to do. Texts are only shown to people, nothing is decided by them.
_NEXT_STEPS: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("CapacityError", "InsufficientCapacity", "Insufficient capacity"),
        "AWS has no such instance free; it is tried again. If it lasts, choose another instance_type.",
    ),
    (
        ("ResourceLimitExceeded", "service limit", "quota"),
        "Ask AWS for a higher quota of this instance type (Service Quotas, SageMaker).",
    ),
    (
        ("MaxWaitTimeExceeded", "Interrupted", "Spot"),
        "No spot instance was free for long enough. The next attempt is on demand, unless the model's YAML "
        "says policy: {spot: require}.",
    ),
    (
        ("MaxRuntimeExceeded", "States.Timeout", "TimedOut"),
        "The job ran longer than it may; look into its log, or choose a larger instance_type.",
    ),
    (
        ("AccessDenied", "not authorized", "NotAuthorized", "UnauthorizedOperation"),
        "A role lacks a permission; the cause names it. Deploy again, or correct SAGEMAKER_ROLE_ARN.",
    ),
    (
        ("ImageNotFound", "CannotStartContainer", "Requested image"),
        "The container image is missing or cannot start; deploy again.",
    ),
    (
        ("exit code: 137", "OutOfMemory", "MemoryError"),
        "The job was killed, most often because it ran out of memory: see its log, and choose a larger "
        "instance_type in the model's YAML.",
    ),
    (
        ("NoSuchKey", "No S3 objects found"),
        "An object of the dataset is gone; see what was deleted below canonical/ and retrain.",
    ),
    (
        ("AlgorithmError",),
        "The step refused its data or failed; its message and its log say why.",
    ),
    (
        ("Stopped", "Stopping", "ABORTED"),
        "Somebody stopped it. It is tried again, unless its YAML pauses the model (policy: {paused: true}).",
    ),
)
_OTHERWISE = "Look into the log of the stage (docs/runbooks/trainer_trigger.md#a-run-failed)."


def explain(stage: str, cause: str) -> Failure:
    """Return the failure with what to do next."""
    for words, step in _NEXT_STEPS:
        if any(word.lower() in cause.lower() for word in words):
            return Failure(stage, cause, step)
    return Failure(stage, cause, _OTHERWISE)
