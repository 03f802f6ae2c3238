"""Finds what messages lost: sweeps the models one after the other, in slices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from services.trainer_trigger.app.correcting import Correcting
from services.trainer_trigger.app.evaluating import Evaluating
from services.trainer_trigger.app.looking_after import LookingAfter
from services.trainer_trigger.domain.model_state import is_overdue
from services.trainer_trigger.ports import Configuration, Measures, Timer
from shared.clock import Clock
from shared.messages import SweepDue

SLICE = timedelta(seconds=40)


@dataclass(frozen=True, slots=True)
class Sweeping:
    """Corrects, looks after and decides again, for every model."""

    configuration: Configuration
    correcting: Correcting
    looking_after: LookingAfter
    evaluating: Evaluating
    timer: Timer
    measures: Measures
    clock: Clock

    def sweep(self, due: SweepDue) -> None:
        """Sweep the models one after the other; a message continues what does not fit into a slice.

        A model whose sweep fails is reported, and the others are swept all the same.
        """
        self.measures.count("Sweeps", 1)
        end = self.clock() + SLICE
        overdue = 0
        for model_id in sorted(self.configuration.models()):
            if due.cursor is not None and model_id < due.cursor:
                continue
            if self.clock() > end:
                self.timer.continue_sweep(due, model_id)
                break
            try:
                overdue += self.model(model_id, full=due.scope != "quick")
            except Exception as error:  # noqa: BLE001 - one model's fault must not hide the others
                self.measures.count("SweepFaults", 1)
                self.measures.warn(f"sweep of model {model_id}: {type(error).__name__}: {error}")
        self.measures.count("ModelsOverdue", overdue)

    def model(self, model_id: str, *, full: bool) -> bool:
        """Take up what was opened but not started, end what vanished, and decide again.

        Returns
        -------
        bool
            Whether the model has registered no version for longer than its policy allows.
        """
        if full:
            self.correcting.correct(model_id)
        self.looking_after.model(model_id)
        config = self.configuration.model(model_id)
        state, _ = self.evaluating.evaluate_with(model_id, config)
        return is_overdue(state, config.policy, self.clock())
