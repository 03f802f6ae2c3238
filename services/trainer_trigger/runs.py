"""What the retrain sequence asks of this service, and what the sweep does when a sequence goes missing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from services.trainer_trigger import identity
from services.trainer_trigger.domain import is_overdue
from services.trainer_trigger.outcomes import Outcomes, closed
from services.trainer_trigger.ports import Evaluations, Run
from services.trainer_trigger.service import OPENING, TrainerTrigger
from shared.errors import PermanentError
from shared.messages import AnyMessage, SweepDue

SLICE = timedelta(seconds=40)


@dataclass(frozen=True, slots=True)
class Runs:
    """Verifies, looks after and closes runs."""

    trigger: TrainerTrigger
    evaluations: Evaluations
    poll_seconds: int

    @property
    def outcomes(self) -> Outcomes:
        """What says how runs ended."""
        return Outcomes(self.trigger, self.evaluations)

    def verify(self, model_id: str, run_id: str | None, execution: str) -> dict[str, Any]:
        """Check that there is something to train; an execution started by hand gets a run opened.

        Returns
        -------
        dict
            `proceed`, `reason`, and all that the next states need.
        """
        if run_id is None:
            known = self.trigger.configuration.models()
            if model_id not in known:
                names = ", ".join(sorted(known)) or "none"
                return {"proceed": False, "reason": f"no model {model_id!r}; known: {names}"}
            run, decision = self.trigger.open_by_hand(model_id, execution)
            if run is None:
                reason = "; ".join(decision.reasons) or "another run came first"
                return {"proceed": False, "reason": reason}
        else:
            run = self.outcomes.run(model_id, run_id)
            if run.status != "running":
                return {"proceed": False, "reason": f"run {run_id} has ended: {run.status}"}
        if not self.trigger.datasets.exists(run.model_id, run.dataset_id):
            raise PermanentError(f"dataset {run.dataset_id} of run {run.run_id} is gone")
        return {
            "proceed": True,
            "reason": "; ".join(run.reasons),
            "run": {
                "model_id": run.model_id,
                "run_id": run.run_id,
                "dataset_id": run.dataset_id,
                "accuracy_threshold": str(run.accuracy_threshold),
                "instance_type": run.instance_type,
                "model_type": run.model_type,
                "preprocess_instances": str(run.preprocess_instances),
                "request_token": identity.request_token(run.run_id),
            },
            "poll_seconds": self.poll_seconds,
        }

    def close(self, model_id: str, run_id: str, outcome: AnyMessage) -> None:
        """End a run with its published outcome, free the model, and look at it again.

        What arrived while it ran is waiting. Closing a closed run changes nothing.
        """
        run = self.outcomes.run(model_id, run_id)
        self.trigger.memory.close_run(closed(run, outcome) if run.status == "running" else run)
        self.trigger.wake_waiting()
        self.trigger.evaluate(model_id)

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

    # --- the sweep ------------------------------------------------------------------------------------

    def sweep_all(self, due: SweepDue) -> None:
        """Sweep the models one after the other; what does not fit into a slice is continued by a message.

        A model whose sweep fails is told and does not keep the others from theirs.
        """
        trigger = self.trigger
        trigger.measures.count("Sweeps", 1)
        end = trigger.clock() + SLICE
        overdue = 0
        for model_id in sorted(trigger.configuration.models()):
            if due.cursor is not None and model_id < due.cursor:
                continue
            if trigger.clock() > end:
                trigger.timer.continue_sweep(due, model_id)
                break
            try:
                overdue += self.sweep(model_id, full=due.scope != "quick")
            except Exception as error:  # noqa: BLE001 - one model's fault must not hide the others
                trigger.measures.count("SweepFaults", 1)
                trigger.measures.warn(f"sweep of model {model_id}: {type(error).__name__}: {error}")
        trigger.measures.count("ModelsOverdue", overdue)

    def sweep(self, model_id: str, *, full: bool) -> bool:
        """Take up what was opened but not started, end what vanished, and decide again.

        Returns
        -------
        bool
            Whether the model has registered no version for longer than its policy allows.
        """
        if full:
            self.trigger.reconcile(model_id)
        run = self._in_flight(model_id)
        if run is not None:
            self._look_after(run)
        config = self.trigger.configuration.model(model_id)
        state, _ = self.trigger.evaluate_with(model_id, config)
        return is_overdue(state, config.policy, self.trigger.clock())

    def _in_flight(self, model_id: str) -> Run | None:
        flying = self.trigger.memory.state(model_id).in_flight
        return self.trigger.memory.run(model_id, flying.run_id) if flying else None

    def _look_after(self, run: Run) -> None:
        now = self.trigger.clock()
        if run.status != "running":
            self.trigger.memory.close_run(run)
            return
        if not run.started:
            if now - run.started_at > OPENING:
                self.trigger.opening.launch(run)
            return
        if now > run.deadline:
            self.trigger.sequence.stop(run, "the run outlived its deadline")
            self._stop_pipeline(run)
            self._end(
                run, "Deadline", f"States.Timeout: the run was not done by {run.deadline:%H:%M} UTC"
            )
            return
        status = self.trigger.sequence.status(run)
        if status in {"RUNNING", "PENDING_REDRIVE"}:
            return
        if status == "SUCCEEDED" or self._pipeline_finished(run):
            self._end_with_evaluation(run)
            return
        self._stop_pipeline(run)
        said = self.trigger.sequence.cause(run)
        state = f"the state machine's execution is {status or 'not there'}"
        self._end(run, "Retrain sequence", f"{state}: {said}" if said else state)

    def _pipeline_finished(self, run: Run) -> bool:
        return self.evaluations.read(run.run_id) is not None

    def _end_with_evaluation(self, run: Run) -> None:
        execution_arn = self.trigger.pipeline.find(run.run_id)
        if execution_arn is None:
            self._end(run, "Retrain sequence", "the pipeline's execution is not there")
            return
        try:
            outcome = self.outcomes.collect(run.model_id, run.run_id, execution_arn)
        except PermanentError as error:
            self._end(run, "Collect", str(error))
            return
        self.trigger.publisher.publish(outcome)
        self.close(run.model_id, run.run_id, outcome)

    def _end(self, run: Run, stage: str, cause: str) -> None:
        outcome = self.outcomes.explain(run.model_id, run.run_id, stage, cause)
        self.trigger.publisher.publish(outcome)
        self.close(run.model_id, run.run_id, outcome)

    def _stop_pipeline(self, run: Run) -> None:
        execution_arn = self.trigger.pipeline.find(run.run_id)
        if execution_arn is not None:
            self.trigger.pipeline.stop(execution_arn)


def _model_of(given: str) -> str | None:
    try:
        found = json.loads(given)
    except ValueError:
        return None
    model_id = found.get("model_id") if isinstance(found, dict) else None
    return model_id if isinstance(model_id, str) and model_id else None
