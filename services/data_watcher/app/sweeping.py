"""Finds what events failed to tell: a merge join of S3's listing with the ledger, in slices."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby, islice

from services.data_watcher.app.comparing import CompareFiles
from services.data_watcher.domain import admission, identity, suspicion, transitions
from services.data_watcher.domain.cursor import Cursor
from services.data_watcher.domain.records import KeyRecord, Listed
from services.data_watcher.domain.versions import Quarantined
from services.data_watcher.ports import Configurations, Inbox, Ledger, RawObjects
from shared import layout
from shared.active import ActiveSite
from shared.clock import Clock
from shared.ids import content_id
from shared.messages import SweepDue

SLICE = timedelta(seconds=45)  # and no longer than a chunk more
CHUNK = 500  # keys compared at a time
PATIENCE = timedelta(minutes=5)  # longer than any file takes to read
MOST_HINTS = 2000
_LAST = "\U0010ffff"  # after every key of a folder
_STATES = "states of sites"  # a cursor goes through the ledger's sites, not through a listing
# Looks after the months of a site after a key until a deadline; returns the key to go on after, if any.
CompactMonths = Callable[[str, str, datetime], str | None]


@dataclass(frozen=True, slots=True)
class _Slice:
    """What one slice knows already: sites in the order of the listing, configurations.

    `anywhere` are partitions whose keys may lie between the folders. `signs` are sites of which a file is
    refused for a cause that its siblings may share.
    """

    folders: list[str]
    anywhere: frozenset[str]
    configs: dict[str, ActiveSite | None] = field(default_factory=dict)
    signs: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Sweeping:
    """Re-drives what was lost; whatever it finds is only a hint, and `Intake.refresh` decides."""

    ledger: Ledger
    raw: RawObjects
    configurations: Configurations
    inbox: Inbox
    clock: Clock
    refresh_config: Callable[[str], None]
    look_for_silence: Callable[[], None]
    look_at_sources: Callable[[list[str]], None]
    look_at_sources_again: Callable[[], None]
    compact: CompactMonths
    compare: CompareFiles

    def run(self, message: SweepDue) -> None:
        """Do one slice of a sweep, and ask for the next where there is more.

        `quick` re-drives what has waited too long, and looks at silent sites and suspect sources; every
        other scope compares the whole listing, first of `config/`, then of `raw/`, enters what an earlier
        release left out, and compacts months that are over.
        """
        if message.scope == "quick" and message.cursor is None:
            self.inbox.hint(islice(self.ledger.unsettled(self.clock() - PATIENCE), MOST_HINTS))
            self.look_for_silence()
            self.look_at_sources_again()
            return
        cursor = (
            Cursor.model_validate_json(message.cursor)
            if message.cursor
            else Cursor(prefix=layout.CONFIG)
        )
        steps = {
            layout.CONFIG: self._configs,
            _STATES: self._states,
            layout.CANONICAL: self._months,
        }
        following = steps.get(cursor.prefix, self._files)(cursor)
        if following is not None:
            self._continue(message, following)

    def _configs(self, cursor: Cursor) -> Cursor:
        """Bring configuration to what is uploaded, until time is up; return where to go on."""
        deadline = self.clock() + SLICE
        for key, _ in self.raw.listing(cursor.prefix, cursor.after):
            self.refresh_config(key)
            if self.clock() >= deadline:
                return Cursor(prefix=cursor.prefix, after=key)
        return Cursor()

    def _files(self, cursor: Cursor) -> Cursor | None:
        """Compare listing and ledger until time is up; return where to go on, if anywhere."""
        deadline = self.clock() + SLICE
        everything = cursor.prefix == layout.RAW
        anywhere = frozenset({identity.UNKNOWN_SITE} if everything else ())
        known = _Slice(self._folders(cursor.prefix), anywhere)
        listing = self.raw.listing(cursor.prefix, cursor.after)
        after = cursor.after
        while chunk := list(islice(listing, CHUNK)):
            until = chunk[-1][0] if len(chunk) == CHUNK else None
            self.inbox.hint(self._suspects(known, after, until, dict(chunk)))
            if until is None:
                return _after_files(cursor)
            after = until
            if self.clock() >= deadline:
                return Cursor(prefix=cursor.prefix, after=after)
        self.inbox.hint(self._suspects(known, after, None, {}))
        return _after_files(cursor)

    def _states(self, cursor: Cursor) -> Cursor:
        """Let the versions of earlier releases be asked for by state; done once after an upgrade.

        It is a step of its own, so that a sweep which an earlier release began cannot skip a site.
        """
        deadline = self.clock() + SLICE
        if not self.ledger.are_states_entered():
            for site_id in sorted(each for each in self.ledger.sites() if each > cursor.after):
                self.ledger.enter_states(site_id)
                if self.clock() >= deadline:
                    return Cursor(prefix=_STATES, after=site_id)
            self.ledger.note_states_entered()
        return Cursor(prefix=layout.CANONICAL)

    def _months(self, cursor: Cursor) -> Cursor | None:
        """Compact one site after the other until time is up; return where to go on, if anywhere."""
        deadline = self.clock() + SLICE
        prefixes = {layout.canonical_site(each): each for each in self.ledger.sites()}
        for prefix, site_id in sorted(prefixes.items()):
            if f"{prefix}{_LAST}" <= cursor.after:
                continue
            reached = self.compact(site_id, max(cursor.after, prefix), deadline)
            if reached is None and not self._compared(site_id, deadline):
                return Cursor(prefix=cursor.prefix, after=max(cursor.after, prefix))
            if reached is not None or self.clock() >= deadline:
                return Cursor(prefix=cursor.prefix, after=reached or f"{prefix}{_LAST}")
        return None

    def _compared(self, site_id: str, deadline: datetime) -> bool:
        """Compare a site's files that cover the same time; return whether all are compared."""
        progress = self.compare(site_id, deadline)
        if progress.is_telling:
            self.look_at_sources([site_id])
        return progress.is_done

    def _suspects(
        self, known: _Slice, after: str, until: str | None, listed: dict[str, list[Listed]]
    ) -> Iterator[str]:
        by_site = {
            site_id: list(keys)
            for site_id, keys in groupby(sorted(listed, key=identity.site_of), identity.site_of)
        }
        for site_id in sorted(
            known.anywhere | _between(known.folders, after, until) | by_site.keys()
        ):
            records = self.ledger.between(site_id, after, until)
            records |= {
                key: KeyRecord(site_id, key)
                for key in by_site.get(site_id, [])
                if key not in records
            }
            if site_id not in known.configs:
                known.configs[site_id] = self.configurations.site(site_id)
            yield from self._wrong(site_id, known.configs[site_id], records, listed)
            if site_id not in known.signs and any(map(_is_sign, records.values())):
                known.signs.add(site_id)
                self.look_at_sources([site_id])

    def _wrong(
        self,
        site_id: str,
        site: ActiveSite | None,
        records: dict[str, KeyRecord],
        listed: dict[str, list[Listed]],
    ) -> Iterator[str]:
        """Yield the keys of a site whose record is not what S3 lists, or whose bytes another key owns."""
        owners = self.ledger.owners(
            site_id, (each.content for each in records.values() if each.content)
        )
        reading = admission.readings_of(site)
        for key, record in sorted(records.items()):
            as_listed = transitions.observe(record, listed.get(key, []), reading(key)) == record
            if not as_listed or not transitions.follows_owner(
                record, owners.get(record.content) if record.content else None
            ):
                yield key

    def _folders(self, prefix: str) -> list[str]:
        """Return the folders of all sites in the ledger that lie below a prefix, in S3's order."""
        folders = (f"{layout.RAW}{site_id}/" for site_id in self.ledger.sites())
        return sorted(each for each in folders if each.startswith(prefix))

    def _continue(self, message: SweepDue, cursor: Cursor) -> None:
        following = SweepDue(
            id=content_id(message.id, cursor.text()),
            occurred_at=self.clock(),
            correlation_id=message.correlation_id,
            scope="full",
            cursor=cursor.text(),
        )
        self.inbox.send([following])


def _after_files(cursor: Cursor) -> Cursor | None:
    """Return what follows the comparison of files; nothing does, where only one site was asked for."""
    return Cursor(prefix=_STATES) if cursor.prefix == layout.RAW else None


def _between(folders: list[str], after: str, until: str | None) -> set[str]:
    """Return the sites whose folders may hold keys after `after` and up to `until`."""
    found = set()
    for folder in folders[max(0, bisect_left(folders, after) - 1) :]:
        if until is not None and folder > until:
            break
        if after < f"{folder}{_LAST}":
            found.add(identity.site_of(folder))
    return found


def _is_sign(record: KeyRecord) -> bool:
    current = record.current
    return isinstance(current, Quarantined) and suspicion.counts(current)
