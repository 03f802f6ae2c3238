"""What the service needs from outside, in its own words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from services.trainer_trigger.domain import (
    Champion,
    Decision,
    InFlight,
    KnownFile,
    Request,
)
from shared.dataset import Coverage, Dataset, DatasetFile, Exclusion
from shared.errors import PermanentError
from shared.evaluation import Evaluation
from shared.messages import AnyMessage, SweepDue
from shared.model_config import ModelConfig
from shared.solar.site import Site


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


class Configuration(Protocol):
    """Validated configuration in force."""

    def model(self, model_id: str) -> ModelConfig: ...
    def models(self) -> set[str]: ...
    def sites(self, model_id: str) -> tuple[Site, ...]: ...
    def exclusions(self, model_id: str) -> tuple[Exclusion, ...]: ...


class CanonicalFiles(Protocol):
    """The canonical objects as they are in the bucket: the truth about files."""

    def stands(self, key: str) -> bool: ...
    def of_site(self, site_id: str) -> Iterator[str]: ...
    def describe(self, key: str) -> DatasetFile: ...


class Datasets(Protocol):
    """Frozen datasets."""

    def freeze(self, dataset: Dataset) -> None: ...
    def file_ids(self, model_id: str, dataset_id: str) -> frozenset[str]: ...
    def exists(self, model_id: str, dataset_id: str) -> bool: ...
    def coverage(self, model_id: str, dataset_id: str) -> Coverage | None: ...


class Evaluations(Protocol):
    """What the pipeline wrote about a run."""

    def read(self, run_id: str) -> Evaluation | None: ...
    def uri(self, run_id: str) -> str: ...
    def report_uri(self, run_id: str) -> str: ...


class InvalidCardError(PermanentError):
    """The registry does not take what is said of a version."""


class Registry(Protocol):
    """The model registry."""

    def approved(self, model_id: str) -> Iterator[Champion]: ...
    def ensure_group(self, model_id: str) -> None: ...
    def lend_champion(self, run: Run) -> None: ...
    def describe(
        self, package_arn: str, card: Mapping[str, Any], properties: Mapping[str, str]
    ) -> None: ...
    def approve(self, package_arn: str, why: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is remembered about a model besides files and runs.

    Attributes
    ----------
    armed_until
        When the armed evaluation has come, or counts as lost.
    """

    in_flight: InFlight | None = None
    request: Request | None = None
    degraded: str | None = None
    armed_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """How many runs are in flight in the account, and who waits for a place, longest first."""

    running: int = 0
    waiting: tuple[str, ...] = ()


class Memory(Protocol):
    """What this service remembers; every write is conditional or can be repeated."""

    def files(self, model_id: str) -> tuple[KnownFile, ...]: ...
    def add_file(self, model_id: str, file: DatasetFile, now: datetime) -> None: ...
    def remove_file(self, model_id: str, file_id: str) -> None: ...
    def state(self, model_id: str) -> Remembered: ...
    def set_request(self, model_id: str, request: Request) -> None: ...
    def drop_request(self, model_id: str) -> None: ...
    def set_degraded(self, model_id: str, reason: str) -> None: ...
    def account(self) -> Account: ...
    def enqueue(self, model_id: str, since: datetime) -> None: ...
    def dequeue(self, model_id: str) -> None: ...
    def open_run(self, run: Run, maximum_runs: int) -> bool: ...
    def mark_started(self, run: Run) -> None: ...
    def close_run(self, run: Run) -> None: ...
    def run(self, model_id: str, run_id: str) -> Run | None: ...
    def runs(self, model_id: str) -> tuple[Run, ...]: ...
    def some_runs(
        self, model_id: str, limit: int, after: str
    ) -> tuple[tuple[Run, ...], str | None]: ...
    def arm(self, model_id: str, now: datetime, until: datetime) -> bool: ...
    def disarm(self, model_id: str) -> None: ...
    def record(
        self, model_id: str, decision: Decision, inputs: dict[str, Any], now: datetime
    ) -> None: ...
    def decisions(
        self, model_id: str, limit: int, until: datetime | None = None
    ) -> list[dict[str, Any]]: ...


class Timer(Protocol):
    """Looks at a model again later."""

    def evaluate_later(self, model_id: str, now: datetime, seconds: int) -> None: ...
    def continue_sweep(self, sweep: SweepDue, cursor: str) -> None: ...


class RetrainSequence(Protocol):
    """The state machine that runs the core retrain sequence."""

    def start(self, run: Run) -> None: ...
    def status(self, run: Run) -> str | None: ...
    def cause(self, run: Run) -> str: ...
    def stop(self, run: Run, why: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a pipeline execution."""

    name: str
    status: str
    failure_reason: str
    seconds: float
    model_package_arn: str | None


class Pipeline(Protocol):
    """Executions of the SageMaker pipeline."""

    def find(self, run_id: str) -> str | None: ...
    def steps(self, execution_arn: str) -> tuple[Step, ...]: ...
    def stop(self, execution_arn: str) -> None: ...


class Measures(Protocol):
    """Metrics and warnings of this service."""

    def count(self, name: str, value: float) -> None: ...
    def warn(self, text: str) -> None: ...


class Publisher(Protocol):
    """The topic of this service."""

    def publish(self, message: AnyMessage) -> None: ...
