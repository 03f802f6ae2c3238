"""SQS: message move tasks, which send dead letters back; ministack has none.

As on AWS, the source must be the dead-letter queue of another queue, one task at a time runs for it, what is
in flight stays, and what is moved is a new message with a new id. Tasks end with the platform; what they have
not moved by then stays where it is.
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from infra.local import emulator
from infra.local.ticker import Ticker

_EVERY = 0.5  # between two batches [s]
_FASTEST = 500  # messages a second, which AWS takes at most
_LISTED = 10  # tasks of a queue that AWS remembers
Request = dict[str, Any]
Queue = dict[str, Any]


def apply(ticker: Ticker) -> None:
    """Answer the three operations, and move what tasks have to move."""
    tasks = Tasks()
    emulator.sqs_operations.update(
        StartMessageMoveTask=tasks.start,
        ListMessageMoveTasks=tasks.listed,
        CancelMessageMoveTask=tasks.cancel,
    )
    ticker.every(_EVERY, tasks.move)


@dataclass(slots=True)
class Task:
    """One task; `destination` is None where each message goes back to the queue that it came from."""

    source_arn: str
    source: Queue
    destination_arn: str | None
    destination: Queue | None
    fastest: int
    given_speed: int | None
    to_move: int
    started: int = field(default_factory=lambda: int(time.time() * 1000))
    handle: str = ""
    status: str = "RUNNING"
    moved: int = 0
    failure: str = ""

    def __post_init__(self) -> None:
        said = {"taskId": str(uuid.uuid4()), "sourceArn": self.source_arn}
        self.handle = base64.b64encode(json.dumps(said).encode()).decode()

    def described(self) -> dict[str, Any]:
        """Return the task as ListMessageMoveTasks shows it; only one that runs has a handle."""
        said = {
            "Status": self.status,
            "SourceArn": self.source_arn,
            "ApproximateNumberOfMessagesMoved": self.moved,
            "ApproximateNumberOfMessagesToMove": self.to_move,
            "StartedTimestamp": self.started,
        }
        more = {
            "TaskHandle": self.handle if self.status == "RUNNING" else None,
            "DestinationArn": self.destination_arn,
            "MaxNumberOfMessagesPerSecond": self.given_speed,
            "FailureReason": self.failure or None,
        }
        return said | {name: value for name, value in more.items() if value is not None}


def source_of(handle: str) -> str | None:
    """Return the queue that a task's handle is about; None where it is no handle."""
    try:
        return str(json.loads(base64.b64decode(handle))["sourceArn"])
    except (ValueError, KeyError, TypeError):
        return None


class Tasks:
    """The tasks of this run of the platform, the newest first."""

    def __init__(self) -> None:
        self._tasks: list[Task] = []

    def start(self, request: Request, _: str) -> dict[str, Any]:
        """Answer StartMessageMoveTask."""
        source_arn, destination_arn = str(request.get("SourceArn")), request.get("DestinationArn")
        source = _existing("SourceArn", source_arn)
        if not any(_dead_letters_of(each) == source_arn for each in emulator.queues.values()):
            raise _refused(
                "InvalidParameterValue",
                "Source queue must be configured as a Dead Letter Queue.",
            )
        destination = _existing("DestinationArn", destination_arn) if destination_arn else None
        speed = request.get("MaxNumberOfMessagesPerSecond")
        if speed is not None and not 1 <= int(speed) <= _FASTEST:
            raise _refused(
                "InvalidParameterValue",
                f"Value {speed} for parameter MaxNumberOfMessagesPerSecond is invalid. "
                f"Reason: Must be between 1 and {_FASTEST}, if provided.",
            )
        if any(each.status == "RUNNING" for each in self._of(source_arn)):
            raise _refused(
                "UnsupportedOperation",
                "There is already a task running. Only one active task is allowed for a source queue arn at "
                "a given time.",
            )
        made = Task(
            source_arn,
            source,
            destination_arn,
            destination,
            fastest=int(speed or _FASTEST),
            given_speed=speed,
            to_move=len(source["messages"]),
        )
        self._tasks.insert(0, made)
        return {"TaskHandle": made.handle}

    def listed(self, request: Request, _: str) -> dict[str, Any]:
        """Answer ListMessageMoveTasks."""
        source_arn, most = str(request.get("SourceArn")), int(request.get("MaxResults", 1))
        _existing("SourceArn", source_arn)
        if not 1 <= most <= _LISTED:
            raise _refused(
                "InvalidParameterValue",
                f"Value {most} for parameter MaxResults is invalid. Reason: Must be between 1 and {_LISTED}.",
            )
        return {"Results": [each.described() for each in self._of(source_arn)[:most]]}

    def cancel(self, request: Request, _: str) -> dict[str, Any]:
        """Answer CancelMessageMoveTask; what was moved stays moved."""
        for each in self._tasks:
            if each.handle == request.get("TaskHandle"):
                if each.status != "RUNNING":
                    raise _refused("UnsupportedOperation", "Only active tasks can be cancelled.")
                each.status = "CANCELLED"
                return {"ApproximateNumberOfMessagesMoved": each.moved}
        raise _refused("ResourceNotFoundException", "Task does not exist.")

    def move(self) -> None:
        """Move a batch of each task that runs."""
        for each in self._tasks:
            if each.status == "RUNNING":
                _move(each)

    def _of(self, source_arn: str) -> list[Task]:
        return [each for each in self._tasks if each.source_arn == source_arn]


def _move(task: Task) -> None:
    now = time.time()
    seen = [each for each in task.source["messages"] if each["visible_at"] <= now]
    for message in seen[: max(1, int(task.fastest * _EVERY))]:
        if task.status != "RUNNING":
            return
        goal = task.destination or emulator.queue_by_arn(_came_from(message))
        if goal is None:
            task.status, task.failure = "FAILED", "CouldNotDetermineMessageSource"
            return
        task.source["messages"].remove(message)
        goal["messages"].append(_anew(message, now))
        emulator.wake_functions.set()
        task.moved += 1
    if not any(each["visible_at"] <= now for each in task.source["messages"]):
        task.status = "COMPLETED"


def _came_from(message: dict[str, Any]) -> str:
    return str(message["sys"].get("DeadLetterQueueSourceArn", ""))


def _anew(message: dict[str, Any], now: float) -> dict[str, Any]:
    said = {
        name: value for name, value in message["sys"].items() if name != "DeadLetterQueueSourceArn"
    }
    sent = {**said, "SentTimestamp": str(int(now * 1000))} if "SentTimestamp" in said else said
    return message | {
        "id": str(uuid.uuid4()),
        "receipt_handle": None,
        "sent_at": now,
        "visible_at": now,
        "receive_count": 0,
        "first_receive_at": None,
        "sys": sent,
    }


def _existing(parameter: str, arn: str) -> Queue:
    found: Queue | None = emulator.queue_by_arn(arn)
    if found is None:
        raise _refused(
            "ResourceNotFoundException",
            f"The resource that you specified for the {parameter} parameter doesn't exist.",
        )
    return found


def _dead_letters_of(queue: Queue) -> str | None:
    try:
        policy = json.loads(queue["attributes"].get("RedrivePolicy") or "{}")
    except ValueError:
        return None
    return policy.get("deadLetterTargetArn") if isinstance(policy, dict) else None


def _refused(code: str, message: str) -> Exception:
    found: Exception = emulator.sqs_refusal(code, message)
    return found
