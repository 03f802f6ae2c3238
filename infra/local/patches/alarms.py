"""CloudWatch alarms: ministack looks at one window of all dimensions together; this looks as AWS does."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from infra.local import emulator, evaluation
from infra.local.evaluation import UnknownMathError
from infra.local.ticker import Ticker

_LOG = logging.getLogger("solar.alarms")
_EVERY = 1.0  # [s]


def apply(ticker: Ticker) -> None:
    """Replace the evaluation, run it every second, and let templates use metric math."""
    emulator.replace(emulator.cloudwatch, "_evaluate_alarm", lambda _original: evaluate_alarm)
    emulator.replace(emulator.provisioners, "_cw_metric_alarm_record", _with_math)
    ticker.every(
        _EVERY, lambda: emulator.in_each_region(emulator.alarms, emulator.evaluate_all_alarms)
    )


def evaluate_alarm(alarm: dict[str, Any]) -> None:
    """Bring an alarm to the state that its data say, and tell whom it concerns."""
    try:
        verdict = evaluation.evaluate(alarm, time.time(), _statistic)
    except UnknownMathError as error:
        _LOG.warning("alarm %s is not evaluated: %s", alarm["AlarmName"], error)
        return
    before = alarm["StateValue"]
    if verdict.state is None or verdict.state == before:
        return
    alarm.update(
        StateValue=verdict.state,
        StateReason=verdict.reason,
        StateUpdatedTimestamp=int(time.time()),
    )
    emulator.record_alarm_history(alarm["AlarmName"], before, verdict.state, verdict.reason)
    emulator.dispatch_alarm_actions(alarm, before, verdict.state, verdict.reason)
    emulator.evaluate_parent_alarms(alarm)


def _statistic(metric: Mapping[str, Any], start: float, end: float) -> float | None:
    dimensions = emulator.dimensions_key(
        {each["Name"]: each["Value"] for each in metric.get("Dimensions") or []}
    )
    stored = emulator.metrics.get((metric["Namespace"], metric["MetricName"], dimensions))
    points = [each for each in list(stored or []) if start < each["Timestamp"] <= end]
    if not points:
        return None
    name = metric.get("ExtendedStatistic") or metric.get("Statistic") or "Average"
    value: float | None = emulator.statistic(emulator.statistics(points), name, points)
    return value


def _with_math(record: Callable[..., Any]) -> Callable[..., Any]:
    """Keep `Metrics` of a template's alarm, which ministack refuses."""

    def changed(name: str, properties: dict[str, Any]) -> Any:
        queries = properties.get("Metrics")
        if not queries:
            return record(name, properties)
        plain = {key: value for key, value in properties.items() if key != "Metrics"}
        alarm = record(name, plain | {"MetricName": "expression", "Namespace": "expression"})
        alarm.update(Metrics=queries, MetricName=None, Namespace=None, Statistic=None, Period=None)
        return alarm

    return changed
