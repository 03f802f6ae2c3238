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
from shared.messages import DecisionOvertaken, DecisionRequested, VersionDecided

_LONGEST_NOTE = 1024  # characters that the registry keeps
_TOO_LATE = "decided_too_late"


@dataclass(frozen=True, slots=True)
class Deciding:
    """Decides a version that waits, once; what somebody else decided meanwhile stands, and that is told.

    The registry is written first: a process that dies after it finds its own note there, and goes on. The log
    is written last: what stands there was told.
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
            if self._is_written_down(request):
                return
            version = self._version(request)
            if version is not None and version.is_waiting:
                self.registry.decide(version, _note(request), approve=request.approve)
                # AWS takes the last word of two; whose that was, only another look tells.
                version = self._version(request)
            if version is None or version.approval_note != _note(request):
                self._tell_overtaken(request, version)
                return
            self._tell_decided(request, version)
            self.reconcile(request.model_id)

    def _version(self, request: DecisionRequested) -> Version | None:
        return self.registry.version(request.model_id, request.model_package_version)

    def _is_written_down(self, request: DecisionRequested) -> bool:
        return any(
            each.at == request.occurred_at
            and each.version == request.model_package_version
            and each.event in {_event(request), _TOO_LATE}
            and (each.reason or "").startswith(_note(request))
            for each in self.log.log(request.model_id)
        )

    def _tell_decided(self, request: DecisionRequested, version: Version) -> None:
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
        self._write_down(request, version, _event(request), _note(request))

    def _tell_overtaken(self, request: DecisionRequested, version: Version | None) -> None:
        """Say what stands: whoever pressed the button was told that it is on its way."""
        stands = _stands(version)
        self.publisher.publish(
            DecisionOvertaken.of(
                subject=(request.id,),
                occurred_at=request.occurred_at,
                correlation_id=request.correlation_id,
                model_id=request.model_id,
                model_package_version=request.model_package_version,
                approve=request.approve,
                reason=request.reason,
                requested_by=request.requested_by,
                stands=stands,
            )
        )
        self._write_down(request, version, _TOO_LATE, f"{_note(request)}; {stands}")

    def _write_down(
        self, request: DecisionRequested, version: Version | None, event: str, reason: str
    ) -> None:
        entry = LogEntry(
            at=request.occurred_at,
            event=event,
            version=request.model_package_version,
            previous=None,
            endpoint_name=names.endpoint(request.model_id),
            run_id=version.run_id if version else None,
            dataset_id=version.dataset_id if version else None,
            reason=reason,
        )
        key = f"{request.occurred_at.isoformat()}#{event}#{request.model_package_version}#{request.id}"
        self.log.append(request.model_id, key, entry)


def _event(request: DecisionRequested) -> str:
    return "approved" if request.approve else "rejected"


def _note(request: DecisionRequested) -> str:
    return f"{names.BY}{request.requested_by}: {request.reason}"[:_LONGEST_NOTE]


def _stands(version: Version | None) -> str:
    if version is None:
        return "there is no such version"
    said = f" ({version.approval_note})" if version.approval_note else ""
    return f"it is {'approved' if version.is_approved else 'rejected'} already{said}"
