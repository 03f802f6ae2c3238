"""What AWS itself says: alarms and budgets."""

from __future__ import annotations

from datetime import datetime

from services.notifier.domain.notice import Notice, Severity
from shared.ids import content_id
from shared.inbox import AlarmChanged, BudgetExceeded


def alarm(changed: AlarmChanged) -> Notice | None:
    """Tell an alarm and its end; that a metric was not there yet is no news."""
    if changed.state == "INSUFFICIENT_DATA" or (
        changed.state == "OK" and changed.previous_state != "ALARM"
    ):
        return None
    rings = changed.state == "ALARM"
    what, _, runbook = changed.description.partition("Runbook:")
    return Notice(
        id=content_id("alarm", changed.name, changed.state, changed.occurred_at),
        kind="alarm",
        severity=Severity.CRITICAL if rings else Severity.INFO,
        subject=f"Alarm {changed.name}" if rings else f"Alarm {changed.name} is over",
        lines=tuple(
            line
            for line in (
                what.strip(),
                f"CloudWatch says: {changed.reason}" if rings else "",
                f"What to do: {runbook.strip()}" if rings and runbook else "",
            )
            if line
        ),
        happened_at=changed.occurred_at,
        facts=(("Alarm", changed.name), ("State", f"{changed.previous_state} to {changed.state}")),
    )


def budget(exceeded: BudgetExceeded, now: datetime) -> Notice:
    """Tell that costs pass a limit; `now` is when AWS said so, for its text names no time."""
    return Notice(
        id=content_id("budget", exceeded.text),
        kind="budget",
        severity=Severity.WARNING,
        subject="Costs pass a limit of the budget",
        lines=(
            exceeded.text.strip(),
            "A model's monthly_budget_usd limits its retrains; `solar runs` shows what each cost.",
        ),
        happened_at=now,
    )
