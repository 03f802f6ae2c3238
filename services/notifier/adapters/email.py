"""E-mail by SNS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.notifier.domain.notice import EMAIL, Notice
from services.notifier.domain.offer import Link

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

LONGEST = 250_000  # bytes; SNS takes 256 KiB


@dataclass(frozen=True, slots=True)
class SnsEmail:
    """Sends e-mail to whoever subscribed to the topic."""

    client: SNSClient
    topic_arn: str
    recipient: str = EMAIL

    def send(self, notice: Notice, links: Sequence[Link] = ()) -> None:
        """Send a notice."""
        text = notice.email_text(links).encode()[:LONGEST].decode(errors="ignore")
        self.client.publish(TopicArn=self.topic_arn, Subject=notice.email_subject(), Message=text)
