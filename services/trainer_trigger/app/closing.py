"""Closes a run with its published outcome, frees the model, and evaluates it again."""

from __future__ import annotations

from dataclasses import dataclass

from services.trainer_trigger.app.arming import Arming
from services.trainer_trigger.app.evaluating import Evaluating
from services.trainer_trigger.app.known_run import known_run
from services.trainer_trigger.domain.run import closed
from services.trainer_trigger.ports import RunMemory
from shared.messages import AnyMessage


@dataclass(frozen=True, slots=True)
class Closing:
    """What arrived while a run went on is waiting; closing a closed run changes nothing."""

    runs: RunMemory
    arming: Arming
    evaluating: Evaluating

    def close(self, model_id: str, run_id: str, outcome: AnyMessage) -> None:
        """Close a run, wake who waits for its place, and evaluate its model again."""
        run = known_run(self.runs, model_id, run_id)
        self.runs.close_run(closed(run, outcome) if run.status == "running" else run)
        self.arming.wake_waiting()
        self.evaluating.evaluate(model_id)
