"""What trainer_trigger tells of runs and their outcomes, and what is asked of it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from shared.messages.message import Message, Name, NonNegative


class RetrainStarted(Message):
    """A retrain run began."""

    type: Literal["solar.retrain_started"] = "solar.retrain_started"
    version: Literal[1] = 1
    model_id: Name
    run_id: str
    dataset_id: str
    reasons: tuple[str, ...]
    model_type: str
    accuracy_threshold: float
    instance_type: str
    files: NonNegative
    estimated_cost_usd: float | None = None


class ChallengerRegistered(Message):
    """A challenger passed its evaluation and stands in the model registry."""

    type: Literal["solar.challenger_registered"] = "solar.challenger_registered"
    version: Literal[1] = 1
    model_id: Name
    run_id: str
    dataset_id: str
    model_package_version: int
    model_package_arn: str
    approval: Literal["Approved", "PendingManualApproval"]
    r2: float
    unmasked_r2: float | None = None
    champion_r2: float | None = None
    accuracy_threshold: float
    reasons: tuple[str, ...]
    evaluation_uri: str
    report_uri: str
    cost_usd: float | None = None


class ChallengerRejected(Message):
    """A challenger was not good enough; the report says why and what would help."""

    type: Literal["solar.challenger_rejected"] = "solar.challenger_rejected"
    version: Literal[1] = 1
    model_id: Name
    run_id: str
    dataset_id: str
    r2: float | None
    unmasked_r2: float | None = None
    champion_r2: float | None = None
    accuracy_threshold: float
    reasons: tuple[str, ...]
    what_would_help: tuple[str, ...] = ()
    evaluation_uri: str
    report_uri: str
    cost_usd: float | None = None


class RetrainFailed(Message):
    """A retrain run ended without a verdict."""

    type: Literal["solar.retrain_failed"] = "solar.retrain_failed"
    version: Literal[1] = 1
    model_id: Name
    run_id: str
    stage: str
    cause: str
    next_step: str
    cost_usd: float | None = None


class RollbackRequested(Message):
    """Somebody wants an earlier version to serve."""

    type: Literal["solar.rollback_requested"] = "solar.rollback_requested"
    version: Literal[1] = 1
    model_id: Name
    to_version: int | None = None
    seen_version: int | None = Field(
        default=None,
        description="What served when somebody asked; if that has changed, a person's request does nothing.",
    )
    by_machine: bool = Field(
        default=False,
        description="Whether it follows from something else: nothing is held, and newer versions are spared.",
    )
    reason: str
    requested_by: str


class HoldRequested(Message):
    """A person wants nothing newer to be deployed by itself (`hold`), or wants that again."""

    type: Literal["solar.hold_requested"] = "solar.hold_requested"
    version: Literal[1] = 1
    model_id: Name
    hold: bool
    reason: str
    requested_by: str


class DecisionRequested(Message):
    """A person approves or rejects a version that waits for that, by a signed link."""

    type: Literal["solar.decision_requested"] = "solar.decision_requested"
    version: Literal[1] = 1
    model_id: Name
    model_package_version: int
    approve: bool
    reason: str
    requested_by: str


class RetrainRequested(Message):
    """A person wants a retrain now."""

    type: Literal["solar.retrain_requested"] = "solar.retrain_requested"
    version: Literal[1] = 1
    model_id: Name
    reason: str
    requested_by: str
    force: bool = False


class EvaluationDue(Message):
    """A `wait(until)` has elapsed; the model is to be looked at again."""

    type: Literal["solar.evaluation_due"] = "solar.evaluation_due"
    version: Literal[1] = 1
    model_id: Name
