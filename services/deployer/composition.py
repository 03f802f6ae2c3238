"""Puts the service together: the one place where ports meet adapters."""

from __future__ import annotations

import time
from uuid import uuid4

from services.deployer.adapters.configuration import S3Configuration
from services.deployer.adapters.endpoints import SageMakerEndpoints
from services.deployer.adapters.gauge import CloudWatchGauge
from services.deployer.adapters.memory import DynamoMemory
from services.deployer.adapters.real_rows import S3RealRows
from services.deployer.adapters.references import S3References
from services.deployer.adapters.registry import SageMakerRegistry
from services.deployer.adapters.timer import DelayedMessages
from services.deployer.app.alone import Alone
from services.deployer.app.answering import Answering
from services.deployer.app.chronicle import Chronicle
from services.deployer.app.comparing import Comparing
from services.deployer.app.dispatching import Dispatching
from services.deployer.app.ending import Ending
from services.deployer.app.holding import Holding, HoldingByRequest
from services.deployer.app.reconciling import Reconciling
from services.deployer.app.rolling_back import RollingBack
from services.deployer.app.starting import Starting
from services.deployer.app.trial import Trial
from services.deployer.settings import DeployerSettings, QuerySettings
from shared import aws
from shared.clock import utc_now


def deployer(settings: DeployerSettings) -> Dispatching:
    """Return everything that reacts to the inbox."""
    objects = aws.S3Objects(aws.lazy_client("s3"), settings.data_bucket)
    memory = _memory(settings)
    configuration = S3Configuration(objects)
    registry = SageMakerRegistry(aws.lazy_client("sagemaker"))
    endpoints = _endpoints(settings)
    publisher = aws.SnsPublisher(aws.lazy_client("sns"), settings.deployment_topic_arn)
    chronicle = Chronicle(memory, publisher, utc_now)
    references = S3References(objects)
    comparing = Comparing(
        references, S3RealRows(objects, configuration), endpoints, memory, configuration, utc_now
    )
    trial = Trial(
        registry,
        references,
        endpoints,
        CloudWatchGauge(aws.lazy_client("cloudwatch")),
    )
    timer = DelayedMessages(aws.SqsInbox(aws.lazy_client("sqs"), settings.inbox_url))
    alone = Alone(memory, utc_now, lambda: uuid4().hex, time.sleep)
    holding = Holding(memory, publisher, utc_now)
    reconciling = Reconciling(
        alone=alone,
        registry=registry,
        endpoints=endpoints,
        progress=memory,
        starting=Starting(
            registry,
            configuration,
            endpoints,
            memory,
            memory,
            trial,
            comparing,
            holding,
            chronicle,
            utc_now,
        ),
        trial=trial,
        comparing=comparing,
        ending=Ending(
            trial,
            comparing,
            registry,
            endpoints,
            configuration,
            memory,
            memory,
            chronicle,
            utc_now,
        ),
        timer=timer,
        clock=utc_now,
    )
    rolling_back = RollingBack(
        registry, memory, publisher, alone, holding, reconciling.steps, utc_now
    )

    def serving(model_id: str) -> int | None:
        endpoint = endpoints.describe(model_id)
        return endpoint.version if endpoint is not None else None

    by_request = HoldingByRequest(holding, alone, serving, reconciling.steps)
    return Dispatching(reconciling, rolling_back, by_request, configuration, timer, utc_now)


def answering(settings: QuerySettings) -> Answering:
    """Return what answers questions."""
    memory = _memory(settings)
    return Answering(memory, memory)


def _memory(settings: QuerySettings) -> DynamoMemory:
    return DynamoMemory.of(aws.lazy_client("dynamodb"), settings.table)


def _endpoints(settings: DeployerSettings) -> SageMakerEndpoints:
    return SageMakerEndpoints(
        client=aws.lazy_client("sagemaker"),
        runtime=aws.lazy_client("sagemaker-runtime"),
        scaling=aws.lazy_client("application-autoscaling"),
        cloudwatch=aws.lazy_client("cloudwatch"),
        role_arn=settings.sagemaker_role_arn,
        key_arn=settings.key_arn,
        bucket=settings.data_bucket,
        alarms_topic_arn=settings.alarms_topic_arn,
        subnets=_listed(settings.subnet_ids),
        security_groups=_listed(settings.security_group_ids),
    )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split(",")))
