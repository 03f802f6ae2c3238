"""Figures as people read them, on a screen and on a page."""

from __future__ import annotations


def percent(value: float | None, *, digits: int = 1, signed: bool = False) -> str:
    """Return a share as people read it; nothing for None."""
    if value is None:
        return ""
    return f"{value:+.{digits}%}" if signed else f"{value:.{digits}%}"


def short(value: float | None) -> str:
    """Return a score with three digits; nothing for None."""
    return "" if value is None else f"{value:.3f}"
