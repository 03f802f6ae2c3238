"""Dead letters: messages that a service could not handle, and the way back into its inbox.

How many there are and how old says the queue; what they are says a look at some of them, which receives them
without hiding them and deletes nothing. A queue of dead letters has none of its own, so no look moves one on.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from console.client.words import plain
from console.errors import ConsoleError
from console.target import System
from shared import names
from shared.aws import error_code

INBOXES = ("data_watcher", "trainer_trigger", "deployer", names.LIVE, "notifier")
SEEN = 10  # letters that a look shows, at most
_DENIED = {"AccessDenied", "AccessDeniedException"}
_AGE = timedelta(minutes=15)  # in which CloudWatch has the age of the oldest
_FAILURES = {  # SQS's words, and what they mean
    "CouldNotDetermineMessageSource": (
        "SQS does not know where they came from: they were put into this queue by hand. Send what they say "
        "to the inbox itself, or delete them here"
    )
}
_SHOWN = 60  # characters of a letter that is none of ours


@dataclass(frozen=True, slots=True)
class Move:
    """The last time that letters were sent back, as SQS tells it."""

    status: str
    moved: int
    of: int
    started_at: datetime
    failure: str
    handle: str | None

    @property
    def runs(self) -> bool:
        """Whether it goes on."""
        return self.status in {"RUNNING", "CANCELLING"}

    @property
    def failed(self) -> bool:
        """Whether it ended without having sent all."""
        return self.status == "FAILED"

    def as_data(self) -> dict[str, Any]:
        """Return it for machines."""
        names_ = ("status", "moved", "of", "failure")
        return {name: getattr(self, name) for name in names_} | {
            "started_at": self.started_at.isoformat()
        }


@dataclass(frozen=True, slots=True)
class Letters:
    """A queue of dead letters.

    Attributes
    ----------
    oldest_seconds
        How old the oldest is; None where CloudWatch has not said it yet. [s]
    """

    queue: str
    arn: str
    waiting: int
    oldest_seconds: float | None
    move: Move | None

    def as_data(self) -> dict[str, Any]:
        """Return it for machines."""
        return {
            "queue": self.queue,
            "waiting": self.waiting,
            "oldest_seconds": self.oldest_seconds,
            "last_move": self.move.as_data() if self.move else None,
        }


@dataclass(frozen=True, slots=True)
class Head:
    """What a letter is about: its kind, its key, when it was sent, and how often it was received."""

    kind: str
    key: str
    sent_at: datetime
    received: int

    def as_data(self) -> dict[str, Any]:
        """Return it for machines."""
        return asdict(self) | {"sent_at": self.sent_at.isoformat()}


def all_queues(system: System) -> list[Letters]:
    """Return the queues of dead letters that hold some, or from which some are sent back just now."""
    found = [each for each in (_letters(system, name) for name in INBOXES) if each is not None]
    return [each for each in found if each.waiting or (each.move and each.move.runs)]


def one(system: System, name: str) -> Letters:
    """Return the queue of a service: `deployer`, or as it is called in full.

    Raises
    ------
    ConsoleError
        There is none of that name.
    """
    for each in INBOXES:
        if name in {each, each.replace("_", "-"), names.dead_letters(each)}:
            found = _letters(system, each)
            if found is None:
                raise ConsoleError(f"{names.dead_letters(each)} is not deployed")
            return found
    known = ", ".join(each.replace("_", "-") for each in INBOXES)
    raise ConsoleError(f"no dead letters are called {name!r}; there are those of {known}")


def heads(system: System, letters: Letters) -> list[Head]:
    """Return what some of the letters are about, the oldest first; looking changes nothing but their counts.

    Raises
    ------
    ConsoleError
        The caller may not look.
    """
    queues = system.client("sqs")
    try:
        said = queues.receive_message(
            QueueUrl=_url(system, letters.queue),
            MaxNumberOfMessages=SEEN,
            VisibilityTimeout=0,
            WaitTimeSeconds=1,  # a short poll asks only some of SQS's servers
            MessageSystemAttributeNames=["SentTimestamp", "ApproximateReceiveCount"],
        )
    except ClientError as error:
        raise _explained(error, "sqs:ReceiveMessage", letters) from error
    found = {each["MessageId"]: _head(each) for each in said.get("Messages", ())}
    return sorted(found.values(), key=lambda each: each.sent_at)


def send_back(system: System, letters: Letters) -> None:
    """Send all letters of a queue back to the inboxes that they came from.

    Raises
    ------
    ConsoleError
        There are none, they are sent back already, or the caller may not.
    """
    if letters.move and letters.move.runs:
        raise ConsoleError(
            f"{letters.queue} is being sent back already: {letters.move.moved} of {letters.move.of}"
        )
    if not letters.waiting:
        raise ConsoleError(f"{letters.queue} holds nothing that could be sent back")
    try:
        system.client("sqs").start_message_move_task(SourceArn=letters.arn)
    except ClientError as error:
        raise _explained(error, "sqs:StartMessageMoveTask", letters) from error


def stop(system: System, letters: Letters) -> int:
    """Stop sending back; return how many were sent, which stay where they are.

    Raises
    ------
    ConsoleError
        None are sent back, or the caller may not.
    """
    if letters.move is None or letters.move.handle is None:
        raise ConsoleError(f"nothing of {letters.queue} is being sent back")
    try:
        said = system.client("sqs").cancel_message_move_task(TaskHandle=letters.move.handle)
    except ClientError as error:
        raise _explained(error, "sqs:CancelMessageMoveTask", letters) from error
    return int(said["ApproximateNumberOfMessagesMoved"])


def told(move: Move) -> str:
    """Return in words how far sending back is, or how it ended."""
    count = f"{move.moved} of {move.of}"
    if move.failed:
        sent = f"only {count} were sent back" if move.moved else f"none of {move.of} was sent back"
        return f"{sent}: {_FAILURES.get(move.failure, f'SQS says {move.failure}')}"
    words = {"COMPLETED": "sent back", "CANCELLED": "stopped after", "CANCELLING": "stops after"}
    return f"{words.get(move.status, 'being sent back:')} {count}"


def _letters(system: System, inbox: str) -> Letters | None:
    name = names.dead_letters(inbox)
    queues = system.client("sqs")
    try:
        url = _url(system, name)
    except queues.exceptions.QueueDoesNotExist:
        return None
    said = queues.get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages", "QueueArn"]
    )["Attributes"]
    waiting = int(said["ApproximateNumberOfMessages"])
    return Letters(
        queue=name,
        arn=said["QueueArn"],
        waiting=waiting,
        oldest_seconds=_age(system, name) if waiting else None,
        move=_move(system, said["QueueArn"]),
    )


def _url(system: System, name: str) -> str:
    return str(system.client("sqs").get_queue_url(QueueName=name)["QueueUrl"])


def _move(system: System, arn: str) -> Move | None:
    said = system.client("sqs").list_message_move_tasks(SourceArn=arn, MaxResults=1)
    for each in said.get("Results", ()):
        return Move(
            status=each["Status"],
            moved=each.get("ApproximateNumberOfMessagesMoved", 0),
            of=each.get("ApproximateNumberOfMessagesToMove", 0),
            started_at=datetime.fromtimestamp(each["StartedTimestamp"] / 1000, UTC),
            failure=each.get("FailureReason", ""),
            handle=each.get("TaskHandle"),
        )
    return None


def _age(system: System, name: str) -> float | None:
    metric = {
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateAgeOfOldestMessage",
        "Dimensions": [{"Name": "QueueName", "Value": name}],
    }
    now = datetime.now(UTC)
    said = system.client("cloudwatch").get_metric_data(
        MetricDataQueries=[
            {"Id": "age", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Maximum"}}
        ],
        StartTime=now - _AGE,
        EndTime=now,
    )["MetricDataResults"]
    points = [
        pair for each in said for pair in zip(each["Timestamps"], each["Values"], strict=True)
    ]
    return float(max(points)[1]) if points else None


def _head(message: dict[str, Any]) -> Head:
    about = message["Attributes"]
    kind, key = _about(message["Body"])
    return Head(
        kind=plain(kind),
        key=plain(key),
        sent_at=datetime.fromtimestamp(int(about["SentTimestamp"]) / 1000, UTC),
        received=int(about["ApproximateReceiveCount"]),
    )


def _about(body: str) -> tuple[str, str]:
    """Return what a message is, and what it is about: one of ours, of S3, of EventBridge, or an unknown."""
    try:
        said = json.loads(body)
    except ValueError:
        return "no JSON", body[:_SHOWN]
    if not isinstance(said, dict):
        return "unknown", body[:_SHOWN]
    if "type" in said:
        return str(said["type"]), str(said.get("key") or said.get("correlation_id") or "")
    if isinstance(said.get("Records"), list) and said["Records"]:
        record = said["Records"][0]
        return str(record.get("eventName", "S3")), str(_member(record, "s3", "object", "key"))
    if "detail-type" in said:
        return str(said["detail-type"]), _of_event(said)
    return "unknown", body[:_SHOWN]


def _of_event(event: dict[str, Any]) -> str:
    """Return what an event of EventBridge is about: the object of S3, else the resources that it names."""
    key = _member(event, "detail", "object", "key")
    if key:
        return f"{_member(event, 'detail', 'bucket', 'name')}/{key}".removeprefix("/")
    return ", ".join(map(str, event.get("resources", ())))


def _member(content: Any, *path: str) -> Any:
    for each in path:
        content = content.get(each, "") if isinstance(content, dict) else ""
    return content


def _explained(error: ClientError, right: str, letters: Letters) -> Exception:
    if error_code(error) not in _DENIED:
        return error
    return ConsoleError(f"you lack {right} on {letters.queue}; operators have it (docs/iam.md)")
