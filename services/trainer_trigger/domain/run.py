"""A run: one attempt at a recipe, and how its outcome ends it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from services.trainer_trigger.domain.capacity import Capacity
from shared.errors import PermanentError
from shared.messages import AnyMessage, ChallengerRegistered, ChallengerRejected, RetrainFailed

FINISHED = ("registered", "rejected")


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt at a recipe, from its opening to its end."""

    run_id: str
    model_id: str
    recipe_id: str
    config_id: str
    dataset_id: str
    attempt: int
    model_type: str
    accuracy_threshold: float
    instance_type: str
    approval: str
    champion_version: int | None
    execution: str
    reasons: tuple[str, ...]
    files: int
    correlation_id: str
    started_at: datetime
    deadline: datetime
    status: str = "running"
    started: bool = False
    ended_at: datetime | None = None
    evaluation_uri: str | None = None
    model_package_version: int | None = None
    cost_usd: float | None = None
    failure: str | None = None
    exclusions_id: str = ""
    preprocess_instances: int = 1
    capacity: Capacity = "spot"
    image_uri: str = ""  # runs of before it was noted have none


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a pipeline execution.

    Attributes
    ----------
    seconds
        What its job is billed for, 0 where it has none. [s]
    job_arn
        The job that it runs, None where it needs none. AWS writes its name there in small letters.
    """

    name: str
    status: str
    failure_reason: str
    seconds: float
    model_package_arn: str | None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    job_arn: str | None = None


def closed(run: Run, outcome: AnyMessage) -> Run:
    """Return a run as its outcome ended it."""
    match outcome:
        case ChallengerRegistered():
            return replace(
                run,
                status="registered",
                ended_at=outcome.occurred_at,
                evaluation_uri=outcome.evaluation_uri,
                model_package_version=outcome.model_package_version,
                cost_usd=outcome.cost_usd,
            )
        case ChallengerRejected():
            return replace(
                run,
                status="rejected",
                ended_at=outcome.occurred_at,
                evaluation_uri=outcome.evaluation_uri,
                cost_usd=outcome.cost_usd,
            )
        case RetrainFailed():
            return replace(
                run,
                status="failed",
                ended_at=outcome.occurred_at,
                cost_usd=outcome.cost_usd,
                failure=f"{outcome.stage}: {outcome.cause.rstrip('.')}. {outcome.next_step}",
            )
    raise PermanentError(f"{outcome.type} is no outcome of a run")
