"""Looks at the files of each source together, and publishes once which sources are suspect, and why.

Nothing here changes a file's verdict. A look reads the ledger as it is, so the order of messages does not
matter: one that is lost, late or repeated changes when a source is looked at, never what is found.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from services.data_watcher.app.comparing import CompareFiles
from services.data_watcher.app.contention import insist
from services.data_watcher.domain import overlaps, suspicion
from services.data_watcher.domain.suspicion import Seen, SiteSuspicions, Suspicion
from services.data_watcher.domain.versions import Decision
from services.data_watcher.ports import (
    Configurations,
    Inbox,
    Ledger,
    OverlapMemory,
    Publisher,
    Suspicions,
)
from shared.active import ActiveSite
from shared.clock import Clock
from shared.errors import ConflictError
from shared.ids import content_id
from shared.messages import SourcesDue, SourceSuspect, TrustRequested

SOON = timedelta(seconds=10)  # many files that are refused at once are one look
LATER = timedelta(minutes=5)  # some plants send a file over another every few minutes
WHILE_ARMED = timedelta(minutes=4)  # in which a process need not ask again
SLICE = timedelta(seconds=8)  # of comparing; ten messages come at once
PATIENCE = timedelta(minutes=2)  # after which the message of an armed look counts as lost


@dataclass(frozen=True, slots=True)
class Suspecting:
    """Keeps what is known of suspect sources equal to what the ledger shows."""

    ledger: Ledger
    suspicions: Suspicions
    overlaps: OverlapMemory
    configurations: Configurations
    publisher: Publisher
    inbox: Inbox
    clock: Clock
    compare: CompareFiles
    _asked: dict[str, datetime] = field(default_factory=dict)

    def arm(self, site_ids: Iterable[str]) -> None:
        """Let the sources of some sites be looked at soon: one look for many files; nobody trains until then.

        A folder without a configuration in force has no sources.
        """
        self._arm(site_ids, SOON, doubted=True)

    def get_to_know(self, site_ids: Iterable[str]) -> None:
        """Let them be looked at soon without a cause for doubt: it holds nobody up."""
        self._arm(site_ids, SOON, doubted=False)

    def look_for_overlaps(self, site_ids: Iterable[str]) -> None:
        """Let them be looked at in minutes, once for all files that come until then; it holds nobody up."""
        now = self.clock()
        for site_id in sorted(set(site_ids)):
            if now - self._asked.get(site_id, datetime.min.replace(tzinfo=UTC)) >= WHILE_ARMED:
                self._asked[site_id] = now
                self._arm([site_id], LATER, doubted=False)

    def _arm(self, site_ids: Iterable[str], delay: timedelta, *, doubted: bool) -> None:
        for site_id in sorted(set(site_ids)):
            if self.configurations.site(site_id) is None:
                continue
            if self.suspicions.arm_look(site_id, self.clock() + delay, doubted=doubted):
                if doubted:
                    self._mark(site_id)
                self.inbox.send([self._due(site_id)], delay)

    def look_again(self) -> None:
        """Ask for the looks that were lost, and for those that may end a suspicion."""
        lost = set(self.suspicions.armed_looks(self.clock() - PATIENCE))
        open_ones = {
            each.site_id
            for each in self.suspicions.all_suspicions()
            if any(source.is_open for source in each.sources.values())
        }
        self.inbox.send([self._due(site_id) for site_id in sorted(lost | open_ones)])

    def look(self, site_id: str) -> None:
        """Bring what is known of a site's sources to what its files show.

        Raises
        ------
        ConflictError
            Others kept saving the same; the message has to come again.
        """
        # First, so that a file that is refused during the look asks for another one.
        self.suspicions.disarm_look(site_id)
        progress = self.compare(site_id, self.clock() + SLICE)
        insist(lambda: self._look(self.suspicions.load_suspicions(site_id)))
        if self.suspicions.is_doubted(site_id):
            self._mark(site_id)
        if not progress.is_done:
            self.get_to_know([site_id])

    def _mark(self, site_id: str) -> None:
        """Let nobody train on the site's files before they were looked at."""
        known = self.suspicions.load_suspicions(site_id)
        self.configurations.put_suspects(suspicion.published(known, self.clock()))

    def trust(self, message: TrustRequested) -> None:
        """Note a person's word that the accepted files of a suspect source are right."""
        decision = Decision(message.id, message.requested_by, message.reason, message.occurred_at)

        def step() -> None:
            stored = self.suspicions.load_suspicions(message.site_id)
            trusted = suspicion.trust(stored, message.source, message.question, decision)
            self._look(stored, trusted)

        insist(step)

    def _look(self, stored: SiteSuspicions, answered: SiteSuspicions | None = None) -> None:
        site = self.configurations.site(stored.site_id)
        if site is None:
            return  # its files are not read either
        shown = self._shown(site)
        known = suspicion.look(answered or stored, site, shown, self.clock())
        if known != stored:
            known = self.suspicions.save_suspicions(known)
        self._publish(site, known)

    def _shown(self, site: ActiveSite) -> Seen:
        files, known = list(self.ledger.current(site.site_id)), self.overlaps.load(site.site_id)
        counting = overlaps.counting(files)
        twins = known.twins(counting)
        found = overlaps.file_overlaps(counting, known.pairs, twins)
        if found != known.files:
            self.overlaps.put(known.model_copy(update={"files": found}))
        return replace(suspicion.seen(site, files), overlaps=found, twins=twins)

    def _publish(self, site: ActiveSite, known: SiteSuspicions) -> None:
        """Let other services read what is known, and people hear once of what is new."""
        self.configurations.put_suspects(suspicion.published(known))
        if self.suspicions.load_suspicions(known.site_id).revision != known.revision:
            message = f"the suspicions of {known.site_id} were saved by somebody else"
            raise ConflictError(message)  # what was put may be older; the next try puts it right
        news = [each for each in known.sources.values() if each.told != each.changes]
        for each in news:
            self.publisher.publish(self._news(site, each))
        if news:
            told = {name: replace(each, told=each.changes) for name, each in known.sources.items()}
            self.suspicions.save_suspicions(replace(known, sources=told))

    def _news(self, site: ActiveSite, new: Suspicion) -> SourceSuspect:
        return SourceSuspect.of(
            subject=(site.site_id, new.source, new.changes),
            occurred_at=self.clock(),
            correlation_id=f"source {new.source} of site {site.site_id}",
            site_id=site.site_id,
            model_id=site.model_id,
            source=new.source,
            standing=new.standing,
            cause=new.cause,
            reason=suspicion.reason_of(new),
            remedy=suspicion.remedy_of(site.site_id, new),
            example=new.example,
        )

    def _due(self, site_id: str) -> SourcesDue:
        now = self.clock()
        return SourcesDue(
            id=content_id("sources", site_id, now),
            occurred_at=now,
            correlation_id=f"sources of site {site_id}",
            site_id=site_id,
        )
