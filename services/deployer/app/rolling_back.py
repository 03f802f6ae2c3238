"""Takes back what serves because a person, or an exclusion of bad data, asks for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.deployer.app.alone import Alone
from services.deployer.app.holding import Holding
from services.deployer.domain import rollback
from services.deployer.domain.deployment import Hold
from services.deployer.ports import Publisher, Registry, Requests
from shared import names
from shared.clock import Clock
from shared.messages import DeploymentFailed, RollbackRequested


@dataclass(frozen=True, slots=True)
class RollingBack:
    """Bars versions that somebody does not want; reconciling then deploys the newest one left."""

    registry: Registry
    requests: Requests
    publisher: Publisher
    alone: Alone
    holding: Holding
    reconcile: Callable[[str], Any]
    clock: Clock

    def roll_back(self, request: RollbackRequested) -> None:
        """Bar what serves (or everything newer than the wanted version), and deploy what is then newest.

        Nothing is barred where nothing else could serve; people are told instead. A repeated request
        changes nothing: it is the version that served then that somebody did not want.
        """
        with self.alone.with_model(request.model_id):
            self._roll_back(request)

    def _roll_back(self, request: RollbackRequested) -> None:
        approved = self.registry.approved(request.model_id)
        unwanted = self.requests.settle(
            request.model_id, request.id, self._unwanted(request, approved)
        )
        if not unwanted:
            self._refuse(request, approved)
            return
        if not request.by_machine:
            hold = Hold(request.requested_by, request.reason, request.occurred_at)
            serves = rollback.before(approved, min(unwanted))
            self.holding.hold(request.model_id, hold, serves, unwanted)
        for number in unwanted:
            version = self.registry.version(request.model_id, number)
            if version is not None and version.is_approved:
                reason = f"{request.requested_by} asked for a rollback: {request.reason}"
                self.registry.bar(version, reason)
        self.reconcile(request.model_id)

    def _unwanted(self, request: RollbackRequested, approved: tuple[int, ...]) -> tuple[int, ...]:
        to_version, seen = request.to_version, request.seen_version
        if request.by_machine:
            return rollback.unwanted_by_machine(approved, to_version, seen)
        is_held = self.holding.is_held(request.model_id)
        return rollback.unwanted(approved, to_version, seen, is_held=is_held)

    def _refuse(self, request: RollbackRequested, approved: tuple[int, ...]) -> None:
        if request.by_machine and request.to_version in approved:
            return  # what it is about is barred already
        known = ", ".join(map(str, approved)) or "none"
        goal = f"version {request.to_version}" if request.to_version else "an earlier version"
        cause = f"{goal} is not approved (approved: {known})"
        is_held = self.holding.is_held(request.model_id)
        if rollback.is_over(approved, request.seen_version, is_held=is_held):
            newest = (
                f"version {approved[0]} is the newest approved one"
                if approved
                else "none is approved"
            )
            cause = f"version {request.seen_version} served when it was asked for, and now {newest}"
        self.publisher.publish(
            DeploymentFailed.of(
                subject=(request.id,),
                occurred_at=self.clock(),
                correlation_id=request.id,
                model_id=request.model_id,
                model_package_version=approved[0] if approved else 0,
                previous_version=None,
                endpoint_name=names.endpoint(request.model_id),
                cause=f"the rollback that {request.requested_by} asked for cannot be done: {cause}",
                next_step="Nothing was changed. Look at `solar models`; where nothing else is approved, "
                "approve the version that should serve (`solar approve VERSION MODEL`), then ask again.",
            )
        )
