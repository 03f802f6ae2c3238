"""E-mail by SNS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.notifier.domain.notice import Channel, Notice

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


@dataclass(frozen=True, slots=True)
class SnsEmail:
    """Sends e-mail to whoever subscribed to the topic."""

    client: SNSClient
    topic_arn: str
    channel: Channel = Channel.EMAIL

    def send(self, notice: Notice) -> None:
        """Send a notice."""
        self.client.publish(
            TopicArn=self.topic_arn, Subject=notice.email_subject(), Message=notice.email_text()
        )
