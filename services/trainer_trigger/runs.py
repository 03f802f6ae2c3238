"""What the retrain sequence asks of this service, and what the sweep does when a sequence goes missing."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from services.trainer_trigger import costs, failures, identity, model_card, poison
from services.trainer_trigger.domain import is_overdue
from services.trainer_trigger.ports import Evaluations, InvalidCardError, Run, Step
from services.trainer_trigger.service import OPENING, TrainerTrigger
from shared.errors import NotFoundError, PermanentError
from shared.evaluation import Evaluation
from shared.messages import (
    AnyMessage,
    ChallengerRegistered,
    ChallengerRejected,
    RetrainFailed,
    SweepDue,
)

SLICE = timedelta(seconds=40)
PREPROCESS = "Preprocess"  # the pipeline's step that several instances may share


@dataclass(frozen=True, slots=True)
class Runs:
    """Verifies, collects, explains and closes runs."""

    trigger: TrainerTrigger
    evaluations: Evaluations
    poll_seconds: int

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
            run = self.trigger.memory.run(model_id, run_id)
            if run is None:
                raise NotFoundError(f"model {model_id} has no run {run_id}")
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

    def collect(self, model_id: str, run_id: str, execution_arn: str) -> AnyMessage:
        """Read what the pipeline found; approve a registered challenger where policy and verdict allow.

        Raises
        ------
        PermanentError
            The pipeline succeeded but left no evaluation, or no package for a good one.
        """
        run = self._run(model_id, run_id)
        evaluation = self.evaluations.read(run_id)
        if evaluation is None:
            raise PermanentError(f"the pipeline of run {run_id} succeeded but wrote no evaluation")
        steps = self.trigger.pipeline.steps(execution_arn)
        package = next((step.model_package_arn for step in steps if step.model_package_arn), None)
        if evaluation.verdict == "reject":
            return self._rejected(run, evaluation, steps)
        if package is None:
            raise PermanentError(f"the challenger of run {run_id} passed but was not registered")
        return self._registered(run, evaluation, steps, package)

    def explain(self, model_id: str, run_id: str, stage: str, cause: str) -> RetrainFailed:
        """Say why a run failed: the failing pipeline step where there is one, else what the machine saw."""
        run = self._run(model_id, run_id)
        execution_arn = self.trigger.pipeline.find(run_id)
        steps = self.trigger.pipeline.steps(execution_arn) if execution_arn else ()
        broken = next((step for step in steps if step.status == "Failed"), None)
        failure = failures.explain(
            broken.name if broken else stage, broken.failure_reason if broken else cause
        )
        return RetrainFailed.of(
            subject=(run_id, "failed"),
            occurred_at=self.trigger.clock(),
            correlation_id=run.correlation_id,
            model_id=model_id,
            run_id=run_id,
            stage=failure.stage,
            cause=failure.cause[:2000],
            next_step=failure.next_step,
            cost_usd=self._cost(run, steps),
        )

    def close(self, model_id: str, run_id: str, outcome: AnyMessage) -> None:
        """End a run with its published outcome, free the model, and look at it again.

        What arrived while it ran is waiting. Closing a closed run changes nothing.
        """
        run = self._run(model_id, run_id)
        closed = _closed(run, outcome) if run.status == "running" else run
        self.trigger.memory.close_run(closed)
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
            outcome = self.collect(run.model_id, run.run_id, execution_arn)
        except PermanentError as error:
            self._end(run, "Collect", str(error))
            return
        self.trigger.publisher.publish(outcome)
        self.close(run.model_id, run.run_id, outcome)

    def _end(self, run: Run, stage: str, cause: str) -> None:
        outcome = self.explain(run.model_id, run.run_id, stage, cause)
        self.trigger.publisher.publish(outcome)
        self.close(run.model_id, run.run_id, outcome)

    def _stop_pipeline(self, run: Run) -> None:
        execution_arn = self.trigger.pipeline.find(run.run_id)
        if execution_arn is not None:
            self.trigger.pipeline.stop(execution_arn)

    # --- messages -------------------------------------------------------------------------------------

    def _run(self, model_id: str, run_id: str) -> Run:
        run = self.trigger.memory.run(model_id, run_id)
        if run is None:
            raise NotFoundError(f"model {model_id} has no run {run_id}")
        return run

    def _registered(
        self, run: Run, evaluation: Evaluation, steps: tuple[Step, ...], package_arn: str
    ) -> ChallengerRegistered:
        poisoned = self._excluded_meanwhile(run)
        automatic = (
            evaluation.approval == "automatic" and run.approval == "automatic" and not poisoned
        )
        without_card = self._describe(package_arn, run, evaluation)
        if automatic:
            self.trigger.registry.approve(
                package_arn, f"run {run.run_id}: {'; '.join(evaluation.reasons)}"
            )
        return ChallengerRegistered.of(
            subject=(run.run_id, "registered"),
            model_package_version=int(package_arn.rpartition("/")[2]),
            model_package_arn=package_arn,
            approval="Approved" if automatic else "PendingManualApproval",
            **self._found(run, evaluation, steps, poisoned, without_card),
        )

    def _describe(self, package_arn: str, run: Run, evaluation: Evaluation) -> tuple[str, ...]:
        """Write a version's card; return why there is none, for that must not cost a good version."""
        uri, report_uri = self.evaluations.uri(run.run_id), self.evaluations.report_uri(run.run_id)
        card = model_card.card_of(run, evaluation, uri, report_uri)
        try:
            self.trigger.registry.describe(package_arn, card.content, card.properties)
        except InvalidCardError as error:
            return (f"its entry in the registry has no model card, which was refused: {error}",)
        return ()

    def _excluded_meanwhile(self, run: Run) -> tuple[str, ...]:
        """Return what a person excluded while the run trained on it: no machine may deploy that."""
        trigger = self.trigger
        exclusions = trigger.configuration.exclusions(run.model_id)
        trained_on = trigger.datasets.coverage(run.model_id, run.dataset_id) if exclusions else None
        touched = poison.touched(trained_on, exclusions) if trained_on else ()
        if not touched:
            return ()
        return (
            f"it was trained on data that was excluded meanwhile: {poison.ranges(touched)}; "
            "a retrain without them follows",
        )

    def _rejected(
        self, run: Run, evaluation: Evaluation, steps: tuple[Step, ...]
    ) -> ChallengerRejected:
        return ChallengerRejected.of(
            subject=(run.run_id, "rejected"),
            what_would_help=evaluation.what_would_help,
            **self._found(run, evaluation, steps),
        )

    def _found(
        self,
        run: Run,
        evaluation: Evaluation,
        steps: tuple[Step, ...],
        first: tuple[str, ...] = (),
        last: tuple[str, ...] = (),
    ) -> dict[str, Any]:
        """Return what both verdicts tell, with reasons around those that the evaluation knew."""
        return {
            "occurred_at": self.trigger.clock(),
            "correlation_id": run.correlation_id,
            "model_id": run.model_id,
            "run_id": run.run_id,
            "dataset_id": run.dataset_id,
            "r2": evaluation.challenger.all.r2,
            "champion_r2": evaluation.champion.all.r2 if evaluation.champion else None,
            "accuracy_threshold": evaluation.accuracy_threshold,
            "reasons": (*first, *evaluation.reasons, *last),
            "evaluation_uri": self.evaluations.uri(run.run_id),
            "report_uri": self.evaluations.report_uri(run.run_id),
            "cost_usd": self._cost(run, steps),
        }

    @staticmethod
    def _cost(run: Run, steps: tuple[Step, ...]) -> float | None:
        instances = {PREPROCESS: run.preprocess_instances}
        seconds = sum(step.seconds * instances.get(step.name, 1) for step in steps)
        return costs.estimate_usd(run.instance_type, seconds)


def _model_of(given: str) -> str | None:
    try:
        found = json.loads(given)
    except ValueError:
        return None
    model_id = found.get("model_id") if isinstance(found, dict) else None
    return model_id if isinstance(model_id, str) and model_id else None


def _closed(run: Run, outcome: AnyMessage) -> Run:
    match outcome:
        case ChallengerRegistered():
            return replace(
                run,
                status="registered",
                ended_at=outcome.occurred_at,
                evaluation_uri=outcome.evaluation_uri,
                model_package_version=outcome.model_package_version,
                cost_usd=outcome.cost_usd,
            )
        case ChallengerRejected():
            return replace(
                run,
                status="rejected",
                ended_at=outcome.occurred_at,
                evaluation_uri=outcome.evaluation_uri,
                cost_usd=outcome.cost_usd,
            )
        case RetrainFailed():
            return replace(
                run,
                status="failed",
                ended_at=outcome.occurred_at,
                cost_usd=outcome.cost_usd,
                failure=f"{outcome.stage}: {outcome.cause.rstrip('.')}. {outcome.next_step}",
            )
    raise PermanentError(f"{outcome.type} is no outcome of a run")
