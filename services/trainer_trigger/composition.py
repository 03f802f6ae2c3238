"""Puts the service together: the one place where ports meet adapters."""

from __future__ import annotations

from aws_lambda_powertools import Logger, Metrics

from services.trainer_trigger.adapters import (
    DelayedMessages,
    PowertoolsMeasures,
    SageMakerPipeline,
    SageMakerRegistry,
    StepFunctionsSequence,
)
from services.trainer_trigger.memory import DynamoMemory
from services.trainer_trigger.objects import (
    S3CanonicalFiles,
    S3Configuration,
    S3Datasets,
    S3Evaluations,
)
from services.trainer_trigger.runs import Runs
from services.trainer_trigger.service import TrainerTrigger
from services.trainer_trigger.settings import SequenceSettings
from shared import aws
from shared.clock import utc_now


def runs(settings: SequenceSettings, metrics: Metrics, logger: Logger) -> Runs:
    """Return the whole service for these settings."""
    objects = aws.S3Objects(aws.lazy_client("s3"), settings.data_bucket)
    trigger = TrainerTrigger(
        clock=utc_now,
        configuration=S3Configuration(objects),
        canonical=S3CanonicalFiles(objects),
        datasets=S3Datasets(objects),
        registry=SageMakerRegistry(aws.lazy_client("sagemaker"), objects),
        memory=DynamoMemory(aws.lazy_client("dynamodb"), settings.table),
        timer=DelayedMessages(aws.SqsInbox(aws.lazy_client("sqs"), settings.inbox_url)),
        sequence=StepFunctionsSequence(
            aws.lazy_client("stepfunctions"), settings.account_id, settings.sequence_name
        ),
        pipeline=SageMakerPipeline(aws.lazy_client("sagemaker"), settings.pipeline_name),
        publisher=aws.SnsPublisher(aws.lazy_client("sns"), settings.training_topic_arn),
        image_uri=settings.image_uri,
        maximum_runs=settings.maximum_runs,
        measures=PowertoolsMeasures(metrics, logger),
    )
    return Runs(trigger, S3Evaluations(objects), settings.poll_seconds)
