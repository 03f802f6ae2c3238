"""Gives each message to the use case that it is about."""

from __future__ import annotations

from dataclasses import dataclass

from services.trainer_trigger.app.evaluating import Evaluating
from services.trainer_trigger.app.looking_after import LookingAfter
from services.trainer_trigger.app.noting import Noting
from services.trainer_trigger.app.sweeping import Sweeping
from shared.errors import InvalidMessageError
from shared.inbox import Incoming, ServiceEvent
from shared.messages import (
    AccuracyDegraded,
    ConfigAccepted,
    DataAccepted,
    DataWithdrawn,
    EvaluationDue,
    ModelHeld,
    ModelReleased,
    RetrainRequested,
    SourceSuspect,
    SweepDue,
)


@dataclass(frozen=True, slots=True)
class Dispatching:
    """Everything that trainer_trigger reacts to."""

    noting: Noting
    evaluating: Evaluating
    looking_after: LookingAfter
    sweeping: Sweeping

    def handle(self, incoming: Incoming) -> None:
        """React to one thing from the inbox.

        Raises
        ------
        InvalidMessageError
            Nobody here expects such a thing; it ends in the dead letters, where an alarm watches.
        """
        match incoming:
            case DataAccepted():
                self.noting.accepted(incoming)
            case DataWithdrawn():
                self.noting.withdrawn(incoming)
            case ConfigAccepted():
                self.noting.configuration(incoming)
            case SourceSuspect():
                self.noting.sources(incoming)
            case RetrainRequested():
                self.noting.request(incoming)
            case AccuracyDegraded() | ModelHeld() | ModelReleased():
                self.noting.of_deployment(incoming)
            case EvaluationDue():
                self.evaluating.due(incoming.model_id)
            case ServiceEvent(source="aws.states", detail={"name": str(execution)}):
                self.looking_after.execution_ended(execution, incoming.detail.get("input") or "")
            case SweepDue():
                self.sweeping.sweep(incoming)
            case _:
                message = f"not for this service: {type(incoming).__name__}"
                raise InvalidMessageError(message)
