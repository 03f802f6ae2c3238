"""Notes what happened, decides about a model, and opens its run.

Messages only mark a model for evaluation; one evaluation decides from state. A message that is lost,
repeated or late changes when something is decided, never what.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.trainer_trigger import identity
from services.trainer_trigger.costs import estimate_usd
from services.trainer_trigger.domain import (
    Decision,
    FinishedRun,
    ModelState,
    Outcome,
    RecipeHistory,
    Request,
    decide,
)
from services.trainer_trigger.ports import (
    CanonicalFiles,
    Configuration,
    Datasets,
    Memory,
    Pipeline,
    Publisher,
    Registry,
    RetrainSequence,
    Run,
    Timer,
)
from shared.clock import Clock
from shared.dataset import Dataset, DatasetFile, Split
from shared.messages import (
    AccuracyDegraded,
    ConfigAccepted,
    DataAccepted,
    DataWithdrawn,
    RetrainRequested,
    RetrainStarted,
)
from shared.model_config import ModelConfig

LONGEST_DELAY = timedelta(seconds=900)  # of an SQS message
SLACK = timedelta(seconds=60)  # after which an armed evaluation counts as lost
OPENING = timedelta(
    minutes=2
)  # after which a run that was opened but not started is taken up again
FINISHED = ("registered", "rejected")
TYPICAL_RUN_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class TrainerTrigger:
    """Decides whether a model is retrained, and opens the run."""

    clock: Clock
    configuration: Configuration
    canonical: CanonicalFiles
    datasets: Datasets
    registry: Registry
    memory: Memory
    timer: Timer
    sequence: RetrainSequence
    pipeline: Pipeline
    publisher: Publisher
    image_uri: str

    # --- noting -----------------------------------------------------------------------------------

    def note_accepted(self, message: DataAccepted) -> None:
        """Note a canonical file, if it still stands: a late message must not bring back a withdrawn one."""
        key = _key(message.canonical_uri)
        if not self.canonical.stands(key):
            self.memory.remove_file(message.model_id, message.file_id)
        else:
            file = DatasetFile(
                site_id=message.site_id,
                file_id=message.file_id,
                key=key,
                rows=message.rows,
                window_start=message.window_start,
                window_end=message.window_end,
                uploaded_at=message.uploaded_at,
            )
            self.memory.add_file(message.model_id, file, self.clock())
        self._evaluate_soon(message.model_id)

    def note_withdrawn(self, message: DataWithdrawn) -> None:
        """Note that a canonical file no longer counts, unless it was restored meanwhile."""
        if not self.canonical.stands(_key(message.canonical_uri)):
            self.memory.remove_file(message.model_id, message.file_id)
        self._evaluate_soon(message.model_id)

    def note_configuration(self, message: ConfigAccepted) -> None:
        """Look at the model whose configuration, or whose site's, changed."""
        self.evaluate(message.model_id)

    def note_request(self, message: RetrainRequested) -> None:
        """Note that a person wants a retrain, and decide at once."""
        self.memory.set_request(
            message.model_id,
            Request(message.requested_by, message.reason, message.force, message.occurred_at),
        )
        self.reconcile(message.model_id)
        self.evaluate(message.model_id)

    def note_degraded(self, message: AccuracyDegraded) -> None:
        """Ask for a retrain in the scorecard's name: the served model does worse than it promised."""
        reason = (
            f"site {message.site_id}: nMAE {message.nmae:.3f} instead of {message.expected_nmae:.3f} "
            f"over {message.days} days"
        )
        asked = Request("the scorecard", reason, force=False, requested_at=message.occurred_at)
        self.memory.set_request(message.model_id, asked)
        self.evaluate(message.model_id)

    def _evaluate_soon(self, model_id: str) -> None:
        """Arm one evaluation for many messages: whoever arms it sends the one delayed message."""
        quiet = self.configuration.model(model_id).policy.quiet_period
        self._arm(model_id, min(quiet, LONGEST_DELAY))

    def _arm(self, model_id: str, delay: timedelta) -> None:
        now = self.clock()
        delay = max(min(delay, LONGEST_DELAY), timedelta(seconds=1))
        if self.memory.arm(model_id, now, now + delay + SLACK):
            self.timer.evaluate_later(model_id, now, int(delay.total_seconds()) + 1)

    # --- deciding -----------------------------------------------------------------------------------

    def evaluation_due(self, model_id: str) -> None:
        """Evaluate because an armed evaluation came due."""
        self.memory.disarm(model_id)
        self.evaluate(model_id)

    def evaluate(self, model_id: str) -> Decision:
        """Decide about a model and do what was decided."""
        decision = self._decide(model_id)
        if decision.outcome is Outcome.RETRAIN and self.reconcile(model_id):
            decision = self._decide(
                model_id
            )  # what stands in the bucket differed from what was told
        self.memory.record(model_id, decision, self.clock())
        if decision.outcome is Outcome.RETRAIN:
            run = self._open(model_id, decision.reasons)
            if run is not None:
                self.launch(run)
            return decision
        if decision.until is not None:
            self._arm(model_id, decision.until - self.clock())
        if self._is_answered(model_id, decision):
            self.memory.drop_request(model_id)
        return decision

    def _decide(self, model_id: str) -> Decision:
        config = self.configuration.model(model_id)
        return decide(self.state(model_id, config), config.policy, self.clock())

    def state(self, model_id: str, config: ModelConfig) -> ModelState:
        """Gather all that a decision about a model depends on."""
        files = self.memory.files(model_id)
        champion = self.registry.champion(model_id)
        runs = self.memory.runs(model_id)
        last = max(
            (run for run in runs if run.status in FINISHED),
            key=lambda run: run.ended_at or run.started_at,
            default=None,
        )
        dataset = self._dataset(model_id, config, tuple(known.file for known in files))
        recipe = identity.recipe_id(
            dataset.dataset_id, config, self.image_uri, champion.version if champion else None
        )
        consumed: frozenset[str] = frozenset()
        if last is not None:
            consumed = self.datasets.file_ids(model_id, last.dataset_id)
        return ModelState(
            files=files,
            consumed=consumed,
            config_id=identity.config_id(config),
            champion=champion,
            in_flight=self.memory.in_flight(model_id),
            last_run=_finished(last) if last else None,
            request=self.memory.request(model_id),
            recipe=_history(runs, recipe),
            spent_usd=_spent(runs, self.clock()),
        )

    def _is_answered(self, model_id: str, decision: Decision) -> bool:
        """A request for what is trained already is answered by saying so; it must not linger."""
        return self.memory.request(model_id) is not None and any(
            verdict.rule in {"already_trained", "no_data"} and verdict.effect == "forbid"
            for verdict in decision.verdicts
        )

    # --- opening a run ------------------------------------------------------------------------------

    def open_by_hand(self, model_id: str, execution: str) -> tuple[Run | None, Decision]:
        """Open a run for an execution that a person started with nothing but the model's name."""
        self.reconcile(model_id)
        config = self.configuration.model(model_id)
        asked = Request(
            "a person", "the sequence was started by hand", force=False, requested_at=self.clock()
        )
        state = replace(self.state(model_id, config), request=asked)
        decision = decide(state, config.policy, self.clock())
        self.memory.record(model_id, decision, self.clock())
        if decision.outcome is not Outcome.RETRAIN:
            return None, decision
        run = self._open(model_id, decision.reasons, execution)
        if run is not None:
            self._prepare(run)
            self._announce(run)
        return run, decision

    def _open(
        self, model_id: str, reasons: tuple[str, ...], execution: str | None = None
    ) -> Run | None:
        """Open a run and freeze its dataset; None where another evaluation came first."""
        config = self.configuration.model(model_id)
        files = tuple(known.file for known in self.memory.files(model_id))
        dataset = self._dataset(model_id, config, files)
        champion = self.registry.champion(model_id)
        version = champion.version if champion else None
        recipe = identity.recipe_id(dataset.dataset_id, config, self.image_uri, version)
        attempt = 1 + sum(run.recipe_id == recipe for run in self.memory.runs(model_id))
        run_id, now = identity.run_id(recipe, attempt), self.clock()
        self.datasets.freeze(dataset)
        run = Run(
            run_id=run_id,
            model_id=model_id,
            recipe_id=recipe,
            config_id=identity.config_id(config),
            dataset_id=dataset.dataset_id,
            attempt=attempt,
            model_type=config.model_type,
            accuracy_threshold=config.accuracy_threshold,
            instance_type=config.instance_type,
            approval=config.policy.approval,
            champion_version=version,
            execution=execution or identity.execution_name(run_id),
            reasons=reasons,
            files=len(files),
            correlation_id=files[-1].key,
            started_at=now,
            deadline=now + config.policy.maximum_run,
        )
        return run if self.memory.open_run(run) else None

    def launch(self, run: Run) -> None:
        """Start an opened run; repeating it starts nothing twice."""
        self._prepare(run)
        self.sequence.start(run)
        self._announce(run)

    def _prepare(self, run: Run) -> None:
        self.registry.ensure_group(run.model_id)
        self.registry.lend_champion(run)

    def _announce(self, run: Run) -> None:
        self.publisher.publish(
            RetrainStarted.of(
                subject=(run.run_id,),
                occurred_at=run.started_at,
                correlation_id=run.correlation_id,
                model_id=run.model_id,
                run_id=run.run_id,
                dataset_id=run.dataset_id,
                reasons=run.reasons,
                model_type=run.model_type,
                accuracy_threshold=run.accuracy_threshold,
                instance_type=run.instance_type,
                files=run.files,
                estimated_cost_usd=estimate_usd(run.instance_type, TYPICAL_RUN_SECONDS),
            )
        )
        self.memory.mark_started(run)

    def _dataset(
        self, model_id: str, config: ModelConfig, files: tuple[DatasetFile, ...]
    ) -> Dataset:
        ordered = tuple(sorted(files, key=lambda file: (file.uploaded_at, file.file_id)))
        split = Split(test_fraction=config.test_fraction)
        return Dataset(
            dataset_id=Dataset.identify(ordered, (), split, config.step_minutes, config.margins),
            model_id=model_id,
            step_minutes=config.step_minutes,
            split=split,
            margins=config.margins,
            sites=self.configuration.sites(model_id),
            files=ordered,
        )

    # --- comparing with the truth ---------------------------------------------------------------------

    def reconcile(self, model_id: str) -> bool:
        """Make the view of a model's files equal to what stands in the bucket; return whether it differed."""
        known = {each.file.file_id: each for each in self.memory.files(model_id)}
        standing = {
            _file_id(key): key
            for site in self.configuration.sites(model_id)
            for key in self.canonical.of_site(site.site_id)
        }
        for file_id in known.keys() - standing.keys():
            self.memory.remove_file(model_id, file_id)
        for file_id in standing.keys() - known.keys():
            found = self.canonical.describe(standing[file_id])
            self.memory.add_file(model_id, found, self.clock())
        return known.keys() != standing.keys()


def _key(canonical_uri: str) -> str:
    return canonical_uri.removeprefix("s3://").partition("/")[2]


def _file_id(key: str) -> str:
    return key.rpartition("/")[2].removesuffix(".parquet")


def _finished(run: Run) -> FinishedRun:
    return FinishedRun(run.run_id, run.status, run.config_id, run.ended_at or run.started_at)


def _history(runs: tuple[Run, ...], recipe: str) -> RecipeHistory:
    same = [run for run in runs if run.recipe_id == recipe]
    finished = [run for run in same if run.status in FINISHED]
    failed = [run for run in same if run.status == "failed"]
    return RecipeHistory(
        outcome=finished[-1].status if finished else None,
        run_id=finished[-1].run_id if finished else None,
        failures=len(failed),
        last_failure_at=max((run.ended_at for run in failed if run.ended_at), default=None),
    )


def _spent(runs: tuple[Run, ...], now: datetime) -> float:
    return sum(
        run.cost_usd or 0.0
        for run in runs
        if (run.started_at.year, run.started_at.month) == (now.year, now.month)
    )
