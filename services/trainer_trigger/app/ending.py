"""Ends a run whose sequence cannot end it any more: with its evaluation if there is one, else as failed."""

from __future__ import annotations

from dataclasses import dataclass

from services.trainer_trigger.app.closing import Closing
from services.trainer_trigger.app.outcomes import Outcomes
from services.trainer_trigger.domain.run import Run
from services.trainer_trigger.ports import Evaluations, Pipeline, Publisher
from shared.errors import PermanentError
from shared.messages import AnyMessage


@dataclass(frozen=True, slots=True)
class Ending:
    """The outcome is published first and the run closed after it, as the sequence does."""

    pipeline: Pipeline
    evaluations: Evaluations
    outcomes: Outcomes
    publisher: Publisher
    closing: Closing

    def is_evaluated(self, run: Run) -> bool:
        """Whether the pipeline of a run came as far as its evaluation."""
        return self.evaluations.read(run.run_id) is not None

    def with_evaluation(self, run: Run) -> None:
        """End a run with what its pipeline found."""
        execution_arn = self.pipeline.find(run.run_id)
        if execution_arn is None:
            self._fail(run, "Retrain sequence", "the pipeline's execution is not there")
            return
        try:
            outcome = self.outcomes.collect(run.model_id, run.run_id, execution_arn)
        except PermanentError as error:
            self._fail(run, "Collect", str(error))
            return
        self._publish_and_close(run, outcome)

    def as_failed(self, run: Run, stage: str, cause: str) -> None:
        """Stop the pipeline of a run, and end the run with what went wrong."""
        execution_arn = self.pipeline.find(run.run_id)
        if execution_arn is not None:
            self.pipeline.stop(execution_arn)
        self._fail(run, stage, cause)

    def _fail(self, run: Run, stage: str, cause: str) -> None:
        outcome = self.outcomes.explain(run.model_id, run.run_id, stage, cause)
        self._publish_and_close(run, outcome)

    def _publish_and_close(self, run: Run, outcome: AnyMessage) -> None:
        self.publisher.publish(outcome)
        self.closing.close(run.model_id, run.run_id, outcome)
