"""E-mail by SNS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.notifier.domain.delivery import Subscriptions
from services.notifier.domain.notice import EMAIL, Notice
from services.notifier.domain.offer import Link

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

_PENDING, _DELETED = "PendingConfirmation", "Deleted"  # in the place of a subscription's ARN
LONGEST = 250_000  # bytes; SNS takes 256 KiB


@dataclass(frozen=True, slots=True)
class SnsEmail:
    """Sends e-mail to whoever subscribed to the topic."""

    client: SNSClient
    topic_arn: str
    recipient: str = EMAIL
    expects_readers: bool = True

    def send(self, notice: Notice, links: Sequence[Link] = ()) -> None:
        """Send a notice."""
        text = notice.email_text(links).encode()[:LONGEST].decode(errors="ignore")
        self.client.publish(TopicArn=self.topic_arn, Subject=notice.email_subject(), Message=text)

    def subscriptions(self) -> Subscriptions:
        """Return how many addresses subscribed; those that SNS forgot count for nothing."""
        pages = self.client.get_paginator("list_subscriptions_by_topic")
        arns = [
            each["SubscriptionArn"]
            for page in pages.paginate(TopicArn=self.topic_arn)
            for each in page["Subscriptions"]
        ]
        pending, deleted = arns.count(_PENDING), arns.count(_DELETED)
        confirmed = len(arns) - pending - deleted
        return Subscriptions(confirmed, pending, self.expects_readers, deleted)
