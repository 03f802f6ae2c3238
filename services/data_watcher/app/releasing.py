"""Reads refused files again because a person asks for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from services.data_watcher.app.contention import insist
from services.data_watcher.domain import identity, transitions
from services.data_watcher.ports import Inbox, Ledger
from shared.clock import Clock
from shared.ids import content_id
from shared.messages import ReleaseRequested

SLICE = timedelta(seconds=45)
CHUNK = 100  # keys asked for at a time


@dataclass(frozen=True, slots=True)
class Releasing:
    """Puts quarantined files back to pending and lets them be read.

    Nothing is accepted that the reader refuses: the file is judged again, by the configuration in force.
    """

    ledger: Ledger
    inbox: Inbox
    clock: Clock
    refresh: Callable[[str], None]

    def run(self, message: ReleaseRequested) -> None:
        """Releasing one key, or ask for the release of each refused key of a site, in slices."""
        if message.key is not None:
            self._release(message, message.key)
            self.refresh(message.key)
            return
        deadline = self.clock() + SLICE
        keys = self.ledger.quarantined(message.site_id, message.after)
        while chunk := list(islice(keys, CHUNK)):
            self.inbox.send([self._of_key(message, key) for key in chunk])
            if self.clock() >= deadline:
                self.inbox.send([message.model_copy(update={"after": chunk[-1]})])
                return

    def _release(self, message: ReleaseRequested, key: str) -> None:
        why = f"{message.reason} ({message.requested_by})"

        def step() -> None:
            stored = self.ledger.load(identity.site_of(key), key)
            released = transitions.release(stored, message.id, why)
            if released != stored:
                self.ledger.save(stored, released)

        insist(step)

    def _of_key(self, message: ReleaseRequested, key: str) -> ReleaseRequested:
        return message.model_copy(update={"id": content_id(message.id, key), "key": key})
