"""What the service needs from outside, in its own words."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from services.deployer.domain.deployment import Endpoint, InProgress, LogEntry, Version
from services.deployer.domain.reference import Answer, Reference
from shared.messages import AnyMessage
from shared.model_config import EndpointConfig


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


class Progress(Protocol):
    """The one deployment of a model that was begun; every write is conditional or can be repeated."""

    def in_progress(self, model_id: str) -> InProgress | None: ...
    def begin(self, model_id: str, progress: InProgress) -> bool: ...
    def mark_called(self, model_id: str, progress: InProgress) -> None: ...
    def finish(self, model_id: str, progress: InProgress) -> None: ...


class Log(Protocol):
    """The deployment log, append-only."""

    def append(self, model_id: str, key: str, entry: LogEntry) -> None: ...
    def log(self, model_id: str) -> tuple[LogEntry, ...]: ...
    def models(self) -> set[str]: ...


class Requests(Protocol):
    """What people's requests came to, settled once."""

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
