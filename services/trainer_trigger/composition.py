"""Puts the service together: the one place where ports meet adapters."""

from __future__ import annotations

from collections.abc import Mapping
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
from services.trainer_trigger.app.ending import Ending
from services.trainer_trigger.app.evaluating import Evaluating
from services.trainer_trigger.app.launching import Launching
from services.trainer_trigger.app.leaving_out import LeavingOut
from services.trainer_trigger.app.lineage import Lineage
from services.trainer_trigger.app.looking import Looking
from services.trainer_trigger.app.looking_after import LookingAfter
from services.trainer_trigger.app.noting import Noting
from services.trainer_trigger.app.opening import Opening
from services.trainer_trigger.app.opening_by_hand import OpeningByHand
from services.trainer_trigger.app.outcomes import Outcomes
from services.trainer_trigger.app.sequencing import Sequencing
from services.trainer_trigger.app.sweeping import Sweeping
from services.trainer_trigger.app.unpoisoning import Unpoisoning
from services.trainer_trigger.app.verifying import Verifying
from services.trainer_trigger.app.waiting import Waiting
from services.trainer_trigger.domain.capacity import Capacity
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
    pipelines: Mapping[Capacity, str]
    image_uri: str
    maximum_runs: int
    poll_seconds: int
    clock: Clock


@dataclass(frozen=True, slots=True)
class UseCases:
    """The use cases, wired; the functions need the first two, tests call the others too."""

    dispatching: Dispatching
    sequencing: Sequencing
    noting: Noting
    arming: Arming
    evaluating: Evaluating
    looking: Looking
    looking_after: LookingAfter
    sweeping: Sweeping
    verifying: Verifying
    outcomes: Outcomes
    closing: Closing


def wired(outside: Outside) -> UseCases:
    """Wire the use cases."""
    o, memory = outside, outside.memory
    lineage = Lineage(o.configuration, o.registry, o.datasets, memory)
    leaving_out = LeavingOut(o.configuration)
    looking = Looking(
        o.configuration,
        files=memory,
        runs=memory,
        notes=memory,
        places=memory,
        lineage=lineage,
        leaving_out=leaving_out,
        image_uri=o.image_uri,
        maximum_runs=o.maximum_runs,
        clock=o.clock,
    )
    correcting = Correcting(o.configuration, o.canonical, memory, o.clock)
    deciding = Deciding(looking, correcting, memory, o.measures, o.clock)
    opening = Opening(
        o.configuration,
        lineage,
        leaving_out,
        o.datasets,
        memory,
        o.image_uri,
        o.maximum_runs,
        o.clock,
    )
    launching = Launching(o.registry, o.sequence, o.publisher, memory)
    arming = Arming(o.configuration, memory, memory, o.timer, o.maximum_runs, o.clock)
    waiting = Waiting(memory, memory, arming, o.clock)
    evaluating = Evaluating(o.configuration, memory, deciding, opening, launching, waiting)
    unpoisoning = Unpoisoning(o.configuration, lineage, o.publisher, o.measures, o.clock)
    noting = Noting(
        o.canonical,
        files=memory,
        notes=memory,
        evaluate_soon=arming.soon,
        evaluate=evaluating.evaluate,
        correct=correcting.correct,
        unpoison=unpoisoning.unpoison,
        clock=o.clock,
    )
    outcomes = Outcomes(
        configuration=o.configuration,
        runs=memory,
        evaluations=o.evaluations,
        pipeline=o.pipeline,
        registry=o.registry,
        excluded_meanwhile=lineage.excluded_meanwhile,
        clock=o.clock,
    )
    closing = Closing(memory, arming, evaluating)
    ending = Ending(o.pipeline, o.evaluations, outcomes, o.publisher, closing)
    looking_after = LookingAfter(
        notes=memory,
        runs=memory,
        sequence=o.sequence,
        launching=launching,
        ending=ending,
        clock=o.clock,
    )
    sweeping = Sweeping(
        o.configuration, correcting, looking_after, evaluating, o.timer, o.measures, o.clock
    )
    by_hand = OpeningByHand(o.configuration, deciding, opening, launching, o.clock)
    verifying = Verifying(memory, o.datasets, by_hand, o.pipelines, o.poll_seconds)
    return UseCases(
        dispatching=Dispatching(noting, evaluating, looking_after, sweeping),
        sequencing=Sequencing(verifying, outcomes, closing, o.measures),
        noting=noting,
        arming=arming,
        evaluating=evaluating,
        looking=looking,
        looking_after=looking_after,
        sweeping=sweeping,
        verifying=verifying,
        outcomes=outcomes,
        closing=closing,
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
    executions = _pipelines(settings)
    return Answering(utc_now, S3Configuration(objects), memory, memory, memory, memory, executions)


def _pipelines(settings: QuerySettings) -> SageMakerPipeline:
    both = (settings.pipeline_name, settings.on_demand_pipeline_name)
    return SageMakerPipeline(aws.lazy_client("sagemaker"), both)


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
        pipeline=_pipelines(settings),
        publisher=aws.SnsPublisher(aws.lazy_client("sns"), settings.training_topic_arn),
        measures=PowertoolsMeasures(metrics, logger),
        pipelines={
            "spot": settings.pipeline_name,
            "on_demand": settings.on_demand_pipeline_name,
        },
        image_uri=settings.image_uri,
        maximum_runs=settings.maximum_runs,
        poll_seconds=settings.poll_seconds,
        clock=utc_now,
    )
