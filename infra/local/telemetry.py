"""What our own parts tell CloudWatch and EventBridge, in process."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from infra.local import emulator

_ENTRIES_PER_CALL = 1000


def metric(
    namespace: str, name: str, value: float, unit: str, dimensions: Mapping[str, str]
) -> None:
    """Record one value of a metric, now."""
    emulator.cloudwatch.record_metric(namespace, name, value, unit, dict(dimensions))


def event(
    source: str, detail_type: str, detail: Mapping[str, Any], resources: Sequence[str]
) -> None:
    """Send an event to the default bus, as an AWS service does."""
    emulator.put_events(
        {
            "Entries": [
                {
                    "Source": source,
                    "DetailType": detail_type,
                    "Detail": json.dumps(detail),
                    "Resources": list(resources),
                }
            ]
        },
        allow_aws_source=True,
    )


class LogStream:
    """One stream of a log group; both are created by the first line."""

    def __init__(self, group: str, stream: str) -> None:
        self._group = group
        self._stream = stream
        self._exists = False

    def write(self, lines: Iterable[str]) -> None:
        """Append lines; empty ones are left out, as CloudWatch does."""
        moment = int(time.time() * 1000)
        entries = [{"timestamp": moment, "message": line} for line in lines if line]
        if not entries:
            return
        where = {"logGroupName": self._group, "logStreamName": self._stream}
        if not self._exists:
            emulator.create_log_group({"logGroupName": self._group})
            emulator.create_log_stream(where)
            self._exists = True
        for start in range(0, len(entries), _ENTRIES_PER_CALL):
            emulator.put_log_events(
                where | {"logEvents": entries[start : start + _ENTRIES_PER_CALL]}
            )
