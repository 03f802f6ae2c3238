"""What this service remembers, in its DynamoDB table: one partition per model.

item = state              the run in flight, a person's request, the armed evaluation, the last decision,
                          what serves while a person holds the model
item = file#<file_id>     a canonical file and when it was first heard of
item = run#<run_id>       a run
item = decision#<time>    a decision whose outcome or reasons differ from the one before

The partition `#account` (no model can be named so) holds the runs in flight in the whole account, and
who waits for a place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from pydantic import TypeAdapter

from services.trainer_trigger.domain.decision import Decision
from services.trainer_trigger.domain.model_state import (
    InFlight,
    KnownFile,
    ModelNotes,
    Places,
    Request,
)
from services.trainer_trigger.domain.run import Run
from shared.dataset import DatasetFile
from shared.ids import content_id
from shared.store import Item, Store, Write

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEY = ("model_id", "item")
_ACCOUNT, _SLOTS = "#account", "slots"
_NEW = "attribute_not_exists(#item)"


@cache
def as_json_of(kind: type[Any]) -> TypeAdapter[Any]:
    """Return what reads and writes a dataclass as JSON; made at first use, for few messages need all."""
    return TypeAdapter(kind)


@dataclass(frozen=True, slots=True)
class DynamoMemory:
    """Implements the port `Memory`; every write is conditional or can be repeated."""

    store: Store

    @classmethod
    def of(cls, client: DynamoDBClient, table: str) -> Self:
        """Remember in a table."""
        return cls(Store(client, table, _KEY))

    # --- files ------------------------------------------------------------------------------------

    def files(self, model_id: str) -> tuple[KnownFile, ...]:
        """Return the files of a model in the order in which later ones win."""
        read = as_json_of(KnownFile).validate_json
        found = [read(item["body"]) for item in self._all(model_id, "file#")]
        return tuple(sorted(found, key=lambda each: (each.file.uploaded_at, each.file.file_id)))

    def add_file(self, model_id: str, file: DatasetFile, now: datetime) -> None:
        """Remember a file with the time it was first heard of; a repeat keeps that time."""
        body = _text(KnownFile(file, now))
        self.store.put({**_key(model_id, f"file#{file.file_id}"), "body": body}, _NEW)

    def remove_file(self, model_id: str, file_id: str) -> None:
        """Forget a file; forgetting an unknown one is success."""
        self.store.delete(**_key(model_id, f"file#{file_id}"))

    # --- notes ------------------------------------------------------------------------------------

    def notes(self, model_id: str) -> ModelNotes:
        """Return the run that has not ended, and what a person asked for and did not get yet."""
        item = self._state(model_id)
        flying, asked, armed = item.get("in_flight"), item.get("asked"), item.get("armed_until")
        return ModelNotes(
            as_json_of(InFlight).validate_json(flying) if flying else None,
            as_json_of(Request).validate_json(asked) if asked else None,
            item.get("degraded"),
            datetime.fromisoformat(armed) if armed else None,
            int(item.get("held_serves", 0)) or None,
        )

    def set_request(self, model_id: str, request: Request) -> None:
        """Remember a person's request; the newest wins."""
        self.store.update(_key(model_id, "state"), "SET asked = :asked", asked=_text(request))

    def set_degraded(self, model_id: str, reason: str) -> None:
        """Remember that the served model does worse than promised; the next run answers it."""
        self.store.update(_key(model_id, "state"), "SET degraded = :reason", reason=reason)

    def set_held(self, model_id: str, serves: int | None, at: datetime) -> None:
        """Remember what serves while a person holds the model, None once it is released; the latest wins."""
        self.store.update(
            _key(model_id, "state"),
            "SET held_serves = :serves, held_at = :at",
            "attribute_not_exists(held_at) OR held_at < :at",
            serves=serves or 0,
            at=at.astimezone(UTC).isoformat(timespec="microseconds"),
        )

    def drop_degraded(self, model_id: str, begins_with: str) -> None:
        """Forget it, unless it is about another site."""
        self.store.update(
            _key(model_id, "state"),
            "REMOVE degraded",
            "begins_with(degraded, :begin)",
            begin=begins_with,
        )

    def drop_request(self, model_id: str) -> None:
        """Forget a person's request, because it is answered."""
        self.store.update(_key(model_id, "state"), "REMOVE asked")

    def arm(self, model_id: str, now: datetime, until: datetime) -> bool:
        """Claim the one armed evaluation of a model; False where one as early is armed already."""
        return self.store.update(
            _key(model_id, "state"),
            "SET armed_until = :until",
            "attribute_not_exists(armed_until) OR armed_until < :now OR armed_until > :until",
            until=until.isoformat(),
            now=now.isoformat(),
        )

    def disarm(self, model_id: str) -> None:
        """Let the next message arm an evaluation."""
        self.store.update(_key(model_id, "state"), "REMOVE armed_until")

    # --- the account --------------------------------------------------------------------------------

    def places(self) -> Places:
        """Return how many runs are in flight, and which models wait for a place, longest first."""
        slots = self.store.item(**_key(_ACCOUNT, _SLOTS)) or {}
        waiting = sorted(self._all(_ACCOUNT, "queue#"), key=lambda item: str(item["since"]))
        return Places(
            running=len(slots.get("runs", ())),
            waiting=tuple(item["item"].removeprefix("queue#") for item in waiting),
        )

    def enqueue(self, model_id: str, since: datetime) -> None:
        """Let a model wait for a place; one that waits already keeps its place."""
        place = _key(_ACCOUNT, f"queue#{model_id}")
        self.store.put({**place, "since": since.isoformat()}, _NEW)

    def dequeue(self, model_id: str) -> None:
        """Let a model wait no longer."""
        self.store.delete(**_key(_ACCOUNT, f"queue#{model_id}"))

    # --- runs -------------------------------------------------------------------------------------

    def open_run(self, run: Run, maximum_runs: int) -> bool:
        """Open a run if the model has none in flight and the account a place; its request is answered."""
        return self.store.transact(
            self.store.putting(_run_item(run), _NEW),
            self._claim_of_the_model(run),
            self._claim_of_a_place(run, maximum_runs),
            self.store.deleting(**_key(_ACCOUNT, f"queue#{run.model_id}")),
        )

    def _claim_of_the_model(self, run: Run) -> Write:
        return self.store.updating(
            _key(run.model_id, "state"),
            "SET in_flight = :flying, in_flight_run = :run REMOVE asked, degraded",
            "attribute_not_exists(in_flight_run)",
            flying=_text(InFlight(run.run_id, run.started_at, run.deadline)),
            run=run.run_id,
        )

    def _claim_of_a_place(self, run: Run, maximum_runs: int) -> Write:
        return self.store.updating(
            _key(_ACCOUNT, _SLOTS),
            "ADD runs :one",
            "attribute_not_exists(runs) OR size(runs) < :most",
            one={run.run_id},
            most=maximum_runs,
        )

    def mark_started(self, run: Run) -> None:
        """Remember that a run's sequence was started and announced."""
        self.store.update(_key(run.model_id, f"run#{run.run_id}"), "SET started = :yes", yes=True)

    def close_run(self, run: Run) -> None:
        """End a run, free its model and its place; repeatable, and what is ended stays as it ended."""
        ended = {**_run_item(run), "started": True}
        self.store.put(ended, "#status = :running", running="running")
        self.store.update(
            _key(run.model_id, "state"),
            "REMOVE in_flight, in_flight_run",
            "in_flight_run = :run",
            run=run.run_id,
        )
        self.store.update(_key(_ACCOUNT, _SLOTS), "DELETE runs :one", one={run.run_id})

    def run(self, model_id: str, run_id: str) -> Run | None:
        """Return a run."""
        item = self.store.item(**_key(model_id, f"run#{run_id}"))
        return _run(item) if item else None

    def runs(self, model_id: str) -> tuple[Run, ...]:
        """Return a model's runs, oldest first."""
        found = [_run(item) for item in self._all(model_id, "run#")]
        return tuple(sorted(found, key=lambda run: run.started_at))

    def some_runs(
        self, model_id: str, limit: int, after: str
    ) -> tuple[tuple[Run, ...], str | None]:
        """Return runs behind one by their names, and the last one's name where more follow."""
        start = _key(model_id, f"run#{after}") if after else None
        found = list(self._all(model_id, "run#", start, limit + 1))
        runs = tuple(_run(item) for item in found[:limit])
        return runs, runs[-1].run_id if len(found) > limit else None

    # --- decisions ----------------------------------------------------------------------------------

    def record(
        self, model_id: str, decision: Decision, inputs: dict[str, Any], now: datetime
    ) -> None:
        """Keep a decision whose outcome or reasons differ from the last one's, with what it was made of."""
        # A person's request is always answered, even if the answer is what was decided before.
        fingerprint = content_id(decision.outcome, decision.reasons, inputs.get("requested_at"))
        if self._state(model_id).get("decision") == fingerprint:
            return
        body = {"at": now, **asdict(decision), "inputs": inputs}
        kept = {**_key(model_id, f"decision#{now.isoformat()}")}
        self.store.put({**kept, "body": json.dumps(body, default=_spell)})
        # Last: who dies before this keeps the decision twice, and not never.
        self.store.update(_key(model_id, "state"), "SET decision = :last", last=fingerprint)

    def decisions(
        self, model_id: str, limit: int, until: datetime | None = None
    ) -> list[dict[str, Any]]:
        """Return a model's recorded decisions until a time, newest first."""
        last = until.isoformat() if until else "~"
        found = self.store.query(
            "model_id = :model AND #item BETWEEN :first AND :last",
            {":model": model_id, ":first": "decision#", ":last": f"decision#{last}"},
            limit=limit,
            newest_first=True,
            one_read=True,  # an answer must fit into what Lambda returns
        )
        return [json.loads(item["body"]) for item in found]

    def _state(self, model_id: str) -> Item:
        return self.store.item(**_key(model_id, "state")) or {}

    def _all(
        self, model_id: str, prefix: str, after: Item | None = None, limit: int | None = None
    ) -> Iterator[Item]:
        """Yield the items of a partition whose names begin so, as of now."""
        return self.store.query(
            "model_id = :model AND begins_with(#item, :prefix)",
            {":model": model_id, ":prefix": prefix},
            after=after,
            limit=limit,
        )


def _run_item(run: Run) -> Item:
    return {
        **_key(run.model_id, f"run#{run.run_id}"),
        "body": _text(run),
        "status": run.status,
        "started": run.started,
    }


def _run(item: Item) -> Run:
    run: Run = as_json_of(Run).validate_python(
        {**json.loads(item["body"]), "started": item["started"]}
    )
    return run


def _text(value: Any) -> str:
    kind: Any = type(value)
    return str(as_json_of(kind).dump_json(value).decode())


def _key(model_id: str, item: str) -> dict[str, str]:
    return {"model_id": model_id, "item": item}


def _spell(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
