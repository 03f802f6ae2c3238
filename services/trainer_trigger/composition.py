"""Puts the service together: the one place where ports meet adapters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.trainer_trigger.adapters.canonical import S3CanonicalFiles
from services.trainer_trigger.adapters.configuration import S3Configuration
from services.trainer_trigger.adapters.datasets import S3Datasets
from services.trainer_trigger.adapters.evaluations import S3Evaluations
from services.trainer_trigger.adapters.measures import PowertoolsMeasures
from services.trainer_trigger.adapters.memory import DynamoMemory
from services.trainer_trigger.adapters.pipeline import SageMakerPipeline
from services.trainer_trigger.adapters.registry import SageMakerRegistry
from services.trainer_trigger.adapters.sequence import StepFunctionsSequence
from services.trainer_trigger.adapters.timer import DelayedMessages
from services.trainer_trigger.app.answering import Answering
from services.trainer_trigger.app.arming import Arming
from services.trainer_trigger.app.closing import Closing
from services.trainer_trigger.app.correcting import Correcting
from services.trainer_trigger.app.deciding import Deciding
from services.trainer_trigger.app.dispatching import Dispatching
from services.trainer_trigger.app.looking import Looking
from services.trainer_trigger.app.looking_after import LookingAfter
from services.trainer_trigger.app.noting import Noting
from services.trainer_trigger.app.opening import Opening
from services.trainer_trigger.app.outcomes import Outcomes
from services.trainer_trigger.app.sequencing import Sequencing
from services.trainer_trigger.app.sweeping import Sweeping
from services.trainer_trigger.app.unpoisoning import Unpoisoning
from services.trainer_trigger.app.verifying import Verifying
from services.trainer_trigger.ports import (
    CanonicalFiles,
    Configuration,
    Datasets,
    Evaluations,
    Measures,
    Memory,
    Pipeline,
    Publisher,
    Registry,
    RetrainSequence,
    Timer,
)
from shared import aws
from shared.clock import Clock, utc_now

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger, Metrics

    from services.trainer_trigger.settings import QuerySettings, SequenceSettings


@dataclass(frozen=True, slots=True)
class Outside:
    """Everything that the use cases need from outside; tests put stand-ins here."""

    configuration: Configuration
    canonical: CanonicalFiles
    datasets: Datasets
    evaluations: Evaluations
    registry: Registry
    memory: Memory
    timer: Timer
    sequence: RetrainSequence
    pipeline: Pipeline
    publisher: Publisher
    measures: Measures
    image_uri: str
    maximum_runs: int
    poll_seconds: int
    clock: Clock


@dataclass(frozen=True, slots=True)
class UseCases:
    """The use cases, wired."""

    dispatching: Dispatching
    sequencing: Sequencing
    noting: Noting
    deciding: Deciding
    opening: Opening
    outcomes: Outcomes
    closing: Closing
    looking_after: LookingAfter
    sweeping: Sweeping
    arming: Arming
    looking: Looking


def wired(outside: Outside) -> UseCases:
    """Wire the use cases."""
    o = outside
    looking = Looking(
        o.configuration, o.datasets, o.registry, o.memory, o.image_uri, o.maximum_runs, o.clock
    )
    arming = Arming(o.configuration, o.memory, o.memory, o.timer, o.maximum_runs, o.clock)
    correcting = Correcting(o.configuration, o.canonical, o.memory, o.clock)
    opening = Opening(
        looking,
        o.configuration,
        o.datasets,
        o.registry,
        o.memory,
        o.sequence,
        o.publisher,
        o.clock,
    )
    deciding = Deciding(
        o.configuration, looking, correcting, opening, arming, o.memory, o.measures, o.clock
    )
    unpoisoning = Unpoisoning(
        o.configuration, o.registry, looking, o.publisher, o.measures, o.clock
    )
    noting = Noting(
        o.canonical,
        o.memory,
        o.memory,
        evaluate_soon=arming.soon,
        evaluate=deciding.evaluate,
        correct=correcting.correct,
        unpoison=unpoisoning.unpoison,
        clock=o.clock,
    )
    outcomes = Outcomes(
        o.memory, o.evaluations, o.pipeline, o.registry, looking.excluded_meanwhile, o.clock
    )
    closing = Closing(o.memory, outcomes, o.publisher, arming.wake_waiting, deciding.evaluate)
    looking_after = LookingAfter(
        o.memory, o.evaluations, o.sequence, o.pipeline, opening, outcomes, closing, o.clock
    )
    sweeping = Sweeping(
        o.configuration, correcting, looking_after, deciding, o.timer, o.measures, o.clock
    )
    verifying = Verifying(o.configuration, o.datasets, deciding, outcomes, o.poll_seconds)
    return UseCases(
        dispatching=Dispatching(noting, deciding, looking_after, sweeping),
        sequencing=Sequencing(verifying, outcomes, closing, o.measures),
        noting=noting,
        deciding=deciding,
        opening=opening,
        outcomes=outcomes,
        closing=closing,
        looking_after=looking_after,
        sweeping=sweeping,
        arming=arming,
        looking=looking,
    )


def dispatching(settings: SequenceSettings, metrics: Metrics, logger: Logger) -> Dispatching:
    """Return everything that reacts to the inbox."""
    return wired(_outside(settings, metrics, logger)).dispatching


def sequencing(settings: SequenceSettings, metrics: Metrics, logger: Logger) -> Sequencing:
    """Return the tasks of the retrain sequence."""
    return wired(_outside(settings, metrics, logger)).sequencing


def answering(settings: QuerySettings) -> Answering:
    """Return what answers questions."""
    objects = aws.S3Objects(aws.lazy_client("s3"), settings.data_bucket)
    memory = DynamoMemory.of(aws.lazy_client("dynamodb"), settings.table)
    return Answering(utc_now, S3Configuration(objects), memory)


def _outside(settings: SequenceSettings, metrics: Metrics, logger: Logger) -> Outside:
    objects = aws.S3Objects(aws.lazy_client("s3"), settings.data_bucket)
    return Outside(
        configuration=S3Configuration(objects),
        canonical=S3CanonicalFiles(objects),
        datasets=S3Datasets(objects),
        evaluations=S3Evaluations(objects),
        registry=SageMakerRegistry(aws.lazy_client("sagemaker"), objects),
        memory=DynamoMemory.of(aws.lazy_client("dynamodb"), settings.table),
        timer=DelayedMessages(aws.SqsInbox(aws.lazy_client("sqs"), settings.inbox_url)),
        sequence=StepFunctionsSequence(
            aws.lazy_client("stepfunctions"), settings.account_id, settings.sequence_name
        ),
        pipeline=SageMakerPipeline(aws.lazy_client("sagemaker"), settings.pipeline_name),
        publisher=aws.SnsPublisher(aws.lazy_client("sns"), settings.training_topic_arn),
        measures=PowertoolsMeasures(metrics, logger),
        image_uri=settings.image_uri,
        maximum_runs=settings.maximum_runs,
        poll_seconds=settings.poll_seconds,
        clock=utc_now,
    )
