"""Uses of acting links, in the notices' table: partition `link#<nonce>`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.notifier.domain.links.grant import Grant
from services.notifier.domain.links.use import Use
from shared.store import Item, Store

KEPT = timedelta(days=400)  # who decided what is asked long after


@dataclass(frozen=True, slots=True)
class DynamoUses:
    """Implements the port `Uses`."""

    store: Store

    def find(self, nonce: str) -> Use | None:
        """Return the use of a link, if it was used."""
        item = self.store.item(**_key(nonce))
        if not item:
            return None
        at = datetime.fromisoformat(item["at"])
        return Use(nonce, item["name"], item["reason"], at, is_done=bool(item["is_done"]))

    def begin(self, use: Use, grant: Grant) -> Use:
        """Note a use before it takes effect; return the one that was there first, if there was one."""
        item = {
            **_key(use.nonce),
            "name": use.name,
            "reason": use.reason,
            "at": use.at.isoformat(),
            "is_done": False,
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
        self.store.update(_key(nonce), "SET is_done = :done", done=True)


def _key(nonce: str) -> Item:
    return {"notice_id": f"link#{nonce}"}
