"""The ledger's table in DynamoDB: conditional writes only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from services.data_watcher import records
from services.data_watcher.activity import GRAIN, SiteActivity
from services.data_watcher.configuration import ConfigRecord
from services.data_watcher.domain import ContentRecord, KeyRecord, State
from services.data_watcher.records import Item
from shared import layout
from shared.active import ActiveSite
from shared.aws import error_code
from shared.clock import Clock
from shared.errors import ConflictError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MOST_ITEMS = 90  # of one transaction, which takes 100
MOST_READ = 100  # items that one call gives
OPEN = "open"
_WRITE = TypeSerializer().serialize
_READ = TypeDeserializer().deserialize
_LOST = {"None", "ConditionalCheckFailed", "TransactionConflict"}


def _put(item: Item) -> dict[str, Any]:
    return {name: _WRITE(value) for name, value in item.items()}


def _get(item: Mapping[str, Any]) -> Item:
    return {name: _READ(value) for name, value in item.items()}


@dataclass(frozen=True, slots=True)
class DynamoLedger:
    """Implements the ports `Ledger` and `ConfigLedger`."""

    client: DynamoDBClient
    table: str
    clock: Clock
    _noted: dict[str, datetime] = field(default_factory=dict)

    # --- files ----------------------------------------------------------------------------------

    def load(self, site_id: str, key: str) -> KeyRecord:
        """Return a key's record, read consistently."""
        items = self._query(
            KeyConditionExpression="site_id = :site AND begins_with(#item, :prefix)",
            ExpressionAttributeNames={"#item": "item"},
            ExpressionAttributeValues=_put({":site": site_id, ":prefix": records.prefix(key)}),
            ConsistentRead=True,
        )
        return records.key_record(site_id, key, (each for each in items if each["key"] == key))

    def content(self, site_id: str, sha256: str) -> ContentRecord:
        """Return a register of contents, read consistently."""
        key = {"site_id": records.contents_partition(site_id), "item": f"content#{sha256}"}
        return records.content_record(site_id, sha256, self._item(key))

    def owners(self, site_id: str, contents: Iterable[str]) -> dict[str, str]:
        """Return which key owns each of some contents; those that no key holds are left out."""
        partition, found = records.contents_partition(site_id), {}
        wanted = iter(sorted(set(contents)))
        while batch := list(islice(wanted, MOST_READ)):
            keys = [_put({"site_id": partition, "item": f"content#{each}"}) for each in batch]
            while keys:
                answer = self.client.batch_get_item(
                    RequestItems={self.table: {"Keys": keys, "ConsistentRead": True}}
                )
                for item in map(_get, answer["Responses"][self.table]):
                    sha256 = item["item"].removeprefix("content#")
                    if owner := records.content_record(site_id, sha256, item).owner:
                        found[sha256] = owner
                left: Any = answer.get("UnprocessedKeys", {}).get(self.table, {})
                keys = left.get("Keys", [])
        return found

    def save(
        self, before: KeyRecord, after: KeyRecord, contents: Sequence[ContentRecord] = ()
    ) -> KeyRecord:
        """Save what changed in one transaction, on the condition that nobody saved since the load.

        A key that turns up with very many versions at once is saved in several transactions, the
        register and the settled head in the last one.
        """
        self._note_upload(after)
        changed = [
            version
            for name, version in after.versions.items()
            if before.versions.get(name) != version
        ]
        revision = before.revision
        while len(changed) > MOST_ITEMS:
            part, changed = changed[:MOST_ITEMS], changed[MOST_ITEMS:]
            partly = replace(before, revision=revision + 1, settled=False)
            self._write(partly, revision, [records.version_item(after, each) for each in part])
            revision += 1
        saved = replace(after, revision=revision + 1)
        registers = [replace(each, revision=each.revision + 1) for each in contents]
        self._write(
            saved,
            revision,
            [records.version_item(after, each) for each in changed],
            registers,
        )
        return saved

    def _write(
        self,
        head: KeyRecord,
        revision: int,
        versions: Sequence[Item],
        registers: Sequence[ContentRecord] = (),
    ) -> None:
        item = records.head_item(head)
        pending = any(each.state is State.PENDING for each in head.versions.values())
        if pending or not head.settled:
            item |= {"attention": OPEN, "since": self.clock().isoformat()}
        puts = [self._guarded(item, revision)]
        puts += [{"TableName": self.table, "Item": _put(each)} for each in versions]
        puts += [self._guarded(records.content_item(each), each.revision - 1) for each in registers]
        try:
            self.client.transact_write_items(TransactItems=[{"Put": each} for each in puts])  # type: ignore[typeddict-item]
        except ClientError as error:
            if _lost(error):
                message = f"{head.key} was saved by somebody else"
                raise ConflictError(message) from error
            raise

    def unsettled(self, before: datetime) -> Iterator[str]:
        """Yield the keys that wait for a verdict or an effect since some time, oldest first."""
        items = self._query(
            IndexName="attention",
            KeyConditionExpression="attention = :open AND since < :before",
            ExpressionAttributeValues=_put({":open": OPEN, ":before": before.isoformat()}),
        )
        return (each["key"] for each in items)

    def quarantined(self, site_id: str, after: str) -> Iterator[str]:
        """Yield a site's keys behind `after` whose current version is refused, in the table's order."""
        items = self._query(
            KeyConditionExpression="site_id = :site AND #item > :after",
            FilterExpression="#state = :quarantined",
            ExpressionAttributeNames={"#item": "item", "#state": "state"},
            ExpressionAttributeValues=_put(
                {
                    ":site": site_id,
                    ":after": records.upper_bound(after) if after else " ",
                    ":quarantined": State.QUARANTINED.value,
                }
            ),
        )
        return (each["key"] for each in items)

    # --- sites ----------------------------------------------------------------------------------

    def sites(self) -> Iterator[str]:
        """Yield every site that ever had a record."""
        return (each["item"] for each in self._sites())

    def activities(self) -> Iterator[SiteActivity]:
        """Yield every site that ever uploaded, with its last upload to within `GRAIN`."""
        return (records.site_activity(each) for each in self._sites())

    def note_told(self, activity: SiteActivity, silent_since: datetime | None) -> None:
        """Note what people were told about a site, unless somebody else did meanwhile."""
        told = records.silence(activity.silent_since)
        self._update_site(
            activity.site_id,
            UpdateExpression="SET silent_since = :now",
            ConditionExpression="silent_since = :before OR attribute_not_exists(silent_since)",
            ExpressionAttributeValues=_put(
                {":now": records.silence(silent_since), ":before": told}
            ),
        )

    def _sites(self) -> Iterator[Item]:
        return self._query(
            KeyConditionExpression="site_id = :sites",
            ExpressionAttributeValues=_put({":sites": records.SITES_PARTITION}),
        )

    def _note_upload(self, record: KeyRecord) -> None:
        """Note that a site has records and when it last uploaded, at most once per `GRAIN`."""
        newest = max((each.uploaded_at for each in record.versions.values()), default=None)
        noted = self._noted.get(record.site_id)
        if newest is None or (noted is not None and newest - noted < GRAIN):
            return
        self._update_site(
            record.site_id,
            UpdateExpression="SET last_upload_at = :newest",
            ConditionExpression="attribute_not_exists(last_upload_at) OR last_upload_at < :newest",
            ExpressionAttributeValues=_put({":newest": newest.isoformat()}),
        )
        self._noted[record.site_id] = newest

    def _update_site(self, site_id: str, **update: Any) -> None:
        """Update a site's item where the condition holds; where it does not, a newer fact stands there."""
        key = _put({"site_id": records.SITES_PARTITION, "item": site_id})
        with _unless_lost():
            self.client.update_item(TableName=self.table, Key=key, **update)

    def between(self, site_id: str, after: str, until: str | None) -> dict[str, KeyRecord]:
        """Return a site's records with after < key ≤ until; without `until` all after the first.

        Overlong keys stand elsewhere in the table's order than in S3's; they are given wherever they
        stand, so that none is ever left out.
        """
        items = self._query(
            KeyConditionExpression="site_id = :site AND #item BETWEEN :after AND :until",
            ExpressionAttributeNames={"#item": "item"},
            ExpressionAttributeValues=_put(
                {
                    ":site": site_id,
                    ":after": records.lower_bound(after),
                    ":until": records.upper_bound(until),
                }
            ),
            ConsistentRead=True,
        )
        by_key: dict[str, list[Item]] = {}
        for item in items:
            key = item["key"]
            inside = after < key and (until is None or key <= until)
            if inside or records.is_overlong(key):
                by_key.setdefault(key, []).append(item)
        return {key: records.key_record(site_id, key, group) for key, group in by_key.items()}

    # --- configuration --------------------------------------------------------------------------

    def load_config(self, key: str) -> ConfigRecord:
        """Return what became of a YAML file, read consistently."""
        return records.config_record(
            key, self._item({"site_id": records.CONFIG_PARTITION, "item": key})
        )

    def save_config(self, record: ConfigRecord) -> ConfigRecord:
        """Save what became of a YAML file, on the condition that nobody saved since the load."""
        saved = replace(record, revision=record.revision + 1)
        try:
            self.client.put_item(**self._guarded(records.config_item(saved), record.revision))
        except ClientError as error:
            if error_code(error) == "ConditionalCheckFailedException":
                message = f"{record.key} was saved by somebody else"
                raise ConflictError(message) from error
            raise
        return saved

    def sites_in_force(self) -> Iterator[ActiveSite]:
        """Yield the sites' configurations in force."""
        items = self._query(
            KeyConditionExpression="site_id = :configs AND begins_with(#item, :sites)",
            ExpressionAttributeNames={"#item": "item"},
            ExpressionAttributeValues=_put(
                {":configs": records.CONFIG_PARTITION, ":sites": layout.site_configs()}
            ),
        )
        return (
            ActiveSite.model_validate_json(each["in_force"])
            for each in items
            if each.get("in_force")
        )

    # --- items ----------------------------------------------------------------------------------

    def _guarded(self, item: Item, revision: int) -> dict[str, Any]:
        if revision == 0:
            return {
                "TableName": self.table,
                "Item": _put(item),
                "ConditionExpression": "attribute_not_exists(revision)",
            }
        return {
            "TableName": self.table,
            "Item": _put(item),
            "ConditionExpression": "revision = :revision",
            "ExpressionAttributeValues": _put({":revision": revision}),
        }

    def _item(self, key: Item) -> Item | None:
        answer = self.client.get_item(TableName=self.table, Key=_put(key), ConsistentRead=True)
        return _get(answer["Item"]) if "Item" in answer else None

    def _query(self, **arguments: Any) -> Iterator[Item]:
        return _items(self.client.query, TableName=self.table, **arguments)


