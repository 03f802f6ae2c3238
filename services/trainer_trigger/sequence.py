"""The tasks of the retrain sequence, called by the state machine."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from services.trainer_trigger.composition import runs
from services.trainer_trigger.settings import SequenceSettings
from shared import messages, observability
from shared.errors import InvalidMessageError
from shared.messages import AnyMessage, ChallengerRegistered, ChallengerRejected

logger = observability.logger("trainer_trigger")
metrics = observability.metrics("trainer_trigger")
service = runs(SequenceSettings.from_environment(), metrics, logger)


@metrics.log_metrics
def lambda_handler(event: dict[str, Any], _: Any) -> Any:
    """Do one task; the state machine catches what fails by the error's class."""
    logger.append_keys(task=event.get("task"), run_id=event.get("run_id"))
    given: dict[str, Any] = event.get("input") or {}
    match event:
        case {
            "task": "verify",
            "input": {"model_id": str(model_id)},
            "execution": str(execution),
        }:
            return service.verify(model_id, given.get("run_id"), execution)
        case {"task": "collect", "model_id": model_id, "run_id": run_id, **rest}:
            outcome = service.outcomes.collect(model_id, run_id, rest["pipeline_execution_arn"])
            _measure(outcome)
            return _for_publishing(outcome)
        case {"task": "explain", "model_id": model_id, "run_id": run_id, **rest}:
            return _for_publishing(
                service.outcomes.explain(model_id, run_id, rest["stage"], rest["cause"])
            )
        case {"task": "close", "model_id": model_id, "run_id": run_id, **rest}:
            return service.close(model_id, run_id, messages.read(rest["outcome"]))
    raise InvalidMessageError(
        'no task of the retrain sequence; start it by hand with the input {"model_id": "…"}'
    )


def _for_publishing(message: AnyMessage) -> dict[str, str]:
    return {"type": message.type, "body": message.model_dump_json()}


def _measure(outcome: AnyMessage) -> None:
    """Put the accuracy of challenger and champion, on the newest data, into CloudWatch."""
    if not isinstance(outcome, ChallengerRegistered | ChallengerRejected):
        return
    if outcome.r2 is not None:
        metrics.add_metric(name="EvaluationR2", unit=MetricUnit.NoUnit, value=outcome.r2)
    if outcome.champion_r2 is not None:
        shortfall = max(0.0, outcome.accuracy_threshold - outcome.champion_r2)
        metrics.add_metric(name="ChampionR2", unit=MetricUnit.NoUnit, value=outcome.champion_r2)
        metrics.add_metric(name="ChampionShortfall", unit=MetricUnit.NoUnit, value=shortfall)
