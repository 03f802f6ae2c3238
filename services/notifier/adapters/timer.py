"""The inbox as a timer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from shared.ids import content_id
from shared.messages import SweepDue

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True, slots=True)
class SqsTimer:
    """Implements the port `Timer` by a delayed message to the own inbox."""

    client: SQSClient
    url: str

    def wake(self, delay: timedelta) -> None:
        """Let a quick sweep come after a while."""
        now = datetime.now(UTC)
        message = SweepDue(
            id=content_id("notifier", now), occurred_at=now, correlation_id="digest", scope="quick"
        )
        self.client.send_message(
            QueueUrl=self.url,
            MessageBody=message.model_dump_json(),
            DelaySeconds=int(delay.total_seconds()),
        )
