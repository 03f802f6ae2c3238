"""Decides about a model, and records the decision with what it was made of."""

from __future__ import annotations

from dataclasses import dataclass, replace

from services.trainer_trigger.app.correcting import Correcting
from services.trainer_trigger.app.looking import Looking
from services.trainer_trigger.domain import history
from services.trainer_trigger.domain.deciding import decide
from services.trainer_trigger.domain.decision import Decision, Outcome
from services.trainer_trigger.domain.model_state import ModelState, Request
from services.trainer_trigger.ports import DecisionMemory, Measures
from shared.clock import Clock
from shared.model_config import ModelConfig

Decided = tuple[ModelState, Decision]


@dataclass(frozen=True, slots=True)
class Deciding:
    """A retrain is decided only from files that are in the bucket now."""

    looking: Looking
    correcting: Correcting
    decisions: DecisionMemory
    measures: Measures
    clock: Clock

    def decide(self, model_id: str, config: ModelConfig) -> Decided:
        """Decide about a model; a retrain is decided again where memory had to be corrected."""
        state, decision = self._decide(model_id, config)
        if decision.outcome is Outcome.RETRAIN and self.correcting.corrected(
            model_id, state.known_files
        ):
            return self._decide(model_id, config)
        return state, decision

    def decide_for(self, model_id: str, config: ModelConfig, request: Request) -> Decided:
        """Decide about a model as if somebody had just sent a request."""
        state = self.looking.state(model_id, config)
        if self.correcting.corrected(model_id, state.known_files):
            state = self.looking.state(model_id, config)
        state = replace(state, request=request)
        return state, self._recorded(model_id, config, state)

    def _decide(self, model_id: str, config: ModelConfig) -> Decided:
        state = self.looking.state(model_id, config)
        return state, self._recorded(model_id, config, state)

    def _recorded(self, model_id: str, config: ModelConfig, state: ModelState) -> Decision:
        decision = decide(state, config.policy, self.clock())
        self.decisions.record(model_id, decision, history.inputs(state, config), self.clock())
        for fault in decision.faults:
            self.measures.count("RuleFaults", 1)
            self.measures.warn(f"model {model_id}: {fault.reason}")
        return decision
