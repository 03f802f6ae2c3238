"""What AWS bills for everything that carries this system's tags, as Cost Explorer tells it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from console.target import System
from shared import names
from shared.aws import error_code

_METRIC = "UnblendedCost"
_DENIED = "AccessDenied"
_TURN_OF_YEAR = 12
_NO_RIGHT = "you lack the right ce:GetCostAndUsage"
_UNKNOWN_TAGS = (
    "Cost Explorer knows nothing of these tags; are they activated as cost allocation tags?"
)


@dataclass(frozen=True, slots=True)
class Bill:
    """What a month costs [USD], by AWS's service; or why nobody can tell."""

    usd: float | None
    by_service: dict[str, float]
    why: str = ""


def of(system: System, month: str, today: date) -> Bill:
    """Return what AWS bills of a month, like 2026-11, for what carries our tags.

    Cost Explorer takes 0.01 USD for each question, and knows a day some hours after it.
    """
    if system.kind == "local":
        return Bill(None, {}, "the local platform costs nothing, and has no Cost Explorer")
    first = date.fromisoformat(f"{month}-01")
    end = min(_next_month(first), today + timedelta(days=1))
    if first >= end:
        return Bill(None, {}, "the month has not begun")
    try:
        groups = _groups(system, first, end)
    except ClientError as error:
        code = error_code(error)
        is_denied = code.startswith(_DENIED)
        return Bill(None, {}, _NO_RIGHT if is_denied else f"Cost Explorer says {code}")
    except BotoCoreError as error:
        return Bill(None, {}, f"Cost Explorer cannot be reached: {error}")
    by_service = {each["Keys"][0]: float(each["Metrics"][_METRIC]["Amount"]) for each in groups}
    return Bill(round(sum(by_service.values()), 4) if groups else None, by_service, _why(groups))


def _groups(system: System, first: date, end: date) -> list[Any]:
    tags = [{"Tags": {"Key": key, "Values": [value]}} for key, value in names.tags().items()]
    found = system.client("ce").get_cost_and_usage(
        TimePeriod={"Start": first.isoformat(), "End": end.isoformat()},
        Granularity="MONTHLY",
        Metrics=[_METRIC],
        Filter={"And": tags},
        GroupBy=[{"Type": "DIMENSION", "Key": "SERVICE"}],
    )
    return [each for period in found["ResultsByTime"] for each in period.get("Groups", [])]


def _why(groups: list[Any]) -> str:
    return "" if groups else _UNKNOWN_TAGS


def _next_month(first: date) -> date:
    if first.month == _TURN_OF_YEAR:
        return date(first.year + 1, 1, 1)
    return date(first.year, first.month + 1, 1)
