"""Opens a run for an execution that a person started with nothing but the model's name."""

from __future__ import annotations

from dataclasses import dataclass

from services.trainer_trigger.app.deciding import Deciding
from services.trainer_trigger.app.launching import Launching
from services.trainer_trigger.app.opening import Opening
from services.trainer_trigger.domain.decision import Outcome
from services.trainer_trigger.domain.model_state import Request
from services.trainer_trigger.domain.run import Run
from services.trainer_trigger.ports import Configuration
from shared.clock import Clock


@dataclass(frozen=True, slots=True)
class OpeningByHand:
    """Whoever starts the sequence by hand has asked for a retrain; the rules decide as for any request."""

    configuration: Configuration
    deciding: Deciding
    opening: Opening
    launching: Launching
    clock: Clock

    def open(self, model_id: str, execution: str) -> Run | str:
        """Return the opened run, or why there is none."""
        known = self.configuration.models()
        if model_id not in known:
            return f"no model {model_id!r}; known: {', '.join(sorted(known)) or 'none'}"
        config = self.configuration.model(model_id)
        asked = Request(
            "a person", "the sequence was started by hand", force=False, requested_at=self.clock()
        )
        state, decision = self.deciding.decide_for(model_id, config, asked)
        run = None
        if decision.outcome is Outcome.RETRAIN:
            run = self.opening.open(model_id, config, state, decision, execution)
        if run is None:
            return "; ".join(decision.reasons) or "another run came first"
        self.launching.announce(run)
        return run
