"""The ledger's table in DynamoDB: conditional writes only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from services.data_watcher.adapters import records
from services.data_watcher.domain import identity, transitions
from services.data_watcher.domain.activity import GRAIN, SiteActivity
from services.data_watcher.domain.configuration import ConfigRecord
from services.data_watcher.domain.versions import ContentRecord, KeyRecord, State
from shared import layout
from shared.active import ActiveSite
from shared.aws import error_code
from shared.clock import Clock
from shared.errors import ConflictError
from shared.store import Item, decode, encode, items

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MOST_SETTLED = 40  # records of one transaction
MOST_ITEMS = 90  # of one transaction, which takes 100
MOST_READ = 100  # items that one call gives
OPEN = "open"
_LOST = {"None", "ConditionalCheckFailed", "TransactionConflict"}


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
            ExpressionAttributeValues=encode({":site": site_id, ":prefix": records.prefix(key)}),
            ConsistentRead=True,
        )
        return records.key_record(site_id, key, (each for each in items if each["key"] == key))

    def look(self, keys: Sequence[str]) -> tuple[set[str], dict[str, ActiveSite]]:
        """Return which keys the ledger knows, and their sites' configurations in force, in one call."""
        heads = {
            (identity.site_of(key), records.prefix(key)): key for key in keys[: MOST_READ // 2]
        }
        configs = {
            (records.CONFIG_PARTITION, layout.site_config(site_id)): site_id
            for site_id in {site_id for site_id, _ in heads}
        }
        wanted = [{"site_id": site_id, "item": item} for site_id, item in (*heads, *configs)]
        known, sites = set(keys[MOST_READ // 2 :]), {}
        for item in self._batch(wanted):
            place = item["site_id"], item["item"]
            if place in heads:
                known.add(heads[place])
            elif item.get("in_force"):
                sites[configs[place]] = ActiveSite.model_validate_json(item["in_force"])
        return known, sites

    def content(self, site_id: str, sha256: str) -> ContentRecord:
        """Return a register of contents, read consistently."""
        key = {"site_id": records.contents_partition(site_id), "item": f"content#{sha256}"}
        return records.content_record(site_id, sha256, self._item(key))

    def owners(self, site_id: str, contents: Iterable[str]) -> dict[str, str]:
        """Return which key owns each of some contents; those that no key holds are left out."""
        partition, found = records.contents_partition(site_id), {}
        wanted = iter(sorted(set(contents)))
        while batch := list(islice(wanted, MOST_READ)):
            for item in self._batch(
                [{"site_id": partition, "item": f"content#{each}"} for each in batch]
            ):
                sha256 = item["item"].removeprefix("content#")
                if owner := records.content_record(site_id, sha256, item).owner:
                    found[sha256] = owner
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
        puts += [{"TableName": self.table, "Item": encode(each)} for each in versions]
        puts += [self._guarded(records.content_item(each), each.revision - 1) for each in registers]
        self._transact(puts, head.key)

    def _transact(self, puts: Sequence[dict[str, Any]], what: str) -> None:
        try:
            self.client.transact_write_items(TransactItems=[{"Put": each} for each in puts])  # type: ignore[typeddict-item]
        except ClientError as error:
            if _lost(error):
                message = f"{what} was saved by somebody else"
                raise ConflictError(message) from error
            raise

    def settle(self, records_: Sequence[KeyRecord], now: datetime) -> None:
        """Note at once that all effects of some records are done; ConflictError where one changed."""
        for start in range(0, len(records_), MOST_SETTLED):
            puts: list[dict[str, Any]] = []
            for record in records_[start : start + MOST_SETTLED]:
                after = transitions.settle(record, now)
                head = replace(after, revision=record.revision + 1)
                puts.append(self._guarded(records.head_item(head), record.revision))
                puts += [
                    {"TableName": self.table, "Item": encode(records.version_item(after, each))}
                    for name, each in after.versions.items()
                    if record.versions[name] != each
                ]
            self._transact(puts, "a batch")

    def unsettled(self, before: datetime) -> Iterator[str]:
        """Yield the keys that wait for a verdict or an effect since some time, oldest first."""
        items = self._query(
            IndexName="attention",
            KeyConditionExpression="attention = :open AND since < :before",
            ExpressionAttributeValues=encode({":open": OPEN, ":before": before.isoformat()}),
        )
        return (each["key"] for each in items)

    def quarantined(self, site_id: str, after: str) -> Iterator[str]:
        """Yield a site's keys behind `after` whose current version is refused, in the table's order."""
        items = self._query(
            KeyConditionExpression="site_id = :site AND #item > :after",
            FilterExpression="#state = :quarantined",
            ExpressionAttributeNames={"#item": "item", "#state": "state"},
            ExpressionAttributeValues=encode(
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
            ExpressionAttributeValues=encode(
                {":now": records.silence(silent_since), ":before": told}
            ),
        )

    def _sites(self) -> Iterator[Item]:
        return self._query(
            KeyConditionExpression="site_id = :sites",
            ExpressionAttributeValues=encode({":sites": records.SITES_PARTITION}),
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
            ExpressionAttributeValues=encode({":newest": newest.isoformat()}),
        )
        self._noted[record.site_id] = newest

    def _update_site(self, site_id: str, **update: Any) -> None:
        """Update a site's item where the condition holds; where it does not, a newer fact stands there."""
        key = encode({"site_id": records.SITES_PARTITION, "item": site_id})
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
            ExpressionAttributeValues=encode(
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
            ExpressionAttributeValues=encode(
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
                "Item": encode(item),
                "ConditionExpression": "attribute_not_exists(revision)",
            }
        return {
            "TableName": self.table,
            "Item": encode(item),
            "ConditionExpression": "revision = :revision",
            "ExpressionAttributeValues": encode({":revision": revision}),
        }

    def _item(self, key: Item) -> Item | None:
        answer = self.client.get_item(TableName=self.table, Key=encode(key), ConsistentRead=True)
        return decode(answer["Item"]) if "Item" in answer else None

    def _batch(self, wanted: Sequence[Item]) -> Iterator[Item]:
        """Yield those of at most a hundred items that there are, read consistently."""
        keys = [encode(each) for each in wanted]
        while keys:
            answer = self.client.batch_get_item(
                RequestItems={self.table: {"Keys": keys, "ConsistentRead": True}}
            )
            yield from map(decode, answer["Responses"].get(self.table, []))
            left: Any = answer.get("UnprocessedKeys", {}).get(self.table, {})
            keys = left.get("Keys", [])

    def _query(self, **arguments: Any) -> Iterator[Item]:
        return items(self.client.query, TableName=self.table, **arguments)


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
