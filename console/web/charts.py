"""Charts as the library in the browser draws them: the data here, the colours there (light, dark, print)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, pairwise
from typing import Any

Trace = dict[str, Any]
MOST_POINTS = 4000  # of a line; a screen has fewer


@dataclass(slots=True)
class Chart:
    """A chart over time.

    Attributes
    ----------
    title
        What it shows, also for those who do not see it.
    unit
        Of the upright axis.
    zooms
        Whether a dragged range opens the page at that range.
    excludes
        The site of which a dragged range may be excluded.
    span
        The time that it shows, and that others below it show; None is that of its lines.
    is_low
        Whether it is drawn lower, as one of several below each other.
    clock
        By whose clock its times or days are; "" where everybody knows.
    """

    title: str
    unit: str
    traces: list[Trace] = field(default_factory=list)
    shapes: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    zooms: bool = False
    excludes: str = ""
    is_share: bool = False
    span: tuple[str, str] | None = None
    is_low: bool = False
    clock: str = ""

    def line(
        self, name: str, points: Sequence[tuple[str, float | None]], role: str, **more: Any
    ) -> None:
        """Add a line; its `role` says its colour."""
        points = thinned(with_gaps(points))
        self.traces.append(
            {
                "name": name,
                "role": role,
                "x": [each[0] for each in points],
                "y": [_rounded(each[1]) for each in points],
                **more,
            }
        )

    def band(
        self,
        name: str,
        low: Sequence[tuple[str, float | None]],
        high: Sequence[tuple[str, float | None]],
    ) -> None:
        """Add the stretch between two lines: piece by piece, for a gap would be filled too."""
        pieces = zip(_pieces(low), _pieces(high), strict=True)
        for number, (lower, upper) in enumerate(pieces):
            self.line("", lower, "band", showlegend=False, hoverinfo="skip")
            more = {"fill": "tonexty", "hoverinfo": "skip", "legendgroup": name}
            self.line(name, upper, "band", showlegend=not number, **more)

    def stretch(self, begin: str, end: str, role: str, label: str, *, note: bool = True) -> None:
        """Shade a stretch of time; the words below the chart say what it is, unless a table does."""
        begin, end = in_utc(begin), in_utc(end)
        self.shapes.append({"x0": begin, "x1": end, "role": role, "label": label})
        if note:
            self.notes.append(
                f"{begin[:16].replace('T', ' ')} to {end[:16].replace('T', ' ')}: {label}"
            )

    def band_below(self, begin: str, end: str, role: str, label: str, *, note: bool) -> None:
        """Say along the bottom what holds in a stretch of days."""
        self.shapes.append({"x0": begin, "x1": end, "role": role, "label": label, "low": True})
        if note:
            self.notes.append(f"from {begin}: {label}")

    def mark(self, at: str, role: str, label: str, *, note: bool = True) -> None:
        """Draw an upright line at a moment; the words below the chart say what it is, unless another's do."""
        self.shapes.append({"x0": at, "x1": at, "role": role, "label": label})
        if note:
            self.notes.append(f"{at[:16].replace('T', ' ')}: {label}")

    @property
    def data(self) -> dict[str, Any]:
        """What the browser draws."""
        return {
            "title": self.title,
            "unit": self.unit,
            "traces": self.traces,
            "shapes": self.shapes,
            "zooms": self.zooms,
            "excludes": self.excludes,
            "share": self.is_share,
            "span": self.span,
        }

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        """The figures as a table, thinned to what somebody may read: time and each named line."""
        places = {name: place for place, name in enumerate(self.columns)}
        values: dict[str, list[Any]] = {}
        for each in self.traces:
            if each["name"]:
                for moment, value in zip(each["x"], each["y"], strict=True):
                    row = values.setdefault(moment, [None] * len(places))
                    row[places[each["name"]]] = value
        ordered = sorted(
            each for each in values.items() if any(value is not None for value in each[1])
        )
        step = max(1, len(ordered) // 60)
        return [(moment[:16].replace("T", " "), *found) for moment, found in ordered[::step]]

    @property
    def columns(self) -> list[str]:
        """The names of the lines."""
        return list(dict.fromkeys(each["name"] for each in self.traces if each["name"]))


def in_utc(moment: str) -> str:
    """Return a moment in UTC, as the browser's library overlooks an offset; a day stays a day."""
    if len(moment) <= len("2026-06-01"):
        return moment
    return datetime.fromisoformat(moment).astimezone(UTC).isoformat().replace("+00:00", "Z")


GAP = 2.5  # steps, after which a line is interrupted


def with_gaps(points: Sequence[tuple[str, float | None]]) -> Sequence[tuple[str, float | None]]:
    """Return points with an empty one in each gap, so that no line is drawn where nothing is known."""
    if len(points) < 3:  # noqa: PLR2004 - a step between two points is the only one
        return points
    moments = [datetime.fromisoformat(each[0]) for each in points]
    steps = [after - before for before, after in pairwise(moments)]
    longest = GAP * sorted(steps)[len(steps) // 2]
    found: list[tuple[str, float | None]] = []
    for point, moment, step in zip(points, moments, [*steps, longest], strict=True):
        found.append(point)
        if step > longest:
            found.append((_like(point[0], moment + longest / GAP), None))
    return found


def _like(known: str, moment: datetime) -> str:
    """Return a moment as another is written: a day or a time."""
    if len(known) <= len("2026-06-01"):
        return f"{moment:%Y-%m-%d}"
    return moment.isoformat().replace("+00:00", "Z")


def _pieces(points: Sequence[tuple[str, float | None]]) -> list[list[tuple[str, float | None]]]:
    """Return the points between gaps."""
    pieces: list[list[tuple[str, float | None]]] = [[]]
    for each in with_gaps(points):
        if each[1] is None:
            pieces.append([])
        else:
            pieces[-1].append(each)
    return [each for each in pieces if each]


def thinned(
    points: Sequence[tuple[str, float | None]], most: int = MOST_POINTS
) -> Sequence[tuple[str, float | None]]:
    """Return at most so many points: of each stretch the lowest and the highest, in order."""
    if len(points) <= most:
        return points
    length = 2 * len(points) / most
    kept: list[tuple[str, float | None]] = []
    for part in _parts(points, length):
        known = [each for each in part if each[1] is not None]
        if not known:
            kept.append(part[0])
            continue
        low, high = min(known, key=_value), max(known, key=_value)
        kept += [low] if low is high else sorted((low, high))
    return kept


def _parts(
    points: Sequence[tuple[str, float | None]], length: float
) -> Iterable[Sequence[tuple[str, float | None]]]:
    start = 0
    number = 1
    while start < len(points):
        end = max(start + 1, round(number * length))
        yield points[start:end]
        start, number = end, number + 1


def _value(point: tuple[str, float | None]) -> float:
    return point[1] or 0.0


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.5g}")


def per_day(lines: Iterable[Mapping[str, Any]], name: str) -> list[tuple[str, float | None]]:
    """Return a figure of the lines of a scorecard by day."""
    return [(each["name"], each[name]) for each in lines]


def version_bands(lines: Sequence[Mapping[str, Any]]) -> list[tuple[tuple[int, ...], list[str]]]:
    """Return which versions were scored on which days: those of the same ones in a row together."""
    known = [each for each in lines if each["versions"]]
    bands = groupby(known, key=lambda each: tuple(each["versions"]))
    return [(now, [each["name"] for each in found]) for now, found in bands]


def versions(chart: Chart, lines: Sequence[Mapping[str, Any]], *, note: bool) -> None:
    """Show which versions were scored on which days, as bands along the bottom."""
    for place, (now, days) in enumerate(version_bands(lines)):
        label = f"version {', '.join(map(str, now))}"
        chart.band_below(days[0], day_after(days[-1]), f"version-{place % 2}", label, note=note)


def day_after(day: str) -> str:
    """Return the day after a day: where a stretch of days ends."""
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()
