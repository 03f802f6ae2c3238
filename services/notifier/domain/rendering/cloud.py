"""What AWS itself says: alarms and budgets."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from services.notifier.domain.notice import Notice, Severity
from services.notifier.domain.rendering.pieces import sentence
from shared.durations import in_words
from shared.ids import content_id
from shared.inbox import AlarmChanged, BudgetExceeded

_VALUE = re.compile(r"datapoints? \[([-+.0-9eE]+)")
_COMPARISONS = {
    "GreaterThanOrEqualToThreshold": "at least",
    "GreaterThanThreshold": "more than",
    "LessThanOrEqualToThreshold": "at most",
    "LessThanThreshold": "less than",
}


def alarm(
    changed: AlarmChanged, began_at: datetime | None = None, docs_url: str = ""
) -> Notice | None:
    """Tell an alarm and its end; that a metric was not there yet is no news.

    Parameters
    ----------
    began_at
        When the alarm went off that is over now, if that is known.
    docs_url
        Where the documents can be read; empty where only the repository has them.
    """
    if changed.state == "INSUFFICIENT_DATA" or (
        changed.state == "OK" and changed.previous_state != "ALARM"
    ):
        return None
    if changed.state == "OK":
        return _over(changed, began_at)
    what, _, runbook = changed.description.partition("Runbook:")
    first_thing = f"What to do first: {_address(runbook.strip(), docs_url)}" if runbook else ""
    return Notice(
        id=content_id("alarm", changed.name, changed.state, changed.occurred_at),
        kind="alarm",
        severity=Severity.CRITICAL,
        subject=f"Alarm {changed.name}",
        lines=tuple(line for line in (what.strip(), _value_in_words(changed), first_thing) if line),
        happened_at=changed.occurred_at,
        facts=(
            ("Alarm", changed.name),
            ("Since", f"{changed.occurred_at:%Y-%m-%d %H:%M} UTC"),
            *((("Metric", changed.metric),) if changed.metric else ()),
        ),
    )


def _over(changed: AlarmChanged, began_at: datetime | None) -> Notice:
    lasted = in_words(changed.occurred_at - began_at) if began_at else ""
    return Notice(
        id=content_id("alarm", changed.name, changed.state, changed.occurred_at),
        kind="alarm_over",
        severity=Severity.INFO,
        subject=f"Alarm {changed.name} is over" + (f" after {lasted}" if lasted else ""),
        lines=("What it watches is as it should be again. Nobody has to do anything.",),
        happened_at=changed.occurred_at,
        facts=(
            ("Alarm", changed.name),
            *((("Began", f"{began_at:%Y-%m-%d %H:%M} UTC"),) if began_at else ()),
            ("Ended", f"{changed.occurred_at:%Y-%m-%d %H:%M} UTC"),
        ),
        cause="alarm over",
        thing=f"{changed.name}, after {lasted}" if lasted else changed.name,
        several="{count} alarms are over",
    )


def _value_in_words(changed: AlarmChanged) -> str:
    """Say the value against its threshold; as CloudWatch says it where it names none."""
    found = _VALUE.search(changed.reason)
    comparison = _COMPARISONS.get(changed.comparison)
    if found is None or changed.threshold is None or comparison is None:
        return sentence(f"CloudWatch says: {changed.reason}") if changed.reason else ""
    window = f" within {in_words(timedelta(seconds=changed.period))}" if changed.period else ""
    return (
        f"{changed.metric or 'The metric'} is {float(found[1]):g}{window}; the alarm rings from "
        f"{comparison} {changed.threshold:g}."
    )


def _address(runbook: str, docs_url: str) -> str:
    if not docs_url:
        return runbook
    return f"{docs_url.rstrip('/')}/{runbook.removeprefix('docs/')}"


def budget(exceeded: BudgetExceeded, now: datetime) -> Notice:
    """Tell that costs pass a limit; `now` is when AWS said so, for its text names no time."""
    return Notice(
        id=content_id("budget", exceeded.text),
        kind="budget",
        severity=Severity.WARNING,
        subject="Costs pass a limit of the budget",
        lines=(
            exceeded.text.strip(),
            "A model's monthly_budget_usd limits its retrains; `solar costs` shows what they cost.",
        ),
        happened_at=now,
    )
