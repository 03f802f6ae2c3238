"""Lets the world know of verdicts: markers of withdrawal, messages, hints to other keys, settled records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.data_watcher.app.intake.verdict import Judged
from services.data_watcher.domain import facts, transitions
from services.data_watcher.domain.records import KeyRecord
from services.data_watcher.domain.versions import Accepted, canonical_key
from services.data_watcher.ports import CanonicalObjects, Inbox, Ledger, Publisher
from shared.clock import Clock
from shared.messages import AnyMessage


@dataclass(frozen=True, slots=True)
class Effects:
    """Takes the effects of saved verdicts, those of many with as few calls as of one."""

    ledger: Ledger
    canonical: CanonicalObjects
    publisher: Publisher
    inbox: Inbox
    clock: Clock

    def take(self, judged: Sequence[Judged]) -> set[str]:
        """Take all effects; return the keys that are settled: those of which no message was refused.

        Raises
        ------
        ConflictError
            Somebody else saved one of the records meanwhile.
        """
        news = [(each.record, self._mark(each)) for each in judged]
        refused = self.publisher.publish_all([message for _, some in news for message in some])
        done = [record for record, some in news if refused.isdisjoint(each.id for each in some)]
        self.inbox.hint(sorted({key for record in done for key in record.hints}))
        self.ledger.settle(done, self.clock())
        return {record.key for record in done}

    def _mark(self, judged: Judged) -> list[AnyMessage]:
        """Set and clear the markers of a key; return what is to be published about it."""
        record, model_id, now = judged.record, judged.model_id, self.clock()
        messages: list[AnyMessage] = list(facts.settled(record, now))
        for key, withdrawal in sorted(transitions.due_withdrawals(record).items()):
            self.canonical.withdraw(key, withdrawal.reason)
            uri = self.canonical.uri(key)
            messages.append(
                facts.withdrawn(record, key, withdrawal, model_id=model_id, uri=uri, now=now)
            )
        version = record.current
        if isinstance(version, Accepted) and _may_be_marked(record):
            self.canonical.restore(version.canonical.key)
        verdict = facts.verdict(record, model_id=model_id, uri=self.canonical.uri, now=now)
        return [*messages, verdict] if verdict else messages

    def assert_markers(self, record: KeyRecord) -> None:
        """Repair a marker that a slower process may have left behind before it died."""
        if not _may_be_marked(record):
            return
        current = record.current
        counting = canonical_key(current) if current else None
        for key in map(canonical_key, record.versions.values()):
            if key and key != counting:
                self.canonical.withdraw(key, "it no longer counts")
        if counting:
            self.canonical.restore(counting)


def _may_be_marked(record: KeyRecord) -> bool:
    """Whether rows of the key may ever have been withdrawn; spares a call for every new file."""
    return len(record.versions) > 1 or any(each.changes > 1 for each in record.versions.values())
