"""Takes S3 events and sweeps from the inbox of data_watcher."""

from __future__ import annotations

from functools import cache
from typing import Any

from services.data_watcher.adapters import (
    EmfMeter,
    S3CanonicalObjects,
    S3Configurations,
    S3RawObjects,
    SqsInbox,
    read_file,
)
from services.data_watcher.app import Watcher
from services.data_watcher.onboarding import Onboarding
from services.data_watcher.service import Intake
from services.data_watcher.settings import WatcherSettings
from services.data_watcher.sweep import Sweep
from services.data_watcher.table import DynamoLedger
from shared import batch, observability
from shared.aws import S3Objects, SnsPublisher, client
from shared.clock import utc_now

logger = observability.logger("data_watcher")


@cache
def watcher() -> Watcher:
    """Wire the service, once per process."""
    settings = WatcherSettings.from_environment()
    objects = S3Objects(client("s3"), settings.data_bucket)
    raw = S3RawObjects(client("s3"), settings.data_bucket)
    ledger = DynamoLedger(client("dynamodb"), settings.ledger_table, utc_now)
    configurations = S3Configurations(objects)
    publisher = SnsPublisher(client("sns"), settings.data_topic_arn)
    inbox = SqsInbox(client("sqs"), settings.inbox_url, settings.data_bucket)
    onboarding = Onboarding(ledger, raw, configurations, publisher, inbox, utc_now)
    intake = Intake(
        ledger=ledger,
        raw=raw,
        canonical=S3CanonicalObjects(objects),
        configurations=configurations,
        reader=read_file,
        publisher=publisher,
        inbox=inbox,
        onboard=onboarding.refresh,
        meter=EmfMeter(observability.metrics("data_watcher")),
        clock=utc_now,
    )
    sweep = Sweep(ledger, raw, configurations, inbox, utc_now, onboarding.refresh)
    return Watcher(intake, onboarding, sweep)


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Handle one batch of the inbox."""
    return batch.process(event, watcher().handle, logger)
