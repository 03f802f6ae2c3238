"""Stand-ins with state for everything trainer_trigger talks to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from services.trainer_trigger.composition import Outside, UseCases, wired
from services.trainer_trigger.domain.decision import Decision
from services.trainer_trigger.domain.model_state import (
    ApprovedVersion,
    InFlight,
    KnownFile,
    ModelNotes,
    Places,
    Request,
)
from services.trainer_trigger.domain.run import Run, Step
from services.trainer_trigger.ports import InvalidCardError
from shared import layout
from shared.dataset import Coverage, Dataset, DatasetFile, Exclusion, coverage
from shared.evaluation import Evaluation
from shared.messages import AnyMessage, ConfigAccepted, DataAccepted, RetrainRequested, SweepDue
from shared.model_config import ModelConfig, RetrainPolicy
from shared.solar.site import ColumnFormat, Site, SourceFormat, TimestampFormat

START = datetime(2026, 5, 4, 9, tzinfo=UTC)
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/solar-ml@sha256:" + "a" * 64
PACKAGE = "arn:aws:sagemaker:us-east-1:123456789012:model-package/solar-golden/1"


def a_site(site_id: str = "golden", model_id: str = "golden") -> Site:
    return Site(
        site_id=site_id,
        model_id=model_id,
        latitude=39.74,
        longitude=-105.18,
        timezone="America/Denver",
        ac_capacity_kw=3.4,
        sources=(
            SourceFormat(
                name="power",
                timestamp=TimestampFormat(column="t"),
                columns={"power_ac": ColumnFormat(column="p", unit="W")},
            ),
        ),
    )


def a_file(number: int = 1, days: int = 30) -> DatasetFile:
    start = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=30 * (number - 1))
    return DatasetFile(
        site_id="golden",
        file_id=f"file{number:04d}",
        key=layout.canonical("golden", start, f"file{number:04d}"),
        rows=days * 96,
        window_start=start,
        window_end=start + timedelta(days=days),
        uploaded_at=START + timedelta(seconds=number),
    )


def accepted(file: DatasetFile, at: datetime = START) -> DataAccepted:
    return DataAccepted.of(
        subject=(file.file_id,),
        occurred_at=at,
        correlation_id="raw/golden/x.csv",
        site_id=file.site_id,
        model_id="golden",
        file_id=file.file_id,
        key="raw/golden/x.csv",
        version_id="v1",
        canonical_uri=layout.uri("bucket", file.key),
        rows=file.rows,
        columns=("power_ac",),
        window_start=file.window_start,
        window_end=file.window_end,
        uploaded_at=file.uploaded_at,
    )


@dataclass
class FakeClock:
    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class FakeConfiguration:
    config: ModelConfig = field(
        default_factory=lambda: ModelConfig(
            model_id="golden",
            policy=RetrainPolicy(
                quiet_period=timedelta(minutes=10),
                maximum_wait=timedelta(hours=6),
                cool_down=timedelta(hours=1),
            ),
        )
    )

    names: list[str] = field(default_factory=lambda: ["golden"])
    asked: list[str] = field(default_factory=list)
    each_costs: tuple[FakeClock, float] | None = None

    def model(self, model_id: str) -> ModelConfig:
        if model_id == "a-broken":
            raise ValueError("active/models/a-broken.json is no JSON")
        if self.each_costs is not None and model_id not in self.asked:
            clock, seconds = self.each_costs
            clock.forward(seconds=seconds)
        self.asked.append(model_id)
        return self.config

    def models(self) -> set[str]:
        return set(self.names)

    excluded: tuple[Exclusion, ...] = ()

    has_sites: bool = True

    def sites(self, model_id: str) -> tuple[Site, ...]:
        return (a_site(),) if self.has_sites else ()

    def exclusions(self, model_id: str) -> tuple[Exclusion, ...]:
        return self.excluded


@dataclass
class FakeBucket:
    """Canonical files, datasets and evaluations."""

    standing: dict[str, DatasetFile] = field(default_factory=dict)
    frozen: dict[str, Dataset] = field(default_factory=dict)
    evaluated: dict[str, Evaluation] = field(default_factory=dict)

    def put(self, *files: DatasetFile) -> None:
        self.standing.update({file.key: file for file in files})

    def counts(self, key: str) -> bool:
        return key in self.standing

    def of_site(self, site_id: str) -> list[str]:
        return sorted(self.standing)

    def describe(self, key: str) -> DatasetFile:
        return self.standing[key]

    def freeze(self, dataset: Dataset) -> None:
        self.frozen.setdefault(dataset.dataset_id, dataset)

    def file_ids(self, model_id: str, dataset_id: str) -> frozenset[str]:
        return frozenset(file.file_id for file in self.frozen[dataset_id].files)

    def exists(self, model_id: str, dataset_id: str) -> bool:
        return dataset_id in self.frozen

    def uri(self, run_id: str) -> str:
        return layout.uri("bucket", layout.evaluation(run_id))

    def report_uri(self, run_id: str) -> str:
        return layout.uri("bucket", layout.report(run_id))


@dataclass
class FakeDatasets:
    bucket: FakeBucket

    def freeze(self, dataset: Dataset) -> None:
        self.bucket.freeze(dataset)

    def file_ids(self, model_id: str, dataset_id: str) -> frozenset[str]:
        return self.bucket.file_ids(model_id, dataset_id)

    def exists(self, model_id: str, dataset_id: str) -> bool:
        return self.bucket.exists(model_id, dataset_id)

    def coverage(self, model_id: str, dataset_id: str) -> Coverage | None:
        found = self.bucket.frozen.get(dataset_id)
        return coverage(found.model_dump_json().encode()) if found else None


@dataclass
class FakeEvaluations:
    bucket: FakeBucket

    def read(self, run_id: str) -> Evaluation | None:
        return self.bucket.evaluated.get(run_id)

    def uri(self, run_id: str) -> str:
        return self.bucket.uri(run_id)

    def report_uri(self, run_id: str) -> str:
        return self.bucket.report_uri(run_id)


@dataclass
class FakeRegistry:
    versions: list[ApprovedVersion] = field(default_factory=list)
    lent: dict[str, int | None] = field(default_factory=dict)
    approvals: dict[str, str] = field(default_factory=dict)
    cards: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    refuses: str | None = None

    def approved(self, model_id: str) -> Iterator[ApprovedVersion]:
        return iter(self.versions)

    def ensure_group(self, model_id: str) -> None: ...

    def lend_champion(self, run: Run) -> None:
        self.lent[run.run_id] = run.champion_version

    def describe(
        self, package_arn: str, card: Mapping[str, Any], properties: Mapping[str, str]
    ) -> None:
        if self.refuses:
            raise InvalidCardError(self.refuses)
        self.cards[package_arn] = {"card": card, "properties": properties}

    def approve(self, package_arn: str, why: str) -> None:
        self.approvals[package_arn] = why
        number = int(package_arn.rpartition("/")[2])
        self.versions.insert(
            0, ApprovedVersion(number, package_arn, "s3://bucket/model.tar.gz", START)
        )


@dataclass
class FakeMemory:
    known: dict[str, KnownFile] = field(default_factory=dict)
    flying: InFlight | None = None
    asked: Request | None = None
    kept: dict[str, Run] = field(default_factory=dict)
    armed_until: datetime | None = None
    recorded: list[Decision] = field(default_factory=list)
    degraded: str | None = None
    queue: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    def files(self, model_id: str) -> tuple[KnownFile, ...]:
        return tuple(
            sorted(self.known.values(), key=lambda each: (each.file.uploaded_at, each.file.file_id))
        )

    def add_file(self, model_id: str, file: DatasetFile, now: datetime) -> None:
        self.known.setdefault(file.file_id, KnownFile(file, now))

    def remove_file(self, model_id: str, file_id: str) -> None:
        self.known.pop(file_id, None)

    def notes(self, model_id: str) -> ModelNotes:
        return ModelNotes(self.flying, self.asked, self.degraded)

    def places(self) -> Places:
        return Places(len(self.others) + (self.flying is not None), tuple(self.queue))

    def enqueue(self, model_id: str, since: datetime) -> None:
        if model_id not in self.queue:
            self.queue.append(model_id)

    def dequeue(self, model_id: str) -> None:
        if model_id in self.queue:
            self.queue.remove(model_id)

    def set_degraded(self, model_id: str, reason: str) -> None:
        self.degraded = reason

    def set_request(self, model_id: str, request: Request) -> None:
        self.asked = request

    def drop_request(self, model_id: str) -> None:
        self.asked = None

    def open_run(self, run: Run, maximum_runs: int) -> bool:
        if self.flying is not None or run.run_id in self.kept:
            return False
        if len(self.others) >= maximum_runs:
            return False
        self.dequeue(run.model_id)
        self.kept[run.run_id] = run
        self.flying = InFlight(run.run_id, run.started_at, run.deadline)
        self.asked = self.degraded = None
        return True

    def mark_started(self, run: Run) -> None:
        self.kept[run.run_id] = replace(self.kept[run.run_id], started=True)

    def close_run(self, run: Run) -> None:
        if self.kept[run.run_id].status == "running":
            self.kept[run.run_id] = replace(run, started=True)
        if self.flying is not None and self.flying.run_id == run.run_id:
            self.flying = None

    def run(self, model_id: str, run_id: str) -> Run | None:
        return self.kept.get(run_id)

    def runs(self, model_id: str) -> tuple[Run, ...]:
        return tuple(sorted(self.kept.values(), key=lambda run: run.started_at))

    def some_runs(
        self, model_id: str, limit: int, after: str
    ) -> tuple[tuple[Run, ...], str | None]:
        names = sorted(name for name in self.kept if name > after)
        runs = tuple(self.kept[name] for name in names[:limit])
        return runs, runs[-1].run_id if len(names) > limit else None

    def arm(self, model_id: str, now: datetime, until: datetime) -> bool:
        if self.armed_until is not None and now <= self.armed_until <= until:
            return False
        self.armed_until = until
        return True

    def disarm(self, model_id: str) -> None:
        self.armed_until = None

    def record(
        self, model_id: str, decision: Decision, inputs: dict[str, Any], now: datetime
    ) -> None:
        if not self.recorded or self.recorded[-1].reasons != decision.reasons:
            self.recorded.append(decision)

    def decisions(
        self, model_id: str, limit: int, until: datetime | None = None
    ) -> list[dict[str, Any]]:
        return []


@dataclass
class FakeTimer:
    due: list[datetime] = field(default_factory=list)
    continued: list[str] = field(default_factory=list)

    def evaluate_later(self, model_id: str, now: datetime, seconds: int) -> None:
        self.due.append(now + timedelta(seconds=seconds))

    def continue_sweep(self, sweep: SweepDue, cursor: str) -> None:
        self.continued.append(cursor)


@dataclass
class FakeSequence:
    executions: dict[str, str] = field(default_factory=dict)
    starts: int = 0

    def start(self, run: Run) -> None:
        self.starts += 1
        self.executions.setdefault(run.execution, "RUNNING")

    def status(self, run: Run) -> str | None:
        return self.executions.get(run.execution)

    def cause(self, run: Run) -> str:
        return "States.Runtime: the service restarted" if run.execution in self.executions else ""

    def stop(self, run: Run, why: str) -> None:
        self.executions[run.execution] = "ABORTED"


@dataclass
class FakePipeline:
    arns: dict[str, str] = field(default_factory=dict)
    done: tuple[Step, ...] = ()
    stopped: list[str] = field(default_factory=list)

    def find(self, run_id: str) -> str | None:
        return self.arns.get(run_id)

    def steps(self, execution_arn: str) -> tuple[Step, ...]:
        return self.done

    def stop(self, execution_arn: str) -> None:
        self.stopped.append(execution_arn)


@dataclass
class FakePublisher:
    sent: list[AnyMessage] = field(default_factory=list)

    def publish(self, message: AnyMessage) -> None:
        self.sent.append(message)

    def of(self, kind: type) -> list[AnyMessage]:
        unique = {message.id: message for message in self.sent if isinstance(message, kind)}
        return list(unique.values())


@dataclass
class FakeMeasures:
    counted: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    warnings: list[str] = field(default_factory=list)

    def count(self, name: str, value: float) -> None:
        self.counted[name] += value

    def figure(self, name: str, value: float) -> None:
        self.counted[name] = value

    def warn(self, text: str) -> None:
        self.warnings.append(text)


@dataclass
class World:
    """The service with everything around it."""

    clock: FakeClock = field(default_factory=FakeClock)
    configuration: FakeConfiguration = field(default_factory=FakeConfiguration)
    bucket: FakeBucket = field(default_factory=FakeBucket)
    registry: FakeRegistry = field(default_factory=FakeRegistry)
    memory: FakeMemory = field(default_factory=FakeMemory)
    timer: FakeTimer = field(default_factory=FakeTimer)
    sequence: FakeSequence = field(default_factory=FakeSequence)
    pipeline: FakePipeline = field(default_factory=FakePipeline)
    told: FakePublisher = field(default_factory=FakePublisher)
    measures: FakeMeasures = field(default_factory=FakeMeasures)
    maximum_runs: int = 2

    @property
    def service(self) -> UseCases:
        """The use cases of a new process, which remembers nothing."""
        return wired(self.outside)

    @property
    def outside(self) -> Outside:
        return Outside(
            configuration=self.configuration,
            canonical=self.bucket,
            datasets=FakeDatasets(self.bucket),
            evaluations=FakeEvaluations(self.bucket),
            registry=self.registry,
            memory=self.memory,
            timer=self.timer,
            sequence=self.sequence,
            pipeline=self.pipeline,
            publisher=self.told,
            measures=self.measures,
            image_uri=IMAGE,
            maximum_runs=self.maximum_runs,
            poll_seconds=30,
            clock=self.clock,
        )

    def upload(self, *files: DatasetFile) -> None:
        self.bucket.put(*files)
        for file in files:
            self.service.noting.accepted(accepted(file, self.clock()))

    def let_timers_ring(self) -> None:
        """Move to each armed evaluation in turn, as the delayed messages would."""
        while self.timer.due:
            self.clock.now = max(self.clock.now, self.timer.due.pop(0))
            self.service.evaluating.due("golden")

    @property
    def the_run(self) -> Run:
        (run,) = [run for run in self.memory.kept.values() if run.status == "running"]
        return run


def found(world: World, run: Run, verdict: str = "register", approval: str = "automatic") -> None:
    """Let the pipeline of a run succeed with a verdict."""
    scores = {"r2": 0.9, "nmae": 0.05, "nrmse": 0.1, "mbe": 0.0, "n": 1000}
    model = {"all": scores, "daylight": scores, "by_month": [], "by_site": []}
    window = {"start": "2024-01-01T00:00:00Z", "end": "2024-06-01T00:00:00Z"}
    world.bucket.evaluated[run.run_id] = Evaluation.model_validate(
        {
            "run_id": run.run_id,
            "model_id": run.model_id,
            "dataset_id": run.dataset_id,
            "model_type": run.model_type,
            "verdict": verdict,
            "approval": approval,
            "reasons": ["R² 0.90 against 0.95"],
            "accuracy_threshold": run.accuracy_threshold,
            "train_window": window,
            "test_window": window,
            "rows": {"train": 1, "test": 1, "masked": 0},
            "masks": {},
            "challenger": model,
            "baselines": {"persistence_24h": None, "clear_sky_persistence": None},
        }
    )
    registered = PACKAGE if verdict == "register" else None
    world.pipeline.arns[run.run_id] = "arn:pipeline/execution/1"
    world.pipeline.done = (
        Step("Train", "Succeeded", "", 600.0, None),
        Step("RegisterModel", "Succeeded", "", 0.0, registered),
    )


def in_flight(number: int = 1) -> World:
    """Return a world whose model has a run in flight, of one file."""
    world = World()
    world.upload(a_file(number))
    world.let_timers_ring()
    return world


def end(world: World, verdict: str = "register") -> Run:
    """Let the run in flight end with a verdict; return it as it was."""
    run = world.the_run
    found(world, run, verdict)
    outcome = world.service.outcomes.collect("golden", run.run_id, "arn:pipeline/execution/1")
    world.service.closing.close("golden", run.run_id, outcome)
    return run


def request(*, force: bool = False) -> RetrainRequested:
    return RetrainRequested.of(
        subject=("golden", "1"),
        occurred_at=START,
        correlation_id="ada",
        model_id="golden",
        reason="new inverter",
        requested_by="ada",
        force=force,
    )


def excluded(days: int = 5) -> Exclusion:
    start = datetime(2024, 1, 10, tzinfo=UTC)
    end = start + timedelta(days=days)
    return Exclusion(site_id="golden", start=start, end=end, reason="logger clock was wrong")


def config_changed() -> ConfigAccepted:
    return ConfigAccepted.of(
        subject=("golden", "e1"),
        occurred_at=START,
        correlation_id="config/exclusions/golden.yaml",
        kind="site",
        name="golden",
        model_id="golden",
        config_version="e1",
    )


@dataclass
class CountingMemory(FakeMemory):
    """Counts how often all files of a model are read: at a fleet's size that is most of a decision."""

    reads: int = 0

    def files(self, model_id: str) -> tuple[KnownFile, ...]:
        self.reads += 1
        return super().files(model_id)
