"""Puts the service together: the one place where ports meet adapters."""

from __future__ import annotations

from datetime import timedelta

from services.notifier.adapters.counts import MetricCounts
from services.notifier.adapters.links import (
    KeyRotation,
    LinkCounts,
    NoLinks,
    S3Linked,
    SecretKeys,
    SignedLinks,
)
from services.notifier.adapters.measures import EmbeddedMeasures
from services.notifier.adapters.notices import (
    DynamoAlarms,
    DynamoJournals,
    DynamoNotices,
    DynamoShown,
)
from services.notifier.adapters.readers import RoutedReaders
from services.notifier.adapters.refusals import DynamoRefusals
from services.notifier.adapters.services import QueryFunctions
from services.notifier.adapters.timer import SqsTimer
from services.notifier.adapters.uses import DynamoUses
from services.notifier.app.acting import Acting
from services.notifier.app.answering import Answering
from services.notifier.app.boards import Boards
from services.notifier.app.checking import Checking
from services.notifier.app.delivering import Delivering
from services.notifier.app.dispatching import Dispatching
from services.notifier.app.finishing import Finishing
from services.notifier.app.following import Following
from services.notifier.app.mending import Mending
from services.notifier.app.opening import Opening
from services.notifier.app.recounting import Recounting
from services.notifier.app.redriving import Redriving
from services.notifier.app.reviewing import Reviewing
from services.notifier.app.ringing import Ringing
from services.notifier.app.telling import Gathering, Telling
from services.notifier.domain.grouping import Waits
from services.notifier.domain.links.grant import Lifetimes
from services.notifier.domain.stories.mails import Patience
from services.notifier.ports import Links
from services.notifier.settings import (
    KeySettings,
    LinksSettings,
    NotifierSettings,
    QuerySettings,
    ReviewSettings,
)
from shared import observability
from shared.aws import S3Objects, SqsInbox, lazy_client, lazy_presigner
from shared.clock import utc_now
from shared.store import Store


def notifier(settings: NotifierSettings) -> Dispatching:
    """Return everything that reacts to the inbox."""
    notices = _notices(settings.notices_table)
    timer = SqsTimer(lazy_client("sqs"), settings.inbox_url)
    readers = _readers(settings)
    delivering = Delivering(
        notices,
        readers,
        _links(settings),
        timer,
        EmbeddedMeasures(),
        utc_now,
        settings.console_url,
    )
    waits = Waits(_seconds(settings.gather_seconds), _seconds(settings.gather_longest_seconds))
    patience = Patience(
        _seconds(settings.figures_seconds),
        _seconds(settings.rollback_seconds),
        timedelta(hours=settings.links_act_hours),
        has_links=bool(settings.links_url),
    )
    telling = Telling(notices, notices, delivering.deliver, timer, utc_now, waits)
    gathering = Gathering(notices, delivering.deliver, timer, utc_now, waits)
    boards = Boards(
        readers,
        DynamoShown(notices.store),
        delivering.links_of,
        delivering.tell_others,
        utc_now,
        patience,
    )
    following = Following(
        DynamoJournals(notices.store), telling.tell, boards, timer, utc_now, patience
    )
    return Dispatching(
        telling,
        following,
        Ringing(DynamoAlarms(notices.store), telling.tell, settings.docs_url),
        Mending(DynamoRefusals(notices.store), notices, telling.tell),
        Recounting(S3Objects(lazy_client("s3"), settings.data_bucket), readers, telling),
        Redriving(notices, timer, utc_now),
        Checking(readers, notices, timer, EmbeddedMeasures(), utc_now),
        (following.sweep, gathering.sweep, delivering.sweep, _finishing(settings).sweep),
        utc_now,
    )


def answering(settings: QuerySettings) -> Answering:
    """Return what answers questions."""
    return Answering(_notices(settings.notices_table), _readers(settings))


def reviewing(settings: ReviewSettings) -> Reviewing:
    """Return what reviews a day or a week."""
    return Reviewing(
        QueryFunctions(lazy_client("lambda")),
        _notices(settings.notices_table),
        S3Objects(lazy_client("s3"), settings.data_bucket),
        SqsInbox(lazy_client("sqs"), settings.inbox_url),
        MetricCounts(lazy_client("cloudwatch")),
        utc_now,
    )


def opening(settings: LinksSettings) -> Opening:
    """Return what answers links."""
    meter = LinkCounts()
    finishing = _finishing(settings)
    services = QueryFunctions(lazy_client("lambda"))
    acting = Acting(finishing.uses, services, finishing, meter, utc_now)
    keys = SecretKeys(lazy_client("secretsmanager"), settings.links_secret_name)
    shown = S3Linked(lazy_presigner(), settings.data_bucket)
    return Opening(keys, shown, acting, meter, utc_now, settings.console_url)


def _finishing(settings: NotifierSettings | LinksSettings) -> Finishing:
    store = Store(lazy_client("dynamodb"), settings.notices_table, ("notice_id",))
    deciders = SqsInbox(lazy_client("sqs"), settings.deployer_inbox_url)
    return Finishing(DynamoUses(store), deciders, utc_now)


def rotation(settings: KeySettings) -> KeyRotation:
    """Return what replaces the key of links."""
    return KeyRotation(lazy_client("secretsmanager"), settings.links_secret_name)


def _readers(settings: NotifierSettings | QuerySettings) -> RoutedReaders:
    return RoutedReaders(
        S3Objects(lazy_client("s3"), settings.data_bucket),
        lazy_client("sns"),
        lazy_client("secretsmanager"),
        settings.notices_topic_arn,
        settings.slack_secret_name,
        expects_email=bool(settings.notification_email_given),
        slack_api=settings.slack_api_url if isinstance(settings, NotifierSettings) else "",
    )


def _links(settings: NotifierSettings) -> Links:
    """Return what makes links; none where they are switched off."""
    if not settings.links_url:
        return NoLinks()
    keys = SecretKeys(lazy_client("secretsmanager"), settings.links_secret_name)
    lifetimes = Lifetimes(
        timedelta(hours=settings.links_act_hours), timedelta(hours=settings.links_show_hours)
    )
    return SignedLinks(keys, settings.links_url, observability.logger("notifier"), lifetimes)


def _seconds(number: int) -> timedelta:
    return timedelta(seconds=number)


def _notices(table: str) -> DynamoNotices:
    return DynamoNotices.of(lazy_client("dynamodb"), table)
