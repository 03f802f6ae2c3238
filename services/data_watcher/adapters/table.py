"""The ledger's table in DynamoDB: conditional writes only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Self

from services.data_watcher.adapters import items
from services.data_watcher.domain import transitions
from services.data_watcher.domain.activity import GRAIN, SiteActivity
from services.data_watcher.domain.configuration import ConfigRecord
from services.data_watcher.domain.identity import site_of
from services.data_watcher.domain.records import ContentRecord, KeyRecord
from services.data_watcher.domain.suspicion import SiteSuspicions
from services.data_watcher.domain.versions import (
    Accepted,
    Current,
    Duplicate,
    FileVersion,
    Pending,
    Quarantined,
    State,
)
from shared import layout
from shared.active import ActiveSite
from shared.clock import Clock
from shared.errors import ConflictError
from shared.store import MOST_READ, Item, Store, Write, guarded

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MOST_VERSIONS = (
    90  # that one transaction saves, which takes 100 writes: head and registers go along
)
MOST_WRITES = 100


@dataclass(frozen=True, slots=True)
class DynamoLedger:
    """Implements the ports `Ledger`, `Foresight`, `SiteActivities`, `Suspicions` and `ConfigLedger`."""

    store: Store
    clock: Clock
    _noted: dict[tuple[str, str], datetime] = field(default_factory=dict)

    @classmethod
    def of(cls, client: DynamoDBClient, table: str, clock: Clock) -> Self:
        """Return the ledger of a table by its name."""
        return cls(Store(client, table, items.KEY), clock)

    # --- files ----------------------------------------------------------------------------------

    def load(self, site_id: str, key: str) -> KeyRecord:
        """Return a key's record, read consistently."""
        found = self.store.query(
            "site_id = :site AND begins_with(#item, :prefix)",
            {":site": site_id, ":prefix": items.prefix(key)},
        )
        return items.key_record(site_id, key, (each for each in found if each["key"] == key))

    def look(self, keys: Sequence[str]) -> tuple[set[str], dict[str, ActiveSite]]:
        """Return which keys the ledger knows, and their sites' configurations in force, in one call."""
        heads = {(site_of(key), items.prefix(key)): key for key in keys[: MOST_READ // 2]}
        configs = {
            (items.CONFIG_PARTITION, layout.site_config(site_id)): site_id
            for site_id in {site_id for site_id, _ in heads}
        }
        wanted = [{"site_id": site_id, "item": item} for site_id, item in (*heads, *configs)]
        known, sites = set(keys[MOST_READ // 2 :]), {}
        for item in self.store.some(wanted):
            place = item["site_id"], item["item"]
            if place in heads:
                known.add(heads[place])
            elif item.get("in_force"):
                sites[configs[place]] = ActiveSite.model_validate_json(item["in_force"])
        return known, sites

    def content(self, site_id: str, content: str) -> ContentRecord:
        """Return a register of contents, read consistently."""
        item = self.store.item(**items.content_key(site_id, content))
        return items.content_record(site_id, content, item)

    def owners(self, site_id: str, contents: Iterable[str]) -> dict[str, str]:
        """Return which key owns each of some contents; those that no key holds are left out."""
        wanted = [items.content_key(site_id, each) for each in sorted(set(contents))]
        found = {}
        for item in self.store.some(wanted):
            content = items.content_of(item)
            if owner := items.content_record(site_id, content, item).owner:
                found[content] = owner
        return found

    def save(
        self, before: KeyRecord, after: KeyRecord, contents: Sequence[ContentRecord] = ()
    ) -> KeyRecord:
        """Save what changed in one transaction, on the condition that nobody saved since the load.

        A key that turns up with very many versions at once is saved in several transactions, the
        register and the settled head in the last one.
        """
        self._note_upload(after)
        changed = _changed(before, after)
        revision = before.revision
        while len(changed) > MOST_VERSIONS:
            part, changed = changed[:MOST_VERSIONS], changed[MOST_VERSIONS:]
            partly = replace(before, revision=revision + 1, settled=False)
            self._transact(self._record(partly, revision, part), after.key)
            revision += 1
        saved = replace(after, revision=revision + 1)
        registers = [self._register(each) for each in contents]
        self._transact([*self._record(saved, revision, changed), *registers], after.key)
        return saved

    def settle(self, records: Sequence[KeyRecord], now: datetime) -> None:
        """Note that all effects of some records are done, as many as possible at once.

        Raises
        ------
        ConflictError
            Somebody else saved one of the records since.
        """
        batch: list[Write] = []
        for record in records:
            after = transitions.settle(record, now)
            changed = _changed(record, after)
            if len(changed) > MOST_VERSIONS:
                self.save(record, after)
                continue
            head = replace(after, revision=record.revision + 1)
            writes = self._record(head, record.revision, changed)
            if len(batch) + len(writes) > MOST_WRITES:
                self._transact(batch, "a batch")
                batch = []
            batch += writes
        if batch:
            self._transact(batch, "a batch")

    def unsettled(self, before: datetime) -> Iterator[str]:
        """Yield the keys that wait for a verdict or an effect since some time, oldest first."""
        found = self.store.query(
            "attention = :open AND since < :before",
            {":open": items.OPEN, ":before": before.isoformat()},
            index=items.INDEX,
        )
        return (each["key"] for each in found)

    def quarantined(self, site_id: str, after: str) -> Iterator[str]:
        """Yield a site's keys after `after` with open refused files, in the table's order."""
        found = self.store.query(
            "site_id = :site AND #item > :after",
            {
                ":site": site_id,
                ":after": items.upper_bound(after) if after else " ",
                ":quarantined": State.QUARANTINED.value,
            },
            only="#state = :quarantined AND attribute_not_exists(dismissed)",
        )
        return (each["key"] for each in found)

    def between(self, site_id: str, after: str, until: str | None) -> dict[str, KeyRecord]:
        """Return a site's records with after < key ≤ until; without `until` all after the first.

        Overlong keys have another place in the table's order than in S3's; they are always given, so that
        none is ever left out.
        """
        found = self.store.query(
            "site_id = :site AND #item BETWEEN :after AND :until",
            {
                ":site": site_id,
                ":after": items.lower_bound(after),
                ":until": items.upper_bound(until),
            },
        )
        by_key: dict[str, list[Item]] = {}
        for item in found:
            key = item["key"]
            inside = after < key and (until is None or key <= until)
            if inside or items.is_overlong(key):
                by_key.setdefault(key, []).append(item)
        return {key: items.key_record(site_id, key, group) for key, group in by_key.items()}

    def current(self, site_id: str) -> Iterator[tuple[str, Current]]:
        """Yield a site's keys that have a current version, each with it."""
        found = self.store.query(
            "site_id = :site",
            {
                ":site": site_id,
                ":pending": State.PENDING.value,
                ":accepted": State.ACCEPTED.value,
                ":quarantined": State.QUARANTINED.value,
                ":duplicate": State.DUPLICATE.value,
            },
            only="#state IN (:pending, :accepted, :quarantined, :duplicate)",
        )
        for item in found:
            version = items.file_version(item)
            if isinstance(version, Pending | Accepted | Quarantined | Duplicate):
                yield item["key"], version

    def like(self, site_id: str, prints: Sequence[str]) -> Iterator[tuple[str, Accepted]]:
        """Yield a site's accepted files that have one of some days, by their energy, with their keys."""
        names = {f":print{number}": each for number, each in enumerate(prints)}
        if not names:
            return
        having = " OR ".join(f"contains(traits, {name})" for name in names)
        found = self.store.query(
            "site_id = :site",
            {":site": site_id, ":accepted": State.ACCEPTED.value, **names},
            only=f"#state = :accepted AND ({having})",
        )
        for item in found:
            version = items.file_version(item)
            if isinstance(version, Accepted):
                yield item["key"], version

    def are_states_entered(self) -> bool:
        """Return whether the index by state holds every version, those of earlier releases too."""
        return self.store.item(**items.ALL_IN_INDEX) is not None

    def enter_states(self, site_id: str) -> None:
        """Enter a site's versions into the index by state that an earlier release wrote without it."""
        states = {f":{each.value}": each.value for each in sorted(items.FOUND_BY_STATE)}
        found = self.store.query(
            "site_id = :site",
            {":site": site_id, **states},
            only=f"attribute_not_exists(attention) AND #state IN ({', '.join(states)})",
        )
        for item in found:
            self.store.update(
                {name: item[name] for name in items.KEY},
                "SET attention = :state, since = :since",
                "#state = :state",
                state=item["state"],
                since=item["uploaded_at"],
            )

    def note_states_entered(self) -> None:
        """Note that from now on the index by state can be asked instead of the whole table."""
        self.store.put({**items.ALL_IN_INDEX})

    # --- suspicions -----------------------------------------------------------------------------

    def load_suspicions(self, site_id: str) -> SiteSuspicions:
        """Return what is known of a site's suspect sources, read consistently."""
        return items.suspicions(site_id, self.store.item(**items.suspicions_key(site_id)))

    def save_suspicions(self, known: SiteSuspicions) -> SiteSuspicions:
        """Save what is known of a site, on the condition that nobody saved since the load."""
        saved = replace(known, revision=known.revision + 1)
        values = {"revision": known.revision} if known.revision else {}
        if not self.store.put(items.suspicions_item(saved), guarded(known.revision), **values):
            message = f"the suspicions of {known.site_id} were saved by somebody else"
            raise ConflictError(message)
        return saved

    def all_suspicions(self) -> Iterator[SiteSuspicions]:
        """Yield every site that ever had a suspect source."""
        found = self.store.query("site_id = :all", {":all": items.SUSPICIONS_PARTITION})
        return (items.suspicions(each["item"], each) for each in found)

    def arm_look(self, site_id: str, due: datetime, *, doubted: bool) -> bool:
        """Note when a site's sources are to be looked at; False where that is noted already."""
        noted = "sources_doubted" if doubted else "sources_due"
        also = ", sources_doubted = :due" if doubted else ""
        return self.store.update(
            items.site_key(site_id),
            f"SET sources_due = if_not_exists(sources_due, :due){also}",
            f"attribute_not_exists({noted})",
            due=due.isoformat(),
        )

    def is_doubted(self, site_id: str) -> bool:
        """Return whether they are to be looked at for a cause for doubt, read consistently."""
        return "sources_doubted" in (self.store.item(**items.site_key(site_id)) or {})

    def disarm_look(self, site_id: str) -> None:
        """Note that a site's sources are being looked at."""
        self.store.update(items.site_key(site_id), "REMOVE sources_due, sources_doubted")

    def armed_looks(self, before: datetime) -> Iterator[str]:
        """Yield the sites whose sources were to be looked at before some time, and still are."""
        return (
            each["item"]
            for each in self._sites()
            if "sources_due" in each and datetime.fromisoformat(each["sources_due"]) < before
        )

    # --- sites ----------------------------------------------------------------------------------

    def sites(self) -> Iterator[str]:
        """Yield every site that ever had a record."""
        return (each["item"] for each in self._sites())

    def activities(self) -> Iterator[SiteActivity]:
        """Yield every site that ever uploaded, with its last upload to within `GRAIN`."""
        return items.site_activities(self._sites())

    def note_told(self, activity: SiteActivity, silent_since: datetime | None) -> None:
        """Note what people were told about a site, unless somebody else did meanwhile."""
        self.store.update(
            items.site_key(activity.site_id),
            "SET silent_since = :now",
            "silent_since = :before OR attribute_not_exists(silent_since)",
            now=items.silence(silent_since),
            before=items.silence(activity.silent_since),
        )

    def _sites(self) -> Iterator[Item]:
        return self.store.query("site_id = :sites", {":sites": items.SITES_PARTITION})

    def _note_upload(self, record: KeyRecord) -> None:
        """Note that a site has records and when it last uploaded, at most once per `GRAIN`.

        Forecasts are noted apart: they come from a provider, also where the plant sends nothing.
        """
        newest = max((each.uploaded_at for each in record.versions.values()), default=None)
        what = "last_forecast_at" if record.forecast else "last_upload_at"
        noted = self._noted.get((record.site_id, what))
        if newest is None or (noted is not None and newest - noted < GRAIN):
            return
        self.store.update(
            items.site_key(record.site_id),
            f"SET {what} = :newest",
            f"attribute_not_exists({what}) OR {what} < :newest",
            newest=newest.isoformat(),
        )
        self._noted[record.site_id, what] = newest

    # --- configuration --------------------------------------------------------------------------

    def load_config(self, key: str) -> ConfigRecord:
        """Return what became of a YAML file, read consistently."""
        item = self.store.item(site_id=items.CONFIG_PARTITION, item=key)
        return items.config_record(key, item)

    def save_config(self, record: ConfigRecord) -> ConfigRecord:
        """Save what became of a YAML file, on the condition that nobody saved since the load."""
        saved = replace(record, revision=record.revision + 1)
        values = {"revision": record.revision} if record.revision else {}
        if not self.store.put(items.config_item(saved), guarded(record.revision), **values):
            message = f"{record.key} was saved by somebody else"
            raise ConflictError(message)
        return saved

    def sites_in_force(self) -> Iterator[ActiveSite]:
        """Yield the sites' configurations in force."""
        found = self.store.query(
            "site_id = :configs AND begins_with(#item, :sites)",
            {":configs": items.CONFIG_PARTITION, ":sites": layout.site_configs()},
        )
        return (
            ActiveSite.model_validate_json(each["in_force"])
            for each in found
            if each.get("in_force")
        )

    # --- writes ---------------------------------------------------------------------------------

    def _record(
        self, head: KeyRecord, revision: int, versions: Sequence[FileVersion]
    ) -> list[Write]:
        """Return the writes of a head that was read at some revision, and of its versions that changed."""
        item = items.head_item(head)
        pending = any(isinstance(each, Pending) for each in head.versions.values())
        if pending or not head.settled:
            item |= {"attention": items.OPEN, "since": self.clock().isoformat()}
        puts = [self.store.putting(items.version_item(head, each)) for each in versions]
        return [self._guarded(item, revision), *puts]

    def _register(self, register: ContentRecord) -> Write:
        saved = replace(register, revision=register.revision + 1)
        return self._guarded(items.content_item(saved), register.revision)

    def _guarded(self, item: Item, revision: int) -> Write:
        values = {"revision": revision} if revision else {}
        return self.store.putting(item, guarded(revision), **values)

    def _transact(self, writes: Sequence[Write], what: str) -> None:
        if not self.store.transact(*writes):
            message = f"{what} was saved by somebody else"
            raise ConflictError(message)


def _changed(before: KeyRecord, after: KeyRecord) -> list[FileVersion]:
    return [
        version for name, version in after.versions.items() if before.versions.get(name) != version
    ]
