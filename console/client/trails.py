"""The way of one thing through the services, from their logs: CloudWatch Logs Insights, on AWS and locally.

Insights asks all log groups at once and reads only the lines that its index names (`correlation_id`), however
much a fleet logs. FilterLogEvents would read every line of one group after the other.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from console.client import job_logs
from console.errors import ConsoleError
from console.target import System
from shared import names

_MOST_GROUPS = 50  # that one query asks
MOST_LINES = 10_000  # that one query answers
_JOBS = tuple(job_logs.GROUPS.values())
_RUNNING = {"Scheduled", "Running", "Unknown"}
_POLL = 0.5  # [s]
_NOT_SHOWN = {  # of a line's fields: what columns show, and what only tells lines apart
    "at",
    "level",
    "location",
    "message",
    "timestamp",
    "service",
    "correlation_id",
    "way",
    "what",
    "event_id",
    "message_id",
    "function_arn",
    "function_memory_size",
    "function_name",
    "function_request_id",
    "cold_start",
    "xray_trace_id",
    "exception",
    "exception_name",
    "stack_trace",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a log that is about the thing that is followed."""

    at: datetime
    group: str
    service: str
    level: str
    message: str
    correlation_id: str
    fields: dict[str, Any]

    def as_data(self) -> dict[str, Any]:
        """Return the line for machines."""
        return asdict(self) | {"at": self.at.isoformat().replace("+00:00", "Z")}


def groups(system: System) -> list[str]:
    """Return the log groups that lines of a way can be in."""
    pages = system.client("logs").get_paginator("describe_log_groups")
    ours = f"/aws/lambda/{names.all_ours()}"
    found = [
        each["logGroupName"]
        for prefix in (ours, *_JOBS)
        for page in pages.paginate(logGroupNamePrefix=prefix)
        for each in page["logGroups"]
    ]
    return [each for each in found if each.startswith(ours) or each in _JOBS]


def follow(
    system: System,
    ids: Collection[str],
    since: datetime,
    until: datetime,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Line]:
    """Return the lines with one of these correlation ids, the oldest first.

    Raises
    ------
    ConsoleError
        Nothing is deployed, or CloudWatch could not answer.
    """
    asked = groups(system)
    if not asked:
        message = "no log group of a function is here; run `solar deploy` first"
        raise ConsoleError(message)
    wanted = ", ".join(json.dumps(each, ensure_ascii=False) for each in sorted(set(ids)))
    query = (
        f"fields @timestamp, @message, @log | filter correlation_id in [{wanted}] "
        f"| sort @timestamp asc | limit {MOST_LINES}"
    )
    found: list[Line] = []
    for start in range(0, len(asked), _MOST_GROUPS):
        query_id = system.client("logs").start_query(
            logGroupNames=asked[start : start + _MOST_GROUPS],
            startTime=int(since.timestamp()),
            endTime=int(until.timestamp()) + 1,
            queryString=query,
        )["queryId"]
        found += _lines(_answer(system, query_id, sleep))
    return sorted(found, key=lambda each: each.at)


def _answer(system: System, query_id: str, sleep: Callable[[float], None]) -> list[dict[str, str]]:
    while True:
        said = system.client("logs").get_query_results(queryId=query_id)
        if said["status"] == "Complete":
            return [{each["field"]: each["value"] for each in row} for row in said["results"]]
        if said["status"] not in _RUNNING:
            message = (
                f"CloudWatch Logs could not answer ({said['status'].lower()}); try a shorter time "
                "with --since, or again later"
            )
            raise ConsoleError(message)
        sleep(_POLL)


def _lines(rows: list[dict[str, str]]) -> Iterator[Line]:
    for row in rows:
        try:
            content = json.loads(row["@message"])
        except ValueError:
            continue  # Insights finds fields only in JSON
        group = row.get("@log", "").rpartition(":")[2]
        moment = datetime.fromisoformat(row["@timestamp"]).replace(tzinfo=UTC)
        fields = {
            name: value
            for name, value in content.items()
            if name not in _NOT_SHOWN and value not in (None, "")
        }
        yield Line(
            at=_own_time(content, moment),
            group=group,
            service=str(content.get("service") or group.rpartition("/")[2]),
            level=str(content.get("level", "")),
            message=_said(content),
            correlation_id=str(content["correlation_id"]),
            fields=fields,
        )


def _said(content: dict[str, Any]) -> str:
    """Return what a line says, with the error in its words where there is one."""
    message = str(content.get("message", ""))
    error = str(content.get("exception", "")).strip().splitlines()
    return f"{message}: {error[-1]}" if error else message


def _own_time(content: dict[str, Any], moment: datetime) -> datetime:
    """Return when what a line tells of happened, or else when it was written, and not when it arrived."""
    try:
        own = datetime.fromisoformat(str(content.get("at") or content["timestamp"]))
    except (KeyError, ValueError):
        return moment
    return own.astimezone(UTC) if own.tzinfo else own.replace(tzinfo=UTC)
