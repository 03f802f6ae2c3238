"""Stand-ins with state for everything the deployer talks to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from services.deployer.app.chronicle import Chronicle
from services.deployer.app.dispatching import Dispatching
from services.deployer.app.ending import Ending
from services.deployer.app.reconciling import Reconciling
from services.deployer.app.rolling_back import RollingBack
from services.deployer.app.starting import Starting
from services.deployer.app.trial import Trial
from services.deployer.domain.deployment import (
    Action,
    Endpoint,
    InProgress,
    LogEntry,
    Version,
    configuration_name,
)
from services.deployer.domain.reference import Answer, Reference
from shared.errors import NotReadyError
from shared.messages import AnyMessage, RollbackRequested
from shared.model_config import EndpointConfig

MODEL = "golden"
START = datetime(2026, 5, 4, 9, tzinfo=UTC)
CONFIG = EndpointConfig()


def a_version(number: int) -> Version:
    arn = f"arn:aws:sagemaker:us-east-1:123456789012:model-package/solar-golden/{number}"
    return Version("golden", number, arn, "image@sha256:1", "s3://b/m", f"run{number}", "data")


@dataclass
class FakeRegistry:
    versions: dict[int, Version] = field(default_factory=dict)
    barred: dict[int, str] = field(default_factory=dict)

    def approve(self, number: int) -> None:
        self.versions[number] = a_version(number)

    def approved(self, model_id: str) -> tuple[Version, ...]:
        assert model_id == MODEL
        good = [v for v in self.versions.values() if v.number not in self.barred]
        return tuple(sorted(good, key=lambda version: version.number, reverse=True))

    def version(self, model_id: str, number: int) -> Version | None:
        assert model_id == MODEL
        found = self.versions.get(number)
        return replace(found, is_approved=number not in self.barred) if found else None

    def bar(self, version: Version, reason: str) -> None:
        self.barred[version.number] = reason


@dataclass
class FakeEndpoints:
    """An endpoint that does what AWS does, when the test lets time pass."""

    endpoint: Endpoint | None = None
    target: Version | None = None
    calls: list[str] = field(default_factory=list)
    wrong_answers: set[int] = field(default_factory=set)
    scaled: int = 0
    tidied: list[str] = field(default_factory=list)
    silent: bool = False

    def describe(self, model_id: str) -> Endpoint | None:
        assert model_id == MODEL
        return self.endpoint

    def create(self, version: Version, config: EndpointConfig) -> None:
        self.calls.append(f"create {version.number}")
        name = configuration_name(version, config)
        self.endpoint = Endpoint("Creating", name, version.number)
        self.target = version

    def update(self, version: Version, config: EndpointConfig) -> None:
        self.calls.append(f"update {version.number}")
        assert self.endpoint is not None
        assert self.endpoint.status == "InService"
        self.endpoint = replace(self.endpoint, status="Updating")
        self.target = version

    def delete(self, model_id: str) -> None:
        assert model_id == MODEL
        self.calls.append("delete")
        self.endpoint = None

    def keep_scaling(self, model_id: str, config: EndpointConfig) -> None:
        assert model_id == MODEL
        self.scaled += 1

    def tidy(self, model_id: str, in_use: str) -> None:
        assert model_id == MODEL
        self.tidied.append(in_use)

    def invoke(self, model_id: str, request: dict[str, Any]) -> Answer:
        assert model_id == MODEL
        assert self.endpoint is not None
        if self.silent:
            raise NotReadyError("the endpoint does not answer")
        assert "run" in request
        updating = self.endpoint.status == "Updating" and self.target is not None
        number = self.target.number if updating else self.endpoint.version
        power = 9.0 if number in self.wrong_answers else 1.0
        return Answer(number, (power,))

    def settle(self) -> None:
        """The change succeeds."""
        assert self.target is not None
        name = configuration_name(self.target, CONFIG)
        self.endpoint = Endpoint("InService", name, self.target.number)

    def roll_back(self) -> None:
        """A rollback alarm went off."""
        assert self.endpoint is not None
        self.endpoint = replace(
            self.endpoint, status="InService", failure_reason="alarm solar-golden-endpoint-errors"
        )

    def fail(self) -> None:
        assert self.endpoint is not None
        self.endpoint = replace(
            self.endpoint, status="Failed", failure_reason="the container did not answer /ping"
        )


@dataclass
class FakeMemory:
    progress: InProgress | None = None
    entries: dict[str, LogEntry] = field(default_factory=dict)
    requests: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def settle(self, model_id: str, request_id: str, unwanted: tuple[int, ...]) -> tuple[int, ...]:
        assert model_id == MODEL
        return self.requests.setdefault(request_id, unwanted)

    def in_progress(self, model_id: str) -> InProgress | None:
        assert model_id == MODEL
        return self.progress

    def begin(self, model_id: str, progress: InProgress) -> bool:
        assert model_id == MODEL
        if self.progress is not None and self.progress.called:
            return False
        self.progress = progress
        return True

    def mark_called(self, model_id: str, progress: InProgress) -> None:
        assert model_id == MODEL
        if self.progress is not None and self.progress.started_at == progress.started_at:
            self.progress = replace(self.progress, called=True)

    def finish(self, model_id: str, progress: InProgress) -> None:
        assert model_id == MODEL
        if self.progress is not None and self.progress.started_at == progress.started_at:
            self.progress = None

    def append(self, model_id: str, key: str, entry: LogEntry) -> None:
        assert model_id == MODEL
        self.entries.setdefault(key, entry)

    def models(self) -> set[str]:
        return {"golden"} if self.entries else set()

    def log(self, model_id: str) -> tuple[LogEntry, ...]:
        assert model_id == MODEL
        return tuple(sorted(self.entries.values(), key=lambda entry: entry.at))


@dataclass
class FakeReferences:
    def of_run(self, run_id: str) -> Reference | None:
        return Reference({"run": run_id}, (1.0,), 0.01) if run_id else None


@dataclass
class FakeGauge:
    values: list[bool] = field(default_factory=list)

    def mismatch(self, model_id: str, *, mismatched: bool) -> None:
        assert model_id == MODEL
        self.values.append(mismatched)


@dataclass
class World:
    """The service with everything around it."""

    now: datetime = START
    registry: FakeRegistry = field(default_factory=FakeRegistry)
    endpoints: FakeEndpoints = field(default_factory=FakeEndpoints)
    memory: FakeMemory = field(default_factory=FakeMemory)
    gauge: FakeGauge = field(default_factory=FakeGauge)
    sent: list[AnyMessage] = field(default_factory=list)
    checks: int = 0
    waits: list[int] = field(default_factory=list)

    def endpoint(self, model_id: str) -> EndpointConfig:
        assert model_id == MODEL
        return CONFIG

    def models(self) -> set[str]:
        return {"golden"}

    def publish(self, message: AnyMessage) -> None:
        self.sent.append(message)

    def check_later(self, model_id: str, now: datetime, seconds: int) -> None:
        assert model_id == MODEL
        assert now == self.now
        self.checks += 1
        self.waits.append(seconds)

    def told(self, kind: type) -> list[AnyMessage]:
        return list({m.id: m for m in self.sent if isinstance(m, kind)}.values())

    def reconcile(self) -> Action:
        return self.service.reconciling.reconcile("golden")

    def roll_back(self, request: RollbackRequested) -> None:
        self.service.rolling_back.roll_back(request)

    @property
    def service(self) -> Dispatching:
        def clock() -> datetime:
            return self.now

        chronicle = Chronicle(self.memory, self, clock)
        trial = Trial(self.registry, FakeReferences(), self.endpoints, self.gauge)
        starting = Starting(self, self.endpoints, self.memory, chronicle, clock)
        ending = Ending(trial, self.registry, self.endpoints, self, self.memory, chronicle, clock)
        reconciling = Reconciling(
            registry=self.registry,
            endpoints=self.endpoints,
            progress=self.memory,
            starting=starting,
            trial=trial,
            ending=ending,
            timer=self,
            clock=clock,
        )
        rolling_back = RollingBack(self.registry, self.memory, self, reconciling.reconcile, clock)
        return Dispatching(reconciling, rolling_back, self)
