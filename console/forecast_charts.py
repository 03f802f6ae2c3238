"""A forecast drawn: in the terminal, hour by hour, or as a picture in a file."""

from __future__ import annotations

import html
import io
from pathlib import Path

import numpy as np

from console.errors import ConsoleError
from console.forecasts import Series
from shared.solar.position import Floats

_HEIGHT = 10  # lines
_MANY = 100.0  # kW from which on a fraction says nothing
_SURE, _BAND, _MIDDLE = "\N{DARK SHADE}", "\N{LIGHT SHADE}", "\N{FULL BLOCK}"
_LEGEND = f"{_MIDDLE} P50  {_BAND} P10 to P90  {_SURE} below P10"
_PICTURES = (".png", ".svg", ".html")
# On a narrow screen the picture is moved sideways: its hours would be too small to read.
_STYLE = (
    "body{margin:1rem;font-family:sans-serif}h1{font-size:1rem}div{overflow-x:auto}"
    "svg{width:100%;min-width:36rem;height:auto}"
)


def fitting(hourly: Series, width: int) -> int:
    """Return of how many hours there is room in so many columns."""
    room = width - len(_highest(hourly)) - 3  # a blank, the axis' blank, and a mark of two digits
    return min(len(hourly.starts), max(room, 1))


def _highest(hourly: Series) -> str:
    top = float(max(hourly.p90.max(), 1e-9))
    return f"{top:,.0f}" if top >= _MANY else f"{top:.3g}"


def in_terminal(hourly: Series, width: int) -> list[str]:
    """Return lines of text: a column per hour, the band shaded and P50 solid; hours and a legend below.

    Parameters
    ----------
    width
        Columns of the terminal; of more hours than fit, the first are shown.
    """
    top = float(max(hourly.p90.max(), 1e-9))
    highest = _highest(hourly)
    label = len(highest) + 1
    count = fitting(hourly, width)
    low, middle, high = (
        _levels(each[:count], top) for each in (hourly.p10, hourly.p50, hourly.p90)
    )
    lines = []
    for level in range(_HEIGHT, 0, -1):
        named = {_HEIGHT: highest, 1: "0"}.get(level, "")
        drawn = np.where((low < level) & (level <= high), _BAND, " ")
        drawn = np.where(level <= np.minimum(middle, low), _SURE, drawn)
        drawn = np.where((middle == level) & (hourly.p50[:count] > 0), _MIDDLE, drawn)
        lines.append(f"{named:>{label}} {''.join(drawn)}".rstrip())
    marks = [f"{start:%H}" if start.hour % 6 == 0 else "" for start in hourly.starts[:count]]
    axis = [" "] * (count + 2)
    for place, mark in enumerate(marks):
        axis[place : place + len(mark)] = mark
    below = [f"{'':>{label}} {''.join(axis)}".rstrip(), f"{'':>{label}} {_LEGEND}"[:width]]
    return [*lines, *below]


def _levels(power: Floats, top: float) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.ceil(power / top * _HEIGHT - 1e-9).astype(np.int64)


def to_file(found: Series, title: str, path: Path) -> None:
    """Write the chart as PNG, SVG, or a page of HTML that needs nothing else.

    Raises
    ------
    ConsoleError
        The file's name ends otherwise.
    """
    if path.suffix not in _PICTURES:
        raise ConsoleError(f"{path.name} must end with {', '.join(_PICTURES)}")
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter  # noqa: PLC0415 - heavy
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    axes = figure.subplots()
    zone = found.starts[0].tzinfo
    middles = [start + found.step / 2 for start in found.starts]
    axes.fill_between(middles, found.p10, found.p90, color="#b6d4fb", label="P10 to P90")  # type: ignore[arg-type]
    axes.plot(middles, found.p50, color="#0b63c5", lw=1.6, label="P50")  # type: ignore[arg-type]
    locator = AutoDateLocator(tz=zone)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=zone))  # type: ignore[no-untyped-call]
    axes.set_xlabel(f"time ({found.starts[0].tzname() or 'UTC'})")
    axes.set_ylabel("kW")
    axes.set_ylim(bottom=0)
    axes.grid(color="#e6e9ed")
    axes.legend(frameon=False, ncols=2)
    if path.suffix != ".html":
        axes.set_title(title.replace("; ", ";\n"), loc="left", fontsize=10)  # an issue a line
        figure.savefig(path, dpi=120)
        return
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg")
    svg = drawn.getvalue()
    path.write_text(
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style>"
        f"<h1>{html.escape(title)}</h1><div>{svg[svg.index('<svg') :]}</div></html>",
        encoding="utf-8",
    )
