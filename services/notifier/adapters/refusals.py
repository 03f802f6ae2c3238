"""Refused files and their cases, in the notices' table: `refused#<key>` and `case#<site>|<code>`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.notifier.adapters.items import KEPT
from services.notifier.domain.refusals import Case, Refusal
from shared.clock import utc_now
from shared.layout import raw_site
from shared.store import Item, Store, Write, guarded


@dataclass(frozen=True, slots=True)
class DynamoRefusals:
    """Implements the port `Refusals`."""

    store: Store

    def find(self, key: str) -> Refusal | None:
        """Return what is known of a refused file; None where it was not refused, or is settled."""
        item = self.store.item(**_refused(key))
        if item is None:
            return None
        return Refusal(
            key=key,
            site=item.get("site", raw_site(key)),  # earlier versions did not keep it
            code=item["code"],
            at=datetime.fromisoformat(item["refused_at"]),
            ended=item.get("ended", ""),
            revision=item.get("revision", 0),
        )

    def case(self, site: str, code: str) -> Case:
        """Return the case of a site and a reason; a new one where there is none."""
        item = self.store.item(**_case(site, code)) or {}
        return Case(
            site, code, item.get("refused", 0), item.get("ends", {}), item.get("revision", 0)
        )

    def keep(self, refusal: Refusal, *cases: Case) -> bool:
        """Keep a refusal and its cases, or change nothing; False where somebody changed one meanwhile."""
        expires = int((max(refusal.at, utc_now()) + KEPT).timestamp())
        kept = {
            **_refused(refusal.key),
            "site": refusal.site,
            "code": refusal.code,
            "refused_at": refusal.at.isoformat(),
            "ended": refusal.ended,
            "expires_at": expires,
        }
        written = [
            {
                **_case(each.site, each.code),
                "refused": each.refused,
                "ends": dict(each.ends),
                "expires_at": expires,
            }
            for each in cases
        ]
        return self.store.transact(
            self._saving(kept, refusal.revision),
            *(self._saving(item, case.revision) for item, case in zip(written, cases, strict=True)),
        )

    def forget(self, key: str) -> None:
        """Note that people know what became of a file; one that was refused anew meanwhile stays."""
        self.store.transact(self.store.deleting_if(_refused(key), "ended <> :not", **{"not": ""}))

    def _saving(self, item: Item, revision: int) -> Write:
        values = {"revision": revision} if revision else {}
        return self.store.putting(item | {"revision": revision + 1}, guarded(revision), **values)


def _refused(key: str) -> Item:
    return {"notice_id": f"refused#{key}"}


def _case(site: str, code: str) -> Item:
    return {"notice_id": f"case#{site}|{code}"}
