"""The inbox as a timer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.aws import SqsInbox
from shared.messages import AnyMessage, DeploymentCheckDue


@dataclass(frozen=True, slots=True)
class DelayedMessages:
    """The inbox as a timer: a message that becomes visible later."""

    inbox: SqsInbox

    def check_later(self, model_id: str, now: datetime, seconds: int) -> None:
        """Send one `DeploymentCheckDue`, visible after at most 900 seconds."""
        self.inbox.remind(DeploymentCheckDue, model_id, now, seconds)

    def again(self, message: AnyMessage, seconds: int) -> None:
        """Send a message to this service once more, visible later."""
        self.inbox.send(message, seconds)
