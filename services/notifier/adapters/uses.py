"""Uses of acting links, in the notices' table: partition `link#<nonce>`.

One of which deployer was not asked yet is in the sparse index `by_window`, too, under `link`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.notifier.domain.links.grant import Grant
from services.notifier.domain.links.use import Use
from services.notifier.domain.offer import Verb
from shared.store import Item, Store

LEFT = "link"
_PREFIX = "link#"
KEPT = timedelta(days=400)  # who decided what is asked long after


@dataclass(frozen=True, slots=True)
class DynamoUses:
    """Implements the port `Uses`."""

    store: Store

    def find(self, nonce: str) -> Use | None:
        """Return the use of a link, if it was used."""
        item = self.store.item(**_key(nonce))
        return _use(item) if item else None

    def begin(self, use: Use, grant: Grant) -> Use:
        """Note a use before it takes effect; return the one that was there first, if there was one."""
        item = {
            **_key(use.nonce),
            "name": use.name,
            "reason": use.reason,
            "at": use.at.isoformat(),
            "is_done": False,
            "waiting": LEFT,
            "created_at": use.at.isoformat(),
            "verb": grant.verb.value,
            "about": dict(grant.about),
            "recipient": grant.recipient,
            "expires_at": int((use.at + KEPT).timestamp()),
        }
        if self.store.put(item, "attribute_not_exists(notice_id)"):
            return use
        return self.find(use.nonce) or replace(use)

    def finish(self, nonce: str) -> None:
        """Note that a use took effect."""
        self.store.update(_key(nonce), "SET is_done = :done REMOVE waiting", done=True)

    def left(self, before: datetime) -> Iterator[tuple[Grant, Use]]:
        """Yield what was begun before some time and took no effect, oldest first."""
        found = self.store.query(
            "waiting = :left AND created_at < :before",
            {":left": LEFT, ":before": before.isoformat()},
            index="by_window",
        )
        return ((_grant(item), _use(item)) for item in found)


def _use(item: Item) -> Use:
    at = datetime.fromisoformat(item["at"])
    nonce = item["notice_id"].removeprefix(_PREFIX)
    return Use(nonce, item["name"], item["reason"], at, is_done=bool(item["is_done"]))


def _grant(item: Item) -> Grant:
    """Return what the link granted; that it has ended meanwhile does not matter any more."""
    use = _use(item)
    return Grant(Verb(item["verb"]), item["about"], item["recipient"], use.at, use.nonce)


def _key(nonce: str) -> Item:
    return {"notice_id": f"{_PREFIX}{nonce}"}
