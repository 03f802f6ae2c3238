"""The inbox as a timer."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from shared.ids import content_id
from shared.messages import SweepDue

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

LONGEST = 900  # that SQS delays a message [s]; the regular sweep comes as often
_NEAR = 2.0  # wakes that are as close to each other are one [s]


@dataclass(frozen=True, slots=True)
class SqsTimer:
    """Implements the port `Timer` by a delayed message to the own inbox."""

    client: SQSClient
    url: str
    clock: Callable[[], float] = time.time
    _set: list[float] = field(default_factory=list)  # when this process will be woken [s]

    def wake(self, delay: timedelta) -> None:
        """Let a quick sweep come after a while; one that comes soon after that anyway is enough."""
        begun = self.clock()
        seconds = min(max(delay.total_seconds(), 0.0), LONGEST)
        self._set[:] = [each for each in self._set if each > begun]
        if any(0 <= each - begun - seconds <= _NEAR for each in self._set):
            return
        whole = min(int(seconds) + 1, LONGEST)  # a moment late rather than early
        now = datetime.now(UTC)
        message = SweepDue(
            id=content_id("notifier", now), occurred_at=now, correlation_id="digest", scope="quick"
        )
        self.client.send_message(
            QueueUrl=self.url, MessageBody=message.model_dump_json(), DelaySeconds=whole
        )
        self._set.append(begun + whole)
