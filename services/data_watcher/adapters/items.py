"""The items of the ledger's table: one per object version, one head per key.

Partition `site_id`, sort key `item`: `<key>#<version_id>` for a version, `<key>#` for the key's head,
`content#<content>` in the partition `<site_id>#contents` for a register of contents, the key of the
YAML in the partition `(config)`, the names of all partitions with files in the partition `(sites)`, and what
is known of a site's suspect sources under its name in the partition `(suspicions)`.

The index `attention` holds the heads that wait (`open`) and, each under its state, the versions that people
look for among many: all but accepted ones, which are the bulk, and pending ones, which change at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, TypedDict

from services.data_watcher.domain import traits
from services.data_watcher.domain.activity import SiteActivity
from services.data_watcher.domain.configuration import ConfigRecord
from services.data_watcher.domain.records import ContentRecord, KeyRecord, Withdrawal
from services.data_watcher.domain.suspicion import SiteSuspicions, Suspicion
from services.data_watcher.domain.versions import (
    Accepted,
    CanonicalObject,
    Decision,
    Duplicate,
    Fault,
    FileVersion,
    Issues,
    Known,
    Pending,
    Quarantined,
    Released,
    Removed,
    RowSummary,
    State,
    Superseded,
    Upload,
)
from shared.store import Item

CONFIG_PARTITION = "(config)"
SITES_PARTITION = "(sites)"
SUSPICIONS_PARTITION = "(suspicions)"
LONGEST_PLAIN_KEY = 900  # a sort key has at most 1024 bytes; a version id needs some of them
KEY = ("site_id", "item")  # of the table
INDEX = "attention"
INDEX_KEY = ("attention", "since", *KEY)  # of an item in the index
OPEN = "open"
FOUND_BY_STATE = frozenset({State.QUARANTINED, State.DUPLICATE, State.SUPERSEDED, State.REMOVED})
# Stands once every version of an earlier release is in the index, too.
ALL_IN_INDEX = {"site_id": "(index)", "item": "states"}
_CONTENT = "content#"
_LAST = "\U0010ffff"
_SECOND = timedelta(seconds=1)


def contents_partition(site_id: str) -> str:
    """Return the partition of a site's registers of contents, apart from its files."""
    return f"{site_id}#contents"


def content_key(site_id: str, content: str) -> Item:
    """Return the key of a register of contents."""
    return {"site_id": contents_partition(site_id), "item": f"{_CONTENT}{content}"}


def content_of(item: Item) -> str:
    """Return the content of a register's item."""
    return str(item["item"].removeprefix(_CONTENT))


def site_key(site_id: str) -> Item:
    """Return the key of what is noted about a site."""
    return {"site_id": SITES_PARTITION, "item": site_id}


def prefix(key: str) -> str:
    """Return what the sort keys of a key's items begin with; an overlong key ends in its hash."""
    if not is_overlong(key):
        return f"{key}#"
    return f"{_start(key)}~{hashlib.sha256(key.encode()).hexdigest()}#"


def is_overlong(key: str) -> bool:
    """Whether a key does not fit into a sort key beside a version id."""
    return len(key.encode()) > LONGEST_PLAIN_KEY


def lower_bound(key: str) -> str:
    """Return a sort key before the items of all keys that follow a key; `''` is before all."""
    return (_start(key) if is_overlong(key) else key) or " "


def upper_bound(key: str | None) -> str:
    """Return a sort key after the items of all keys up to a key; None is after all."""
    if key is None:
        return _LAST
    return _start(key) + _LAST if is_overlong(key) else f"{key}#{_LAST}"


def _start(key: str) -> str:
    return key.encode()[: LONGEST_PLAIN_KEY - 65].decode(errors="ignore")


# --- files ------------------------------------------------------------------------------------------


