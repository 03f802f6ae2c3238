"""What the service needs from outside, in its own words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from services.deployer.domain import Endpoint, InProgress, Version
from shared.messages import AnyMessage
from shared.model_config import EndpointConfig


@dataclass(frozen=True, slots=True)
class Reference:
    """Rows that the evaluation predicted, and what it predicted [kW]: the endpoint must say the same."""

    request: dict[str, Any]
    expected_kw: tuple[float, ...]
    tolerance_kw: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What an endpoint answered, and which version did."""

    version: int | None
    power_kw: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of the deployment log."""

    at: datetime
    event: str
    version: int
    previous: int | None
    endpoint_name: str
    run_id: str | None = None
    dataset_id: str | None = None
    reason: str | None = None


class Configuration(Protocol):
    """How models are to be served."""

    def endpoint(self, model_id: str) -> EndpointConfig: ...
    def models(self) -> set[str]: ...


class Registry(Protocol):
    """The model registry; a barred version is rejected there, with the reason."""

    def approved(self, model_id: str) -> tuple[Version, ...]: ...
    def version(self, model_id: str, number: int) -> Version | None: ...
    def bar(self, version: Version, reason: str) -> None: ...


class Endpoints(Protocol):
    """Endpoints, their configurations, scaling and rollback alarms."""

    def describe(self, model_id: str) -> Endpoint | None: ...
    def create(self, version: Version, config: EndpointConfig) -> None: ...
    def update(self, version: Version, config: EndpointConfig) -> None: ...
    def delete(self, model_id: str) -> None: ...
    def keep_scaling(self, model_id: str, config: EndpointConfig) -> None: ...
    def tidy(self, model_id: str, in_use: str) -> None: ...
    def invoke(self, model_id: str, request: dict[str, Any]) -> Answer: ...


class References(Protocol):
    """Reference rows of runs."""

    def of_run(self, run_id: str) -> Reference | None: ...


class Memory(Protocol):
    """What this service remembers; every write is conditional or can be repeated."""

    def in_progress(self, model_id: str) -> InProgress | None: ...
    def begin(self, model_id: str, progress: InProgress) -> bool: ...
    def mark_called(self, model_id: str, progress: InProgress) -> None: ...
    def finish(self, model_id: str, progress: InProgress) -> None: ...
    def append(self, model_id: str, key: str, entry: LogEntry) -> None: ...
    def log(self, model_id: str) -> tuple[LogEntry, ...]: ...
    def settle(
        self, model_id: str, request_id: str, unwanted: tuple[int, ...]
    ) -> tuple[int, ...]: ...


class Timer(Protocol):
    """Looks at a deployment again later."""

    def check_later(self, model_id: str, now: datetime, seconds: int) -> None: ...


class Gauge(Protocol):
    """The metric behind the rollback alarm."""

    def mismatch(self, model_id: str, *, mismatched: bool) -> None: ...


class Publisher(Protocol):
    """The topic of this service."""

    def publish(self, message: AnyMessage) -> None: ...
