"""Looks after runs in flight: takes up what was not started, ends what vanished."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

from services.trainer_trigger.app.closing import Closing
from services.trainer_trigger.app.opening import Opening
from services.trainer_trigger.app.outcomes import Outcomes
from services.trainer_trigger.domain.run import Run
from services.trainer_trigger.ports import Evaluations, Memory, Pipeline, RetrainSequence
from shared.clock import Clock
from shared.errors import PermanentError

# After this, a run that was opened but not started is taken up again.
PATIENCE = timedelta(minutes=2)
_GOES_ON = {"RUNNING", "PENDING_REDRIVE"}


@dataclass(frozen=True, slots=True)
class LookingAfter:
    """No run holds its model for ever: each has a deadline, and a sweep that finds it."""

    memory: Memory
    evaluations: Evaluations
    sequence: RetrainSequence
    pipeline: Pipeline
    opening: Opening
    outcomes: Outcomes
    closing: Closing
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
        flying = self.memory.notes(model_id).in_flight
        return self.memory.run(model_id, flying.run_id) if flying else None

    def _look_after(self, run: Run) -> None:
        now = self.clock()
        if run.status != "running":
            self.memory.close_run(run)
        elif not run.started:
            if now - run.started_at > PATIENCE:
                self.opening.launch(run)
        elif now > run.deadline:
            self._give_up(run)
        elif (status := self.sequence.status(run)) not in _GOES_ON:
            self._take_over(run, status)

    def _give_up(self, run: Run) -> None:
        self.sequence.stop(run, "the run outlived its deadline")
        self._stop_pipeline(run)
        cause = f"States.Timeout: the run was not done by {run.deadline:%H:%M} UTC"
        self._end(run, "Deadline", cause)

    def _take_over(self, run: Run, status: str | None) -> None:
        """End a run whose sequence has ended without closing it."""
        if status == "SUCCEEDED" or self.evaluations.read(run.run_id) is not None:
            self._end_with_evaluation(run)
            return
        self._stop_pipeline(run)
        said = self.sequence.cause(run)
        state = f"the state machine's execution is {status or 'not there'}"
        self._end(run, "Retrain sequence", f"{state}: {said}" if said else state)

    def _end_with_evaluation(self, run: Run) -> None:
        execution_arn = self.pipeline.find(run.run_id)
        if execution_arn is None:
            self._end(run, "Retrain sequence", "the pipeline's execution is not there")
            return
        try:
            outcome = self.outcomes.collect(run.model_id, run.run_id, execution_arn)
        except PermanentError as error:
            self._end(run, "Collect", str(error))
            return
        self.closing.publish_and_close(run, outcome)

    def _end(self, run: Run, stage: str, cause: str) -> None:
        outcome = self.outcomes.explain(run.model_id, run.run_id, stage, cause)
        self.closing.publish_and_close(run, outcome)

    def _stop_pipeline(self, run: Run) -> None:
        execution_arn = self.pipeline.find(run.run_id)
        if execution_arn is not None:
            self.pipeline.stop(execution_arn)


def _model_of(given: str) -> str | None:
    try:
        found = json.loads(given)
    except ValueError:
        return None
    model_id = found.get("model_id") if isinstance(found, dict) else None
    return model_id if isinstance(model_id, str) and model_id else None
