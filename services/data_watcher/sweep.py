"""Finds what events failed to tell: compares what S3 lists with the ledger, in slices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from pydantic import BaseModel, ConfigDict

from services.data_watcher import domain
from services.data_watcher.domain import KeyRecord, Listed
from services.data_watcher.ports import Configurations, Inbox, Ledger, RawObjects
from shared import layout
from shared.clock import Clock
from shared.ids import content_id
from shared.messages import SweepDue

SLICE = timedelta(seconds=45)
CHUNK = 500  # keys compared at a time
PATIENCE = timedelta(minutes=5)  # longer than any file takes to read
MOST_HINTS = 2000
_LAST = "\U0010ffff"  # behind every key of a folder


class Cursor(BaseModel):
    """Where a sweep is: below which prefix, behind which key."""

    model_config = ConfigDict(frozen=True)

    prefix: str = layout.RAW
    after: str = ""

    def text(self) -> str:
        """Return the cursor as messages carry it."""
        return self.model_dump_json()


@dataclass(frozen=True, slots=True)
class Sweep:
    """Re-drives what was lost; whatever it finds is only a hint, and `Intake.refresh` decides."""

    ledger: Ledger
    raw: RawObjects
    configurations: Configurations
    inbox: Inbox
    clock: Clock
    refresh_config: Callable[[str], None]

    def run(self, message: SweepDue) -> None:
        """Do one slice of a sweep, and ask for the next where there is more.

        `quick` re-drives what has waited too long; every other scope compares the whole listing.
        """
        if message.scope == "quick" and message.cursor is None:
            self.inbox.hint(islice(self.ledger.unsettled(self.clock() - PATIENCE), MOST_HINTS))
            return
        if message.cursor is None:
            for key, _ in self.raw.listing(layout.CONFIG, ""):
                self.refresh_config(key)
        self._compare(message)

    def _compare(self, message: SweepDue) -> None:
        cursor = Cursor.model_validate_json(message.cursor) if message.cursor else Cursor()
        deadline = self.clock() + SLICE
        listing = self.raw.listing(cursor.prefix, cursor.after)
        after = cursor.after
        while chunk := list(islice(listing, CHUNK)):
            until = chunk[-1][0] if len(chunk) == CHUNK else None
            self.inbox.hint(self._suspects(cursor.prefix, after, until, dict(chunk)))
            if until is None:
                return
            after = until
            if self.clock() >= deadline:
                self._continue(message, Cursor(prefix=cursor.prefix, after=after))
                return
        self.inbox.hint(self._suspects(cursor.prefix, after, None, {}))

    def _suspects(
        self, prefix: str, after: str, until: str | None, listed: dict[str, list[Listed]]
    ) -> Iterator[str]:
        for site_id in self._sites(prefix, after, until) | set(map(domain.site_of, listed)):
            known = self.ledger.between(site_id, after, until)
            here = [key for key in listed if domain.site_of(key) == site_id]
            records = {key: known.get(key) or KeyRecord(site_id, key) for key in {*here, *known}}
            yield from self._wrong(site_id, records, listed)

    def _wrong(
        self, site_id: str, records: dict[str, KeyRecord], listed: dict[str, list[Listed]]
    ) -> Iterator[str]:
        """Yield the keys of a site whose record is not what S3 lists, or whose bytes another key owns."""
        site = self.configurations.site(site_id)
        owners = self.ledger.owners(
            site_id, (each.content for each in records.values() if each.content)
        )
        for key, record in sorted(records.items()):
            reading = domain.reading_of(site, key)
            as_listed = domain.observe(record, listed.get(key, []), reading) == record
            if not as_listed or not domain.follows_owner(record, owners.get(record.content, "")):
                yield key

    def _sites(self, prefix: str, after: str, until: str | None) -> set[str]:
        """Return the sites whose keys may stand in a slice, those without any listed key included."""
        if prefix != layout.RAW:
            return {domain.site_of(prefix)}
        found = {domain.UNKNOWN_SITE}
        for site_id in self.ledger.sites():
            folder = f"{layout.RAW}{site_id}/"
            if (until is None or folder <= until) and after < f"{folder}{_LAST}":
                found.add(site_id)
        return found

    def _continue(self, message: SweepDue, cursor: Cursor) -> None:
        self.inbox.continue_sweep(
            SweepDue(
                id=content_id(message.id, cursor.text()),
                occurred_at=self.clock(),
                correlation_id=message.correlation_id,
                scope="full",
                cursor=cursor.text(),
            )
        )
