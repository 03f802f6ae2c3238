"""The service with everything around it, and the ways to a run in flight and to its end."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.trainer_trigger.composition import Outside, UseCases, wired
from services.trainer_trigger.domain.run import Run, Step
from shared.dataset import DatasetFile
from shared.evaluation import Evaluation
from tests.unit.trainer_trigger.fakes import (
    FakeBucket,
    FakeClock,
    FakeConfiguration,
    FakeDatasets,
    FakeEvaluations,
    FakeMeasures,
    FakeMemory,
    FakePipeline,
    FakePublisher,
    FakeRegistry,
    FakeSequence,
    FakeTimer,
)
from tests.unit.trainer_trigger.samples import IMAGE, PACKAGE, a_file, accepted


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
            pipelines={"spot": "pipeline", "on_demand": "pipeline-on-demand"},
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
