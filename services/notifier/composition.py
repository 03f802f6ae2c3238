"""Puts the service together: the one place where ports meet adapters."""

from __future__ import annotations

from services.notifier.adapters import Secret, SlackWebhook, SnsEmail, SqsTimer
from services.notifier.ports import Courier
from services.notifier.service import Notifier
from services.notifier.settings import NotifierSettings
from services.notifier.table import DynamoNotices
from shared.aws import lazy_client
from shared.clock import utc_now


def notifier(settings: NotifierSettings) -> Notifier:
    """Return the service for these settings."""
    couriers: list[Courier] = [SnsEmail(lazy_client("sns"), settings.notices_topic_arn)]
    if settings.slack_secret_name:
        secret = Secret(lazy_client("secretsmanager"), settings.slack_secret_name)
        couriers.append(SlackWebhook(secret))
    return Notifier(
        notices=DynamoNotices(lazy_client("dynamodb"), settings.notices_table),
        couriers=couriers,
        timer=SqsTimer(lazy_client("sqs"), settings.inbox_url),
        clock=utc_now,
    )
