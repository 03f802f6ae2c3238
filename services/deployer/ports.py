"""What the service needs from outside, in its own words."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from services.deployer.domain.deployment import (
    Endpoint,
    Hold,
    InProgress,
    LogEntry,
    Setback,
    Version,
)
from services.deployer.domain.real_rows import Inquiry, LastDay
from services.deployer.domain.reference import Answer, Reference
from shared.messages import AnyMessage
from shared.model_config import EndpointConfig


class Configuration(Protocol):
    """How models are to be served."""

    def endpoint(self, model_id: str) -> EndpointConfig: ...
    def models(self) -> set[str]: ...
    def changed_since(self, moment: datetime) -> set[str]: ...


class Registry(Protocol):
    """The model registry; a barred version is rejected there, with the reason."""

    def approved(self, model_id: str) -> tuple[int, ...]: ...
    def version(self, model_id: str, number: int) -> Version | None: ...
    def bar(self, version: Version, reason: str) -> None: ...


class Endpoints(Protocol):
    """Endpoints, their configurations, scaling and rollback alarms."""

    def describe(self, model_id: str) -> Endpoint | None: ...
    def create(self, version: Version, config: EndpointConfig) -> None: ...
    def update(
        self,
        version: Version,
        config: EndpointConfig,
        *,
        goes_back: bool,
        ignores: tuple[str, ...] = (),
    ) -> None: ...
    def ringing(self, model_id: str) -> tuple[str, ...]: ...
    def rang_since(self, model_id: str, since: datetime) -> tuple[str, ...]: ...
    def stop_canary(self, model_id: str, reason: str) -> None: ...
    def delete(self, model_id: str) -> None: ...
    def keep_scaling(self, model_id: str, config: EndpointConfig) -> None: ...
    def tidy(self, model_id: str, in_use: str) -> None: ...
    def invoke(self, model_id: str, request: dict[str, Any]) -> Answer: ...


class Leases(Protocol):
    """One worker per model at a time; a lease that nobody gives back ends by itself."""

    def take(self, model_id: str, owner: str, now: datetime, until: datetime) -> bool: ...
    def give_back(self, model_id: str, owner: str) -> None: ...


class Holds(Protocol):
    """What people decided about what serves."""

    def hold(self, model_id: str) -> Hold | None: ...
    def put_hold(self, model_id: str, hold: Hold) -> None: ...
    def end_hold(self, model_id: str) -> None: ...


class Setbacks(Protocol):
    """What AWS could not do."""

    def setback(self, model_id: str) -> Setback | None: ...
    def remember(self, model_id: str, setback: Setback) -> None: ...
    def forget(self, model_id: str) -> None: ...


class References(Protocol):
    """Reference rows of runs."""

    def of_run(self, run_id: str) -> Reference | None: ...


class RealRows(Protocol):
    """What plants measured last."""

    def last_day(self, model_id: str, sites: tuple[str, ...], until: datetime) -> LastDay: ...


class Inquiries(Protocol):
    """What is asked of the version that is being deployed."""

    def inquiry(self, model_id: str) -> Inquiry | None: ...
    def keep(self, model_id: str, inquiry: Inquiry) -> None: ...


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
    """Looks at a deployment, or at a request, again later."""

    def check_later(self, model_id: str, now: datetime, seconds: int) -> None: ...
    def again(self, message: AnyMessage, seconds: int) -> None: ...


class Gauge(Protocol):
    """The metric behind the rollback alarm."""

    def mismatch(self, model_id: str, *, mismatched: bool) -> None: ...


class Publisher(Protocol):
    """The topic of this service."""

    def publish(self, message: AnyMessage) -> None: ...