def head_item(record: KeyRecord) -> Item:
    """Write a key's head."""
    return _lean(
        {
            "site_id": record.site_id,
            "item": prefix(record.key),
            "key": record.key,
            "revision": record.revision,
            "content": record.content,
            "withdrawals": {
                key: {"reason": each.reason, "revision": each.revision}
                for key, each in record.withdrawals.items()
            },
            "hints": sorted(record.hints),
            "settled": record.settled,
            "forecast": record.forecast or None,
        }
    )


def version_item(record: KeyRecord, version: FileVersion) -> Item:
    """Write one version of a key."""
    known, released = version.known, version.released
    canonical, fault, rows = known.canonical, known.fault, known.rows
    waiting = version if isinstance(version, Pending) else None
    return _lean(
        {
            "site_id": record.site_id,
            "item": prefix(record.key) + version.version_id,
            **place_in_index(version.state, _text(version.uploaded_at)),
            "key": record.key,
            "version_id": version.version_id,
            "state": version.state.value,
            "uploaded_at": _text(version.uploaded_at),
            "etag": version.upload.etag,
            "size": version.size,
            "changes": version.changes,
            "attempts": waiting.attempts if waiting else 0,
            "claimed_at": _text(waiting.claimed_at) if waiting else None,
            "reading": version.reading,
            "sha256": known.sha256,
            **(_canonical_item(canonical) if canonical else {}),
            "duplicate_of": version.of if isinstance(version, Duplicate) else None,
            "superseded_by": version.by if isinstance(version, Superseded) else None,
            "published_at": _text(version.published_at),
            **({"release_id": released.request_id, "released": released.why} if released else {}),
            "dismissed": decision_item(version.dismissed),
            "decision": decision_item(version.decision) if isinstance(version, Removed) else None,
            "is_kept": (isinstance(version, Removed) and version.is_kept) or None,
            **({"reason_code": fault.code, "reason": fault.reason} if fault else {}),
            **({"remedy": fault.remedy} if fault else {}),
            "covers": [_text(each) for each in fault.covers] if fault and fault.covers else None,
            **(_rows_item(rows) if rows else {}),
        }
    )


def place_in_index(state: State, uploaded_at: str | None) -> Item:
    """Write where the index has a version; nothing of a state by which nobody looks for files."""
    return {"attention": state.value, "since": uploaded_at} if state in FOUND_BY_STATE else {}


def _canonical_item(canonical: CanonicalObject) -> Item:
    return {
        "file_id": canonical.file_id,
        "canonical_key": canonical.key,
        "counts_from": _text(canonical.counts_from),
    }


def _rows_item(rows: RowSummary) -> Item:
    return {
        "rows": rows.count,
        "rows_masked": rows.masked,
        "masks": dict(rows.masks),
        "columns": list(rows.columns),
        "window_start": _text(rows.window_start),
        "window_end": _text(rows.window_end),
        **({"note": rows.note} if rows.note else {}),
        **({"traits": rows.traits.text()} if rows.traits else {}),
        **({"provider": rows.provider} if rows.provider else {}),
        **({"issues": _issues_item(rows.issues)} if rows.issues else {}),
    }


def _issues_item(issues: Issues) -> Item:
    return {
        "count": issues.count,
        "first": _text(issues.first),
        "last": _text(issues.last),
        "leads": [int(each / _SECOND) for each in (issues.shortest, issues.longest)],
    }


def _issues(item: Item | None) -> Issues | None:
    if not item:
        return None
    shortest, longest = (each * _SECOND for each in item["leads"])
    first, last = (datetime.fromisoformat(item[each]) for each in ("first", "last"))
    return Issues(item["count"], first, last, shortest, longest)


def key_record(site_id: str, key: str, items: Iterable[Item]) -> KeyRecord:
    """Read a key's record from its items, in any order."""
    versions: dict[str, FileVersion] = {}
    head: Item = {}
    for item in items:
        if "version_id" in item:
            versions[item["version_id"]] = file_version(item)
        else:
            head = item
    return KeyRecord(
        site_id=site_id,
        key=key,
        revision=head.get("revision", 0),
        versions=versions,
        content=head.get("content"),
        withdrawals={
            name: Withdrawal(each["reason"], each["revision"])
            for name, each in head.get("withdrawals", {}).items()
        },
        hints=frozenset(head.get("hints", ())),
        settled=head.get("settled", False),
        forecast=head.get("forecast", False),
    )


