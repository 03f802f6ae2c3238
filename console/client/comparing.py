"""Two versions side by side, in words: what the verb prints, the page shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from console.client.words import percent

Shown = Callable[[Mapping[str, Any]], Any]


def rows(found: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[Any]]]:
    """Return what is compared, and what it is of each version; None where nobody knows."""
    return [(what, [show(each) for each in found]) for what, show in _ROWS]


def of_which_days(found: Sequence[Mapping[str, Any]]) -> str:
    """Say whether the live figures can be set against each other."""
    one, other = found
    if not (one["live"] and other["live"]):
        return "A version without live days predicted nothing for which power came since."
    if one["live_same_days"]:
        days = one["days_of_both"]
        count = f"{days} site-day{'' if days == 1 else 's'}"
        return f"Live figures are of {count} that both were scored on."
    spans = " and ".join(f"{each['live_first']} to {each['live_last']}" for each in found)
    return f"No day was scored for both ({spans}): the live figures are of different weather."


def _evaluated(name: str, *, share: bool = False) -> Shown:
    def show(version: Mapping[str, Any]) -> Any:
        if version["evaluation"] is None:
            return None
        value = version["evaluation"]["challenger"]["all"][name]
        return percent(value, digits=2) if share else value

    return show


def _lived(name: str, *, share: bool = False) -> Shown:
    def show(version: Mapping[str, Any]) -> Any:
        lived = version["live_same_days"] or version["live"]
        if lived is None:
            return None
        value = lived[name]
        return percent(value, digits=2, signed=name == "energy_bias") if share else value

    return show


def _said(name: str, part: str = "") -> Shown:
    def show(version: Mapping[str, Any]) -> Any:
        found = version["evaluation"]
        if found is None:
            return "no evaluation"
        return found[name][part][:10] if part else found[name]

    return show


_ROWS: list[tuple[str, Shown]] = [
    ("model type", _said("model_type")),
    ("trained until", _said("train_window", "end")),
    ("tested until", _said("test_window", "end")),
    ("test: R²", _evaluated("r2")),
    ("test: nMAE", _evaluated("nmae", share=True)),
    (
        "test: in P10-P90",
        lambda each: each["evaluation"] and percent(each["evaluation"]["coverage_p10_p90"]),
    ),
    (
        "live: days scored",
        lambda each: each["live"]["days"].get("scored", 0) if each["live"] else "none yet",
    ),
    ("live: R²", _lived("r2")),
    ("live: nMAE", _lived("nmae", share=True)),
    ("live: energy bias", _lived("energy_bias", share=True)),
    ("live: in P10-P90", _lived("coverage_p10_p90", share=True)),
    ("live: skill", _lived("skill")),
]
