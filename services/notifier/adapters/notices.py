"""The notices' table in DynamoDB.

Partition `notice_id`. Index `by_time` (`shelf`, `created_at`): shelf `notices` holds every notice by time.
Index `by_window` (`waiting`, `created_at`): sparse, only what waits: `yes` for notices that are to be sent
to somebody, `group` for those that gather, `story` for models whose stories are looked at again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from services.notifier.adapters import items
from services.notifier.adapters.items import (
    GROUP,
    KEPT,
    LEASE,
    SHELF,
    STORY,
    UNSENT,
    attribute,
    entry_item,
    read_entry,
)
from services.notifier.domain.grouping import Group
from services.notifier.domain.notice import Delivery, Entry, Standing
from shared import messages
from shared.messages import AnyMessage
from shared.store import Item, Store, guarded, opened

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_BY_TIME = ("notice_id", "shelf", "created_at")  # the key in that index
_IS_NEW = "attribute_not_exists(notice_id)"
COUNTED = timedelta(days=1)
MOST_IN_A_JOURNAL = 80


@dataclass(frozen=True, slots=True)
class DynamoNotices:
    """Implements the ports `Notices`, `Groups` and `TellingHistory`."""

    store: Store

    @classmethod
    def of(cls, client: DynamoDBClient, table: str) -> Self:
        """Keep the notices in a table."""
        return cls(Store(client, table, ("notice_id",)))

    # --- notices --------------------------------------------------------------------------------------

    def find(self, notice_id: str) -> Entry | None:
        """Return a notice's entry, if there is one."""
        item = self.store.item(notice_id=notice_id)
        return read_entry(item) if item else None

    def open(self, entry: Entry) -> Entry:
        """Keep a new entry; return the one that was there first, if there was one."""
        if self.store.put(entry_item(entry), _IS_NEW):
            return entry
        return self.find(entry.notice.id) or entry

    def count(self, window: str) -> int:
        """Count one more thing in a window; return how many there are now."""
        expires = datetime.fromisoformat(window.partition("|")[0]) + COUNTED
        counted = self.store.updated(
            _key(f"window#{window}"),
            "ADD arrivals :one SET expires_at = :expires",
            one=1,
            expires=int(expires.timestamp()),
        )
        return int(counted["arrivals"])

    def take(self, notice_id: str, recipient: str, until: datetime, now: datetime) -> bool:
        """Reserve the sending of a notice to a recipient; False where another process has it."""
        sent = attribute(recipient, items.SENT_AT)
        unsent = f"attribute_not_exists({sent})"
        return _take(self.store, notice_id, recipient, (now, until), condition=unsent)

    def mark(self, notice_id: str, recipient: str, delivery: Delivery) -> None:
        """Note what became of a notice for a recipient, and end the reservation."""
        written = items.delivery_item(recipient, delivery)
        every = (items.SENT_AT, items.NEXT_TRY, items.TRIES, items.GAVE_UP, items.WHY, LEASE)
        gone = [name for each in every if (name := attribute(recipient, each)) not in written]
        changed = ", ".join(f"{name} = :{name}" for name in written)
        self.store.update(_key(notice_id), f"SET {changed} REMOVE {', '.join(gone)}", **written)

    def settle(self, notice_id: str, standing: Standing) -> None:
        """Note that nothing more is to be sent of a notice."""
        self.store.update(
            _key(notice_id), "SET standing = :standing REMOVE waiting", standing=standing.value
        )

    def reopen(self, notice_id: str, recipients: Sequence[str], now: datetime) -> None:
        """Let a notice that was given up be sent again to some recipients."""
        gone = [
            attribute(recipient, each)
            for recipient in recipients
            for each in (items.GAVE_UP, items.NEXT_TRY, items.TRIES, items.WHY)
        ]
        self.store.update(
            _key(notice_id),
            f"SET standing = :sending, waiting = :waiting, reopened_at = :now REMOVE {', '.join(gone)}",
            sending=Standing.SENDING.value,
            waiting=UNSENT,
            now=now.isoformat(),
        )

    def unsent(self) -> Iterator[Entry]:
        """Yield the entries that are still to be sent to somebody, oldest first."""
        return map(read_entry, self._waiting(UNSENT))

    def since(self, moment: datetime) -> Iterator[Entry]:
        """Yield the entries made since some time, oldest first."""
        found = self.store.query(
            "shelf = :shelf AND created_at >= :moment",
            {":shelf": SHELF, ":moment": moment.isoformat()},
            index="by_time",
        )
        return map(read_entry, found)

    def newest(self, limit: int, token: str | None) -> tuple[list[Entry], str | None]:
        """Return the newest entries after a token, and the token to go on with, if any follow."""
        found = self.store.query(
            "shelf = :shelf",
            {":shelf": SHELF},
            index="by_time",
            after=opened(token, _BY_TIME),
            newest_first=True,
        )
        page, following = self.store.page(found, limit, _BY_TIME)
        return [read_entry(item) for item in page], following

    # --- groups ---------------------------------------------------------------------------------------

    def group(self, cause: str) -> Group | None:
        """Return the open group of a cause, if there is one."""
        item = self.store.item(notice_id=items.group_key(cause))
        return items.read_group(item) if item else None

    def groups(self) -> Iterator[Group]:
        """Yield the open groups, the one that was opened first before the others."""
        return map(items.read_group, self._waiting(GROUP))

    def join(self, entry: Entry, group: Group) -> bool:
        """Keep an entry, and its group as it then is, or neither."""
        guard = guarded(group.revision)
        values = {"revision": group.revision} if group.revision else {}
        return self.store.transact(
            self.store.putting(entry_item(entry), _IS_NEW),
            self.store.putting(items.group_item(group), guard, **values),
        )

    def close(self, groups: Sequence[Group], entry: Entry) -> bool:
        """Put a notice in the place of the groups that it tells, or change nothing."""
        return self.store.transact(
            *(
                self.store.deleting_if(
                    _key(items.group_key(each.cause)),
                    "revision = :revision",
                    revision=each.revision,
                )
                for each in groups
            ),
            self.store.putting(entry_item(entry), _IS_NEW),
        )

    def _waiting(self, what: str) -> Iterator[Item]:
        return self.store.query("waiting = :waiting", {":waiting": what}, index="by_window")