def file_version(item: Item) -> FileVersion:
    """Read one version."""
    known = _known(item)
    every = _Every(
        upload=Upload(
            item["version_id"],
            datetime.fromisoformat(item["uploaded_at"]),
            item.get("size", 0),
            item.get("etag"),
        ),
        changes=item.get("changes", 0),
        published_at=_time(item.get("published_at")),
        released=_released(item),
        dismissed=_decision(item.get("dismissed")),
    )
    match State(item["state"]):
        case State.PENDING:
            return Pending(
                **every,
                reading=item.get("reading", ""),
                attempts=item.get("attempts", 0),
                claimed_at=_time(item.get("claimed_at")),
                known=known,
            )
        case State.ACCEPTED:
            return Accepted(
                **every,
                reading=item["reading"],
                sha256=item["sha256"],
                canonical=_canonical(item),
                rows=_rows(item),
            )
        case State.QUARANTINED:
            fault = _fault(item)
            return Quarantined(**every, reading=item["reading"], fault=fault, sha256=known.sha256)
        case State.DUPLICATE:
            return Duplicate(
                **every,
                reading=item["reading"],
                of=item["duplicate_of"],
                sha256=item["sha256"],
                rows=known.rows,
            )
        case State.SUPERSEDED:
            by, reading = item.get("superseded_by"), item.get("reading")
            return Superseded(**every, by=by, reading=reading, known=known)
        case State.REMOVED:
            return Removed(
                **every,
                reading=item.get("reading"),
                known=known,
                decision=_decision(item.get("decision")),
                is_kept=item.get("is_kept", False),
            )


class _Every(TypedDict):
    """What a version has in every state."""

    upload: Upload
    changes: int
    published_at: datetime | None
    released: Released | None
    dismissed: Decision | None


def decision_item(decision: Decision | None) -> Item | None:
    """Write what a person decided."""
    if decision is None:
        return None
    return {
        "request_id": decision.request_id,
        "by": decision.by,
        "why": decision.why,
        "at": decision.at.isoformat(),
    }


def _decision(item: Item | None) -> Decision | None:
    if not item:
        return None
    return Decision(item["request_id"], item["by"], item["why"], datetime.fromisoformat(item["at"]))


def _known(item: Item) -> Known:
    return Known(
        sha256=item.get("sha256"),
        canonical=_canonical(item) if "canonical_key" in item else None,
        rows=_rows(item) if "rows" in item else None,
        fault=_fault(item) if "reason_code" in item else None,
    )


def _canonical(item: Item) -> CanonicalObject:
    return CanonicalObject(item["file_id"], item["canonical_key"], _time(item.get("counts_from")))


def _fault(item: Item) -> Fault:
    covers = None
    if "covers" in item:
        begin, end = map(datetime.fromisoformat, item["covers"])
        covers = begin, end
    return Fault(item["reason_code"], item["reason"], item["remedy"], covers)


def _released(item: Item) -> Released | None:
    return Released(item["release_id"], item["released"]) if "release_id" in item else None


def _rows(item: Item) -> RowSummary:
    return RowSummary(
        count=item["rows"],
        masked=item["rows_masked"],
        masks=item.get("masks", {}),
        columns=tuple(item["columns"]),
        window_start=datetime.fromisoformat(item["window_start"]),
        window_end=datetime.fromisoformat(item["window_end"]),
        note=item.get("note"),
        traits=traits.read(item.get("traits")),
        provider=item.get("provider", ""),
        issues=_issues(item.get("issues")),
    )


# --- registers of contents --------------------------------------------------------------------------


def content_item(record: ContentRecord) -> Item:
    """Write a register of contents."""
    return {
        **content_key(record.site_id, record.content),
        "revision": record.revision,
        "keys": sorted(record.keys),
    }


