"""Gives each message to the use case that it is about; events only say where to look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.deployer.app.deciding import Deciding
from services.deployer.app.holding import HoldingByRequest
from services.deployer.app.reconciling import Reconciling
from services.deployer.app.rolling_back import RollingBack
from services.deployer.ports import Configuration, Timer
from shared import names
from shared.clock import Clock
from shared.errors import InvalidMessageError, NotReadyError
from shared.inbox import Incoming, ServiceEvent
from shared.messages import (
    DecisionRequested,
    DeploymentCheckDue,
    HoldRequested,
    RollbackRequested,
    SweepDue,
)

AGAIN_SECONDS = 5  # a message that fails would come again after six minutes only
SWEEP_SECONDS = 840  # over which a sweep is spread; the next one comes after 900
# In which a changed YAML is looked at: what AWS cannot do at once, it may be able to do later that day.
CHANGED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Dispatching:
    """Everything that deployer reacts to."""

    reconciling: Reconciling
    rolling_back: RollingBack
    holding: HoldingByRequest
    deciding: Deciding
    configuration: Configuration
    timer: Timer
    clock: Clock

    def handle(self, incoming: Incoming) -> None:
        """React to one thing from the inbox.

        Raises
        ------
        InvalidMessageError
            Nobody here expects such a thing; it ends in the dead letters, where an alarm watches.
        """
        match incoming:
            case ServiceEvent(detail={"ModelPackageGroupName": str(name)}):
                number = incoming.detail.get("ModelPackageVersion")
                self._tell_decision(names.model_of(name), number if type(number) is int else None)
                self.reconciling.reconcile(names.model_of(name))
            case ServiceEvent(detail={"EndpointName": str(name)}):
                self.reconciling.reconcile(names.model_of(name))
            case DeploymentCheckDue():
                if incoming.settings or incoming.decided is not None:
                    self._tell_decision(incoming.model_id, incoming.decided)
                self.reconciling.reconcile(incoming.model_id, settings=incoming.settings)
            case RollbackRequested() | HoldRequested() | DecisionRequested():
                self._as_asked(incoming)
            case SweepDue():
                self._look_at_all(settings=incoming.scope == "full")
            case _:
                message = f"not for this service: {type(incoming).__name__}"
                raise InvalidMessageError(message)

    def _tell_decision(self, model_id: str, number: int | None) -> None:
        """Tell what a person decided in the registry; soon again where another worker has the model."""
        try:
            self.deciding.look(model_id, number)
        except NotReadyError:
            if number is not None:
                due = DeploymentCheckDue.of(
                    subject=(model_id, number, "decided"),
                    occurred_at=self.clock(),
                    correlation_id=model_id,
                    model_id=model_id,
                    decided=number,
                )
                self.timer.again(due, AGAIN_SECONDS)

    def _as_asked(self, request: RollbackRequested | HoldRequested | DecisionRequested) -> None:
        """Do what a person asks; soon again where another worker has the model just now."""
        try:
            match request:
                case RollbackRequested():
                    self.rolling_back.roll_back(request)
                case HoldRequested():
                    self.holding.handle(request)
                case DecisionRequested():
                    self.deciding.decide(request)
        except NotReadyError:
            self.timer.again(request, AGAIN_SECONDS)

    def _look_at_all(self, *, settings: bool) -> None:
        """Look at every model, spread over the time until the next sweep: none takes longer than its turn.

        Parameters
        ----------
        settings
            Whether every endpoint is to be compared with how it shall be served, as after a deployment of the
            stacks: the network may be another one. Else only those whose YAML has changed.
        """
        models, now = sorted(self.configuration.models()), self.clock()
        changed = self.configuration.changed_since(now - CHANGED)
        for number, model_id in enumerate(models):
            seconds = number * SWEEP_SECONDS // len(models)
            if settings or model_id in changed:
                self.timer.again(_settings_due(model_id, now), seconds)
            else:
                self.timer.check_later(model_id, now, seconds)


def _settings_due(model_id: str, now: datetime) -> DeploymentCheckDue:
    return DeploymentCheckDue.of(
        subject=(model_id, now, "settings"),
        occurred_at=now,
        correlation_id=model_id,
        model_id=model_id,
        settings=True,
    )
