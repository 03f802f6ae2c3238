"""When a CloudWatch alarm is in ALARM: periods, M out of N, missing data, metric math."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Series = Callable[[Mapping[str, Any], float, float], float | None]
"""Returns a metric's statistic over [start, end), or None without data."""

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}


class UnknownMathError(Exception):
    """An expression uses metric math that the local platform does not know."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state that an alarm should have, and why; None keeps the one it has."""

    state: str | None
    reason: str
    values: tuple[float | None, ...]


def evaluate(alarm: Mapping[str, Any], moment: float, series: Series) -> Verdict:
    """Return an alarm's verdict at a moment. [s since 1970]

    The windows end at `moment` instead of at full minutes, so that an alarm goes off as soon as the
    data say so; otherwise the rules are CloudWatch's.
    """
    period = float(alarm.get("Period") or _period_of(alarm))
    count = int(alarm.get("EvaluationPeriods") or 1)
    needed = int(alarm.get("DatapointsToAlarm") or count)
    values = tuple(
        _value(alarm, moment - (index + 1) * period, moment - index * period, series)
        for index in range(count)
    )
    compare = _OPERATORS[alarm["ComparisonOperator"]]
    threshold = float(alarm["Threshold"])
    missing = alarm.get("TreatMissingData") or "missing"
    if all(value is None for value in values):
        return _without_data(missing, values)
    breaching = sum(
        compare(value, threshold) if value is not None else missing == "breaching"
        for value in values
    )
    shown = ", ".join("-" if value is None else f"{value:g}" for value in values)
    state = "ALARM" if breaching >= needed else "OK"
    said = "were" if breaching != 1 else "was"
    reason = (
        f"Threshold Crossed: {breaching} out of the last {count} datapoints [{shown}] {said} "
        f"{'' if state == 'ALARM' else 'only '}{_words(alarm['ComparisonOperator'])} the threshold "
        f"({threshold:g}); {needed} are needed to alarm."
    )
    return Verdict(state, reason, values)


def _without_data(missing: str, values: tuple[float | None, ...]) -> Verdict:
    if missing == "ignore":
        return Verdict(None, "no data; the state stays", values)
    state = {"breaching": "ALARM", "notBreaching": "OK"}.get(missing, "INSUFFICIENT_DATA")
    treated = "" if state == "INSUFFICIENT_DATA" else f"; missing data are treated as {missing}"
    return Verdict(state, f"no datapoints were received for {len(values)} periods{treated}", values)


def _words(operator: str) -> str:
    return {
        "GreaterThanOrEqualToThreshold": "greater than or equal to",
        "GreaterThanThreshold": "greater than",
        "LessThanThreshold": "less than",
        "LessThanOrEqualToThreshold": "less than or equal to",
    }[operator]


def _period_of(alarm: Mapping[str, Any]) -> float:
    periods = [
        float(query.get("Period") or query.get("MetricStat", {}).get("Period") or 0)
        for query in alarm.get("Metrics") or []
    ]
    return max(periods, default=0.0) or 60.0


def _value(alarm: Mapping[str, Any], start: float, end: float, series: Series) -> float | None:
    queries = alarm.get("Metrics") or []
    if not queries:
        return series(alarm, start, end)
    values: dict[str, float | None] = {}
    expressions = []
    for query in queries:
        if "MetricStat" in query:
            stat = query["MetricStat"]
            values[query["Id"]] = series({**stat["Metric"], "Statistic": stat["Stat"]}, start, end)
        else:
            expressions.append(query)
    for (
        query
    ) in expressions:  # CloudWatch lets them refer to each other in any order; ours in theirs
        values[query["Id"]] = calculate(query["Expression"], values)
    asked = [query["Id"] for query in queries if _returns(query)]
    return values[asked[-1]]


def _returns(query: Mapping[str, Any]) -> bool:
    return str(query.get("ReturnData", True)).lower() != "false"


# --- metric math -----------------------------------------------------------------

_ARITHMETIC: dict[type, Callable[[float, float], float | None]] = {
    ast.Add: lambda left, right: left + right,
    ast.Sub: lambda left, right: left - right,
    ast.Mult: lambda left, right: left * right,
    ast.Div: lambda left, right: left / right if right else None,
    ast.Pow: lambda left, right: left**right,
}
_COMPARE: dict[type, Callable[[float, float], bool]] = {
    ast.Gt: lambda left, right: left > right,
    ast.GtE: lambda left, right: left >= right,
    ast.Lt: lambda left, right: left < right,
    ast.LtE: lambda left, right: left <= right,
    ast.Eq: lambda left, right: left == right,
    ast.NotEq: lambda left, right: left != right,
}
_FUNCTIONS: dict[str, Callable[[Sequence[float]], float]] = {
    "SUM": sum,
    "MAX": max,
    "MIN": min,
    "AVG": lambda values: sum(values) / len(values),
    "ABS": lambda values: abs(values[0]),
}


def calculate(expression: str, values: Mapping[str, float | None]) -> float | None:
    """Return the value of a metric-math expression; None where a value in it is missing.

    Arithmetic, comparisons, IF, FILL, SUM, MAX, MIN, AVG and ABS are known.

    Raises
    ------
    UnknownMathError
        Names what is not.
    """
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
    except SyntaxError as error:
        message = f"metric math {expression!r} cannot be read"
        raise UnknownMathError(message) from error
    return _node(tree, values)


def _node(node: ast.expr, values: Mapping[str, float | None]) -> float | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return float(node.value)
    if isinstance(node, ast.Name) and node.id in values:
        return values[node.id]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _node(node.operand, values)
        return None if inner is None else -inner
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        return _both(_ARITHMETIC[type(node.op)], node.left, node.right, values)
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _COMPARE:
        compare = _COMPARE[type(node.ops[0])]
        return _both(
            lambda left, right: float(compare(left, right)), node.left, node.comparators[0], values
        )
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return _call(node.func.id.upper(), node.args, values)
    message = f"metric math {ast.unparse(node)!r} is not known to the local platform"
    raise UnknownMathError(message)


def _both(
    apply: Callable[[float, float], float | None],
    left: ast.expr,
    right: ast.expr,
    values: Mapping[str, float | None],
) -> float | None:
    first, second = _node(left, values), _node(right, values)
    return None if first is None or second is None else apply(first, second)


def _call(name: str, arguments: list[ast.expr], values: Mapping[str, float | None]) -> float | None:
    if name == "IF":
        condition = _node(arguments[0], values)
        if condition is None:
            return None
        chosen = arguments[1] if condition else arguments[2]
        return _node(chosen, values)
    if name == "FILL":
        value = _node(arguments[0], values)
        return _node(arguments[1], values) if value is None else value
    if name in _FUNCTIONS:
        parts = [
            value
            for argument in (arguments[0].elts if isinstance(arguments[0], ast.List) else arguments)
            if (value := _node(argument, values)) is not None
        ]
        return _FUNCTIONS[name](parts) if parts else None
    message = f"metric math function {name} is not known to the local platform"
    raise UnknownMathError(message)
