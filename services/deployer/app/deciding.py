"""Approves or rejects a version as a person asked by a link, and writes down whoever decided one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.deployer.app.alone import Alone
from services.deployer.domain.deployment import LogEntry, Version, decision_of_person
from services.deployer.ports import Log, Publisher, Registry
from shared import names
from shared.clock import Clock
from shared.messages import DecisionOvertaken, DecisionRequested, VersionDecided

_LONGEST_NOTE = 1024  # characters that the registry keeps
_TOO_LATE = "decided_too_late"
_EVENTS = {True: "approved", False: "rejected"}
_VERBS = {"approved": "approve", "rejected": "reject"}


@dataclass(frozen=True, slots=True)
class Deciding:
    """Decides a version that waits, once; what somebody else decided meanwhile stands, and that is told.

    The registry is written first: a process that dies after it finds its own note there, and goes on. The log
    is written last: what stands there was told. Who decides in the registry itself, as `solar approve` does
    by its caller's rights, is told and written down as well, once the registry says so.
    """

    registry: Registry
    log: Log
    publisher: Publisher
    alone: Alone
    reconcile: Callable[[str], Any]
    serving: Callable[[str], int | None]
    clock: Clock

    def look(self, model_id: str, number: int | None = None) -> None:
        """Tell what a person decided in the registry itself, unless that was told.

        Parameters
        ----------
        number
            The version; by default the newest, for where no event came.

        Raises
        ------
        NotReadyError
            Another worker has the model.
        """
        version = self._found(model_id, number)
        if version is None or decision_of_person(version) is None:
            return
        with self.alone.with_model(model_id):
            version = self._found(model_id, number)
            decision = decision_of_person(version) if version is not None else None
            if version is None or decision is None:
                return
            event, note = _EVENTS[version.is_approved], version.approval_note
            if self._stands_last(model_id, version.number, event, note):
                return
            self._publish_decided(
                version, event, by=decision.by, reason=decision.reason, at=decision.since
            )
            self._append(model_id, _entry(version.number, version, event, note, decision.since))

    def _found(self, model_id: str, number: int | None) -> Version | None:
        if number is None:
            return self.registry.newest(model_id)
        return self.registry.version(model_id, number)

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
        """Whether the request was carried out, or its note was found in the registry and told."""
        model_id, number = request.model_id, request.model_package_version
        if self._stands_last(model_id, number, _event(request), _note(request)):
            return True
        return any(
            each.at == request.occurred_at
            and each.version == number
            and each.event in {_event(request), _TOO_LATE}
            and (each.reason or "").startswith(_note(request))
            for each in self.log.log(model_id)
        )

    def _stands_last(self, model_id: str, number: int, event: str, note: str) -> bool:
        """Whether the last decision about a version that the log knows is this one."""
        known = self._decisions(model_id, number)
        return bool(known) and (known[-1].event, known[-1].reason) == (event, note)

    def _decisions(self, model_id: str, number: int) -> list[LogEntry]:
        found = [
            each
            for each in self.log.log(model_id)
            if each.version == number and each.event in _EVENTS.values()
        ]
        return sorted(found, key=lambda each: each.at)

    def _publish_decided(
        self, version: Version, event: str, *, by: str, reason: str, at: datetime, began: str = ""
    ) -> None:
        """Publish a decision; found by a link or in the registry, it is the same fact."""
        model_id = version.model_id
        earlier = len(self._decisions(model_id, version.number))
        self.publisher.publish(
            VersionDecided.of(
                subject=(model_id, version.number, event, version.approval_note, earlier),
                occurred_at=at,
                correlation_id=began or f"solar {_VERBS[event]}",
                model_id=model_id,
                model_package_version=version.number,
                approved=version.is_approved,
                reason=reason,
                requested_by=by,
                run_id=version.run_id,
                serves=not version.is_approved and self.serving(model_id) == version.number,
            )
        )

    def _tell_decided(self, request: DecisionRequested, version: Version) -> None:
        self._publish_decided(
            version,
            _event(request),
            by=request.requested_by,
            reason=request.reason,
            at=request.occurred_at,
            began=request.correlation_id,
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
        entry = _entry(request.model_package_version, version, event, reason, request.occurred_at)
        self._append(request.model_id, entry, request.id)

    def _append(self, model_id: str, entry: LogEntry, request_id: str = "registry") -> None:
        """Write a line of the log; the same again changes nothing."""
        key = f"{entry.at.isoformat()}#{entry.event}#{entry.version}#{request_id}"
        self.log.append(model_id, key, replace(entry, endpoint_name=names.endpoint(model_id)))


def _entry(number: int, version: Version | None, event: str, reason: str, at: datetime) -> LogEntry:
    return LogEntry(
        at=at,
        event=event,
        version=number,
        previous=None,
        endpoint_name="",
        run_id=version.run_id if version else None,
        dataset_id=version.dataset_id if version else None,
        reason=reason,
    )


def _event(request: DecisionRequested) -> str:
    return _EVENTS[request.approve]


def _note(request: DecisionRequested) -> str:
    return f"{names.BY}{request.requested_by}: {request.reason}"[:_LONGEST_NOTE]


def _stands(version: Version | None) -> str:
    if version is None:
        return "there is no such version"
    said = f" ({version.approval_note})" if version.approval_note else ""
    return f"it is {'approved' if version.is_approved else 'rejected'} already{said}"
