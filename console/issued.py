"""Who made forecasts and when, in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from console import output


def said(provider: str | None, issues: Mapping[str, Any] | None) -> str:
    """Return a forecast file in words; '' for what was measured.

    Parameters
    ----------
    issues
        As `solar files --json` has them.
    """
    if not issues:
        return ""
    first, last = (_moment(issues[each]) for each in ("first", "last"))
    when = f"{first} UTC" if first == last else f"{first} to {last} UTC"
    leads = f"leads {issues['first_lead_hours']:g} to {issues['last_lead_hours']:g} h"
    return f"{provider}: {output.counted(issues['count'], 'issue')}, {when}, {leads}"


def _moment(said: str) -> str:
    return f"{datetime.fromisoformat(said):%Y-%m-%d %H:%M}"
