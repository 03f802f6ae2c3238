"""The report's charts, as SVG text that stands in the page itself."""

from __future__ import annotations

import calendar
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from services.trainer_trigger.pipeline.reporting.days import Day, Lines
from shared.evaluation import Comparison, Reliability
from shared.solar.position import Floats

ACTUAL, CHALLENGER, CHAMPION, MUTED = "#24292f", "#0b63c5", "#c2570c", "#8c959f"
_BAND = "#b6d4fb"
_STYLE: Any = {  # matplotlib types each key by name
    "font.size": 9.5,
    "font.family": "sans-serif",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#8c959f",
    "axes.labelcolor": "#3d444d",
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e9ed",
    "xtick.color": "#3d444d",
    "ytick.color": "#3d444d",
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "solar",
}
_PERCENT = 100.0
_TAILS = (10, 90)
_LEAST_TOP = 1.0  # of an axis without any power [% of capacity]
_MOST_LABELLED = 14  # points or sites; the labels of more would overlap


def forecast_days(lines: Lines, chosen: Sequence[Day], label: str) -> list[str]:
    """Draw measured and predicted power of some days, a picture of each, with one scale for all."""
    rows = np.concatenate([day.rows for day in chosen])
    drawn = [lines.test.share[rows], lines.challenger[rows], lines.p90[rows]]
    top = max(float(np.nanmax(np.concatenate(drawn))) * _PERCENT * 1.05, _LEAST_TOP)
    return [_day(lines, day, top, f"{label}: {day.site} {day.date}") for day in chosen]


def key(*, champion: bool) -> list[tuple[str, str]]:
    """Return what the colours of the days mean: colour and name."""
    found = [(ACTUAL, "measured"), (CHALLENGER, "challenger"), (_BAND, "P10 to P90")]
    return [*found, (CHAMPION, "champion")] if champion else found


def _day(lines: Lines, day: Day, top: float, label: str) -> str:
    with rc_context(_STYLE):
        figure = Figure(figsize=(2.9, 2.3), layout="constrained")
        axes = figure.subplots()
        _draw_day(axes, lines, day)
        axes.set_ylabel("power [% of capacity]")
        axes.set_ylim(0, top)
        return _svg(figure, label)


def _draw_day(axes: Axes, lines: Lines, day: Day) -> None:
    rows = day.rows[np.argsort(lines.hour[day.rows])]
    hour = lines.hour[rows]
    axes.fill_between(
        hour,
        lines.p10[rows] * _PERCENT,
        lines.p90[rows] * _PERCENT,
        color=_BAND,
        linewidth=0,
    )
    if lines.champion is not None and np.isfinite(lines.champion[rows]).all():
        axes.plot(hour, lines.champion[rows] * _PERCENT, color=CHAMPION, lw=1.2)
    axes.plot(hour, lines.challenger[rows] * _PERCENT, color=CHALLENGER, lw=1.6)
    axes.plot(hour, lines.test.share[rows] * _PERCENT, color=ACTUAL, lw=1.1)
    several = len(lines.test.rows.sites) > 1
    axes.set_title(f"{day.site} {day.date}" if several else day.date)
    axes.set_xticks([0, 6, 12, 18, 24])
    axes.set_xlim(3, 21)
    axes.set_xlabel("solar time [h]")


