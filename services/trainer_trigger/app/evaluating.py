"""Evaluates a model: decides about it, and does what was decided."""

from __future__ import annotations

from dataclasses import dataclass

from services.trainer_trigger.app.deciding import Decided, Deciding
from services.trainer_trigger.app.launching import Launching
from services.trainer_trigger.app.opening import Opening
from services.trainer_trigger.app.waiting import Waiting
from services.trainer_trigger.domain.decision import Decision, Outcome
from services.trainer_trigger.ports import ArmMemory, Configuration
from shared.model_config import ModelConfig


@dataclass(frozen=True, slots=True)
class Evaluating:
    """One evaluation decides from state, whatever messages led to it."""

    configuration: Configuration
    arms: ArmMemory
    deciding: Deciding
    opening: Opening
    launching: Launching
    waiting: Waiting

    def due(self, model_id: str) -> None:
        """Evaluate because an armed evaluation came due; the next message may arm another."""
        self.arms.disarm(model_id)
        self.evaluate(model_id)

    def evaluate(self, model_id: str) -> Decision:
        """Decide about a model and do what was decided."""
        return self.evaluate_with(model_id, self.configuration.model(model_id))[1]

    def evaluate_with(self, model_id: str, config: ModelConfig) -> Decided:
        """Decide about a model and do what was decided; return also what was known."""
        state, decision = self.deciding.decide(model_id, config)
        if decision.outcome is Outcome.RETRAIN:
            run = self.opening.open(model_id, config, state, decision)
            if run is not None:
                self.launching.launch(run)
        else:
            self.waiting.wait(model_id, state, decision)
        return state, decision
