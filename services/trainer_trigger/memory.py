"""What this service remembers, in its DynamoDB table: one partition per model.

item = state              the run in flight, a person's request, the armed evaluation, the last decision
item = file#<file_id>     a canonical file and when it was first heard of
item = run#<run_id>       a run
item = decision#<time>    a decision whose outcome or reasons differ from the one before

The partition `#account` (no model can be named so) holds the runs in flight in the whole account, and
who waits for a place.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from services.trainer_trigger.domain import Decision, InFlight, KnownFile, Request
from services.trainer_trigger.ports import Account, Remembered, Run
from services.trainer_trigger.table import Table, key_of
from shared.dataset import DatasetFile
from shared.ids import content_id

_ACCOUNT, _SLOTS = "#account", "slots"
_FLY = "SET in_flight = :f, in_flight_run = :r REMOVE asked, degraded"


@cache
def as_json_of(kind: type[Any]) -> TypeAdapter[Any]:
    """Return what reads and writes a dataclass as JSON; made at first use, for few messages need all."""
    return TypeAdapter(kind)


@dataclass(frozen=True, slots=True)
class DynamoMemory(Table):
    """Remembers in one table; every write is conditional or can be repeated."""

    # --- files ------------------------------------------------------------------------------------

    def files(self, model_id: str) -> tuple[KnownFile, ...]:
        """Return the files of a model in the order in which later ones win."""
        read = as_json_of(KnownFile).validate_json
        found = [read(item["body"]["S"]) for item in self._all(model_id, "file#")]
        return tuple(sorted(found, key=lambda each: (each.file.uploaded_at, each.file.file_id)))

    def add_file(self, model_id: str, file: DatasetFile, now: datetime) -> None:
        """Remember a file with the time it was first heard of; a repeat keeps that time."""
        body = as_json_of(KnownFile).dump_json(KnownFile(file, now)).decode()
        self._write_if(
            model_id, f"file#{file.file_id}", {"body": {"S": body}}, "attribute_not_exists(#item)"
        )

    def remove_file(self, model_id: str, file_id: str) -> None:
        """Forget a file; forgetting an unknown one is success."""
        self.client.delete_item(TableName=self.table, Key=key_of(model_id, f"file#{file_id}"))

    # --- state ------------------------------------------------------------------------------------

    def state(self, model_id: str) -> Remembered:
        """Return the run that has not ended, and what a person asked for and did not get yet."""
        item = self._state(model_id)
        flying, asked, armed = item.get("in_flight"), item.get("asked"), item.get("armed_until")
        return Remembered(
            as_json_of(InFlight).validate_json(flying["S"]) if flying else None,
            as_json_of(Request).validate_json(asked["S"]) if asked else None,
            item.get("degraded", {}).get("S"),
            datetime.fromisoformat(armed["S"]) if armed else None,
        )

    def _state(self, model_id: str) -> dict[str, Any]:
        key = key_of(model_id, "state")
        found = self.client.get_item(TableName=self.table, Key=key, ConsistentRead=True)
        return dict(found.get("Item", {}))

    def set_request(self, model_id: str, request: Request) -> None:
        """Remember a person's request; the newest wins."""
        self._update(
            model_id,
            "SET asked = :v",
            {":v": {"S": as_json_of(Request).dump_json(request).decode()}},
        )

    def set_degraded(self, model_id: str, reason: str) -> None:
        """Remember that the served model does worse than promised; the next run answers it."""
        self._update(model_id, "SET degraded = :v", {":v": {"S": reason}})

    def drop_request(self, model_id: str) -> None:
        """Forget a person's request, because it is answered."""
        self._update(model_id, "REMOVE asked", {})

    def arm(self, model_id: str, now: datetime, until: datetime) -> bool:
        """Claim the one armed evaluation of a model; False where one as early is armed already."""
        return self._update(
            model_id,
            "SET armed_until = :until",
            {":until": {"S": until.isoformat()}, ":now": {"S": now.isoformat()}},
            "attribute_not_exists(armed_until) OR armed_until < :now OR armed_until > :until",
        )

    def disarm(self, model_id: str) -> None:
        """Let the next message arm an evaluation."""
        self._update(model_id, "REMOVE armed_until", {})

    # --- the account --------------------------------------------------------------------------------

    def account(self) -> Account:
        """Return how many runs are in flight, and which models wait for a place, longest first."""
        slots = self.client.get_item(
            TableName=self.table, Key=key_of(_ACCOUNT, _SLOTS), ConsistentRead=True
        ).get("Item", {})
        waiting = self._all(_ACCOUNT, "queue#")
        return Account(
            running=len(slots.get("runs", {}).get("SS", [])),
            waiting=tuple(
                item["item"]["S"].removeprefix("queue#")
                for item in sorted(waiting, key=lambda item: str(item["since"]["S"]))
            ),
        )

    def enqueue(self, model_id: str, since: datetime) -> None:
        """Let a model wait for a place; one that waits already keeps its place."""
        self._write_if(
            _ACCOUNT,
            f"queue#{model_id}",
            {"since": {"S": since.isoformat()}},
            "attribute_not_exists(#item)",
        )

    def dequeue(self, model_id: str) -> None:
        """Let a model wait no longer."""
        self.client.delete_item(TableName=self.table, Key=key_of(_ACCOUNT, f"queue#{model_id}"))

    # --- runs -------------------------------------------------------------------------------------

    def open_run(self, run: Run, maximum_runs: int) -> bool:
        """Open a run if the model has none in flight and the account a place; its request is answered."""
        return self._transact(
            self._first_write(run),
            self._claim_of_the_model(run),
            self._claim_of_a_place(run, maximum_runs),
            {"Delete": {"TableName": self.table, "Key": key_of(_ACCOUNT, f"queue#{run.model_id}")}},
        )

    def _first_write(self, run: Run) -> dict[str, Any]:
        return {
            "Put": {
                "TableName": self.table,
                "Item": _run_item(run),
                "ConditionExpression": "attribute_not_exists(#item)",
                "ExpressionAttributeNames": {"#item": "item"},
            }
        }

    def _claim_of_the_model(self, run: Run) -> dict[str, Any]:
        flying = InFlight(run.run_id, run.started_at, run.deadline)
        return {
            "Update": {
                "TableName": self.table,
                "Key": key_of(run.model_id, "state"),
                "UpdateExpression": _FLY,
                "ConditionExpression": "attribute_not_exists(in_flight_run)",
                "ExpressionAttributeValues": {
                    ":f": {"S": as_json_of(InFlight).dump_json(flying).decode()},
                    ":r": {"S": run.run_id},
                },
            }
        }

    def _claim_of_a_place(self, run: Run, maximum_runs: int) -> dict[str, Any]:
        return {
            "Update": {
                "TableName": self.table,
                "Key": key_of(_ACCOUNT, _SLOTS),
                "UpdateExpression": "ADD runs :one",
                "ConditionExpression": "attribute_not_exists(runs) OR size(runs) < :max",
                "ExpressionAttributeValues": {
                    ":one": {"SS": [run.run_id]},
                    ":max": {"N": str(maximum_runs)},
                },
            }
        }

    def mark_started(self, run: Run) -> None:
        """Remember that a run's sequence was started and announced."""
        self.client.update_item(
            TableName=self.table,
            Key=key_of(run.model_id, f"run#{run.run_id}"),
            UpdateExpression="SET started = :yes",
            ExpressionAttributeValues={":yes": {"BOOL": True}},
        )

    def close_run(self, run: Run) -> None:
        """End a run, free its model and its place; repeatable, and what is ended stays as it ended."""
        item = _run_item(run)
        item["started"] = {"BOOL": True}
        self._write_if(
            run.model_id,
            f"run#{run.run_id}",
            item,
            "#status = :running",
            names={"#status": "status"},
            values={":running": {"S": "running"}},
        )
        self._update(
            run.model_id,
            "REMOVE in_flight, in_flight_run",
            {":r": {"S": run.run_id}},
            "in_flight_run = :r",
        )
        self.client.update_item(
            TableName=self.table,
            Key=key_of(_ACCOUNT, _SLOTS),
            UpdateExpression="DELETE runs :one",
            ExpressionAttributeValues={":one": {"SS": [run.run_id]}},
        )

    def run(self, model_id: str, run_id: str) -> Run | None:
        """Return a run."""
        answer = self.client.get_item(
            TableName=self.table, Key=key_of(model_id, f"run#{run_id}"), ConsistentRead=True
        )
        return _run(answer["Item"]) if "Item" in answer else None

    def runs(self, model_id: str) -> tuple[Run, ...]:
        """Return a model's runs, oldest first."""
        found = [_run(item) for item in self._all(model_id, "run#")]
        return tuple(sorted(found, key=lambda run: run.started_at))

    def some_runs(
        self, model_id: str, limit: int, after: str
    ) -> tuple[tuple[Run, ...], str | None]:
        """Return runs behind one by their names, and the last one's name where more may follow."""
        start = {"ExclusiveStartKey": key_of(model_id, f"run#{after}")} if after else {}
        answer = self.client.query(
            **self._beginning(model_id, "run#"),
            Limit=limit,
            **start,  # type: ignore[arg-type]
        )
        last = answer.get("LastEvaluatedKey")
        runs = tuple(_run(item) for item in answer["Items"])
        return runs, str(last["item"]["S"]).removeprefix("run#") if last else None

    # --- decisions ----------------------------------------------------------------------------------

    def record(
        self, model_id: str, decision: Decision, inputs: dict[str, Any], now: datetime
    ) -> None:
        """Keep a decision whose outcome or reasons differ from the last one's, with what it was made of."""
        # A person's request is always answered, even if the answer is what was decided before.
        fingerprint = content_id(decision.outcome, decision.reasons, inputs.get("requested_at"))
        if self._state(model_id).get("decision", {}).get("S") == fingerprint:
            return
        body = {"at": now, **asdict(decision), "inputs": inputs}
        self.client.put_item(
            TableName=self.table,
            Item={
                **key_of(model_id, f"decision#{now.isoformat()}"),
                "body": {"S": json.dumps(body, default=_spell)},
            },
        )
        # Last: who dies before this keeps the decision twice, and not never.
        self._update(model_id, "SET decision = :d", {":d": {"S": fingerprint}})

    def decisions(
        self, model_id: str, limit: int, until: datetime | None = None
    ) -> list[dict[str, Any]]:
        """Return a model's recorded decisions until a time, newest first."""
        last = until.isoformat() if until else "~"
        answer = self.client.query(
            TableName=self.table,
            KeyConditionExpression="model_id = :m AND #item BETWEEN :first AND :last",
            ExpressionAttributeNames={"#item": "item"},
            ExpressionAttributeValues={
                ":m": {"S": model_id},
                ":first": {"S": "decision#"},
                ":last": {"S": f"decision#{last}"},
            },
            ScanIndexForward=False,
            Limit=limit,
        )
        return [json.loads(item["body"]["S"]) for item in answer["Items"]]


def _run_item(run: Run) -> dict[str, Any]:
    return {
        **key_of(run.model_id, f"run#{run.run_id}"),
        "body": {"S": as_json_of(Run).dump_json(run).decode()},
        "status": {"S": run.status},
        "started": {"BOOL": run.started},
    }


def _run(item: dict[str, Any]) -> Run:
    body = json.loads(item["body"]["S"])
    run: Run = as_json_of(Run).validate_python({**body, "started": item["started"]["BOOL"]})
    return run


def _spell(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
