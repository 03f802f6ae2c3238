"""The first state of the retrain sequence: is there something to train?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.trainer_trigger.app.known_run import known_run
from services.trainer_trigger.app.opening_by_hand import OpeningByHand
from services.trainer_trigger.domain import identity
from services.trainer_trigger.domain.capacity import Capacity
from services.trainer_trigger.domain.run import Run
from services.trainer_trigger.ports import Datasets, RunMemory
from shared.errors import PermanentError


@dataclass(frozen=True, slots=True)
class Verifying:
    """Checks an opened run, or opens one for an execution that a person started."""

    runs: RunMemory
    datasets: Datasets
    by_hand: OpeningByHand
    pipelines: Mapping[Capacity, str]
    poll_seconds: int

    def verify(self, model_id: str, run_id: str | None, execution: str) -> dict[str, Any]:
        """Check that there is something to train; an execution started by hand gets a run opened.

        Returns
        -------
        dict
            `proceed`, `reason`, and all that the next states need.
        """
        found = (
            self.by_hand.open(model_id, execution)
            if run_id is None
            else self._opened(model_id, run_id)
        )
        if isinstance(found, str):
            return {"proceed": False, "reason": found}
        if not self.datasets.exists(found.model_id, found.dataset_id):
            message = f"dataset {found.dataset_id} of run {found.run_id} is gone"
            raise PermanentError(message)
        return {
            "proceed": True,
            "reason": "; ".join(found.reasons),
            "run": {
                "model_id": found.model_id,
                "run_id": found.run_id,
                "dataset_id": found.dataset_id,
                "accuracy_threshold": str(found.accuracy_threshold),
                "instance_type": found.instance_type,
                "model_type": found.model_type,
                "preprocess_instances": str(found.preprocess_instances),
                "pipeline_name": self.pipelines[found.capacity],
                "request_token": identity.request_token(found.run_id),
            },
            "poll_seconds": self.poll_seconds,
        }

    def _opened(self, model_id: str, run_id: str) -> Run | str:
        """Return a run, or why it need not go on."""
        run = known_run(self.runs, model_id, run_id)
        return run if run.status == "running" else f"run {run_id} has ended: {run.status}"
