"""The tasks of the retrain sequence, called by the state machine."""

from __future__ import annotations

from typing import Any

from services.trainer_trigger.composition import sequencing
from services.trainer_trigger.settings import SequenceSettings
from shared import observability, trail

logger = observability.logger("trainer_trigger")
metrics = observability.metrics("trainer_trigger")
service = sequencing(SequenceSettings.from_environment(), metrics, logger)


@metrics.log_metrics
def lambda_handler(event: dict[str, Any], _: Any) -> Any:
    """Do one task."""
    run_id = event.get("run_id") or (event.get("input") or {}).get("run_id")
    logger.append_keys(correlation_id=run_id)
    answer = service.run(event)
    trail.done(logger, f"{event.get('task')} of the retrain sequence", str(run_id))
    return answer
