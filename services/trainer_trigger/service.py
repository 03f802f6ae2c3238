"""Notes what happened, decides about a model, and opens its run.

Messages only mark a model for evaluation; one evaluation decides from state. A message that is lost,
repeated or late changes when something is decided, never what.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from services.trainer_trigger import poison
from services.trainer_trigger.decision import decide
from services.trainer_trigger.domain import (
    Decision,
    KnownFile,
    ModelState,
    Outcome,
    Request,
)
from services.trainer_trigger.opening import Opening
from services.trainer_trigger.ports import (
    CanonicalFiles,
    Configuration,
    Datasets,
    Measures,
    Memory,
    Pipeline,
    Publisher,
    Registry,
    RetrainSequence,
    Run,
    Timer,
)
from services.trainer_trigger.view import View, inputs
from shared.clock import Clock
from shared.dataset import DatasetFile
from shared.messages import (
    AccuracyDegraded,
    ConfigAccepted,
    DataAccepted,
    DataWithdrawn,
    RetrainRequested,
    RollbackRequested,
)
from shared.model_config import ModelConfig

LONGEST_DELAY = timedelta(seconds=900)  # of an SQS message
SLACK = timedelta(seconds=60)  # after which an armed evaluation counts as lost
OPENING = timedelta(
    minutes=2
)  # after which a run that was opened but not started is taken up again
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


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
    maximum_runs: int
    measures: Measures
    armed: dict[str, datetime] = field(default_factory=dict)

    @property
    def view(self) -> View:
        """What this service sees of a model."""
        return View(
            self.clock,
            self.configuration,
            self.datasets,
            self.registry,
            self.memory,
            self.image_uri,
            self.maximum_runs,
        )

    @property
    def opening(self) -> Opening:
        """What opens this service's runs."""
        return Opening(self.view, self.sequence, self.publisher)

    # --- noting -----------------------------------------------------------------------------------

    def note_accepted(self, message: DataAccepted) -> None:
        """Note a canonical file: one write, and for many messages one armed evaluation.

        A late message may name a file that was withdrawn meanwhile; before a run opens, the view is
        made equal to what stands in the bucket.
        """
        file = DatasetFile(
            site_id=message.site_id,
            file_id=message.file_id,
            key=_key(message.canonical_uri),
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
        """Look at the model whose configuration, or whose site's, or whose exclusions changed."""
        self._unpoison(message.model_id)
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
        """Note that the served model does worse than it promised, and look at it."""
        reason = (
            f"site {message.site_id}: nMAE {message.nmae:.3f} instead of {message.expected_nmae:.3f} "
            f"over {message.days} days"
        )
        self.memory.set_degraded(message.model_id, reason)
        self.evaluate(message.model_id)

    def _evaluate_soon(self, model_id: str) -> None:
        """Arm one evaluation for many messages: whoever arms it sends the one delayed message.

        This process remembers what it knows to be armed and asks nobody then. It remembers for less
        than the quiet period, so the last upload is always followed by an evaluation.
        """
        if self.clock() < self.armed.get(model_id, _LONG_AGO):
            return
        quiet = self.configuration.model(model_id).policy.quiet_period
        self._arm(model_id, min(quiet, LONGEST_DELAY))
        self.armed[model_id] = self.clock() + min(quiet, LONGEST_DELAY) / 2

    def _arm(self, model_id: str, delay: timedelta) -> None:
        now = self.clock()
        delay = max(min(delay, LONGEST_DELAY), timedelta(seconds=1))
        if self.memory.arm(model_id, now, now + delay + SLACK):
            self.timer.evaluate_later(model_id, now, int(delay.total_seconds()) + 1)

    def _unpoison(self, model_id: str) -> None:
        """If the version that serves was trained on data that is now excluded, ask for the last clean one.

        The retrain follows from the changed exclusions. One message tells people the whole story.
        """
        exclusions = self.configuration.exclusions(model_id)
        serving = next(self.registry.approved(model_id), None)
        touched = self.view.touched(model_id, serving, exclusions) if serving else ()
        if serving is None or not touched:
            return
        clean = self.view.champion(model_id, exclusions)
        story = poison.story(serving, touched, clean)
        if clean is None:
            self.measures.warn(story)
            return
        self.publisher.publish(
            RollbackRequested.of(
                subject=(model_id, serving.version, [each.model_dump_json() for each in touched]),
                occurred_at=self.clock(),
                correlation_id=f"exclusions of {model_id}",
                model_id=model_id,
                to_version=clean.version,
                reason=story,
                requested_by="an exclusion",
            )
        )

    # --- deciding -----------------------------------------------------------------------------------

    def evaluation_due(self, model_id: str) -> None:
        """Evaluate because an armed evaluation came due."""
        self.memory.disarm(model_id)
        self.evaluate(model_id)

    def evaluate(self, model_id: str) -> Decision:
        """Decide about a model and do what was decided."""
        return self.evaluate_with(model_id, self.configuration.model(model_id))[1]

    def evaluate_with(self, model_id: str, config: ModelConfig) -> tuple[ModelState, Decision]:
        """Decide about a model and do what was decided; return also what was known."""
        state, decision = self._decide(model_id, config)
        if decision.outcome is Outcome.RETRAIN and self._corrected(model_id, state.files):
            state, decision = self._decide(model_id, config)
        self._queue(model_id, state, decision)
        if decision.outcome is Outcome.RETRAIN:
            run = self.opening.open(model_id, config, state, decision)
            if run is not None:
                self.opening.launch(run)
            return state, decision
        if decision.until is not None:
            self._arm(model_id, decision.until - self.clock())
        if state.request is not None and _is_answered(state, decision):
            self.memory.drop_request(model_id)
        return state, decision

    def _decide(self, model_id: str, config: ModelConfig) -> tuple[ModelState, Decision]:
        state = self.view.state(model_id, config)
        return state, self._decided(model_id, config, state)

    def _decided(self, model_id: str, config: ModelConfig, state: ModelState) -> Decision:
        decision = decide(state, config.policy, self.clock())
        self.memory.record(model_id, decision, inputs(state, config), self.clock())
        for fault in decision.faults:
            self.measures.count("RuleFaults", 1)
            self.measures.warn(f"model {model_id}: {fault.reason}")
        return decision

    def _queue(self, model_id: str, state: ModelState, decision: Decision) -> None:
        """Let a model that only lacks a place wait in the queue, and one that wants none leave it."""
        forbidding = {verdict.rule for verdict in decision.verdicts if verdict.effect == "forbid"}
        effects = {verdict.effect for verdict in decision.verdicts}
        wishes = "demand" in effects or ("want" in effects and "hold" not in effects)
        if wishes and forbidding == {"account_full"}:
            self.memory.enqueue(model_id, self.clock())
        elif state.is_queued and decision.outcome is not Outcome.RETRAIN:
            self.memory.dequeue(model_id)

    def wake_waiting(self) -> None:
        """Let those who wait longest for a place be looked at; a place has become free."""
        account = self.memory.account()
        for model_id in account.waiting[: max(0, self.maximum_runs - account.running)]:
            self.memory.disarm(model_id)
            self._arm(model_id, timedelta(seconds=1))

    # --- opening a run ------------------------------------------------------------------------------

    def open_by_hand(self, model_id: str, execution: str) -> tuple[Run | None, Decision]:
        """Open a run for an execution that a person started with nothing but the model's name."""
        config = self.configuration.model(model_id)
        state = self.view.state(model_id, config)
        if self._corrected(model_id, state.files):
            state = self.view.state(model_id, config)
        asked = Request(
            "a person", "the sequence was started by hand", force=False, requested_at=self.clock()
        )
        state = replace(state, request=asked)
        decision = self._decided(model_id, config, state)
        if decision.outcome is not Outcome.RETRAIN:
            return None, decision
        run = self.opening.open(model_id, config, state, decision, execution)
        if run is not None:
            self.opening.announce(run)
        return run, decision

    # --- comparing with the truth ---------------------------------------------------------------------

    def reconcile(self, model_id: str) -> None:
        """Make what is remembered of a model's files equal to what stands in the bucket."""
        self._corrected(model_id, self.memory.files(model_id))

    def _corrected(self, model_id: str, files: tuple[KnownFile, ...]) -> bool:
        """Correct what was told where it differs from what stands; return whether it did.

        Only differences are written, and writing one again changes nothing: files that were read a
        moment ago are as good as those of now.
        """
        known = {each.file.key: each.file.file_id for each in files}
        standing = {
            key
            for site in self.configuration.sites(model_id)
            for key in self.canonical.of_site(site.site_id)
        }
        for key in known.keys() - standing:
            self.memory.remove_file(model_id, known[key])
        for key in standing - known.keys():
            self.memory.add_file(model_id, self.canonical.describe(key), self.clock())
        return known.keys() != standing


def _is_answered(state: ModelState, decision: Decision) -> bool:
    """Return whether a person's request is answered by saying that it is trained already, or cannot be."""
    return state.request is not None and any(
        verdict.rule in {"already_trained", "no_data"} and verdict.effect == "forbid"
        for verdict in decision.verdicts
    )


def _key(canonical_uri: str) -> str:
    return canonical_uri.removeprefix("s3://").partition("/")[2]
