"""Brings every endpoint to the newest approved version, one step at a time.

Registry events, endpoint events, timers, requests and the sweep all end in `reconcile`, which looks at
what exists and does the one next step. Losing or repeating any of them changes only when.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from services.deployer.app.alone import Alone
from services.deployer.app.comparing import Comparing
from services.deployer.app.ending import Ending
from services.deployer.app.silence import Silence
from services.deployer.app.starting import Starting
from services.deployer.app.trial import Trial
from services.deployer.domain import deployment
from services.deployer.domain.deployment import Action, Endpoint, InProgress, Version
from services.deployer.ports import Endpoints, Progress, Registry, Timer
from shared.clock import Clock
from shared.errors import NotReadyError, OperatorFaultError

T = TypeVar("T")
CHECK_SECONDS = 15
# After these something else may be due at once: a newer version may have been approved meanwhile.
_TAKEN = {Action.CONFIRM, Action.TRY_OUT}  # AWS took what was begun
_ENDS = {Action.CONFIRM, Action.GONE, Action.TRY_OUT, Action.DROP}


@dataclass(frozen=True, slots=True)
class Reconciling:
    """Deploys what is approved, confirms it, and takes back what does not hold."""

    alone: Alone
    registry: Registry
    endpoints: Endpoints
    progress: Progress
    starting: Starting
    trial: Trial
    comparing: Comparing
    ending: Ending
    silence: Silence
    timer: Timer
    clock: Clock

    def reconcile(self, model_id: str, *, settings: bool = False) -> Action:
        """Do the next step for a model, and what follows from it at once; return which step it was.

        Parameters
        ----------
        settings
            Whether to compare the endpoint with the model's YAML, too, which costs another call.
        """
        if not settings and self._is_at_rest(model_id):
            return Action.NOTHING
        try:
            with self.alone.with_model(model_id):
                found = self.steps(model_id)
                return self._settle(model_id) if settings and found is Action.NOTHING else found
        except NotReadyError:
            self._check_soon(model_id)  # whoever is at it may have looked before this event
            return Action.WAIT

    def _is_at_rest(self, model_id: str) -> bool:
        """Whether the newest approved version serves and nothing is under way, as nearly always."""
        if self.progress.in_progress(model_id) is not None:
            return False
        approved = self.registry.approved(model_id)
        endpoint = self.endpoints.glance(model_id)
        if endpoint is None:
            return not approved
        return endpoint.status == "InService" and approved[:1] == (endpoint.version,)

    def steps(self, model_id: str) -> Action:
        """Do the same for whoever holds the model already."""
        first, again = self._step(model_id)
        while again:
            _, again = self._step(model_id)
        return first

    def _settle(self, model_id: str) -> Action:
        """Give an endpoint at rest the instances that the model's YAML says."""
        endpoint = self.endpoints.describe(model_id)
        if endpoint is None or endpoint.status != "InService":
            return Action.NOTHING
        try:
            if not self.starting.reconfigure(model_id, endpoint):
                return Action.NOTHING
        except OperatorFaultError as error:
            self.ending.set_back(model_id, self.progress.in_progress(model_id), str(error))
        self._check_soon(model_id)
        return Action.UPDATE

    def _step(self, model_id: str) -> tuple[Action, bool]:
        """Do one step; return it, and whether to look again at once."""
        # What was begun is read before what exists: AWS goes on in between, and the other way round a
        # deployment that has just begun looks like one that was rolled back.
        progress = self.progress.in_progress(model_id)
        approved = self.registry.approved(model_id)
        endpoint = self.endpoints.describe(model_id)
        is_settled = endpoint is None or endpoint.status == "InService"
        desired = self.starting.desired(model_id, approved, endpoint) if is_settled else None
        action = deployment.next_action(desired, endpoint, progress)
        try:
            again = self._do(action, model_id, desired, endpoint, progress)
        except NotReadyError as error:
            if action is Action.CONFIRM and self.silence.is_long(_given(progress)):
                return action, self.silence.end(model_id, _given(progress), str(error))
            if action is Action.TRY_OUT and self.silence.is_long(_given(progress)):
                self.ending.never_answered(model_id, _given(progress), str(error))
                return action, False
            self._check_soon(model_id)
            return action, False
        except OperatorFaultError as error:
            self.ending.set_back(model_id, self.progress.in_progress(model_id), str(error))
            return action, False
        return action, again

    def _do(
        self,
        action: Action,
        model_id: str,
        desired: int | None,
        endpoint: Endpoint | None,
        progress: InProgress | None,
    ) -> bool:
        """Do a step; return whether to look again at once."""
        match action:
            case Action.NOTHING:
                self.starting.nothing_to_begin(model_id, endpoint, desired or progress)
            case Action.WAIT:
                self._wait(model_id, _given(endpoint), progress)
            case Action.CREATE:
                self.starting.create(model_id, _given(desired))
                self._check_soon(model_id)
            case Action.UPDATE:
                self.starting.update(model_id, _given(desired), _given(endpoint))
                self._check_soon(model_id)
                return _given(endpoint).mode == "none"  # nothing has to start first
            case _:
                return self._ended(action, model_id, endpoint, progress)
        return False

    def _ended(
        self,
        action: Action,
        model_id: str,
        endpoint: Endpoint | None,
        progress: InProgress | None,
    ) -> bool:
        """Judge what was begun; return whether to look again at once."""
        if action in _TAKEN and progress is not None and not progress.called:
            self.starting.was_taken(model_id, progress)  # whoever began it died before saying so
        match action:
            case Action.TRY_OUT:
                self.ending.try_out(model_id, _given(progress))
            case Action.DROP:
                self.endpoints.drop(model_id)
            case Action.CONFIRM:
                self.ending.confirm(model_id, _given(endpoint), _given(progress))
            case Action.TAKE_BACK:
                return self.ending.taken_back(model_id, _given(endpoint), _given(progress))
            case Action.REPLACE:
                self.ending.replace(model_id, _given(endpoint), progress)
                self._check_soon(model_id)
            case Action.GONE:
                self.ending.gone(model_id, _given(progress))
            case Action.CALL_PEOPLE:
                self.ending.call_people(model_id, _given(endpoint), progress)
        return action in _ENDS

    def _wait(self, model_id: str, endpoint: Endpoint, progress: InProgress | None) -> None:
        if progress is None:
            self._check_soon(model_id)  # it is being deleted, or AWS is at it
            return
        if not progress.called:
            self.starting.was_taken(model_id, progress)
        has_canary = endpoint.mode == "realtime" and progress.previous is not None
        if has_canary and not progress.goes_back:
            version = self.registry.version(model_id, progress.version)
            if version is not None and not version.is_approved:
                self.endpoints.stop_canary(model_id, deployment.why_not(version))
            else:
                self.trial.probe(model_id, progress.version)
                self._compare(model_id, version, progress)
        self._check_soon(model_id)

    def _compare(self, model_id: str, version: Version | None, progress: InProgress) -> None:
        """Bar a version whose answers to real rows speak against it; the next look goes on from that."""
        fault = self.comparing.probe(model_id, progress)
        if fault is not None and version is not None:
            self.registry.bar(version, fault)
            self.endpoints.stop_canary(model_id, fault)

    def _check_soon(self, model_id: str) -> None:
        self.timer.check_later(model_id, self.clock(), CHECK_SECONDS)


def _given(value: T | None) -> T:
    """Return what an action implies to be there."""
    if value is None:
        message = "an action was chosen without what it acts on"
        raise AssertionError(message)
    return value
