"""The AWS side of what all services share: one session, publishing, and objects in S3."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from shared import trail
from shared.errors import ConflictError, NotFoundError

if TYPE_CHECKING:
    from botocore.session import Session
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef, ObjectTypeDef
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

    from shared.messages import AnyMessage, DeploymentCheckDue, EvaluationDue

_LONGEST_DELAY_SECONDS = 900  # of SQS
_BATCH = 10  # messages that SNS takes at once
_RETRIES = Config(retries={"mode": "standard", "max_attempts": 5})
_CONNECT_SECONDS = 10
LONGEST_ANSWER_SECONDS = 65  # SageMaker gives a container a minute


@cache
def session() -> Session:
    """Return the process's one session; a second one would load the service models again.

    It is botocore's: what boto3 adds to it, no function uses, and each would load it at its start.
    """
    return botocore.session.get_session()


def region_of(variables: Mapping[str, str]) -> str | None:
    """Return the Region that an environment names, or None; botocore does not read AWS_REGION."""
    return variables.get("AWS_REGION") or variables.get("AWS_DEFAULT_REGION") or None


def session_of(region: str) -> Session:
    """Return a new session of a Region, for whoever talks to another place than its environment says."""
    made = botocore.session.Session()
    made.set_config_variable("region", region)
    return made


@cache
def client(service: str) -> Any:
    """Return the process's client of an AWS service."""
    return session().create_client(service, config=_RETRIES)


@cache
def client_asking_once(service: str, seconds: int = LONGEST_ANSWER_SECONDS) -> Any:
    """Return a client that tries nothing again: five tries of a minute would outlast the function.

    Parameters
    ----------
    seconds
        For which an answer is waited.
    """
    once = Config(
        retries={"mode": "standard", "total_max_attempts": 1},
        connect_timeout=min(_CONNECT_SECONDS, seconds),
        read_timeout=seconds,
    )
    return session().create_client(service, config=once)


class _Lazy:
    """A client that is made at its first call: most messages need only some of a service's clients."""

    def __init__(self, made: Callable[[], Any]) -> None:
        self._made = made

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made(), name)


def lazy_client(
    service: str, *, asks_once: bool = False, seconds: int = LONGEST_ANSWER_SECONDS
) -> Any:
    """Return a client of an AWS service that costs nothing until it is used.

    Parameters
    ----------
    asks_once, seconds
        Whether it tries nothing again, and for how long it waits for an answer then.
    """
    return _Lazy(lambda: client_asking_once(service, seconds) if asks_once else client(service))


def lazy_presigner() -> Any:
    """Return a client of S3 whose presigned addresses AWS honours for objects under a key of ours.

    They need the signature's fourth version, which is not what botocore presigns with by itself everywhere.
    """
    v4 = _RETRIES.merge(Config(signature_version="s3v4"))
    return _Lazy(lambda: session().create_client("s3", config=v4))


def error_code(error: ClientError) -> str:
    """Return AWS's code of an error; codes are compared, never texts."""
    return error.response.get("Error", {}).get("Code", "")


@dataclass(frozen=True, slots=True)
class SnsPublisher:
    """Publishes a service's messages on its topic."""

    client: SNSClient
    topic_arn: str

    def publish(self, message: AnyMessage) -> None:
        """Publish one message; its type is repeated as attribute so that subscriptions can filter."""
        begun = datetime.now(UTC)
        self.client.publish(
            TopicArn=self.topic_arn,
            Message=message.model_dump_json(),
            MessageAttributes={"type": {"DataType": "String", "StringValue": message.type}},
        )
        trail.published(message, begun)

    def publish_all(self, messages: Sequence[AnyMessage]) -> set[str]:
        """Publish messages, ten at a call; return the ids of those that SNS refused."""
        refused: set[str] = set()
        for start in range(0, len(messages), _BATCH):
            batch = messages[start : start + _BATCH]
            begun = datetime.now(UTC)
            answer = self.client.publish_batch(
                TopicArn=self.topic_arn,
                PublishBatchRequestEntries=[
                    {
                        "Id": str(number),
                        "Message": each.model_dump_json(),
                        "MessageAttributes": {
                            "type": {"DataType": "String", "StringValue": each.type}
                        },
                    }
                    for number, each in enumerate(batch)
                ],
            )
            failed = {batch[int(each["Id"])].id for each in answer.get("Failed", [])}
            for each in batch:
                if each.id not in failed:
                    trail.published(each, begun)
            refused |= failed
        return refused


