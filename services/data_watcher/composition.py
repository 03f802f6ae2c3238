"""Puts the service together: the one place where ports meet adapters."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from services.data_watcher.adapters.evidence import LedgerAndBucket
from services.data_watcher.adapters.metrics import EmfMeter
from services.data_watcher.adapters.objects import (
    S3CanonicalObjects,
    S3CompactObjects,
    S3Configurations,
    S3Overlaps,
    S3RawObjects,
)
from services.data_watcher.adapters.queue import HintInbox
from services.data_watcher.adapters.readers import compare, join, read_file
from services.data_watcher.adapters.remembered import Remembered
from services.data_watcher.adapters.table import DynamoLedger
from services.data_watcher.adapters.view import DynamoView
from services.data_watcher.app.answering import Answering
from services.data_watcher.app.compacting import Compacting
from services.data_watcher.app.comparing import Comparing
from services.data_watcher.app.dispatching import Dispatching
from services.data_watcher.app.intake.effects import Effects
from services.data_watcher.app.intake.pipeline import Intake
from services.data_watcher.app.intake.verdict import Judging
from services.data_watcher.app.onboarding import Onboarding
from services.data_watcher.app.releasing import Releasing
from services.data_watcher.app.setting_aside import SettingAside
from services.data_watcher.app.silence import Silence
from services.data_watcher.app.suspecting import Suspecting
from services.data_watcher.app.sweeping import Sweeping
from services.data_watcher.settings import QuerySettings, WatcherSettings
from shared import observability
from shared.aws import S3Objects, SnsPublisher, lazy_client
from shared.clock import utc_now

THREADS = 4  # they mostly wait for S3 and DynamoDB


def watcher(settings: WatcherSettings) -> Dispatching:
    """Return everything that reacts to the inbox."""
    objects = S3Objects(lazy_client("s3"), settings.data_bucket)
    raw = S3RawObjects(lazy_client("s3"), settings.data_bucket)
    ledger = DynamoLedger.of(lazy_client("dynamodb"), settings.ledger_table, utc_now)
    configurations = S3Configurations(objects)
    publisher = SnsPublisher(lazy_client("sns"), settings.data_topic_arn)
    inbox = HintInbox(lazy_client("sqs"), settings.inbox_url, settings.data_bucket)
    canonical = S3CanonicalObjects(objects)
    meter = EmfMeter(observability.metrics("data_watcher"))
    parallel = ThreadPoolExecutor(THREADS, "intake").map
    onboarding = Onboarding(ledger, raw, configurations, publisher, inbox, utc_now)
    known_overlaps = S3Overlaps(objects)
    comparing = Comparing(ledger, S3CompactObjects(objects), known_overlaps, compare, utc_now)
    suspecting = Suspecting(
        ledger,
        ledger,
        known_overlaps,
        configurations,
        publisher,
        inbox,
        utc_now,
        comparing.run,
    )
    intake = Intake(
        evidence=LedgerAndBucket(ledger, raw),
        foresight=Remembered(ledger, utc_now),
        configurations=configurations,
        judging=Judging(ledger, canonical, read_file, utc_now),
        effects=Effects(ledger, canonical, publisher, inbox, utc_now),
        meter=meter,
        onboard=onboarding.refresh,
        look_at_sources=suspecting.arm,
        get_to_know=suspecting.get_to_know,
        look_for_overlaps=suspecting.look_for_overlaps,
        parallel=parallel,
    )
    silence = Silence(ledger, ledger, publisher, utc_now)
    compacting = Compacting(S3CompactObjects(objects), join, parallel, meter, utc_now)
    sweeping = Sweeping(
        ledger,
        raw,
        configurations,
        inbox,
        utc_now,
        onboarding.refresh,
        silence.look,
        suspecting.arm,
        suspecting.look_again,
        compacting.run,
        comparing.run,
    )
    releasing = Releasing(ledger, inbox, utc_now, intake.refresh)
    setting_aside = SettingAside(ledger, intake.refresh, suspecting.arm)
    return Dispatching(intake, onboarding, sweeping, releasing, setting_aside, suspecting)


def answering(settings: QuerySettings) -> Answering:
    """Return what answers questions."""
    return Answering(
        DynamoView.of(lazy_client("dynamodb"), settings.ledger_table),
        S3RawObjects(lazy_client("s3"), settings.data_bucket),
        S3Overlaps(S3Objects(lazy_client("s3"), settings.data_bucket)),
        settings.data_bucket,
    )
