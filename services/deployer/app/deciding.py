"""Approves or rejects a version as a person asked by a link, and writes down who it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.deployer.app.alone import Alone
from services.deployer.domain.deployment import LogEntry, Version
from services.deployer.ports import Log, Publisher, Registry
from shared import names
from shared.clock import Clock
from shared.messages import DecisionRequested, VersionDecided


@dataclass(frozen=True, slots=True)
class Deciding:
    """Decides a version that waits, once; what somebody else decided meanwhile stands.

    The registry is written first: a process that dies after it finds its own note there, and goes on.
    """

    registry: Registry
    log: Log
    publisher: Publisher
    alone: Alone
    reconcile: Callable[[str], Any]
    clock: Clock

    def decide(self, request: DecisionRequested) -> None:
        """Carry out a person's decision; a repeated or late request changes nothing."""
        with self.alone.with_model(request.model_id):
            version = self.registry.version(request.model_id, request.model_package_version)
            note = f"{names.BY}{request.requested_by}: {request.reason}"[:1024]
            if version is None or not (version.is_waiting or version.approval_note == note):
                return
            if version.is_waiting:
                self.registry.decide(version, note, approve=request.approve)
            self._write_down(request, version)
            self.reconcile(request.model_id)

    def _write_down(self, request: DecisionRequested, version: Version) -> None:
        event = "approved" if request.approve else "rejected"
        entry = LogEntry(
            at=request.occurred_at,
            event=event,
            version=version.number,
            previous=None,
            endpoint_name=names.endpoint(request.model_id),
            run_id=version.run_id,
            dataset_id=version.dataset_id,
            reason=f"by {request.requested_by}: {request.reason}",
        )
        key = f"{request.occurred_at.isoformat()}#{event}#{version.number}"
        self.log.append(request.model_id, key, entry)
        self.publisher.publish(
            VersionDecided.of(
                subject=(request.model_id, version.number, request.id),
                occurred_at=request.occurred_at,
                correlation_id=request.correlation_id,
                model_id=request.model_id,
                model_package_version=version.number,
                approved=request.approve,
                reason=request.reason,
                requested_by=request.requested_by,
                run_id=version.run_id,
            )
        )
