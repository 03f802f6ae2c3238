"""Stand-ins with state for everything trainer_trigger talks to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

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
from shared.messages import AnyMessage, SweepDue
from shared.model_config import ModelConfig, RetrainPolicy
from shared.solar.site import Site
from shared.suspects import ActiveSuspects
from tests.unit.trainer_trigger.samples import START, a_site


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

    suspect: tuple[ActiveSuspects, ...] = ()

    def suspects(self) -> tuple[ActiveSuspects, ...]:
        return self.suspect

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
    named: dict[str, int] = field(default_factory=dict)
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

    def name_report(self, run_id: str, version: int) -> None:
        self.bucket.named[run_id] = version


@dataclass
class FakeRegistry:
    versions: list[ApprovedVersion] = field(default_factory=list)
    lent: dict[str, int | None] = field(default_factory=dict)
    approvals: dict[str, str] = field(default_factory=dict)
    cards: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    refuses: str | None = None
    groups: list[str] = field(default_factory=list)

    def approved(self, model_id: str) -> Iterator[ApprovedVersion]:
        return iter(self.versions)

    def ensure_group(self, model_id: str) -> None:
        self.groups.append(model_id)

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
    held: tuple[int | None, datetime | None] = (None, None)
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
        return ModelNotes(self.flying, self.asked, self.degraded, serves=self.held[0])

    def places(self) -> Places:
        return Places(len(self.others) + (self.flying is not None), tuple(self.queue))

    def enqueue(self, model_id: str, since: datetime) -> None:
        if model_id not in self.queue:
            self.queue.append(model_id)

    def dequeue(self, model_id: str) -> None:
        if model_id in self.queue:
            self.queue.remove(model_id)

    def drop_degraded(self, model_id: str, begins_with: str) -> None:
        if (self.degraded or "").startswith(begins_with):
            self.degraded = None

    def set_degraded(self, model_id: str, reason: str) -> None:
        self.degraded = reason

    def set_held(self, model_id: str, serves: int | None, at: datetime) -> None:
        if self.held[1] is None or self.held[1] < at:
            self.held = serves, at

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
    models: list[str] = field(default_factory=list)

    def evaluate_later(self, model_id: str, now: datetime, seconds: int) -> None:
        self.models.append(model_id)
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
    by_arn: dict[str, tuple[Step, ...]] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)

    def find(self, run_id: str) -> str | None:
        return self.arns.get(run_id)

    def steps(self, execution_arn: str) -> tuple[Step, ...]:
        return self.by_arn.get(execution_arn, self.done)

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
    of_models: set[str] = field(default_factory=set)
    figures: dict[str, float] = field(default_factory=dict)  # that have a line for each model
    warnings: list[str] = field(default_factory=list)

    def count(self, name: str, value: float) -> None:
        self.counted[name] += value

    def figure(self, name: str, value: float, model_id: str) -> None:
        self.of_models.add(model_id)
        self.figures[name] = self.counted[name] = value

    def warn(self, text: str) -> None:
        self.warnings.append(text)


@dataclass
class CountingMemory(FakeMemory):
    """Counts how often all files of a model are read: at a fleet's size that is most of a decision."""

    reads: int = 0

    def files(self, model_id: str) -> tuple[KnownFile, ...]:
        self.reads += 1
        return super().files(model_id)
