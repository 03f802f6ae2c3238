"""The one reader of what arrives in an inbox.

Own messages, S3 events, EventBridge events, CloudWatch alarms, and AWS Budgets' plain text.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus

from shared import messages
from shared.errors import InvalidMessageError


@dataclass(frozen=True, slots=True)
class ObjectChanged:
    """An S3 object version was written or removed, or a delete marker was set."""

    bucket: str
    key: str
    version_id: str
    etag: str
    size: int
    sequencer: str
    removed: bool
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class ServiceEvent:
    """An AWS service said through EventBridge that something changed."""

    id: str
    source: str
    detail_type: str
    occurred_at: datetime
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AlarmChanged:
    """A CloudWatch alarm changed its state."""

    name: str
    description: str
    state: str
    previous_state: str
    reason: str
    occurred_at: datetime
    metric: str = ""
    threshold: float | None = None
    comparison: str = ""
    period: int = 0  # of one value [s]


@dataclass(frozen=True, slots=True)
class BudgetExceeded:
    """AWS Budgets said, in plain text as it always does, that costs pass a limit."""

    text: str


Incoming = messages.AnyMessage | ObjectChanged | ServiceEvent | AlarmChanged | BudgetExceeded
_BUDGET = "AWS Budget Notification"


def read(body: str) -> list[Incoming]:
    """Read what one SQS record carries; S3 may put several objects in one, and its test event carries none.

    Raises
    ------
    InvalidMessageError
        The body is no JSON or none of the shapes.
    """
    if body.startswith(_BUDGET):
        return [BudgetExceeded(body)]
    try:
        content = json.loads(body)
    except ValueError as error:
        message = f"no JSON: {body[:80]!r}"
        raise InvalidMessageError(message) from error
    if not isinstance(content, dict):
        message = f"no JSON object: {body[:80]!r}"
        raise InvalidMessageError(message)
    try:
        if content.get("Event") == "s3:TestEvent":
            return []
        if "Records" in content:
            return [_object_changed(record) for record in content["Records"]]
        if "detail-type" in content:
            return [_service_event(content)]
        if "AlarmName" in content:
            return [_alarm_changed(content)]
    except (KeyError, TypeError, ValueError) as error:
        message = f"event lacks or misspells {error}: {body[:80]!r}"
        raise InvalidMessageError(message) from error
    return [messages.read(body)]


def _object_changed(record: dict[str, Any]) -> ObjectChanged:
    found = record["s3"]["object"]
    return ObjectChanged(
        bucket=record["s3"]["bucket"]["name"],
        key=unquote_plus(found["key"]),
        version_id=found.get("versionId", "null"),
        etag=found.get("eTag", ""),
        size=int(found.get("size", 0)),
        sequencer=found.get("sequencer", ""),
        removed=record["eventName"].removeprefix("s3:").startswith("ObjectRemoved"),
        occurred_at=_time(record["eventTime"]),
    )


def _service_event(content: dict[str, Any]) -> ServiceEvent:
    return ServiceEvent(
        id=content["id"],
        source=content["source"],
        detail_type=content["detail-type"],
        occurred_at=_time(content["time"]),
        detail=content["detail"],
    )


def _alarm_changed(content: dict[str, Any]) -> AlarmChanged:
    trigger = content.get("Trigger") or {}
    threshold = trigger.get("Threshold")
    return AlarmChanged(
        name=content["AlarmName"],
        description=content.get("AlarmDescription") or "",
        state=content["NewStateValue"],
        previous_state=content.get("OldStateValue", ""),
        reason=content.get("NewStateReason", ""),
        occurred_at=_time(content["StateChangeTime"]),
        metric=trigger.get("MetricName") or "",
        threshold=None if threshold is None else float(threshold),
        comparison=trigger.get("ComparisonOperator") or "",
        period=int(trigger.get("Period") or 0),
    )


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        message = f"time without zone {text!r}"
        raise ValueError(message)
    return moment