@dataclass(frozen=True, slots=True)
class DynamoView:
    """Implements the port `LedgerView`."""

    client: DynamoDBClient
    table: str

    def versions(
        self, site_id: str | None, state: State | None, limit: int, start: Item | None
    ) -> tuple[list[Item], Item | None]:
        """Return at most `limit` versions' items behind `start`, and where to go on, if anywhere."""
        begin = {"ExclusiveStartKey": _put(start)} if start else {}
        found = list(islice(self._files(site_id, state, **begin), limit + 1))
        if len(found) <= limit:
            return found, None
        return found[:limit], {name: found[limit - 1][name] for name in ("site_id", "item")}

    def files(self, site_id: str | None) -> Iterator[Item]:
        """Yield every version's item."""
        return self._files(site_id, None)

    def states(self, site_id: str | None) -> Iterator[tuple[str, str]]:
        """Yield site and state of every version."""
        return ((each["site_id"], each["state"]) for each in self._files(site_id, None))

    def configs(self) -> Iterator[Item]:
        """Yield what became of each YAML file."""
        return _items(
            self.client.query,
            TableName=self.table,
            KeyConditionExpression="site_id = :configs",
            ExpressionAttributeValues=_put({":configs": records.CONFIG_PARTITION}),
        )

    def _files(self, site_id: str | None, state: State | None, **begin: Any) -> Iterator[Item]:
        names, values = {"#key": "key"}, {}
        wanted = "attribute_exists(#key) AND attribute_exists(version_id)"
        if state is not None:
            names["#state"], values[":state"] = "state", state.value
            wanted += " AND #state = :state"
        arguments: dict[str, Any] = {
            "TableName": self.table,
            "FilterExpression": wanted,
            "ExpressionAttributeNames": names,
            **begin,
        }
        if site_id is not None:
            values[":site"] = site_id
            arguments["KeyConditionExpression"] = "site_id = :site"
        if values:
            arguments["ExpressionAttributeValues"] = _put(values)
        return _items(self.client.scan if site_id is None else self.client.query, **arguments)


def _items(read: Callable[..., Any], **arguments: Any) -> Iterator[Item]:
    while True:
        page = read(**arguments)
        yield from map(_get, page["Items"])
        if "LastEvaluatedKey" not in page:
            return
        arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]


@contextmanager
def _unless_lost() -> Iterator[None]:
    """Go on where a condition does not hold; any other error passes."""
    try:
        yield
    except ClientError as error:
        if error_code(error) != "ConditionalCheckFailedException":
            raise


def _lost(error: ClientError) -> bool:
    """Return whether a transaction was cancelled because another writer came first, and for nothing else."""
    reasons = {each["Code"] for each in error.response.get("CancellationReasons", [])}
    return bool(reasons) and reasons <= _LOST