def residuals_by(lines: Lines, groups: Floats | np.ndarray, label: str, axis: str) -> str:
    """Draw bias and spread of the errors by hour or month."""
    error = (lines.challenger - lines.test.share) * _PERCENT
    lit = lines.test.daylight
    names = np.unique(groups[lit])
    parts = [error[lit & (groups == name)] for name in names]
    low, high = (np.array([np.percentile(part, tail) for part in parts]) for tail in _TAILS)
    mean = np.array([part.mean() for part in parts])
    places = np.arange(len(names))
    with rc_context(_STYLE):
        figure = Figure(figsize=(5.4, 2.7), layout="constrained")
        axes = figure.subplots()
        axes.vlines(places, low, high, color=_BAND, lw=7, label="eight of ten errors")
        axes.plot(places, mean, "o", color=CHALLENGER, ms=4.5, label="mean error (bias)")
        axes.axhline(0, color=ACTUAL, lw=0.8)
        step = max(len(names) // 12, 1)
        axes.set_xticks(places[::step], [_short(name) for name in names[::step]])
        axes.set_xlabel(axis)
        axes.set_ylabel("predicted minus measured\n[% of capacity]")
        figure.legend(loc="outside upper right", ncols=2)
        return _svg(figure, label)


def measured_against_predicted(lines: Lines, label: str) -> str:
    """Draw how often which power was predicted for which measured power, by day."""
    lit = lines.test.daylight
    with rc_context(_STYLE):
        figure = Figure(figsize=(5.4, 3.6), layout="constrained")
        axes = figure.subplots()
        counted, across, up = np.histogram2d(
            lines.test.share[lit] * _PERCENT, lines.challenger[lit] * _PERCENT, bins=36
        )
        shown = np.ma.masked_equal(np.log10(np.maximum(counted.T, 0.1)), -1.0)
        axes.pcolormesh(across, up, shown, cmap="Blues", vmin=-0.5, edgecolors="none")
        top = max(across[-1], up[-1])
        axes.plot([0, top], [0, top], color=ACTUAL, lw=0.8)
        axes.set_xlabel("measured [% of capacity]")
        axes.set_ylabel("predicted [% of capacity]")
        return _svg(figure, label)


def bars(values: Mapping[str, float], colours: Sequence[str], label: str, axis: str) -> str:
    """Draw a few named values as horizontal bars with their figures."""
    with rc_context(_STYLE):
        figure = Figure(figsize=(5.4, 0.5 + 0.42 * len(values)), layout="constrained")
        axes = figure.subplots()
        places = np.arange(len(values))[::-1]
        drawn = axes.barh(places, list(values.values()), color=list(colours), height=0.62)
        axes.bar_label(drawn, fmt="%.2f", padding=4)
        axes.set_yticks(places, list(values))
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(axis)
        axes.margins(x=0.14)
        return _svg(figure, label)


def months(scores: Mapping[str, Mapping[str, float | None]], threshold: float, label: str) -> str:
    """Draw R² by month for challenger and champion, with the threshold."""
    with rc_context(_STYLE):
        names = sorted({month for series in scores.values() for month in series})
        figure = Figure(figsize=(5.4, 3.6), layout="constrained")
        axes = figure.subplots()
        colours = {"challenger": CHALLENGER, "champion": CHAMPION}
        lowest = 0.6
        for side, (model, series) in enumerate(scores.items()):
            found = [series.get(month) for month in names]
            values = np.array([np.nan if value is None else value for value in found])
            heights = np.maximum(values, 0.0)  # far below it only the label says how far
            lowest = float(np.nanmin([lowest, *heights]))
            axes.plot(names, heights, "o-", ms=6, lw=1.2, color=colours[model], label=model)
            if len(names) * len(scores) <= _MOST_LABELLED:
                for month, height, value in zip(names, heights, values, strict=True):
                    if not np.isfinite(value):
                        continue
                    axes.annotate(
                        f"{value:.2f}",
                        (month, height),
                        xytext=(
                            0,
                            -15 if side else 7,
                        ),  # the champion's below, so that none overlap
                        textcoords="offset points",
                        ha="center",
                        color=colours[model],
                    )
        axes.axhline(threshold, color=ACTUAL, lw=1, ls="--", label=f"threshold {threshold:g}")
        step = max(len(names) // 9, 1)
        axes.set_xticks(names[::step], [_short(name) for name in names[::step]])
        axes.set_ylim(max(lowest - 0.1, 0.0), 1.02)
        axes.set_ylabel("R², all hours")
        figure.legend(loc="outside upper right", ncols=3)
        return _svg(figure, label)


def comparison(found: Comparison, margin: float, label: str) -> str:
    """Draw the difference to the champion with its interval and the margin."""
    with rc_context(_STYLE):
        figure = Figure(figsize=(5.4, 1.6), layout="constrained")
        axes = figure.subplots()
        low, middle, high = (
            value * _PERCENT for value in (found.ci_low, found.delta_nmae, found.ci_high)
        )
        axes.hlines(0, low, high, color=CHALLENGER, lw=5)
        axes.plot([middle], [0], "o", color=CHALLENGER, ms=9)
        axes.axvline(0, color=ACTUAL, lw=1)
        axes.axvline(margin * _PERCENT, color=CHAMPION, lw=1, ls="--")
        axes.annotate(
            "margin",
            (margin * _PERCENT, 0.6),
            xytext=(4, 0),
            textcoords="offset points",
            color=CHAMPION,
        )
        axes.set_ylim(-1, 1)
        axes.set_yticks([])
        axes.margins(x=0.2)
        axes.set_xlabel("nMAE, challenger minus champion [% of capacity]; left is better")
        return _svg(figure, label)


def reliability(found: Sequence[Reliability], label: str) -> str:
    """Draw how often measured power was at or below each predicted quantile; on the line it is honest."""
    with rc_context(_STYLE):
        figure = Figure(figsize=(5.4, 3.6), layout="constrained")
        axes = figure.subplots()
        axes.plot([0, _PERCENT], [0, _PERCENT], color=ACTUAL, lw=0.8)
        axes.plot(
            [each.level * _PERCENT for each in found],
            [each.observed * _PERCENT for each in found],
            "o-",
            ms=4,
            lw=1.2,
            color=CHALLENGER,
        )
        axes.set_xlabel("predicted quantile [%]")
        axes.set_ylabel("measured at or below it [%]")
        return _svg(figure, label)


def clock(shifts: Mapping[str, Mapping[str, float]], label: str) -> str:
    """Draw by month how much later than the sun says the power comes."""
    with rc_context(_STYLE):
        figure = Figure(figsize=(11, 2.3), layout="constrained")
        axes = figure.subplots()
        names = sorted({month for series in shifts.values() for month in series})
        for site, series in shifts.items():
            axes.plot(
                [names.index(month) for month in series],
                list(series.values()),
                "o-",
                ms=3.5,
                lw=1.2,
                label=site,
            )
        step = max(len(names) // 12, 1)
        axes.set_xticks(range(0, len(names), step), [_short(name) for name in names[::step]])
        axes.axhline(0, color=ACTUAL, lw=0.8)
        axes.set_ylabel("later than the sun\n[min]")
        if 1 < len(shifts) <= _MOST_LABELLED:
            figure.legend(loc="outside upper right", ncols=6)
        return _svg(figure, label)


def _short(month: object) -> str:
    """Return `2013-06` as `Jun 13`, and anything else as it is."""
    text = str(month)
    if not re.fullmatch(r"\d{4}-\d{2}", text):
        return text
    return f"{calendar.month_abbr[int(text[5:])]} {text[2:4]}"


def _svg(figure: Figure, label: str) -> str:
    """Return a figure as an SVG element that can stand in a page beside others."""
    buffer = io.StringIO()
    figure.savefig(
        buffer, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type"))
    )
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    prefix = re.sub(r"[^a-z0-9]+", "-", label.lower())[:40]
    text = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', text)
    text = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", text)
    text = re.sub(r'href="#([^"]+)"', rf'href="#{prefix}-\1"', text)
    text = re.sub(r'(<svg[^>]*?) width="[^"]+"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) height="[^"]+"', r"\1", text, count=1)
    return text.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)
