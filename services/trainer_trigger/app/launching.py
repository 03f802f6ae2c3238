"""Starts an opened run and announces it."""

from __future__ import annotations

from dataclasses import dataclass

from services.trainer_trigger.domain.costs import estimate_usd
from services.trainer_trigger.domain.run import Run
from services.trainer_trigger.ports import Publisher, Registry, RetrainSequence, RunMemory
from shared.messages import RetrainStarted

TYPICAL_RUN_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Launching:
    """Every step can be repeated: whoever dies in between is followed by the sweep."""

    registry: Registry
    sequence: RetrainSequence
    publisher: Publisher
    runs: RunMemory

    def launch(self, run: Run) -> None:
        """Start an opened run; repeating it starts nothing twice."""
        self._prepare(run)
        self.sequence.start(run)
        self._announce(run)

    def announce(self, run: Run) -> None:
        """Prepare and announce a run whose sequence a person started."""
        self._prepare(run)
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
        self.runs.mark_started(run)
