"""What this service remembers, in its DynamoDB table: one partition per model.

item = state               the deployment in progress
item = log#<start>#<event> the deployment log, append-only
item = request#<id>        which versions a person's request does not want
item = lease               which worker acts on the model, and until when
item = hold                what a person decided about what serves
item = setback             what AWS could not do, and when it is asked again
item = serving             who serves by a function, and what is tested beside what serves
item = inquiry             which real rows a new version is asked for, and what the champion said to them
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Self

from pydantic import TypeAdapter

from services.deployer.domain.deployment import Hold, InProgress, LogEntry, Setback
from services.deployer.domain.real_rows import Inquiry
from services.deployer.domain.serving import Serving
from shared.store import Item, Store

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEY = ("model_id", "item")
_NEW = "attribute_not_exists(#item)"
_PROGRESS = TypeAdapter(InProgress)
_ENTRY = TypeAdapter(LogEntry)
_HOLD = TypeAdapter(Hold)
_SETBACK = TypeAdapter(Setback)
_INQUIRY = TypeAdapter(Inquiry)
_SERVING = TypeAdapter(Serving)


@dataclass(frozen=True, slots=True)
class DynamoMemory:
    """Implements the ports `Progress`, `Log`, `Requests`, and the other memories of `ports`."""

    store: Store

    @classmethod
    def of(cls, client: DynamoDBClient, table: str) -> Self:
        """Remember in a table."""
        return cls(Store(client, table, _KEY))

    def in_progress(self, model_id: str) -> InProgress | None:
        """Return the deployment that was begun and has not ended."""
        item = self.store.item(**_state(model_id)) or {}
        if "progress" not in item:
            return None
        begun = _PROGRESS.validate_json(item["progress"])
        called = item.get("taken", False)
        return replace(begun, called=called)

    def begin(self, model_id: str, progress: InProgress) -> bool:
        """Begin a deployment, unless one is on its way at AWS; False then."""
        return self.store.update(
            _state(model_id),
            "SET progress = :progress, taken = :no",
            "attribute_not_exists(progress) OR taken = :no",
            progress=_begun(progress),
            no=False,
        )

    def mark_called(self, model_id: str, progress: InProgress) -> None:
        """Remember that AWS took the request."""
        self.store.update(
            _state(model_id),
            "SET taken = :yes",
            "progress = :progress",
            yes=True,
            progress=_begun(progress),
        )

    def finish(self, model_id: str, progress: InProgress) -> None:
        """End a deployment; one that has ended, or another one, is left alone."""
        self.store.update(
            _state(model_id),
            "REMOVE progress, taken",
            "progress = :progress",
            progress=_begun(progress),
        )

    def take(self, model_id: str, owner: str, now: datetime, until: datetime) -> bool:
        """Take the lease of a model; False where another worker has it."""
        return self.store.put(
            {**_key(model_id, "lease"), "owner": owner, "until": until.isoformat()},
            "attribute_not_exists(#item) OR #until < :now",
            now=now.isoformat(),
        )

    def give_back(self, model_id: str, owner: str) -> None:
        """Give a lease back; one that another worker has by now is left alone."""
        self.store.update(
            _key(model_id, "lease"), "SET #until = :past", "#owner = :owner", past="", owner=owner
        )

    def hold(self, model_id: str) -> Hold | None:
        """Return what a person decided about what serves, unless that was ended."""
        item = self.store.item(**_key(model_id, "hold")) or {}
        return _HOLD.validate_json(item["body"]) if item.get("body") else None

    def holds(self, models: Iterable[str]) -> dict[str, Hold]:
        """Return the same of many models; those that nobody holds are left out."""
        found = self.store.some([_key(each, "hold") for each in models])
        return {
            item["model_id"]: _HOLD.validate_json(item["body"])
            for item in sorted(found, key=lambda each: str(each["model_id"]))
            if item.get("body")
        }

    def put_hold(self, model_id: str, hold: Hold) -> None:
        """Hold a model."""
        self.store.put({**_key(model_id, "hold"), "body": _HOLD.dump_json(hold).decode()})

    def end_hold(self, model_id: str) -> None:
        """Let versions be deployed by themselves again."""
        self.store.put({**_key(model_id, "hold"), "body": ""})

    def setback(self, model_id: str) -> Setback | None:
        """Return what AWS could not do last, unless something succeeded since."""
        item = self.store.item(**_key(model_id, "setback")) or {}
        return _SETBACK.validate_json(item["body"]) if item.get("body") else None

    def remember(self, model_id: str, setback: Setback) -> None:
        """Remember what AWS could not do."""
        body = _SETBACK.dump_json(setback).decode()
        self.store.put({**_key(model_id, "setback"), "body": body})

    def forget(self, model_id: str) -> None:
        """Forget it: something succeeded."""
        self.store.put({**_key(model_id, "setback"), "body": ""})

    def serving(self, model_id: str) -> Serving:
        """Return what is written down of who serves a model."""
        item = self.store.item(**_key(model_id, "serving"))
        return _SERVING.validate_json(item["body"]) if item else Serving()

    def keep_serving(self, model_id: str, serving: Serving) -> None:
        """Write down who serves a model, as one write."""
        body = _SERVING.dump_json(serving).decode()
        self.store.put({**_key(model_id, "serving"), "body": body})

    def inquiry(self, model_id: str) -> Inquiry | None:
        """Return what is asked of the version that is being deployed, or was deployed last."""
        item = self.store.item(**_key(model_id, "inquiry"))
        return _INQUIRY.validate_json(item["body"]) if item else None

    def keep(self, model_id: str, inquiry: Inquiry) -> None:
        """Keep what is asked; the last writer wins."""
        body = _INQUIRY.dump_json(inquiry).decode()
        self.store.put({**_key(model_id, "inquiry"), "body": body})

    def append(self, model_id: str, key: str, entry: LogEntry) -> None:
        """Append to the deployment log; a repeat changes nothing."""
        body = _ENTRY.dump_json(entry).decode()
        self.store.put({**_key(model_id, f"log#{key}"), "body": body}, _NEW)

    def log(self, model_id: str) -> tuple[LogEntry, ...]:
        """Return the deployment log, oldest first."""
        found = self.store.query(
            "model_id = :model AND begins_with(#item, :log)", {":model": model_id, ":log": "log#"}
        )
        entries = (_ENTRY.validate_json(item["body"]) for item in found)
        return tuple(sorted(entries, key=lambda entry: entry.at))

    def models(self) -> set[str]:
        """Return the models that were ever deployed."""
        return {item["model_id"] for item in self.store.scan(show="model_id")}

    def settle(self, model_id: str, request_id: str, unwanted: tuple[int, ...]) -> tuple[int, ...]:
        """Keep which versions a request does not want; a repeat gets what was kept the first time."""
        key = _key(model_id, f"request#{request_id}")
        if self.store.put({**key, "unwanted": json.dumps(unwanted)}, _NEW):
            return unwanted
        kept = self.store.item(**key) or {"unwanted": "[]"}
        return tuple(json.loads(kept["unwanted"]))


def _begun(progress: InProgress) -> str:
    """Return the bytes under which a deployment was begun, when AWS was not called yet."""
    # A field that is not used is not written: a deployment of an earlier release is the same bytes.
    unused = {name for name in ("ignores", "configuration") if not getattr(progress, name)}
    return _PROGRESS.dump_json(replace(progress, called=False), exclude=unused).decode()


def _state(model_id: str) -> Item:
    return _key(model_id, "state")


def _key(model_id: str, item: str) -> Item:
    return {"model_id": model_id, "item": item}
