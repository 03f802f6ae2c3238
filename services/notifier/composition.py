"""Puts the service together: the one place where ports meet adapters."""

from __future__ import annotations

from services.notifier.adapters.email import SnsEmail
from services.notifier.adapters.notices import DynamoNotices
from services.notifier.adapters.secret import Secret
from services.notifier.adapters.slack import SlackWebhook
from services.notifier.adapters.timer import SqsTimer
from services.notifier.app.answering import Answering
from services.notifier.app.dispatching import Dispatching
from services.notifier.app.summing_up import SummingUp
from services.notifier.app.telling import Telling
from services.notifier.ports import Courier
from services.notifier.settings import NotifierSettings, QuerySettings
from shared.aws import lazy_client
from shared.clock import utc_now


def notifier(settings: NotifierSettings) -> Dispatching:
    """Return everything that reacts to the inbox."""
    notices = _notices(settings.notices_table)
    timer = SqsTimer(lazy_client("sqs"), settings.inbox_url)
    telling = Telling(notices, _couriers(settings), timer, utc_now)
    summing_up = SummingUp(notices, telling.send, timer, utc_now)
    return Dispatching(telling, summing_up, utc_now)


def answering(settings: QuerySettings) -> Answering:
    """Return what answers questions."""
    return Answering(_notices(settings.notices_table))


def _notices(table: str) -> DynamoNotices:
    return DynamoNotices.of(lazy_client("dynamodb"), table)


def _couriers(settings: NotifierSettings) -> list[Courier]:
    couriers: list[Courier] = [SnsEmail(lazy_client("sns"), settings.notices_topic_arn)]
    if settings.slack_secret_name:
        secret = Secret(lazy_client("secretsmanager"), settings.slack_secret_name)
        couriers.append(SlackWebhook(secret))
    return couriers
