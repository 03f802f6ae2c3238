"""What the service needs from outside, in its own words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

from services.trainer_trigger.domain.decision import Decision
from services.trainer_trigger.domain.model_state import (
    ApprovedVersion,
    KnownFile,
    ModelNotes,
    Places,
    Request,
)
from services.trainer_trigger.domain.run import Run, Step
from shared.dataset import Coverage, Dataset, DatasetFile, Exclusion
from shared.errors import PermanentError
from shared.evaluation import Evaluation
from shared.messages import AnyMessage, SweepDue
from shared.model_config import ModelConfig
from shared.solar.site import Site
from shared.suspects import ActiveSuspects

# --- what is in the bucket -----------------------------------------------------------------------


class Configuration(Protocol):
    """Validated configuration in force."""

    def model(self, model_id: str) -> ModelConfig: ...
    def models(self) -> set[str]: ...
    def sites(self, model_id: str) -> tuple[Site, ...]: ...
    def exclusions(self, model_id: str) -> tuple[Exclusion, ...]: ...
    def suspects(self) -> tuple[ActiveSuspects, ...]: ...


class CanonicalFiles(Protocol):
    """The canonical objects as they are in the bucket: the truth about files."""

    def counts(self, key: str) -> bool: ...
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


# --- what is remembered; every write is conditional or can be repeated ---------------------------


class FileMemory(Protocol):
    """Which canonical files a model has, and when each was first heard of."""

    def files(self, model_id: str) -> tuple[KnownFile, ...]: ...
    def add_file(self, model_id: str, file: DatasetFile, now: datetime) -> None: ...
    def remove_file(self, model_id: str, file_id: str) -> None: ...


class NoteMemory(Protocol):
    """What is noted about a model until a run answers it."""

    def notes(self, model_id: str) -> ModelNotes: ...
    def set_request(self, model_id: str, request: Request) -> None: ...
    def drop_request(self, model_id: str) -> None: ...
    def set_degraded(self, model_id: str, reason: str) -> None: ...
    def set_held(self, model_id: str, serves: int | None, at: datetime) -> None: ...


class ArmMemory(Protocol):
    """The one armed evaluation of each model."""

    def arm(self, model_id: str, now: datetime, until: datetime) -> bool: ...
    def disarm(self, model_id: str) -> None: ...


class PlaceMemory(Protocol):
    """The account's places for runs, and the queue for them."""

    def places(self) -> Places: ...
    def enqueue(self, model_id: str, since: datetime) -> None: ...
    def dequeue(self, model_id: str) -> None: ...


class RunMemory(Protocol):
    """Runs, from their opening to their end."""

    def open_run(self, run: Run, maximum_runs: int) -> bool: ...
    def mark_started(self, run: Run) -> None: ...
    def close_run(self, run: Run) -> None: ...
    def run(self, model_id: str, run_id: str) -> Run | None: ...
    def runs(self, model_id: str) -> tuple[Run, ...]: ...
    def some_runs(
        self, model_id: str, limit: int, after: str
    ) -> tuple[tuple[Run, ...], str | None]: ...


class DecisionMemory(Protocol):
    """The decisions, with what each was made of."""

    def record(
        self, model_id: str, decision: Decision, inputs: dict[str, Any], now: datetime
    ) -> None: ...
    def decisions(
        self, model_id: str, limit: int, until: datetime | None = None
    ) -> list[dict[str, Any]]: ...


class Memory(FileMemory, NoteMemory, ArmMemory, PlaceMemory, RunMemory, DecisionMemory, Protocol):
    """All that this service remembers."""


# --- what does the work --------------------------------------------------------------------------


class InvalidCardError(PermanentError):
    """The registry does not take what is said of a version."""


class Registry(Protocol):
    """The model registry."""

    def approved(self, model_id: str) -> Iterator[ApprovedVersion]: ...
    def ensure_group(self, model_id: str) -> None: ...
    def lend_champion(self, run: Run) -> None: ...
    def describe(
        self, package_arn: str, card: Mapping[str, Any], properties: Mapping[str, str]
    ) -> None: ...
    def approve(self, package_arn: str, why: str) -> None: ...


class RetrainSequence(Protocol):
    """The state machine that runs the core retrain sequence."""

    def start(self, run: Run) -> None: ...
    def status(self, run: Run) -> str | None: ...
    def cause(self, run: Run) -> str: ...
    def stop(self, run: Run, why: str) -> None: ...


class Pipeline(Protocol):
    """Executions of the SageMaker pipeline."""

    def find(self, run_id: str) -> str | None: ...
    def steps(self, execution_arn: str) -> tuple[Step, ...]: ...
    def stop(self, execution_arn: str) -> None: ...


class Timer(Protocol):
    """Looks at a model again later."""

    def evaluate_later(self, model_id: str, now: datetime, seconds: int) -> None: ...
    def continue_sweep(self, sweep: SweepDue, cursor: str) -> None: ...


class Measures(Protocol):
    """Metrics and warnings of this service."""

    def count(self, name: str, value: float) -> None: ...
    def figure(self, name: str, value: float, model_id: str) -> None: ...
    def warn(self, text: str) -> None: ...


class Publisher(Protocol):
    """The topic of this service."""

    def publish(self, message: AnyMessage) -> None: ...
