"""What the ledger's table shows to questions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any, Self

from services.data_watcher.adapters import items
from services.data_watcher.domain.activity import SiteActivity
from services.data_watcher.domain.configuration import ConfigRecord
from services.data_watcher.domain.suspicion import SiteSuspicions
from services.data_watcher.domain.versions import State
from services.data_watcher.ports import Filed, Wanted
from shared import layout
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
        self, wanted: Wanted, limit: int, after: str | None, reads: int | None
    ) -> tuple[list[Filed], str | None]:
        """Return at most `limit` versions after a token, and the token of the next page, if any follows."""
        only, values = _only(wanted)
        read: Callable[..., Any] = self.store.client.query
        key: tuple[str, ...] = items.KEY
        if wanted.site_id is not None:
            where: dict[str, Any] = {"where": "site_id = :site"}
            values[":site"] = wanted.site_id
        elif wanted.state in items.FOUND_BY_STATE and self._is_state_indexed():
            where = {"where": "attention = :state", "index": items.INDEX, "newest_first": True}
            key = items.INDEX_KEY
            if wanted == Wanted(state=wanted.state):  # so that nearly all that is read is shown
                where["limit"] = limit + 1
        else:
            read, where = self.store.client.scan, {}
        found = self.store.batches(
            read, **where, only=only, values=values, after=opened(after, key)
        )
        page, following = self.store.page_of(found, limit, reads, key)
        return [_filed(each) for each in page], following

    def files(self, site_id: str | None) -> Iterator[Filed]:
        """Yield every version."""
        return map(_filed, self._items(site_id))

    def states(self, site_id: str | None) -> Iterator[tuple[str, State, bool]]:
        """Yield site and state of every version, and whether S3 is to list it."""
        for each in self._items(site_id):
            state = State(each["state"])
            yield each["site_id"], state, state is not State.REMOVED or each.get("is_kept", False)

    def tally(self, site_id: str) -> Iterator[tuple[State, bool]]:
        """Yield the state of every version of a site, and whether it is open: refused and not dismissed."""
        for each in self._items(site_id):
            state = State(each["state"])
            yield state, state is State.QUARANTINED and each.get("dismissed") is None

    def open_by_site(self) -> dict[str, int] | None:
        """Count the files of each site that are refused and not dismissed; None while that is unknown."""
        if not self._is_state_indexed():
            return None
        found = self.store.query(
            "attention = :refused",
            {":refused": State.QUARANTINED.value},
            only="attribute_not_exists(dismissed)",
            index=items.INDEX,
            show="site_id",
        )
        return dict(Counter(each["site_id"] for each in found))

    def configs(self, name: str | None = None) -> Iterator[ConfigRecord]:
        """Yield what became of each YAML file, or of those of one site or model."""
        if name is None:
            found = self.store.query("site_id = :configs", {":configs": items.CONFIG_PARTITION})
        else:
            keys = (layout.model_config(name), layout.site_config(name))
            found = self._named(items.CONFIG_PARTITION, *keys)
        return (items.config_record(each["item"], each) for each in found)

    def suspicions(self, site_id: str | None = None) -> Iterator[SiteSuspicions]:
        """Yield what is known of each site that ever had a suspect source, or of one site."""
        if site_id is None:
            found = self.store.query("site_id = :all", {":all": items.SUSPICIONS_PARTITION})
        else:
            found = self._named(items.SUSPICIONS_PARTITION, site_id)
        return (items.suspicions(each["item"], each) for each in found)

    def activities(self, site_id: str | None = None) -> Iterator[SiteActivity]:
        """Yield every site that ever uploaded, or one, with its last upload to within `GRAIN`."""
        if site_id is None:
            found = self.store.query("site_id = :sites", {":sites": items.SITES_PARTITION})
        else:
            found = self._named(items.SITES_PARTITION, site_id)
        return items.site_activities(found)

    def _is_state_indexed(self) -> bool:
        return self.store.item(**items.ALL_IN_INDEX) is not None

    def _named(self, partition: str, *names: str) -> Iterator[Item]:
        found = (self.store.item(site_id=partition, item=each) for each in names)
        return (each for each in found if each is not None)

    def _items(self, site_id: str | None) -> Iterator[Item]:
        only, values = _only(Wanted(site_id))
        if site_id is None:
            return self.store.scan(only=only, values=values)
        return self.store.query("site_id = :site", {**values, ":site": site_id}, only=only)


def _only(wanted: Wanted) -> tuple[str, Item]:
    """Return the filter that leaves the versions that are wanted, and its values."""
    only = ["attribute_exists(#key)", "attribute_exists(version_id)"]
    values: Item = {}
    if wanted.state is not None:
        only.append("#state = :state")
        values[":state"] = wanted.state.value
    if wanted.reason_code is not None:
        only.append("reason_code = :code")
        values[":code"] = wanted.reason_code
    if wanted.contains is not None:
        only.append("contains(#key, :part)")
        values[":part"] = wanted.contains
    if wanted.since is not None:
        only.append("uploaded_at >= :since")
        values[":since"] = wanted.since.astimezone(UTC).isoformat()
    if wanted.begin is not None:
        only.append("(window_end > :begin OR covers[1] > :begin)")
        values[":begin"] = wanted.begin.astimezone(UTC).isoformat()
    if wanted.end is not None:
        only.append("(window_start < :end OR covers[0] < :end)")
        values[":end"] = wanted.end.astimezone(UTC).isoformat()
    return " AND ".join(only), values


def _filed(item: Item) -> Filed:
    return Filed(item["site_id"], item["key"], items.file_version(item))
