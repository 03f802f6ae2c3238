"""The notices' table in DynamoDB.

Partition `notice_id`. Index `by_time` (`shelf`, `created_at`): shelf `notices` holds every notice by time.
Index `by_window` (`waiting`, `created_at`): sparse, only what waits for a digest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from services.notifier.domain.notice import Channel, Entry, Notice, Severity, Standing
from services.notifier.domain.offer import Offer, Verb
from shared.store import Item, Store, opened

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SHELF = "notices"
WAITING = "yes"
_BY_TIME = ("notice_id", "shelf", "created_at")  # the key in that index
KEPT = timedelta(days=90)
COUNTED = timedelta(days=1)


def entry_item(entry: Entry) -> Item:
    """Write an entry."""
    notice = entry.notice
    item = {
        "notice_id": notice.id,
        "shelf": SHELF,
        "kind": notice.kind,
        "severity": notice.severity.name.lower(),
        "subject": notice.subject,
        "lines": list(notice.lines),
        "facts": [list(each) for each in notice.facts],
        "happened_at": notice.happened_at.isoformat(),
        "created_at": entry.created_at.isoformat(),
        "standing": entry.standing.value,
        "expires_at": int((entry.created_at + KEPT).timestamp()),
    }
    if entry.standing is Standing.WAITING:
        item |= {"waiting": WAITING, "window_start": entry.window}
    if notice.offers:
        item["offers"] = [
            {"verb": each.verb.value, "label": each.label, "about": dict(each.about)}
            for each in notice.offers
        ]
    if entry.includes:
        item["includes"] = list(entry.includes)
    return item


def read_entry(item: Item) -> Entry:
    """Read an entry."""
    notice = Notice(
        id=item["notice_id"],
        kind=item["kind"],
        severity=Severity[item["severity"].upper()],
        subject=item["subject"],
        lines=tuple(item["lines"]),
        happened_at=datetime.fromisoformat(item["happened_at"]),
        facts=tuple((label, value) for label, value in item["facts"]),
        offers=tuple(
            Offer(Verb(each["verb"]), each["label"], each["about"])
            for each in item.get("offers", ())
        ),
    )
    return Entry(
        notice=notice,
        standing=Standing(item["standing"]),
        created_at=datetime.fromisoformat(item["created_at"]),
        window=item.get("window_start", ""),
        includes=tuple(item.get("includes", ())),
        sent={
            channel: datetime.fromisoformat(item[f"{channel}_sent_at"])
            for channel in Channel
            if f"{channel}_sent_at" in item
        },
    )


@dataclass(frozen=True, slots=True)
class DynamoNotices:
    """Implements the ports `Notices` and `TellingHistory`."""

    store: Store

    @classmethod
    def of(cls, client: DynamoDBClient, table: str) -> Self:
        """Keep the notices in a table."""
        return cls(Store(client, table, ("notice_id",)))

    def find(self, notice_id: str) -> Entry | None:
        """Return a notice's entry, if there is one."""
        item = self.store.item(notice_id=notice_id)
        return read_entry(item) if item else None

    def open(self, entry: Entry) -> Entry:
        """Keep a new entry; return the one that was there first, if there was one."""
        if self.store.put(entry_item(entry), "attribute_not_exists(notice_id)"):
            return entry
        return self.find(entry.notice.id) or entry

    def count(self, window: str) -> int:
        """Count one more notice in a window; return how many there are now."""
        expires = datetime.fromisoformat(window.partition("|")[0]) + COUNTED
        counted = self.store.updated(
            _key(f"window#{window}"),
            "ADD arrivals :one SET expires_at = :expires",
            one=1,
            expires=int(expires.timestamp()),
        )
        return int(counted["arrivals"])

    def take(self, notice_id: str, channel: Channel, until: datetime, now: datetime) -> bool:
        """Reserve the sending of a notice through a channel; False where another process has it."""
        lease, sent = f"{channel}_lease", f"{channel}_sent_at"
        return self.store.update(
            _key(notice_id),
            f"SET {lease} = :until",
            f"attribute_not_exists({sent}) AND (attribute_not_exists({lease}) OR {lease} < :now)",
            until=until.isoformat(),
            now=now.isoformat(),
        )

    def mark(self, notice_id: str, channel: Channel, now: datetime) -> None:
        """Note that a notice went through a channel."""
        self.store.update(
            _key(notice_id),
            f"SET {channel}_sent_at = :now REMOVE {channel}_lease",
            now=now.isoformat(),
        )

    def settle(self, notice_id: str) -> None:
        """Note that a notice is through."""
        self.store.update(
            _key(notice_id), "SET standing = :sent REMOVE waiting", sent=Standing.SENT.value
        )

    def waiting(self) -> Iterator[Entry]:
        """Yield the entries that wait for a digest, oldest first."""
        found = self.store.query("waiting = :waiting", {":waiting": WAITING}, index="by_window")
        return map(read_entry, found)

    def since(self, moment: datetime) -> Iterator[Entry]:
        """Yield the entries made since some time, oldest first."""
        found = self.store.query(
            "shelf = :shelf AND created_at >= :moment",
            {":shelf": SHELF, ":moment": moment.isoformat()},
            index="by_time",
        )
        return map(read_entry, found)

    def newest(self, limit: int, token: str | None) -> tuple[list[Entry], str | None]:
        """Return the newest entries behind a token, and the token to go on with, if any follow."""
        found = self.store.query(
            "shelf = :shelf",
            {":shelf": SHELF},
            index="by_time",
            after=opened(token, _BY_TIME),
            newest_first=True,
        )
        page, following = self.store.page(found, limit, _BY_TIME)
        return [read_entry(item) for item in page], following


def _key(notice_id: str) -> Item:
    return {"notice_id": notice_id}
