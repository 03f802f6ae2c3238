"""Gives each message to the use case that it is about; events only say where to look."""

from __future__ import annotations

from dataclasses import dataclass

from services.deployer.app.reconciling import Reconciling
from services.deployer.app.rolling_back import RollingBack
from services.deployer.ports import Configuration
from shared import names
from shared.errors import InvalidMessageError
from shared.inbox import Incoming, ServiceEvent
from shared.messages import DeploymentCheckDue, RollbackRequested, SweepDue


@dataclass(frozen=True, slots=True)
class Dispatching:
    """Everything that deployer reacts to."""

    reconciling: Reconciling
    rolling_back: RollingBack
    configuration: Configuration

    def handle(self, incoming: Incoming) -> None:
        """React to one thing from the inbox.

        Raises
        ------
        InvalidMessageError
            Nobody here expects such a thing; it ends in the dead letters, where an alarm watches.
        """
        match incoming:
            case ServiceEvent(detail={"ModelPackageGroupName": str(name)}):
                self.reconciling.reconcile(names.model_of(name))
            case ServiceEvent(detail={"EndpointName": str(name)}):
                self.reconciling.reconcile(names.model_of(name))
            case DeploymentCheckDue():
                self.reconciling.reconcile(incoming.model_id)
            case RollbackRequested():
                self.rolling_back.roll_back(incoming)
            case SweepDue():
                for model_id in sorted(self.configuration.models()):
                    self.reconciling.reconcile(model_id)
            case _:
                message = f"not for this service: {type(incoming).__name__}"
                raise InvalidMessageError(message)
