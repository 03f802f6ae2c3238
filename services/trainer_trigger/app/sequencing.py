"""The tasks of the retrain sequence, as the state machine names them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from services.trainer_trigger.app.closing import Closing
from services.trainer_trigger.app.outcomes import Outcomes
from services.trainer_trigger.app.verifying import Verifying
from services.trainer_trigger.ports import Measures
from shared import messages
from shared.errors import InvalidMessageError
from shared.messages import AnyMessage, ChallengerRegistered, ChallengerRejected, RetrainFailed


@dataclass(frozen=True, slots=True)
class Sequencing:
    """Verify, collect, explain and close."""

    verifying: Verifying
    outcomes: Outcomes
    closing: Closing
    measures: Measures

    def run(self, event: dict[str, Any]) -> Any:
        """Do one task; the state machine catches what fails by the error's class.

        Raises
        ------
        InvalidMessageError
            There is no such task.
        """
        given: dict[str, Any] = event.get("input") or {}
        match event:
            case {
                "task": "verify",
                "input": {"model_id": str(model_id)},
                "execution": str(execution),
            }:
                return self.verifying.verify(model_id, given.get("run_id"), execution)
            case {"task": "collect", "model_id": model_id, "run_id": run_id, **rest}:
                outcome = self.outcomes.collect(model_id, run_id, rest["pipeline_execution_arn"])
                self._measure(outcome)
                self._measure_cost(outcome)
                return _for_publishing(outcome)
            case {"task": "explain", "model_id": model_id, "run_id": run_id, **rest}:
                failed = self.outcomes.explain(model_id, run_id, rest["stage"], rest["cause"])
                self._measure_cost(failed)
                return _for_publishing(failed)
            case {"task": "close", "model_id": model_id, "run_id": run_id, **rest}:
                return self.closing.close(model_id, run_id, messages.read(rest["outcome"]))
        message = (
            'no task of the retrain sequence; start it by hand with the input {"model_id": "…"}'
        )
        raise InvalidMessageError(message)

    def _measure(self, outcome: ChallengerRegistered | ChallengerRejected) -> None:
        """Put the accuracy of challenger and champion, on the newest data, into CloudWatch."""
        if outcome.r2 is not None:
            self.measures.figure("EvaluationR2", outcome.r2, outcome.model_id)
        if outcome.champion_r2 is not None:
            shortfall = max(0.0, outcome.accuracy_threshold - outcome.champion_r2)
            self.measures.figure("ChampionR2", outcome.champion_r2, outcome.model_id)
            self.measures.figure("ChampionShortfall", shortfall, outcome.model_id)

    def _measure_cost(
        self, outcome: ChallengerRegistered | ChallengerRejected | RetrainFailed
    ) -> None:
        """Put what a run cost into CloudWatch, if that is known. [USD]"""
        if outcome.cost_usd is not None:
            self.measures.figure("RunCost", outcome.cost_usd, outcome.model_id)


def _for_publishing(message: AnyMessage) -> dict[str, str]:
    return {"type": message.type, "body": message.model_dump_json()}
