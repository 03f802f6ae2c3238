"""The notices' table in DynamoDB.

Partition `notice_id`. Index `by_time` (`shelf`, `created_at`): shelf `notices` holds every notice by time.
Index `by_window` (`waiting`, `created_at`): sparse, only what waits for a digest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from services.notifier.domain import Channel, Entry, Notice, Severity, Standing
from shared.aws import error_code
from shared.store import Item, decode, encode, items

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SHELF = "notices"
WAITING = "yes"
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
    """Implements the port `Notices`."""

    client: DynamoDBClient
    table: str

    def find(self, notice_id: str) -> Entry | None:
        """Return a notice's entry, if there is one."""
        answer = self.client.get_item(
            TableName=self.table, Key=encode({"notice_id": notice_id}), ConsistentRead=True
        )
        return read_entry(decode(answer["Item"])) if "Item" in answer else None

    def open(self, entry: Entry) -> Entry:
        """Keep a new entry; return the one that was there first, if there was one."""
        try:
            self.client.put_item(
                TableName=self.table,
                Item=encode(entry_item(entry)),
                ConditionExpression="attribute_not_exists(notice_id)",
            )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            return self.find(entry.notice.id) or entry
        return entry

    def count(self, window: str) -> int:
        """Count one more notice in a window; return how many there are now."""
        expires = datetime.fromisoformat(window) + COUNTED
        answer = self._update(
            f"window#{window}",
            "ADD arrivals :one SET expires_at = :expires",
            {":one": 1, ":expires": int(expires.timestamp())},
            ReturnValues="ALL_NEW",
        )
        return int(decode(answer["Attributes"])["arrivals"])

    def take(self, notice_id: str, channel: Channel, until: datetime, now: datetime) -> bool:
        """Reserve the sending of a notice through a channel; False where another process has it."""
        lease, sent = f"{channel}_lease", f"{channel}_sent_at"
        try:
            self._update(
                notice_id,
                f"SET {lease} = :until",
                {":until": until.isoformat(), ":now": now.isoformat()},
                ConditionExpression=f"attribute_not_exists({sent}) AND "
                f"(attribute_not_exists({lease}) OR {lease} < :now)",
            )
        except ClientError as error:
            if error_code(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def mark(self, notice_id: str, channel: Channel, now: datetime) -> None:
        """Note that a notice went through a channel."""
        self._update(
            notice_id,
            f"SET {channel}_sent_at = :now REMOVE {channel}_lease",
            {":now": now.isoformat()},
        )

    def settle(self, notice_id: str) -> None:
        """Note that a notice is through."""
        self._update(
            notice_id, "SET standing = :sent REMOVE waiting", {":sent": Standing.SENT.value}
        )

    def waiting(self) -> Iterator[Entry]:
        """Yield the entries that wait for a digest, oldest first."""
        return self._read("by_window", "waiting = :waiting", {":waiting": WAITING})

    def since(self, moment: datetime) -> Iterator[Entry]:
        """Yield the entries made since some time, oldest first."""
        return self._read(
            "by_time",
            "shelf = :shelf AND created_at >= :moment",
            {":shelf": SHELF, ":moment": moment.isoformat()},
        )

    def _read(self, index: str, condition: str, values: Item) -> Iterator[Entry]:
        found = items(
            self.client.query,
            TableName=self.table,
            IndexName=index,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=encode(values),
        )
        return (read_entry(item) for item in found)

    def _update(self, notice_id: str, expression: str, values: Item, **arguments: Any) -> Any:
        return self.client.update_item(
            TableName=self.table,
            Key=encode({"notice_id": notice_id}),
            UpdateExpression=expression,
            ExpressionAttributeValues=encode(values),
            **arguments,
        )
