"""Takes files out, and refused files off the list of open work, because a person says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.data_watcher.app.contention import insist
from services.data_watcher.domain import identity, transitions
from services.data_watcher.domain.records import KeyRecord
from services.data_watcher.domain.versions import Decision
from services.data_watcher.ports import Ledger
from shared.messages import DismissRequested, RemoveRequested


@dataclass(frozen=True, slots=True)
class SettingAside:
    """Notes decisions about the version that a person saw; a later upload of the key is another file.

    Attributes
    ----------
    refresh
        Looks at a key: withdraws rows, publishes what was decided, and tells keys with the same bytes.
    look_at_sources
        Has the sources of sites looked at as a whole.
    """

    ledger: Ledger
    refresh: Callable[[str], None]
    look_at_sources: Callable[[list[str]], None]

    def remove(self, message: RemoveRequested) -> None:
        """Take a file out. Doing it again changes nothing; S3 keeps the bytes."""
        decided = _decision(message)
        self._change(
            message.key, lambda record: transitions.take_out(record, message.version_id, decided)
        )
        self.look_at_sources([message.site_id])
        self.refresh(message.key)

    def dismiss(self, message: DismissRequested) -> None:
        """Note that nobody will correct a refused file. Doing it again changes nothing."""
        decided = _decision(message)
        self._change(
            message.key, lambda record: transitions.dismiss(record, message.version_id, decided)
        )
        self.look_at_sources([message.site_id])
        self.refresh(message.key)

    def _change(self, key: str, change: Callable[[KeyRecord], KeyRecord]) -> None:
        def step() -> None:
            stored = self.ledger.load(identity.site_of(key), key)
            changed = change(stored)
            if changed != stored:
                self.ledger.save(stored, changed)

        insist(step)


def _decision(message: RemoveRequested | DismissRequested) -> Decision:
    return Decision(message.id, message.requested_by, message.reason, message.occurred_at)
