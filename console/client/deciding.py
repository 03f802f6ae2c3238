"""Which rules a decision follows from, and what each of its rules says in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SAYS = {
    "forbid": "forbids a run",
    "demand": "demands a run",
    "hold": "holds a run back",
    "want": "wants a run",
    "nothing": "has no say",
}
_NO_WISH = "asks for no run"  # decides where no other rule has a say


def rules(decision: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rules of a decision, those first that it follows from, each with `decided` and `says`."""
    found = [_told(each, decision["reasons"]) for each in decision["verdicts"]]
    return sorted(found, key=lambda each: not each["decided"])


def _told(verdict: Mapping[str, Any], reasons: list[str]) -> dict[str, Any]:
    has_no_say = verdict["effect"] == "nothing"
    # What is left out is told with every decision, and decides none of them.
    is_remark = has_no_say and verdict["rule"] == "left_out"
    decided = verdict["reason"] in reasons and not is_remark
    says = _NO_WISH if decided and has_no_say else _SAYS.get(verdict["effect"], verdict["effect"])
    return {**verdict, "decided": decided, "says": says}
