"""Puts the service together: the one place where ports meet adapters."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from services.deployer.adapters.configuration import S3Configuration
from services.deployer.adapters.endpoints import SageMakerEndpoints
from services.deployer.adapters.fault_log import EndpointLog
from services.deployer.adapters.gauge import CloudWatchGauge
from services.deployer.adapters.lines import ServingLine
from services.deployer.adapters.live.books import DynamoBooks
from services.deployer.adapters.live.excluded import S3Excluded
from services.deployer.adapters.log_groups import LogGroups
from services.deployer.adapters.memory import DynamoMemory
from services.deployer.adapters.real_rows import S3RealRows
from services.deployer.adapters.references import S3References
from services.deployer.adapters.registry import SageMakerRegistry
from services.deployer.adapters.serving import ServingByMode
from services.deployer.adapters.timer import DelayedMessages
from services.deployer.app.alone import Alone
from services.deployer.app.answering import Answering
from services.deployer.app.chronicle import Chronicle
from services.deployer.app.comparing import Comparing
from services.deployer.app.deciding import Deciding
from services.deployer.app.dispatching import Dispatching
from services.deployer.app.ending import Ending
from services.deployer.app.holding import Holding, HoldingByRequest
from services.deployer.app.live.telling import Telling
from services.deployer.app.reconciling import Reconciling
from services.deployer.app.rolling_back import RollingBack
from services.deployer.app.silence import Silence
from services.deployer.app.starting import Starting
from services.deployer.app.trial import Trial
from services.deployer.domain.deployment import place_name
from services.deployer.settings import DeployerSettings, LiveSettings, QuerySettings
from shared import aws, layout
from shared.clock import utc_now
from shared.errors import NotFoundError

if TYPE_CHECKING:
    from services.deployer.app.live.following import Following
    from services.deployer.inference.function import Answers

# For which the deploying function waits for an answer. It runs for a minute and asks up to nine times at a
# look; five times as long as counts as slow tells enough.
_ANSWER_SECONDS = 5
_FUNCTION_SECONDS = 20  # its first answer waits for its start, and for the model
_LONGEST_BATCH = timedelta(seconds=630)  # longer than the function may run
_TRIES_FOR_A_BATCH = 120  # half a second each: the next batch of the same model waits for this one


def deployer(settings: DeployerSettings) -> Dispatching:
    """Return everything that reacts to the inbox."""
    objects = aws.S3Objects(aws.lazy_client("s3"), settings.data_bucket)
    memory = _memory(settings)
    place = place_name(
        settings.endpoints_role_arn,
        _listed(settings.subnet_ids),
        _listed(settings.security_group_ids),
    )
    configuration = S3Configuration(objects, place=place)
    registry = SageMakerRegistry(aws.lazy_client("sagemaker"))
    endpoints = ServingByMode(
        _endpoints(settings),
        memory,
        aws.lazy_client("lambda", asks_once=True, seconds=_FUNCTION_SECONDS),
        configuration.spots,
        utc_now,
    )
    publisher = aws.SnsPublisher(aws.lazy_client("sns"), settings.deployment_topic_arn)
    references = S3References(objects)
    books = DynamoBooks.of(aws.lazy_client("dynamodb"), settings.days_table)
    summary = books.summary if settings.days_table else _nothing_live
    chronicle = Chronicle(memory, publisher, references, summary, utc_now)
    comparing = Comparing(
        registry,
        references,
        S3RealRows(objects, configuration),
        endpoints,
        memory,
        configuration,
        utc_now,
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
    ending = Ending(
        trial=trial,
        comparing=comparing,
        registry=registry,
        endpoints=endpoints,
        configuration=configuration,
        progress=memory,
        setbacks=memory,
        faults=EndpointLog(aws.lazy_client("logs")),
        chronicle=chronicle,
        clock=utc_now,
    )
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
        ending=ending,
        silence=Silence(registry, configuration, endpoints, memory, ending, chronicle, utc_now),
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
    deciding = Deciding(registry, memory, publisher, alone, reconciling.steps, serving, utc_now)
    return Dispatching(
        reconciling, rolling_back, by_request, deciding, configuration, timer, utc_now
    )


def following(settings: LiveSettings) -> Following:
    """Return everything that follows a deployment: predictions, scores, and who watches them.

    What needs numpy, pandas and pyarrow is imported here: the light functions have none of them.
    """
    from services.deployer.adapters.live.asking import Predictions
    from services.deployer.adapters.live.canonical import S3CanonicalRows
    from services.deployer.adapters.live.latest import S3Latest
    from services.deployer.adapters.live.log import S3PredictionLog
    from services.deployer.adapters.live.meter import CloudWatchMeter
    from services.deployer.adapters.live.suspects import S3Suspects
    from services.deployer.adapters.live.versions import S3Versions
    from services.deployer.app.live.catching_up import CatchingUp
    from services.deployer.app.live.following import Following
    from services.deployer.app.live.foretelling import Foretelling
    from services.deployer.app.live.issuing import Issuing
    from services.deployer.app.live.knowing import Knowing
    from services.deployer.app.live.predicting import Predicting
    from services.deployer.app.live.recording import Recording
    from services.deployer.app.live.watching import Watching

    objects = aws.S3Objects(aws.lazy_client("s3"), settings.data_bucket)
    dynamodb = aws.lazy_client("dynamodb")
    books, memory = DynamoBooks.of(dynamodb, settings.days_table), _memory(settings)
    canonical, configuration = S3CanonicalRows(objects), S3Configuration(objects)
    alone = Alone(
        DynamoMemory.of(dynamodb, settings.days_table),
        utc_now,
        lambda: uuid4().hex,
        time.sleep,
        longest=_LONGEST_BATCH,
        tries=_TRIES_FOR_A_BATCH,
    )
    meter = CloudWatchMeter(aws.lazy_client("cloudwatch"))
    publisher = aws.SnsPublisher(aws.lazy_client("sns"), settings.deployment_topic_arn)
    recording = Recording(
        books=books,
        waitings=books,
        canonical=canonical,
        log=S3PredictionLog(objects),
        knowing=Knowing(books, memory, S3Versions(objects)),
        predicting=Predicting(
            Predictions(
                ServingLine(
                    aws.lazy_client("sagemaker-runtime", asks_once=True),
                    aws.lazy_client("lambda", asks_once=True),
                    memory.serving,
                )
            ),
            utc_now,
        ),
        issuing=Issuing(books, books, S3Latest(objects, utc_now), publisher, meter, utc_now),
        publisher=publisher,
        adjusts=configuration.adjusts,
        clock=utc_now,
    )
    catching_up = CatchingUp(
        recording=recording,
        books=books,
        waitings=books,
        canonical=canonical,
        model_of_site=configuration.model_of_site,
        meter=meter,
        clock=utc_now,
    )
    watching = Watching(
        books=books,
        verdicts=books,
        deployments=memory,
        versions=recording.knowing.versions,
        publisher=recording.publisher,
        meter=meter,
        holds=memory,
        setbacks=memory,
        suspects=S3Suspects(objects),
        exclusions=S3Excluded(objects),
        clock=utc_now,
    )
    foretelling = Foretelling(
        feeds=books,
        latest=recording.issuing.latest,
        deployments=memory,
        versions=recording.knowing.versions,
        publisher=publisher,
        wants=configuration.tells_tomorrow,
        clock=utc_now,
    )
    return Following(
        recording=recording,
        catching_up=catching_up,
        watching=watching,
        foretelling=foretelling,
        canonical=canonical,
        alone=alone,
        inbox=aws.SqsInbox(aws.lazy_client("sqs"), settings.live_inbox_url),
        models=configuration.models,
    )


def model_answers(settings: QuerySettings) -> Answers:
    """Return what answers for models without an endpoint; it needs what a model needs."""
    from services.deployer.inference.function import Answers

    objects = aws.S3Objects(aws.lazy_client("s3"), settings.data_bucket)
    memory, registry = _memory(settings), SageMakerRegistry(aws.lazy_client("sagemaker"))

    def archive(model_id: str, number: int) -> bytes:
        version = registry.version(model_id, number)
        key = layout.key_in(settings.data_bucket, version.model_data_url) if version else None
        if key is None:
            message = f"model {model_id} has no version {number} in {settings.data_bucket}"
            raise NotFoundError(message)
        return objects.read(key)

    def serving(model_id: str) -> int | None:
        by_function = memory.serving(model_id).by_function
        return by_function.version if by_function is not None else None

    return Answers(archive, serving)


def answering(settings: QuerySettings) -> Answering:
    """Return what answers questions."""
    memory = _memory(settings)
    books = DynamoBooks.of(aws.lazy_client("dynamodb"), settings.days_table)
    excluded = S3Excluded(aws.S3Objects(aws.lazy_client("s3"), settings.data_bucket))
    telling = Telling(books, books, books, excluded, books, utc_now)
    registry = SageMakerRegistry(aws.lazy_client("sagemaker"))
    return Answering(memory, memory, telling, registry.pending, memory.serving)


def _nothing_live(_: str) -> None:
    """Return nothing: without the table of days nobody knows how a version does."""


def _memory(settings: QuerySettings) -> DynamoMemory:
    return DynamoMemory.of(aws.lazy_client("dynamodb"), settings.table)


def _endpoints(settings: DeployerSettings) -> SageMakerEndpoints:
    return SageMakerEndpoints(
        client=aws.lazy_client("sagemaker"),
        runtime=aws.lazy_client("sagemaker-runtime", asks_once=True, seconds=_ANSWER_SECONDS),
        scaling=aws.lazy_client("application-autoscaling"),
        cloudwatch=aws.lazy_client("cloudwatch"),
        role_arn=settings.endpoints_role_arn,
        key_arn=settings.key_arn,
        bucket=settings.data_bucket,
        alarms_topic_arn=settings.alarms_topic_arn,
        subnets=_listed(settings.subnet_ids),
        security_groups=_listed(settings.security_group_ids),
        log_groups=LogGroups(aws.lazy_client("logs"), settings.log_retention_days),
    )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split(",")))