@dataclass(frozen=True, slots=True)
class SqsInbox:
    """A service's own inbox, to which it sends what it wants to hear later."""

    client: SQSClient
    url: str

    def send(self, message: AnyMessage, delay_seconds: int = 0) -> None:
        """Send one message, visible after at most 900 seconds."""
        self.client.send_message(
            QueueUrl=self.url,
            MessageBody=message.model_dump_json(),
            DelaySeconds=min(delay_seconds, _LONGEST_DELAY_SECONDS),
        )

    def remind(
        self,
        kind: type[EvaluationDue | DeploymentCheckDue],
        model_id: str,
        now: datetime,
        seconds: int,
    ) -> None:
        """Use the inbox as a timer: send what says that a model is to be looked at again, for later."""
        reminder = kind.of(
            subject=(model_id, now), occurred_at=now, correlation_id=model_id, model_id=model_id
        )
        self.send(reminder, seconds)


@dataclass(frozen=True, slots=True)
class S3Objects:
    """Objects of one bucket."""

    client: S3Client
    bucket: str

    def read(self, key: str, version_id: str | None = None) -> bytes:
        """Return an object's bytes.

        Raises
        ------
        NotFoundError
            There is no such object or version.
        """
        return self.read_described(key, version_id)[0]

    def read_described(
        self, key: str, version_id: str | None = None
    ) -> tuple[bytes, dict[str, str]]:
        """Return an object's bytes and its user metadata; raises NotFoundError like `read`."""
        answer = self.open(key, version_id)
        return answer["Body"].read(), answer["Metadata"]

    def open(self, key: str, version_id: str | None = None) -> GetObjectOutputTypeDef:
        """Return S3's answer, whose body is not read yet; raises NotFoundError like `read`."""
        version = {"VersionId": version_id} if version_id and version_id != "null" else {}
        try:
            return self.client.get_object(Bucket=self.bucket, Key=key, **version)  # type: ignore[arg-type]
        except ClientError as error:
            if error_code(error) in {"NoSuchKey", "NoSuchVersion", "404"}:
                message = f"s3://{self.bucket}/{key} does not exist"
                raise NotFoundError(message) from error
            raise

    def read_json(self, key: str) -> Any:
        """Return an object's JSON content; raises NotFoundError like `read`."""
        return json.loads(self.read(key))

    def metadata(self, key: str) -> dict[str, str]:
        """Return an object's user metadata; raises NotFoundError where there is no such object."""
        try:
            return self.client.head_object(Bucket=self.bucket, Key=key)["Metadata"]
        except ClientError as error:
            if error_code(error) in {"NoSuchKey", "404"}:
                message = f"s3://{self.bucket}/{key} does not exist"
                raise NotFoundError(message) from error
            raise

    def write(
        self,
        key: str,
        body: bytes,
        *,
        content_type: str = "application/octet-stream",
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Write an object; writing the same again is success."""
        self.client.put_object(
            Bucket=self.bucket,
            Key=key,
            Body=body,
            ContentType=content_type,
            Metadata=dict(metadata or {}),
        )

    def create(
        self,
        key: str,
        body: bytes,
        *,
        content_type: str = "application/json",
        metadata: Mapping[str, str] | None = None,
    ) -> bool:
        """Write an object only where none is; return whether this call wrote it.

        Raises
        ------
        ConflictError
            Another writer is at it at this very moment.
        """
        try:
            self.client.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=body,
                ContentType=content_type,
                Metadata=dict(metadata or {}),
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error_code(error) == "PreconditionFailed":
                return False
            if error_code(error) == "ConditionalRequestConflict":
                message = f"s3://{self.bucket}/{key} is being written"
                raise ConflictError(message) from error
            raise
        return True

    def delete(self, key: str) -> None:
        """Delete an object; deleting what is not there is success."""
        self.client.delete_object(Bucket=self.bucket, Key=key)

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys below a prefix in lexicographic order."""
        return (entry["Key"] for entry in self.entries(prefix))

    def entries(self, prefix: str, after: str = "") -> Iterator[ObjectTypeDef]:
        """Yield what S3 lists below a prefix, behind a key, in lexicographic order of keys."""
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=prefix, StartAfter=after
        )
        for page in pages:
            yield from page.get("Contents", [])
