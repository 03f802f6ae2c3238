"""The dashboard of CloudWatch without its console: what each widget shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from console import output
from console.client import dashboards
from console.client.dashboards import Series, Shown
from console.commands.local import JsonOption
from console.state import state

_BARS = "▁▂▃▄▅▆▇█"
_WIDTH = 24  # characters of a line of bars


def dashboard(
    hours: Annotated[float, typer.Option(min=0.1, help="How far back.")] = 24.0,
    save: Annotated[
        Path | None, typer.Option(help="Write the widgets as a page with graphs (.html).")
    ] = None,
    *,
    json: JsonOption = False,
) -> None:
    """Show what the CloudWatch dashboard shows: every widget, its series and the alarms.

    Examples: solar dashboard
              solar dashboard --hours 168 --save dashboard.html
    """
    end = datetime.now(UTC)
    start = end - timedelta(hours=hours)
    system = state.system
    shown = [
        dashboards.show(system, each, start, end)
        for each in dashboards.widgets(dashboards.body(system))
    ]
    if save is not None:
        from console.dashboard_page import page  # noqa: PLC0415 - only the page needs templates

        save.write_text(page(shown, start, end), encoding="utf-8")
    if json:
        output.as_json([_as_data(each) for each in shown])
        return
    for each in shown:
        _say(each)
    if save is not None:
        output.say_plainly(f"The page is {save}")


def _say(shown: Shown) -> None:
    widget = shown.widget
    if widget.kind == "text":
        output.say_plainly(widget.markdown)
        return
    if widget.alarms:
        unwell = [each for each in shown.alarms if each[1] != "OK"]
        fine = len(shown.alarms) - len(unwell)
        output.table(widget.title, ["alarm", "state"], unwell, "Alarms: none rings")
        output.say(f"{output.counted(fine, 'alarm')} OK")
        return
    rows = [_row(each) for each in shown.series]
    empty = f"{widget.title}: nothing was published in this time"
    output.table(widget.title, ["series", "", "latest", "at (UTC)"], rows, empty)
    for fault in shown.faults:
        output.complain(f"{widget.title}: {fault}")


def _row(series: Series) -> tuple[str, str, Any, str]:
    if not series.points:
        return series.label, "", "-", "nothing"
    moment, value = series.points[-1]
    values = [value for _, value in series.points]
    return series.label, bars(values), float(value), output.when(moment.astimezone(UTC).isoformat())


def bars(values: list[float]) -> str:
    """Return the last values as bars, the lowest as the lowest."""
    last = values[-_WIDTH:]
    low, high = min(last), max(last)
    if high == low:
        return _BARS[0] * len(last)
    steps = len(_BARS) - 1
    return "".join(_BARS[round((value - low) / (high - low) * steps)] for value in last)


def _as_data(shown: Shown) -> dict[str, Any]:
    widget = shown.widget
    return {
        "kind": widget.kind,
        "title": widget.title,
        "alarms": [{"name": name, "state": is_in} for name, is_in in shown.alarms],
        "series": [
            {
                "label": each.label,
                "points": [
                    {"at": moment.isoformat(), "value": value} for moment, value in each.points
                ],
            }
            for each in shown.series
        ],
        "faults": list(shown.faults),
    }
