"""Notices, their entries and groups as items of the table."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from services.notifier.domain.grouping import Group
from services.notifier.domain.notice import Delivery, Entry, Notice, Severity, Standing
from services.notifier.domain.offer import Offer, Verb
from shared.store import Item

SHELF = "notices"
UNSENT, GROUP, STORY = "yes", "group", "story"  # what waits, in the index `by_window`
KEPT = timedelta(days=90)
_TEXTS = ("cause", "thing", "several", "remedy", "model", "site")
_MARKS = ("quiet", "outcome", "on_board")
_NUMBERS = ("tells_so_far",)


def notice_item(notice: Notice) -> Item:
    """Write a notice, without what is empty."""
    item: Item = {
        "notice_id": notice.id,
        "kind": notice.kind,
        "severity": notice.severity.name.lower(),
        "subject": notice.subject,
        "lines": list(notice.lines),
        "facts": [list(each) for each in notice.facts],
        "happened_at": notice.happened_at.isoformat(),
    }
    item |= {name: text for name in _TEXTS if (text := getattr(notice, name))}
    item |= {name: True for name in _MARKS if getattr(notice, name)}
    item |= {name: number for name in _NUMBERS if (number := getattr(notice, name))}
    if notice.offers:
        item["offers"] = [
            {"verb": each.verb.value, "label": each.label, "about": dict(each.about)}
            for each in notice.offers
        ]
    return item


def read_notice(item: Item) -> Notice:
    """Read a notice."""
    return Notice(
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
        **{name: item[name] for name in (*_TEXTS, *_MARKS, *_NUMBERS) if name in item},
    )


def entry_item(entry: Entry) -> Item:
    """Write an entry; what is still to be sent is found by an index."""
    item = notice_item(entry.notice) | {
        "shelf": SHELF,
        "created_at": entry.created_at.isoformat(),
        "standing": entry.standing.value,
        "expires_at": int((entry.created_at + KEPT).timestamp()),
    }
    if entry.standing is Standing.SENDING:
        item["waiting"] = UNSENT
    for name, value in (
        ("told_with", entry.group),
        ("message", entry.message),
        ("only", entry.only),
        ("spares", entry.spares),
    ):
        if value:
            item[name] = value
    if entry.includes:
        item["includes"] = list(entry.includes)
    for recipient, delivery in entry.deliveries.items():
        item |= delivery_item(recipient, delivery)
    return item


def read_entry(item: Item) -> Entry:
    """Read an entry, also one that an earlier version wrote."""
    known = {
        name.removesuffix(suffix) for name in item for suffix in _SUFFIXES if name.endswith(suffix)
    }
    return Entry(
        notice=read_notice(item),
        standing=Standing(item["standing"]),
        created_at=datetime.fromisoformat(item["created_at"]),
        group=item.get("told_with", ""),
        includes=tuple(item.get("includes", ())),
        message=item.get("message", ""),
        deliveries={name.replace("_", "-"): _read_delivery(item, name) for name in sorted(known)},
        only=item.get("only", ""),
        spares=item.get("spares", ""),
        reopened_at=_moment(item, "reopened_at"),
    )


# --- deliveries: a few attributes for each recipient ------------------------------------------------

SENT_AT, NEXT_TRY, TRIES, GAVE_UP = "_sent_at", "_next_try", "_tries", "_gave_up_at"
WHY, LEASE = "_why", "_lease"
_SUFFIXES = (SENT_AT, NEXT_TRY, GAVE_UP)


def attribute(recipient: str, suffix: str) -> str:
    """Return the attribute that holds something about a recipient; names have no underscore."""
    return f"{recipient.replace('-', '_')}{suffix}"


def delivery_item(recipient: str, delivery: Delivery) -> Item:
    """Write what became of a notice for a recipient."""
    values: dict[str, Any] = {
        SENT_AT: delivery.sent_at.isoformat() if delivery.sent_at else None,
        NEXT_TRY: delivery.next_try.isoformat() if delivery.next_try else None,
        TRIES: delivery.tries or None,
        GAVE_UP: delivery.gave_up_at.isoformat() if delivery.gave_up_at else None,
        WHY: delivery.why or None,
    }
    return {
        attribute(recipient, suffix): value for suffix, value in values.items() if value is not None
    }


def _read_delivery(item: Item, name: str) -> Delivery:
    return Delivery(
        sent_at=_moment(item, f"{name}{SENT_AT}"),
        next_try=_moment(item, f"{name}{NEXT_TRY}"),
        tries=item.get(f"{name}{TRIES}", 0),
        gave_up_at=_moment(item, f"{name}{GAVE_UP}"),
        why=item.get(f"{name}{WHY}", ""),
    )


def _moment(item: Item, name: str) -> datetime | None:
    return datetime.fromisoformat(item[name]) if name in item else None


# --- groups ------------------------------------------------------------------------------------------


def group_key(cause: str) -> str:
    """Return what the open group of a cause is called in the table."""
    return f"group#{cause}"


def group_item(group: Group) -> Item:
    """Write the group as it is after a change."""
    return {
        "notice_id": group_key(group.cause),
        "waiting": GROUP,
        "created_at": group.opened_at.isoformat(),
        "cause": group.cause,
        "last_at": group.last_at.isoformat(),
        "arrivals": group.count,
        "first": notice_item(group.first),
        "names": list(group.names),
        "revision": group.revision + 1,
        "wide": group.wide,
        "expires_at": int((group.opened_at + KEPT).timestamp()),
    }


def read_group(item: Item) -> Group:
    """Read a group."""
    return replace(
        Group.of(
            item["cause"], read_notice(item["first"]), datetime.fromisoformat(item["created_at"])
        ),
        last_at=datetime.fromisoformat(item["last_at"]),
        count=item["arrivals"],
        names=tuple(item["names"]),
        revision=item["revision"],
        wide=item["wide"],
    )
