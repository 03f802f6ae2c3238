"""What the ledger's table shows to questions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from services.data_watcher.adapters import items
from services.data_watcher.domain.activity import SiteActivity
from services.data_watcher.domain.configuration import ConfigRecord
from services.data_watcher.domain.suspicion import SiteSuspicions
from services.data_watcher.domain.versions import State
from services.data_watcher.ports import Filed
from shared.store import Item, Store, opened

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class DynamoView:
    """Implements the port `LedgerView`."""

    store: Store

    @classmethod
    def of(cls, client: DynamoDBClient, table: str) -> Self:
        """Return the view of a table by its name."""
        return cls(Store(client, table, items.KEY))

    def page(
        self, site_id: str | None, state: State | None, limit: int, after: str | None
    ) -> tuple[list[Filed], str | None]:
        """Return at most `limit` versions after a token, and the token of the next page, if any follows."""
        found = self._items(site_id, state, opened(after, items.KEY))
        page, following = self.store.page(found, limit)
        return [_filed(each) for each in page], following

    def files(self, site_id: str | None) -> Iterator[Filed]:
        """Yield every version."""
        return map(_filed, self._items(site_id))

    def states(self, site_id: str | None) -> Iterator[tuple[str, State, bool]]:
        """Yield site and state of every version, and whether S3 is to list it."""
        for each in self._items(site_id):
            state = State(each["state"])
            yield each["site_id"], state, state is not State.REMOVED or each.get("is_kept", False)

    def configs(self) -> Iterator[ConfigRecord]:
        """Yield what became of each YAML file."""
        found = self.store.query("site_id = :configs", {":configs": items.CONFIG_PARTITION})
        return (items.config_record(each["item"], each) for each in found)

    def suspicions(self) -> Iterator[SiteSuspicions]:
        """Yield what is known of each site that ever had a suspect source."""
        found = self.store.query("site_id = :all", {":all": items.SUSPICIONS_PARTITION})
        return (items.suspicions(each["item"], each) for each in found)

    def activities(self) -> Iterator[SiteActivity]:
        """Yield every site that ever uploaded, with its last upload to within `GRAIN`."""
        found = self.store.query("site_id = :sites", {":sites": items.SITES_PARTITION})
        return items.site_activities(found)

    def _items(
        self, site_id: str | None, state: State | None = None, after: Item | None = None
    ) -> Iterator[Item]:
        only = "attribute_exists(#key) AND attribute_exists(version_id)"
        values: Item = {}
        if state is not None:
            only += " AND #state = :state"
            values[":state"] = state.value
        if site_id is None:
            return self.store.scan(only=only, values=values, after=after)
        values[":site"] = site_id
        return self.store.query("site_id = :site", values, only=only, after=after)


def _filed(item: Item) -> Filed:
    return Filed(item["site_id"], item["key"], items.file_version(item))
