"""What people decide about what serves holds until they release it, or approve something newer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from services.deployer.app.alone import Alone
from services.deployer.domain import deployment
from services.deployer.domain.deployment import Hold, Version
from services.deployer.ports import Holds, Publisher
from shared.clock import Clock
from shared.messages import HoldRequested, ModelHeld, ModelReleased


@dataclass(frozen=True, slots=True)
class Holding:
    """Holds and releases models; people are told before it is written, so that a death loses nothing."""

    holds: Holds
    publisher: Publisher
    clock: Clock

    def hold(
        self, model_id: str, hold: Hold, serves: int | None, taken_back: tuple[int, ...] = ()
    ) -> None:
        """Hold a model at the version that shall serve; the same again changes nothing."""
        known = self.holds.hold(model_id)
        if known is not None and known.is_of(hold):
            return
        self.publisher.publish(
            ModelHeld.of(
                subject=(model_id, hold.since),
                occurred_at=hold.since,
                correlation_id=f"{model_id}/hold",
                model_id=model_id,
                serves=serves,
                taken_back=list(taken_back),
                reason=hold.reason,
                requested_by=hold.by,
            )
        )
        self.holds.put_hold(model_id, replace(hold, up_to=serves))

    def hold_after_rejection(self, rejected: Version, serves: int) -> None:
        """Hold a model of which a person rejected what served: a run in flight must not undo that."""
        decision = deployment.decision_of_person(rejected)
        if decision is not None and not rejected.is_approved:
            taken_back = () if serves == rejected.number else (rejected.number,)
            self.hold(rejected.model_id, decision, serves, taken_back)

    def release(self, model_id: str, by: str, reason: str) -> None:
        """End a hold; where there is none nothing happens."""
        hold = self.holds.hold(model_id)
        if hold is None:
            return
        self.publisher.publish(
            ModelReleased.of(
                subject=(model_id, hold.since),
                occurred_at=self.clock(),
                correlation_id=f"{model_id}/hold",
                model_id=model_id,
                reason=reason,
                requested_by=by,
            )
        )
        self.holds.end_hold(model_id)

    def is_held(self, model_id: str) -> bool:
        """Whether a person holds a model."""
        return self.holds.hold(model_id) is not None

    def lets_pass(self, version: Version) -> bool:
        """Whether a version may be begun that never served; a person's later approval ends the hold.

        One that is no newer than what the person wants to serve is no matter of the hold: else what was taken
        back would serve on where no older version ever served.
        """
        hold = self.holds.hold(version.model_id)
        if hold is None or (hold.up_to is not None and version.number <= hold.up_to):
            return True
        decision = deployment.decision_of_person(version)
        if decision is None or decision.since <= hold.since:
            return False  # who decides later decides
        reason = f"version {version.number} was approved: {decision.reason}"
        self.release(version.model_id, decision.by, reason)
        return True


@dataclass(frozen=True, slots=True)
class HoldingByRequest:
    """Does what `solar hold` and `solar release` ask for."""

    holding: Holding
    alone: Alone
    serving: Callable[[str], int | None]
    reconcile: Callable[[str], Any]

    def handle(self, request: HoldRequested) -> None:
        """Hold or release a model as a person asks."""
        with self.alone.with_model(request.model_id):
            if request.hold:
                hold = Hold(request.requested_by, request.reason, request.occurred_at)
                self.holding.hold(request.model_id, hold, self.serving(request.model_id))
            else:
                self.holding.release(request.model_id, request.requested_by, request.reason)
                self.reconcile(request.model_id)
