"""Looks after runs in flight: takes up what was not started, ends what vanished."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

from services.trainer_trigger.app.ending import Ending
from services.trainer_trigger.app.launching import Launching
from services.trainer_trigger.domain.run import Run
from services.trainer_trigger.ports import NoteMemory, RetrainSequence, RunMemory
from shared.clock import Clock

# After this, a run that was opened but not started is taken up again.
PATIENCE = timedelta(minutes=2)
_GOES_ON = {"RUNNING", "PENDING_REDRIVE"}


@dataclass(frozen=True, slots=True)
class LookingAfter:
    """No run holds its model for ever: each has a deadline, and a sweep that finds it."""

    notes: NoteMemory
    runs: RunMemory
    sequence: RetrainSequence
    launching: Launching
    ending: Ending
    clock: Clock

    def execution_ended(self, execution: str, given: str) -> None:
        """Look after a run whose execution was stopped, failed or timed out, without waiting for the sweep.

        Parameters
        ----------
        execution
            The execution's name.
        given
            Its input as text; where that names no model, the sweep finds the run.
        """
        model_id = _model_of(given)
        run = self._in_flight(model_id) if model_id else None
        if run is not None and run.execution == execution:
            self._look_after(run)

    def model(self, model_id: str) -> None:
        """Look after the run that a model has in flight, if it has one."""
        run = self._in_flight(model_id)
        if run is not None:
            self._look_after(run)

    def _in_flight(self, model_id: str) -> Run | None:
        flying = self.notes.notes(model_id).in_flight
        return self.runs.run(model_id, flying.run_id) if flying else None

    def _look_after(self, run: Run) -> None:
        now = self.clock()
        if run.status != "running":
            self.runs.close_run(run)
        elif not run.started:
            if now - run.started_at > PATIENCE:
                self.launching.launch(run)
        elif now > run.deadline:
            self._give_up(run)
        elif (status := self.sequence.status(run)) not in _GOES_ON:
            self._take_over(run, status)

    def _give_up(self, run: Run) -> None:
        self.sequence.stop(run, "the run outlived its deadline")
        cause = f"States.Timeout: the run was not done by {run.deadline:%H:%M} UTC"
        self.ending.as_failed(run, "Deadline", cause)

    def _take_over(self, run: Run, status: str | None) -> None:
        """End a run whose sequence has ended without closing it."""
        if status == "SUCCEEDED" or self.ending.is_evaluated(run):
            self.ending.with_evaluation(run)
            return
        said = self.sequence.cause(run)
        state = f"the state machine's execution is {status or 'not there'}"
        self.ending.as_failed(run, "Retrain sequence", f"{state}: {said}" if said else state)


def _model_of(given: str) -> str | None:
    try:
        found = json.loads(given)
    except ValueError:
        return None
    model_id = found.get("model_id") if isinstance(found, dict) else None
    return model_id if isinstance(model_id, str) and model_id else None
