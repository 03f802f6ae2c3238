"""Stand-ins with state for everything the deployer talks to."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from botocore.exceptions import ClientError

from services.deployer.adapters.serving import ServingByMode
from services.deployer.app.alone import Alone
from services.deployer.app.chronicle import Chronicle
from services.deployer.app.comparing import Comparing
from services.deployer.app.deciding import Deciding
from services.deployer.app.dispatching import Dispatching
from services.deployer.app.ending import Ending
from services.deployer.app.holding import Holding, HoldingByRequest
from services.deployer.app.reconciling import Reconciling
from services.deployer.app.rolling_back import RollingBack
from services.deployer.app.silence import Silence
from services.deployer.app.starting import Starting
from services.deployer.app.trial import Trial
from services.deployer.domain.blame import Fault
from services.deployer.domain.deployment import (
    BARRED,
    Action,
    Endpoint,
    Hold,
    InProgress,
    LogEntry,
    Setback,
    Version,
    configuration_name,
)
from services.deployer.domain.live.summary import Summary
from services.deployer.domain.night import Night, Spot
from services.deployer.domain.real_rows import Inquiry, LastDay, SiteDay
from services.deployer.domain.reference import Answer, Reference
from services.deployer.domain.serving import Serving
from shared import names
from shared.errors import NotReadyError, OperatorFaultError
from shared.evaluation import Evaluation
from shared.messages import AnyMessage, RollbackRequested
from shared.model_config import EndpointConfig, Mode

MODEL = "golden"
START = datetime(2026, 5, 4, 9, tzinfo=UTC)
CONFIG = EndpointConfig(mode="realtime")


def a_version(number: int) -> Version:
    arn = f"arn:aws:sagemaker:us-east-1:123456789012:model-package/solar-golden/{number}"
    return Version("golden", number, arn, "image@sha256:1", "s3://b/m", f"run{number}", "data")


@dataclass
class FakeRegistry:
    versions: dict[int, Version] = field(default_factory=dict)
    barred: dict[int, str] = field(default_factory=dict)
    decided: dict[int, datetime] = field(default_factory=dict)
    waiting: dict[int, datetime] = field(default_factory=dict)

    def pending(self, model_id: str) -> dict[int, datetime]:
        return self.waiting if model_id == MODEL else {}

    def approve(self, number: int) -> None:
        self.versions[number] = a_version(number)

    def register(self, number: int) -> None:
        """A version waits for a person."""
        self.versions[number] = replace(a_version(number), is_approved=False, is_waiting=True)

    def decide(self, version: Version, note: str, *, approve: bool) -> None:
        known = self.versions[version.number]
        self.versions[version.number] = replace(
            known, is_approved=approve, is_waiting=False, approval_note=note
        )

    def approved(self, model_id: str) -> tuple[int, ...]:
        assert model_id == MODEL
        approved = {number for number, each in self.versions.items() if each.is_approved}
        return tuple(sorted(approved - self.barred.keys(), reverse=True))

    def version(self, model_id: str, number: int) -> Version | None:
        assert model_id == MODEL
        found = self.versions.get(number)
        if found is None:
            return None
        note = self.barred.get(number)
        if note is None:
            return found
        return replace(
            found, is_approved=False, approval_note=note, decided_at=self.decided.get(number)
        )

    def newest(self, model_id: str) -> Version | None:
        return self.version(model_id, max(self.versions)) if self.versions else None

    def bar(self, version: Version, reason: str) -> None:
        self.barred[version.number] = f"{BARRED}{reason}"

    def reject(self, number: int) -> None:
        """A person rejects a version."""
        self.barred[number] = ""


@dataclass
class FakeConfigurations:
    """Which configurations there are, and by what each serves."""

    made: dict[str, Mode] = field(default_factory=dict)

    def keep(self, version: Version, config: EndpointConfig) -> str:
        name = configuration_name(version, config)
        self.made[name] = config.mode or "realtime"
        return name


@dataclass
class FakeEndpoints:
    """An endpoint, and one beside it, that do what AWS does, when the test lets time pass."""

    endpoint: Endpoint | None = None
    beside: Endpoint | None = None
    given: str = ""  # the configuration that the endpoint moves to without a canary
    configurations: FakeConfigurations = field(default_factory=FakeConfigurations)
    target: Version | None = None
    target_config: EndpointConfig = CONFIG
    calls: list[str] = field(default_factory=list)
    wrong_answers: set[int] = field(default_factory=set)
    scaled: int = 0
    nights: Sequence[Night] = ()
    watched: int = 0
    tidied: list[str] = field(default_factory=list)
    silent: bool = False
    errors: set[int] = field(default_factory=set)
    rings: list[str] = field(default_factory=list)
    rang: list[str] = field(default_factory=list)
    log: frozenset[Fault] | None = frozenset()  # None: it cannot be read
    says: dict[int, Callable[[float], float]] = field(default_factory=dict)
    takes: dict[int, float] = field(default_factory=dict)
    unknown_sites: dict[int, set[str]] = field(default_factory=dict)
    asked: list[tuple[int | None, str]] = field(default_factory=list)
    refuses: str = ""
    fails_at: set[str] = field(default_factory=set)
    ignored: tuple[str, ...] = ()

    def ringing(self, model_id: str) -> tuple[str, ...]:
        assert model_id == MODEL
        return tuple(self.rings)

    def rang_since(self, model_id: str, since: datetime) -> tuple[str, ...]:
        assert model_id == MODEL
        assert since.tzinfo is not None
        return tuple(self.rang)

    def faults(self, model_id: str, since: datetime) -> frozenset[Fault] | None:
        assert model_id == MODEL
        assert since.tzinfo is not None
        return self.log

    def check_ours(self, model_id: str) -> None:
        assert model_id == MODEL

    def stop_canary(self, model_id: str, reason: str) -> None:
        assert model_id == MODEL
        self.calls.append(f"stop: {reason}")

    def describe(self, model_id: str) -> Endpoint | None:
        assert model_id == MODEL
        return self.endpoint

    def create(self, version: Version, config: EndpointConfig) -> None:
        if self.refuses:
            raise OperatorFaultError(self.refuses)
        if self.endpoint is not None:
            return
        self.calls.append(f"create {version.number}")
        name = self.configurations.keep(version, config)
        mode = self.configurations.made[name]
        self.endpoint = Endpoint("Creating", name, version.number, mode=mode)
        self.target, self.target_config, self.given = version, config, ""

    def second(self, model_id: str) -> Endpoint | None:
        assert model_id == MODEL
        return self.beside

    def create_second(self, version: Version, config: EndpointConfig) -> None:
        if self.refuses:
            raise OperatorFaultError(self.refuses)
        name = self.configurations.keep(version, config)
        if self.beside is None:
            self.calls.append(f"beside {version.number}")
            self.beside = Endpoint("Creating", name, version.number, mode="serverless")
        elif self.beside.configuration != name or self.beside.status == "Failed":
            self.beside = None
            raise NotReadyError("another second endpoint is being deleted")

    def give(self, model_id: str, configuration: str) -> None:
        assert model_id == MODEL
        if self.refuses:
            raise OperatorFaultError(self.refuses)
        assert self.endpoint is not None
        if configuration == self.endpoint.configuration:
            return
        if self.endpoint.status != "InService":
            raise NotReadyError("the endpoint is being changed")
        was, becomes = self.endpoint.mode, self.configurations.made[configuration]
        assert (was, becomes) != ("realtime", "serverless"), "AWS refuses that"
        self.calls.append(f"give {names.version_of_configuration(configuration)}")
        self.endpoint, self.given = replace(self.endpoint, status="Updating"), configuration

    def delete_second(self, model_id: str) -> None:
        assert model_id == MODEL
        if self.beside is not None:
            self.calls.append("delete beside")
        self.beside = None

    def update(
        self,
        version: Version,
        config: EndpointConfig,
        *,
        goes_back: bool,
        ignores: tuple[str, ...] = (),
    ) -> None:
        if self.refuses:
            raise OperatorFaultError(self.refuses)
        self.calls.append(f"{'back to' if goes_back else 'update'} {version.number}")
        self.ignored = ignores
        self.rang, self.log = [], frozenset()
        assert self.endpoint is not None
        assert self.endpoint.status == "InService"
        assert self.endpoint.mode == config.mode == "realtime", "only instances have a canary"
        self.endpoint = replace(self.endpoint, status="Updating")
        self.target, self.target_config, self.given = version, config, ""

    def delete(self, model_id: str) -> None:
        assert model_id == MODEL
        self.calls.append("delete")
        self.endpoint, self.given = None, ""

    def keep_scaling(self, model_id: str, config: EndpointConfig, nights: Sequence[Night]) -> None:
        assert model_id == MODEL
        self.scaled += 1
        self.nights = nights

    def keep_alarms(self, model_id: str, mode: Mode) -> None:
        assert model_id == MODEL
        self.watched += mode == "realtime"

    def tidy(self, model_id: str, in_use: str) -> None:
        assert model_id == MODEL
        self.tidied.append(in_use)

    def invoke(self, model_id: str, request: dict[str, Any]) -> Answer:
        assert model_id == MODEL
        assert self.endpoint is not None
        has_canary = self.endpoint.status == "Updating" and not self.given
        has_canary = has_canary and self.target is not None
        return self.answer(self.target.number if has_canary else self.endpoint.version, request)

    def invoke_second(self, model_id: str, request: dict[str, Any]) -> Answer:
        assert model_id == MODEL
        assert self.beside is not None
        assert self.beside.status == "InService"
        return self.answer(self.beside.version, request)

    def answer(self, number: int | None, request: dict[str, Any]) -> Answer:
        """Answer as a version does, whoever asks it."""
        if self.silent:
            raise NotReadyError("the endpoint does not answer")
        if "run" not in request:
            return self.to_real_rows(number, request["rows"])
        if number in self.errors:
            return Answer(number, (), error="ValueError: the model predicted what is no number")
        power = 9.0 if number in self.wrong_answers else 1.0
        return Answer(number, (power,))

    def to_real_rows(self, number: int | None, rows: list[dict[str, Any]]) -> Answer:
        """Answer real rows as the weather says, or as the test says that a version does."""
        self.asked.append((number, str(rows[0]["site_id"])))
        if rows[0]["site_id"] in self.unknown_sites.get(number or 0, ()):
            return Answer(None, (), error="the model does not know the site", is_refused=True)
        if number in self.errors or rows[0]["site_id"] in self.fails_at:
            return Answer(number, (), error="ValueError: the model predicted what is no number")
        said = self.says.get(number or 0, float)
        return Answer(
            number,
            tuple(said(row["ghi"]) for row in rows),
            seconds=self.takes.get(number or 0, 0.0),
        )

    def settle(self) -> None:
        """Every change succeeds."""
        if self.beside is not None and self.beside.status == "Creating":
            self.beside = replace(self.beside, status="InService")
        if self.given:
            version, mode = names.version_of_configuration(self.given), self.made(self.given)
            self.endpoint = Endpoint("InService", self.given, version, mode=mode)
            self.given = ""
        elif self.endpoint is not None and self.endpoint.status != "InService":
            assert self.target is not None
            name = configuration_name(self.target, self.target_config)
            mode = self.made(name)
            self.endpoint = Endpoint("InService", name, self.target.number, mode=mode)

    def made(self, configuration: str) -> Mode:
        return self.configurations.made.get(configuration, "realtime")

    def roll_back(
        self,
        rang: str = "solar-golden-endpoint-errors",
        reason: str = "",
        at: datetime | None = None,
    ) -> None:
        """AWS takes an update back: because a rollback alarm went off, or for another reason."""
        assert self.endpoint is not None
        self.rang = [rang] if rang else []
        self.given = ""
        self.endpoint = replace(
            self.endpoint, status="InService", failure_reason=reason, changed_at=at
        )

    def fail(
        self, reason: str = "The primary container did not pass the ping health check."
    ) -> None:
        assert self.endpoint is not None
        self.endpoint = replace(
            self.endpoint, status="Failed", failure_reason=reason, changed_at=START
        )


@dataclass
class FakeFunction:
    """The function that answers for models without an endpoint: as the versions of an endpoint do."""

    versions: FakeEndpoints

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 - boto3's
        assert FunctionName == names.model_function()
        asked = json.loads(Payload)
        try:
            answer = self.versions.answer(asked["version"], asked["request"])
        except NotReadyError as error:
            code = {"Error": {"Code": "ServiceException", "Message": str(error)}}
            raise ClientError(code, "Invoke") from error  # type: ignore[arg-type]
        said: dict[str, Any] = {"predictions": [{"power_ac": each} for each in answer.power_kw]}
        if answer.error is not None:
            said = {"error": answer.error, "model_package_version": answer.version}
        status = 200 if answer.error is None else 400 if answer.is_refused else 500
        found = {
            "status": status,
            "said": said,
            "attributes": f"model_package_version={answer.version}",
        }
        return {"Payload": io.BytesIO(json.dumps(found).encode())}


@dataclass
class FakeMemory:
    progress: InProgress | None = None
    entries: dict[str, LogEntry] = field(default_factory=dict)
    requests: dict[str, tuple[int, ...]] = field(default_factory=dict)
    kept_setback: Setback | None = None
    lease: tuple[str, datetime] | None = None
    held: Hold | None = None
    asks: Inquiry | None = None
    written: Serving = field(default_factory=Serving)

    def serving(self, model_id: str) -> Serving:
        assert model_id == MODEL
        return self.written

    def keep_serving(self, model_id: str, serving: Serving) -> None:
        assert model_id == MODEL
        self.written = serving

    def inquiry(self, model_id: str) -> Inquiry | None:
        assert model_id == MODEL
        return self.asks

    def keep(self, model_id: str, inquiry: Inquiry) -> None:
        assert model_id == MODEL
        self.asks = inquiry

    def take(self, model_id: str, owner: str, now: datetime, until: datetime) -> bool:
        assert model_id == MODEL
        if self.lease is not None and self.lease[1] >= now:
            return False
        self.lease = owner, until
        return True

    def give_back(self, model_id: str, owner: str) -> None:
        assert model_id == MODEL
        if self.lease is not None and self.lease[0] == owner:
            self.lease = None

    def setback(self, model_id: str) -> Setback | None:
        assert model_id == MODEL
        return self.kept_setback

    def remember(self, model_id: str, setback: Setback) -> None:
        assert model_id == MODEL
        self.kept_setback = setback

    def hold(self, model_id: str) -> Hold | None:
        assert model_id == MODEL
        return self.held

    def holds(self, models: Iterable[str]) -> dict[str, Hold]:
        return {each: self.held for each in models if each == MODEL and self.held}

    def put_hold(self, model_id: str, hold: Hold) -> None:
        assert model_id == MODEL
        self.held = hold

    def end_hold(self, model_id: str) -> None:
        assert model_id == MODEL
        self.held = None

    def forget(self, model_id: str) -> None:
        assert model_id == MODEL
        self.kept_setback = None

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
    sites: tuple[str, ...] = ("east", "west")
    evaluated: dict[str, Evaluation] = field(default_factory=dict)

    def evaluation(self, run_id: str) -> Evaluation | None:
        return self.evaluated.get(run_id)

    def of_run(self, run_id: str) -> Reference | None:
        if not run_id:
            return None
        rows = [{"site_id": each} for each in self.sites]
        return Reference({"run": run_id, "rows": rows}, (1.0,), (0.01,))


WEATHER = (
    0.0,
    10.0,
    30.0,
    60.0,
    50.0,
    20.0,
    5.0,
    0.0,
)  # what each site measured last, and gave as power


@dataclass
class FakeRealRows:
    """The last day of every site but those of which there is none."""

    missing: dict[str, str] = field(default_factory=dict)
    measured: bool = True

    def last_day(self, model_id: str, sites: tuple[str, ...], until: datetime) -> LastDay:
        assert model_id == MODEL
        days = [
            SiteDay(
                site,
                100.0,
                tuple(
                    {"site_id": site, "timestamp": f"2026-05-03T{hour:02}:00:00Z", "ghi": ghi}
                    for hour, ghi in enumerate(WEATHER, 8)
                ),
                tuple(ghi if self.measured else None for ghi in WEATHER),
            )
            for site in sites
            if site not in self.missing
        ]
        return LastDay(tuple(days), {k: v for k, v in self.missing.items() if k in sites})


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
    config: EndpointConfig = CONFIG
    configured_at: datetime = START - timedelta(days=9)
    registry: FakeRegistry = field(default_factory=FakeRegistry)
    endpoints: FakeEndpoints = field(default_factory=FakeEndpoints)
    memory: FakeMemory = field(default_factory=FakeMemory)
    gauge: FakeGauge = field(default_factory=FakeGauge)
    references: FakeReferences = field(default_factory=FakeReferences)
    real_rows: FakeRealRows = field(default_factory=FakeRealRows)
    sent: list[AnyMessage] = field(default_factory=list)
    checks: int = 0
    waits: list[int] = field(default_factory=list)
    later: list[tuple[AnyMessage, int]] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    refused: set[int] = field(default_factory=set)
    summaries: dict[str, Summary] = field(default_factory=dict)
    owners: Iterator[int] = field(default_factory=count)
    spots: list[Spot] = field(default_factory=lambda: [Spot(39.74, -105.18)])

    def endpoint(self, model_id: str) -> EndpointConfig:
        assert model_id == MODEL
        return self.config

    def models(self) -> set[str]:
        return {"golden"}

    def changed_since(self, moment: datetime) -> set[str]:
        return {"golden"} if self.configured_at >= moment else set()

    def configure(self, **changes: Any) -> None:
        """A person changes how the endpoint is to be."""
        self.config = self.config.model_copy(update=changes)
        self.configured_at = self.now

    def publish(self, message: AnyMessage) -> None:
        self.sent.append(message)

    def check_later(self, model_id: str, now: datetime, seconds: int) -> None:
        assert model_id == MODEL
        assert now == self.now
        self.checks += 1
        self.waits.append(seconds)

    def again(self, message: AnyMessage, seconds: int) -> None:
        self.later.append((message, seconds))

    def told(self, kind: type) -> list[AnyMessage]:
        return list({m.id: m for m in self.sent if isinstance(m, kind)}.values())

    def reconcile(self, *, settings: bool = False) -> Action:
        return self.service.reconciling.reconcile("golden", settings=settings)

    def roll_back(self, request: RollbackRequested) -> None:
        self.service.rolling_back.roll_back(request)

    @property
    def service(self) -> Dispatching:
        def clock() -> datetime:
            return self.now

        serves = ServingByMode(
            self.endpoints,  # type: ignore[arg-type]
            self.memory,
            FakeFunction(self.endpoints),
            lambda _: self.spots,
            clock,
        )
        chronicle = Chronicle(self.memory, self, self.references, self.summaries.get, clock)
        alone = Alone(self.memory, clock, lambda: f"worker {next(self.owners)}", self.slept.append)
        trial = Trial(self.registry, self.references, serves, self.gauge)
        comparing = Comparing(
            self.registry,
            self.references,
            self.real_rows,
            serves,
            self.memory,
            self,
            clock,
        )
        holding = Holding(self.memory, self, clock)
        starting = Starting(
            self.registry,
            self,
            serves,
            self.memory,
            self.memory,
            trial,
            comparing,
            holding,
            chronicle,
            clock,
        )
        ending = Ending(
            trial=trial,
            comparing=comparing,
            registry=self.registry,
            endpoints=serves,
            configuration=self,
            progress=self.memory,
            setbacks=self.memory,
            faults=self.endpoints,
            chronicle=chronicle,
            clock=clock,
        )
        reconciling = Reconciling(
            alone=alone,
            registry=self.registry,
            endpoints=serves,
            progress=self.memory,
            starting=starting,
            trial=trial,
            comparing=comparing,
            ending=ending,
            silence=Silence(self.registry, self, serves, self.memory, ending, chronicle, clock),
            timer=self,
            clock=clock,
        )
        rolling_back = RollingBack(
            self.registry, self.memory, self, alone, holding, reconciling.steps, clock
        )

        def serving(model_id: str) -> int | None:
            endpoint = serves.describe(model_id)
            return endpoint.version if endpoint is not None else None

        by_request = HoldingByRequest(holding, alone, serving, reconciling.steps)
        deciding = Deciding(
            self.registry, self.memory, self, alone, reconciling.steps, serving, clock
        )
        return Dispatching(reconciling, rolling_back, by_request, deciding, self, self, clock)
