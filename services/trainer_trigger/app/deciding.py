"""Decides about a model, and does what was decided."""

from __future__ import annotations

from dataclasses import dataclass, replace

from services.trainer_trigger.app.arming import Arming
from services.trainer_trigger.app.correcting import Correcting
from services.trainer_trigger.app.looking import Looking
from services.trainer_trigger.app.opening import Opening
from services.trainer_trigger.domain import history
from services.trainer_trigger.domain.deciding import decide, is_answered, lacks_only_a_place
from services.trainer_trigger.domain.decision import Decision, Outcome
from services.trainer_trigger.domain.model_state import ModelState, Request
from services.trainer_trigger.domain.run import Run
from services.trainer_trigger.ports import Configuration, Measures, Memory
from shared.clock import Clock
from shared.model_config import ModelConfig


@dataclass(frozen=True, slots=True)
class Deciding:
    """One evaluation decides from state, whatever messages led to it."""

    configuration: Configuration
    looking: Looking
    correcting: Correcting
    opening: Opening
    arming: Arming
    memory: Memory
    measures: Measures
    clock: Clock

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
        if decision.outcome is Outcome.RETRAIN and self.correcting.corrected(model_id, state.files):
            state, decision = self._decide(model_id, config)
        self._queue(model_id, state, decision)
        if decision.outcome is Outcome.RETRAIN:
            run = self.opening.open(model_id, config, state, decision)
            if run is not None:
                self.opening.launch(run)
            return state, decision
        if decision.until is not None:
            self.arming.within(model_id, decision.until - self.clock())
        if is_answered(state, decision):
            self.memory.drop_request(model_id)
        return state, decision

    def open_by_hand(self, model_id: str, execution: str) -> tuple[Run | None, Decision]:
        """Open a run for an execution that a person started with nothing but the model's name."""
        config = self.configuration.model(model_id)
        state = self.looking.state(model_id, config)
        if self.correcting.corrected(model_id, state.files):
            state = self.looking.state(model_id, config)
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

    def _decide(self, model_id: str, config: ModelConfig) -> tuple[ModelState, Decision]:
        state = self.looking.state(model_id, config)
        return state, self._decided(model_id, config, state)

    def _decided(self, model_id: str, config: ModelConfig, state: ModelState) -> Decision:
        decision = decide(state, config.policy, self.clock())
        self.memory.record(model_id, decision, history.inputs(state, config), self.clock())
        for fault in decision.faults:
            self.measures.count("RuleFaults", 1)
            self.measures.warn(f"model {model_id}: {fault.reason}")
        return decision

    def _queue(self, model_id: str, state: ModelState, decision: Decision) -> None:
        """Let a model that only lacks a place wait in the queue, and one that wants none leave it."""
        if lacks_only_a_place(decision):
            self.memory.enqueue(model_id, self.clock())
        elif state.is_queued and decision.outcome is not Outcome.RETRAIN:
            self.memory.dequeue(model_id)
