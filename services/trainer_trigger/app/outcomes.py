"""How a run ended: from what the pipeline left to the message that says it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.trainer_trigger.app.known_run import known_run
from services.trainer_trigger.domain import changed, costs, failures, model_card, poison
from services.trainer_trigger.domain.run import Run, Step
from services.trainer_trigger.ports import (
    Configuration,
    Evaluations,
    InvalidCardError,
    Pipeline,
    Registry,
    RunMemory,
)
from shared.clock import Clock
from shared.dataset import Exclusion
from shared.errors import PermanentError
from shared.evaluation import Evaluation
from shared.messages import ChallengerRegistered, ChallengerRejected, RetrainFailed

PREPROCESS = "Preprocess"  # the pipeline's step that several instances may share
Verdict = ChallengerRegistered | ChallengerRejected


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Collects what a run found, or explains why it failed."""

    configuration: Configuration
    runs: RunMemory
    evaluations: Evaluations
    pipeline: Pipeline
    registry: Registry
    excluded_meanwhile: Callable[[Run], tuple[Exclusion, ...]]
    clock: Clock

    def collect(self, model_id: str, run_id: str, execution_arn: str) -> Verdict:
        """Read what the pipeline found; approve a registered challenger where policy and verdict allow.

        Raises
        ------
        PermanentError
            The pipeline succeeded but left no evaluation, or no package for a good one.
        """
        run = known_run(self.runs, model_id, run_id)
        evaluation = self.evaluations.read(run_id)
        if evaluation is None:
            raise PermanentError(f"the pipeline of run {run_id} succeeded but wrote no evaluation")
        steps = self.pipeline.steps(execution_arn)
        package = next((step.model_package_arn for step in steps if step.model_package_arn), None)
        if evaluation.verdict == "reject":
            return self._rejected(run, evaluation, steps)
        if package is None:
            raise PermanentError(f"the challenger of run {run_id} passed but was not registered")
        return self._registered(run, evaluation, steps, package)

    def explain(self, model_id: str, run_id: str, stage: str, cause: str) -> RetrainFailed:
        """Say why a run failed: the failing pipeline step where there is one, else what the machine saw."""
        run = known_run(self.runs, model_id, run_id)
        execution_arn = self.pipeline.find(run_id)
        steps = self.pipeline.steps(execution_arn) if execution_arn else ()
        broken = next((step for step in steps if step.status == "Failed"), None)
        failure = failures.explain(
            broken.name if broken else stage, broken.failure_reason if broken else cause
        )
        return RetrainFailed.of(
            subject=(run_id, "failed"),
            occurred_at=self.clock(),
            correlation_id=run.correlation_id,
            model_id=model_id,
            run_id=run_id,
            stage=failure.stage,
            cause=failure.cause[:2000],
            next_step=failure.next_step,
            cost_usd=self._cost(run, steps),
        )

    def _registered(
        self, run: Run, evaluation: Evaluation, steps: tuple[Step, ...], package_arn: str
    ) -> ChallengerRegistered:
        config = self.configuration.model(run.model_id)
        meanwhile = (
            *_waits_because(self.excluded_meanwhile(run)),
            *changed.doubts(run, evaluation, config),
        )
        automatic = (
            evaluation.approval == "automatic" and run.approval == "automatic" and not meanwhile
        )
        version = int(package_arn.rpartition("/")[2])
        without_card = self._describe(package_arn, run, evaluation)
        self.evaluations.name_report(run.run_id, version)
        if automatic:
            self.registry.approve(package_arn, f"run {run.run_id}: {'; '.join(evaluation.reasons)}")
        return ChallengerRegistered.of(
            subject=(run.run_id, "registered"),
            model_package_version=version,
            model_package_arn=package_arn,
            approval="Approved" if automatic else "PendingManualApproval",
            **self._found(run, evaluation, steps, meanwhile, without_card),
        )

    def _describe(self, package_arn: str, run: Run, evaluation: Evaluation) -> tuple[str, ...]:
        """Write a version's card; return why there is none, for that must not cost a good version."""
        uri, report_uri = self.evaluations.uri(run.run_id), self.evaluations.report_uri(run.run_id)
        card = model_card.card_of(run, evaluation, uri, report_uri)
        try:
            self.registry.describe(package_arn, card.content, card.properties)
        except InvalidCardError as error:
            return (f"its entry in the registry has no model card, which was refused: {error}",)
        return ()

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
        unmasked = evaluation.challenger.unmasked
        return {
            "occurred_at": self.clock(),
            "correlation_id": run.correlation_id,
            "model_id": run.model_id,
            "run_id": run.run_id,
            "dataset_id": run.dataset_id,
            "r2": evaluation.challenger.all.r2,
            "unmasked_r2": unmasked.r2 if unmasked else None,
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


def _waits_because(touched: tuple[Exclusion, ...]) -> tuple[str, ...]:
    """Say why no machine may deploy a version: a person excluded what it was trained on meanwhile."""
    if not touched:
        return ()
    return (
        f"it was trained on data that was excluded meanwhile: {poison.ranges(touched)}; "
        "a retrain without them follows",
    )