@dataclass(frozen=True, slots=True)
class DynamoJournals:
    """Implements the port `Journals`: a model's journal names its facts, which are entries of the table."""

    store: Store

    def note(self, model_id: str, entry: Entry) -> None:
        """Keep a fact in a model's journal; the same again changes nothing."""
        self.store.put(entry_item(entry), _IS_NEW)
        self.store.update(
            _journal(model_id),
            "ADD ids :ids SET expires_at = :expires",
            ids=frozenset({entry.notice.id}),
            expires=int((entry.created_at + KEPT).timestamp()),
        )

    def read(self, model_id: str) -> list[tuple[AnyMessage, datetime]]:
        """Return the facts of a model's journal and when each came; a long one forgets its oldest."""
        journal = self.store.item(**_journal(model_id)) or {}
        ids = sorted(journal.get("ids", ()))
        kept = [read_entry(each) for each in self.store.some([_key(each) for each in ids])]
        told = sorted(
            (each for each in kept if each.message), key=lambda each: each.notice.happened_at
        )
        if len(ids) > MOST_IN_A_JOURNAL:
            # Facts expire, too: of those that are gone the names are dropped as well.
            stay = {each.notice.id for each in told[-MOST_IN_A_JOURNAL // 2 :]}
            self.store.update(
                _journal(model_id), "DELETE ids :gone", gone=frozenset(set(ids) - stay)
            )
        return [(messages.read(each.message), each.created_at) for each in told]

    def look_again(self, model_id: str, at: datetime) -> None:
        """Note when a model's stories are to be looked at again."""
        self.store.update(
            _journal(model_id),
            "SET waiting = :story, created_at = :at",
            story=STORY,
            at=at.isoformat(),
        )

    def looked(self, model_id: str, at: datetime) -> None:
        """Note that they need not be, unless somebody noted another time than this meanwhile."""
        self.store.update(
            _journal(model_id), "REMOVE waiting, created_at", "created_at = :at", at=at.isoformat()
        )

    def due(self) -> Iterator[tuple[str, datetime]]:
        """Yield the models whose stories are to be looked at again, and when."""
        found = self.store.query("waiting = :waiting", {":waiting": STORY}, index="by_window")
        for item in found:
            model_id = item["notice_id"].removeprefix("journal#")
            yield model_id, datetime.fromisoformat(item["created_at"])


@dataclass(frozen=True, slots=True)
class DynamoAlarms:
    """Implements the port `Alarms`."""

    store: Store

    def rings(self, name: str, since: datetime) -> None:
        """Note that an alarm went off; what is older than what is known changes nothing."""
        self.store.update(
            _key(f"alarm#{name}"),
            "SET began_at = :since, expires_at = :expires",
            "attribute_not_exists(began_at) OR began_at < :since",
            since=since.isoformat(),
            expires=int((since + KEPT).timestamp()),
        )

    def began(self, name: str, before: datetime) -> datetime | None:
        """Return when an alarm last went off before some time, if that is known."""
        item = self.store.item(notice_id=f"alarm#{name}")
        began_at = datetime.fromisoformat(item["began_at"]) if item else None
        return began_at if began_at is not None and began_at <= before else None


@dataclass(frozen=True, slots=True)
class DynamoShown:
    """Implements the port `Shown`."""

    store: Store

    def take(self, story: str, recipient: str, until: datetime, now: datetime) -> bool:
        """Reserve a story's message; False where another process has it."""
        key = f"shown#{story}"
        if not _take(self.store, key, recipient, (now, until)):
            return False
        expires = int((now + KEPT).timestamp())
        return self.store.update(_key(key), "SET expires_at = :expires", expires=expires)

    def shown(self, story: str, recipient: str) -> tuple[str, str]:
        """Return what the channel calls the message, and what it says; empty for none."""
        item = self.store.item(notice_id=f"shown#{story}") or {}
        says = attribute(recipient, "_says")
        return item.get(attribute(recipient, "_reference"), ""), item.get(says, "")

    def show(self, story: str, recipient: str, reference: str, content: str) -> None:
        """Note which message shows a story, and what it says, and end the reservation."""
        self.store.update(
            _key(f"shown#{story}"),
            f"SET {attribute(recipient, '_reference')} = :reference, "
            f"{attribute(recipient, '_says')} = :says REMOVE {attribute(recipient, LEASE)}",
            reference=reference,
            says=content,
        )


def _take(
    store: Store,
    notice_id: str,
    recipient: str,
    lasts: tuple[datetime, datetime],
    *,
    condition: str = "",
) -> bool:
    now, until = lasts
    lease = attribute(recipient, LEASE)
    free = f"(attribute_not_exists({lease}) OR {lease} < :now)"
    return store.update(
        _key(notice_id),
        f"SET {lease} = :until",
        f"{condition} AND {free}" if condition else free,
        until=until.isoformat(),
        now=now.isoformat(),
    )


def _key(notice_id: str) -> Item:
    return {"notice_id": notice_id}


def _journal(model_id: str) -> Item:
    return _key(f"journal#{model_id}")
