"""GetMetricData of CloudWatch: metrics, searches and metric math over time."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.local import metric_search
from infra.local.evaluation import UnknownMathError, calculate
from infra.local.metric_search import Metric, SearchError

Points = Sequence[Mapping[str, Any]]
Statistic = Callable[[Points, str], float | None]
"""Returns a statistic of the points of one period."""

_PERIOD = 300  # of a search that names none [s]
_MOST_SERIES = 500  # that a search finds


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a graph: values by the start of their period [s since 1970]."""

    label: str
    values: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Result:
    """What a query came to; a search comes to a series per metric found."""

    id: str
    series: tuple[Series, ...]
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """The time asked for: [start, end). [s since 1970]"""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Data:
    """Everything that was published: each metric with its points."""

    published: Sequence[tuple[Metric, Points]]
    statistic: Statistic

    def metrics(self) -> list[Metric]:
        """Return every metric that was published."""
        return [metric for metric, _ in self.published]

    def values(self, metric: Metric, stat: str, period: int, window: Window) -> dict[int, float]:
        """Return a statistic of a metric for every period that has data."""
        buckets: dict[int, list[Mapping[str, Any]]] = {}
        points = next((found for each, found in self.published if each == metric), ())
        for point in points:
            if window.start <= point["Timestamp"] < window.end:
                buckets.setdefault(int(point["Timestamp"] // period) * period, []).append(point)
        found = {start: self.statistic(buckets[start], stat) for start in sorted(buckets)}
        return {start: value for start, value in found.items() if value is not None}


def answer(queries: Sequence[Mapping[str, Any]], window: Window, data: Data) -> list[Result]:
    """Return what queries come to, in their order; those whose data nobody wants are left out.

    An expression that is not known comes to an error and not to silence.
    """
    done: dict[str, Result] = {}
    for query in sorted(queries, key=_needs_others):
        done[query["Id"]] = _answer(query, window, data, done)
    return [done[query["Id"]] for query in queries if query.get("ReturnData", True) is not False]


def _needs_others(query: Mapping[str, Any]) -> bool:
    expression = str(query.get("Expression") or "")
    return bool(expression) and not metric_search.is_search(expression)


def _answer(
    query: Mapping[str, Any], window: Window, data: Data, done: Mapping[str, Result]
) -> Result:
    name, expression = query["Id"], str(query.get("Expression") or "")
    try:
        if not expression:
            return Result(name, (_of_metric(query, window, data),))
        if metric_search.is_search(expression):
            return Result(name, tuple(_of_search(query, expression, window, data)))
        return Result(name, (_of_math(query, expression, done),))
    except (SearchError, UnknownMathError) as error:
        return Result(name, (), str(error))


def _of_metric(query: Mapping[str, Any], window: Window, data: Data) -> Series:
    asked = query["MetricStat"]
    dimensions = {each["Name"]: each["Value"] for each in asked["Metric"].get("Dimensions") or []}
    metric = Metric(asked["Metric"]["Namespace"], asked["Metric"]["MetricName"], dimensions)
    values = data.values(metric, asked["Stat"], int(asked["Period"]), window)
    return Series(str(query.get("Label") or metric.name), values)


def _of_search(
    query: Mapping[str, Any], expression: str, window: Window, data: Data
) -> Iterable[Series]:
    search = metric_search.read(expression)
    period = search.period or int(query.get("Period") or _PERIOD)
    label = str(query.get("Label") or "")
    for metric in search.among(data.metrics())[:_MOST_SERIES]:
        # As the graph says it: the values that tell the series apart.
        own = " ".join(metric.dimensions.values())
        values = data.values(metric, search.stat, period, window)
        yield Series(f"{label} {own}".strip() or metric.name, values)


def _of_math(query: Mapping[str, Any], expression: str, done: Mapping[str, Result]) -> Series:
    used = _names(expression)
    series: dict[str, Mapping[int, float]] = {}
    for name in used & done.keys():
        if len(done[name].series) != 1:
            message = (
                f"metric math over the many series of {name!r} is not known to the local platform"
            )
            raise UnknownMathError(message)
        series[name] = done[name].series[0].values
    values: dict[int, float] = {}
    for start in sorted({start for each in series.values() for start in each}):
        value = calculate(expression, {name: each.get(start) for name, each in series.items()})
        if value is not None:
            values[start] = value
    return Series(str(query.get("Label") or query["Id"]), values)


def _names(expression: str) -> set[str]:
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except SyntaxError as error:
        message = f"metric math {expression!r} cannot be read"
        raise UnknownMathError(message) from error
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
