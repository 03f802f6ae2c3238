"""Puts the service together: the one place where ports meet adapters."""

from __future__ import annotations

from services.deployer.adapters import (
    CloudWatchGauge,
    DelayedMessages,
    S3Configuration,
    S3References,
    SageMakerEndpoints,
    SageMakerRegistry,
)
from services.deployer.memory import DynamoMemory
from services.deployer.service import Deployer
from services.deployer.settings import DeployerSettings
from shared import aws
from shared.clock import utc_now


def deployer(settings: DeployerSettings) -> Deployer:
    """Return the whole service for these settings."""
    objects = aws.S3Objects(aws.lazy_client("s3"), settings.data_bucket)
    return Deployer(
        clock=utc_now,
        configuration=S3Configuration(objects),
        registry=SageMakerRegistry(aws.lazy_client("sagemaker")),
        endpoints=SageMakerEndpoints(
            client=aws.lazy_client("sagemaker"),
            runtime=aws.lazy_client("sagemaker-runtime"),
            scaling=aws.lazy_client("application-autoscaling"),
            cloudwatch=aws.lazy_client("cloudwatch"),
            role_arn=settings.sagemaker_role_arn,
            key_arn=settings.key_arn,
            bucket=settings.data_bucket,
            alarms_topic_arn=settings.alarms_topic_arn,
            subnets=_names(settings.subnet_ids),
            security_groups=_names(settings.security_group_ids),
        ),
        references=S3References(objects),
        memory=DynamoMemory(aws.lazy_client("dynamodb"), settings.table),
        timer=DelayedMessages(aws.SqsInbox(aws.lazy_client("sqs"), settings.inbox_url)),
        gauge=CloudWatchGauge(aws.lazy_client("cloudwatch")),
        publisher=aws.SnsPublisher(aws.lazy_client("sns"), settings.deployment_topic_arn),
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split(",")))