def content_record(site_id: str, content: str, item: Item | None) -> ContentRecord:
    """Read a register of contents; an empty one where there is no item."""
    if item is None:
        return ContentRecord(site_id, content)
    return ContentRecord(site_id, content, item["revision"], frozenset(item["keys"]))


# --- sites ------------------------------------------------------------------------------------------


def site_activities(found: Iterable[Item]) -> Iterator[SiteActivity]:
    """Read what is noted of each site's uploads; a site that only has forecasts has none."""
    for item in found:
        if "last_upload_at" in item:
            yield SiteActivity(
                item["item"],
                datetime.fromisoformat(item["last_upload_at"]),
                _time(item.get("silent_since")),
            )


def silence(since: datetime | None) -> str:
    """Write after which upload people were told that a site is silent; '' where they were not."""
    return since.isoformat() if since else ""


# --- suspicions -------------------------------------------------------------------------------------


def suspicions_key(site_id: str) -> Item:
    """Return the key of what is known of a site's suspect sources."""
    return {"site_id": SUSPICIONS_PARTITION, "item": site_id}


def suspicions_item(known: SiteSuspicions) -> Item:
    """Write what is known of a site's suspect sources."""
    return {
        **suspicions_key(known.site_id),
        "revision": known.revision,
        "sources": [_suspicion_item(each) for each in known.sources.values()],
    }


def _suspicion_item(suspicion: Suspicion) -> Item:
    return {
        "source": suspicion.source,
        "standing": suspicion.standing,
        "question": suspicion.question,
        "cause": suspicion.cause,
        "refused": suspicion.refused,
        "judged": suspicion.judged,
        "example": suspicion.example,
        "reason": suspicion.reason,
        "since": suspicion.since.isoformat(),
        "changes": suspicion.changes,
        "told": suspicion.told,
        "trusted": {name: decision_item(each) for name, each in suspicion.trusted.items()},
    }


def suspicions(site_id: str, item: Item | None) -> SiteSuspicions:
    """Read what is known of a site's suspect sources; nothing where there is no item."""
    if item is None or "revision" not in item:
        return SiteSuspicions(site_id)
    found = [_suspicion(each) for each in item["sources"]]
    return SiteSuspicions(site_id, item["revision"], {each.source: each for each in found})


def _suspicion(item: Item) -> Suspicion:
    trusted = {name: _decision(each) for name, each in item["trusted"].items()}
    return Suspicion(
        **{
            **item,
            "since": datetime.fromisoformat(item["since"]),
            "trusted": {name: each for name, each in trusted.items() if each},
        }
    )


# --- configuration ----------------------------------------------------------------------------------


def config_item(record: ConfigRecord) -> Item:
    """Write what became of a YAML file."""
    return _lean(
        {
            "site_id": CONFIG_PARTITION,
            "item": record.key,
            "revision": record.revision,
            "version_id": record.version_id,
            "uploaded_at": _text(record.uploaded_at),
            "state": record.state,
            "line": record.line,
            "reason": record.reason,
            "config_version": record.config_version,
            "in_force": record.in_force,
            "changes": record.changes,
            "settled": record.settled,
        }
    )


def config_record(key: str, item: Item | None) -> ConfigRecord:
    """Read what became of a YAML file; a new record where there is no item."""
    if item is None:
        return ConfigRecord(key)
    return ConfigRecord(
        key=key,
        revision=item["revision"],
        version_id=item.get("version_id"),
        uploaded_at=_time(item.get("uploaded_at")),
        state=item["state"],
        line=item.get("line"),
        reason=item.get("reason"),
        config_version=item.get("config_version"),
        in_force=item.get("in_force"),
        changes=item["changes"],
        settled=item["settled"],
    )


def _lean(item: Mapping[str, Any]) -> Item:
    return {name: value for name, value in item.items() if value not in (None, "", [], {})}


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
