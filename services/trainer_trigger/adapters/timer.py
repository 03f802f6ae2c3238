"""The inbox as a timer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.aws import SqsInbox
from shared.messages import EvaluationDue, SweepDue


@dataclass(frozen=True, slots=True)
class DelayedMessages:
    """The inbox as a timer: a message that becomes visible later."""

    inbox: SqsInbox

    def evaluate_later(self, model_id: str, now: datetime, seconds: int) -> None:
        """Send one `EvaluationDue`, visible after at most 900 seconds."""
        self.inbox.remind(EvaluationDue, model_id, now, seconds)

    def continue_sweep(self, sweep: SweepDue, cursor: str) -> None:
        """Send the continuation of a sweep that had no more time."""
        message = SweepDue.of(
            subject=(sweep.id, cursor),
            occurred_at=sweep.occurred_at,
            correlation_id=sweep.correlation_id,
            scope=sweep.scope,
            cursor=cursor,
        )
        self.inbox.send(message)
