"""What runs by itself: every schedule of EventBridge Scheduler, in words, and when it is due.

Scheduler keeps no history, and says of a rate only how long lies between two runs. So of a cron expression
the times are computed, and of a rate it is said that nobody knows them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from console.client import cron
from console.client.health import queue
from console.target import System
from shared import names


def of_all(system: System) -> list[dict[str, Any]]:
    """Return every schedule of the system, by name."""
    scheduler = system.client("scheduler")
    pages = scheduler.get_paginator("list_schedules").paginate(NamePrefix=f"{names.prefix()}-")
    found = [each["Name"] for page in pages for each in page["Schedules"]]
    now = datetime.now(UTC)
    return [_shown(system, scheduler.get_schedule(Name=name), now) for name in sorted(found)]


def due(schedule: dict[str, Any]) -> str:
    """Return in words when a schedule runs next."""
    if schedule["state"] != "ENABLED":
        return "never, it is disabled"
    if schedule["next"]:
        later = schedule["flexible_minutes"]
        within = f", within {later} minutes" if later else ""
        return f"{schedule['next'][:16].replace('T', ' ')} UTC{within}"
    if schedule["expression"].startswith("rate("):
        every = schedule["expression"].removeprefix("rate(").removesuffix(")")
        return f"within {every}; AWS does not say when"
    return "not known"


def _shown(system: System, said: dict[str, Any], now: datetime) -> dict[str, Any]:
    expression, zone = said["ScheduleExpression"], said.get("ScheduleExpressionTimezone", "UTC")
    target, window = said["Target"], said["FlexibleTimeWindow"]
    is_on = said["State"] == "ENABLED"
    until = said.get("EndDate")
    follows = cron.following(expression, zone, now) if is_on else None
    letters = target.get("DeadLetterConfig", {}).get("Arn")
    return {
        "name": said["Name"],
        "does": said.get("Description") or "",
        "expression": expression,
        "zone": zone,
        "state": said["State"],
        "to": target["Arn"].rpartition(":")[2],
        "flexible_minutes": window.get("MaximumWindowInMinutes"),
        "last": _text(cron.preceding(expression, zone, now, said["CreationDate"])),
        "next": _text(follows if until is None or (follows and follows <= until) else None),
        "dead_letters": queue(system, letters.rpartition(":")[2])["waiting"] if letters else None,
    }


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
