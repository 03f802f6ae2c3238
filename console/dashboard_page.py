"""The dashboard as one page without scripts: the widgets in their grid, graphs as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from jinja2 import Environment

from console.client.dashboards import Series, Shown

_WIDTH, _HEIGHT = 560, 150  # of a graph [pixels]
_COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#7f7f7f")
_TEMPLATE = Path(__file__).parent / "web" / "templates" / "dashboard.html"


def page(shown: Sequence[Shown], start: datetime, end: datetime) -> str:
    """Return the page of widgets that show [start, end)."""
    environment = Environment(autoescape=True)
    return environment.from_string(_TEMPLATE.read_text(encoding="utf-8")).render(
        shown=shown, start=start, end=end, drawn=_drawn, width=_WIDTH, height=_HEIGHT
    )


def _drawn(series: Sequence[Series], start: datetime, end: datetime) -> list[dict[str, object]]:
    """Return the lines of a graph in pixels; all share one scale, which holds zero only if values do."""
    filled = [each for each in series if each.points]
    values = [value for each in filled for _, value in each.points]
    low, high = min(values, default=0.0), max(values, default=0.0)
    span = (end - start).total_seconds()

    def place(moment: datetime, value: float) -> tuple[float, float]:
        x = max(0.0, (moment - start).total_seconds() / span) * _WIDTH
        share = (value - low) / (high - low) if high > low else 0.5
        return round(x, 1), round((1 - share) * (_HEIGHT - 10) + 5, 1)

    lines = []
    for number, each in enumerate(filled):
        dots = [place(moment, value) for moment, value in each.points]
        lines.append(
            {
                "label": each.label,
                "colour": _COLOURS[number % len(_COLOURS)],
                "latest": each.points[-1][1],
                "points": " ".join(f"{x},{y}" for x, y in dots),
                "dots": dots,
            }
        )
    return lines
