"""Queues as SQS has them: those of dead letters can be looked into, and sent back."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

POISON = {"type": "solar.data_accepted", "correlation_id": "raw/east/<b>.csv"}
SENT = 1_764_400_000_000  # [ms]


class MissingError(ClientError):
    """As botocore raises it."""


def letter(body: Any, place: int = 0) -> dict[str, Any]:
    """Return a message as ReceiveMessage gives it."""
    text = body if isinstance(body, str) else json.dumps(body)
    sent = {"SentTimestamp": str(SENT + place * 1000), "ApproximateReceiveCount": "6"}
    return {"MessageId": f"m{place}", "Body": text, "Attributes": sent}


@dataclass
class Queues:
    """A queue for every name; `letters` has what some hold, `moves` the last move task of some."""

    letters: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    moves: dict[str, dict[str, Any]] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    received: list[dict[str, Any]] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)
    refuses: str = ""

    class exceptions:  # noqa: N801 - as botocore names it
        QueueDoesNotExist = MissingError

    def get_queue_url(self, QueueName: str) -> dict[str, str]:  # noqa: N803 - AWS's
        if QueueName in self.missing:
            raise MissingError({"Error": {"Code": "QueueDoesNotExist"}}, "GetQueueUrl")
        return {"QueueUrl": QueueName}

    def get_queue_attributes(self, QueueUrl: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        count = len(self.letters.get(QueueUrl, ()))
        return {
            "Attributes": {
                "ApproximateNumberOfMessages": str(count),
                "ApproximateNumberOfMessagesNotVisible": "0",
                "QueueArn": f"arn:{QueueUrl}",
            }
        }

    def receive_message(self, **asked: Any) -> dict[str, Any]:
        self._refuse("ReceiveMessage")
        self.received.append(asked)
        return {"Messages": self.letters[asked["QueueUrl"]][: asked["MaxNumberOfMessages"]]}

    def list_message_move_tasks(self, SourceArn: str, MaxResults: int) -> dict[str, Any]:  # noqa: N803
        assert MaxResults == 1
        found = self.moves.get(SourceArn.removeprefix("arn:"))
        return {"Results": [found] if found else []}

    def start_message_move_task(self, SourceArn: str) -> None:  # noqa: N803
        self._refuse("StartMessageMoveTask")
        name = SourceArn.removeprefix("arn:")
        self.changes.append(f"start {name}")
        count = len(self.letters.pop(name))
        self.moves[name] = move("COMPLETED", count, count, StartedTimestamp=SENT + 1)

    def cancel_message_move_task(self, TaskHandle: str) -> dict[str, Any]:  # noqa: N803
        self._refuse("CancelMessageMoveTask")
        self.changes.append(f"stop {TaskHandle}")
        return {"ApproximateNumberOfMessagesMoved": 3}

    def _refuse(self, operation: str) -> None:
        if self.refuses:
            raise ClientError({"Error": {"Code": self.refuses}}, operation)


def move(status: str, moved: int, of: int, **more: Any) -> dict[str, Any]:
    """Return a move task as ListMessageMoveTasks gives it."""
    return {
        "Status": status,
        "ApproximateNumberOfMessagesMoved": moved,
        "ApproximateNumberOfMessagesToMove": of,
        "StartedTimestamp": SENT,
        **({"TaskHandle": "h"} if status == "RUNNING" else {}),
        **more,
    }


@dataclass
class Schedules:
    """EventBridge Scheduler with these schedules, among others' that do not begin with our names."""

    kept: dict[str, dict[str, Any]] = field(default_factory=dict)

    def get_paginator(self, _: str) -> Schedules:
        return self

    def paginate(self, *, NamePrefix: str) -> list[dict[str, Any]]:  # noqa: N803
        ours = [each for each in self.kept if each.startswith(NamePrefix)]
        return [{"Schedules": [{"Name": each} for each in ours]}]

    def get_schedule(self, Name: str) -> dict[str, Any]:  # noqa: N803
        return {"Name": Name, **self.kept[Name]}
