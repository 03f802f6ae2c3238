"""Ends a run with its outcome, frees the model, and looks at it again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.trainer_trigger.app.outcomes import Outcomes
from services.trainer_trigger.domain.run import Run, closed
from services.trainer_trigger.ports import Publisher, RunMemory
from shared.messages import AnyMessage


@dataclass(frozen=True, slots=True)
class Closing:
    """What arrived while a run went on is waiting; closing a closed run changes nothing."""

    memory: RunMemory
    outcomes: Outcomes
    publisher: Publisher
    wake_waiting: Callable[[], None]
    evaluate: Callable[[str], Any]

    def close(self, model_id: str, run_id: str, outcome: AnyMessage) -> None:
        """End a run with its published outcome, free the model, and look at it again."""
        run = self.outcomes.run(model_id, run_id)
        self.memory.close_run(closed(run, outcome) if run.status == "running" else run)
        self.wake_waiting()
        self.evaluate(model_id)

    def publish_and_close(self, run: Run, outcome: AnyMessage) -> None:
        """End a run whose sequence can no longer publish its outcome."""
        self.publisher.publish(outcome)
        self.close(run.model_id, run.run_id, outcome)
