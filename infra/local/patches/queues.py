"""SQS: the metrics that alarms watch."""

from __future__ import annotations

import time
from typing import Any

from infra.local import emulator, telemetry
from infra.local.ticker import Ticker

_NAMESPACE = "AWS/SQS"
_EVERY = 2.0  # [s]
_REPEAT = 20.0  # an unchanged value is told again so that no alarm window is ever empty [s]


def apply(ticker: Ticker) -> None:
    """Measure all queues every few seconds."""
    gauge = Gauge()
    ticker.every(_EVERY, lambda: emulator.in_each_region(emulator.queues, gauge.measure))


class Gauge:
    """Tells a queue's metrics when they change, and otherwise every so often."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str, str], tuple[float, float]] = {}

    def measure(self) -> None:
        """Measure all queues of a Region once."""
        for url, queue in list(emulator.queues.items()):
            for name, value, unit in measured(queue, time.time()):
                self._tell(url.rpartition("/")[2], name, value, unit)

    def _tell(self, queue: str, name: str, value: float, unit: str) -> None:
        moment = time.monotonic()
        which = (emulator.responses.get_region(), queue, name)
        last, when = self._told.get(which, (None, 0.0))
        if value != last or moment - when >= _REPEAT:
            self._told[which] = (value, moment)
            telemetry.metric(_NAMESPACE, name, value, unit, {"QueueName": queue})


def measured(queue: dict[str, Any], moment: float) -> list[tuple[str, float, str]]:
    """Return a queue's metrics: name, value and unit."""
    messages = list(queue["messages"])
    hidden = [each for each in messages if each["visible_at"] > moment]
    in_flight = sum(1 for each in hidden if each["receive_count"] > 0)
    oldest = max((moment - each["sent_at"] for each in messages), default=0.0)
    return [
        ("ApproximateNumberOfMessagesVisible", float(len(messages) - len(hidden)), "Count"),
        ("ApproximateNumberOfMessagesNotVisible", float(in_flight), "Count"),
        ("ApproximateNumberOfMessagesDelayed", float(len(hidden) - in_flight), "Count"),
        ("ApproximateAgeOfOldestMessage", float(round(oldest)), "Seconds"),
    ]
