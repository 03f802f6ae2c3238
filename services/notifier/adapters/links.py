"""Links: the keys that sign them, the addresses that hold them, the objects that they show."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from botocore.exceptions import BotoCoreError, ClientError

from services.notifier.domain.links import grant
from services.notifier.domain.links.grant import HARMLESS, Grant, Lifetimes
from services.notifier.domain.offer import Offer
from services.notifier.ports import LinkKeys
from shared import names
from shared.aws import S3Objects, error_code

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

STAGES = ("AWSCURRENT", "AWSPREVIOUS")  # the second one is honoured, and signs nothing
KEPT = 300.0  # how long keys are kept before they are read again [s]
PATIENCE = 10.0  # between two readings for keys that are not known, which anybody can make up [s]
PRESIGNED_SECONDS = 300
_ABSENT = {"ResourceNotFoundException", "InvalidRequestException"}
_GONE = {"404", "405", "NoSuchKey", "NoSuchVersion", "NotFound"}  # 405: it is a mark of deletion


@dataclass(slots=True)
class SecretKeys:
    """The current and the previous key, in Secrets Manager; implements the port `LinkKeys`."""

    client: Any  # the stubs in use leave Secrets Manager out
    name: str
    clock: Callable[[], float] = time.monotonic
    _keys: list[str] = field(default_factory=list)
    _read_at: float = field(default=float("-inf"))

    def current(self) -> str:
        """Return the key that signs now."""
        return self._all(fresh=False)[0]

    def known(self, *, fresh: bool = False) -> Mapping[str, str]:
        """Return the keys that are honoured, by their names; `fresh` reads them again, if they are not."""
        return {grant.key_name(key): key for key in self._all(fresh=fresh)}

    def _all(self, *, fresh: bool) -> list[str]:
        if self.clock() - self._read_at > (PATIENCE if fresh else KEPT):
            found = [self._stage(each) for each in STAGES]
            self._keys, self._read_at = [key for key in found if key], self.clock()
        return self._keys

    def _stage(self, stage: str) -> str:
        try:
            answer = self.client.get_secret_value(SecretId=self.name, VersionStage=stage)
        except ClientError as error:
            if stage != STAGES[0] and error_code(error) in _ABSENT:
                return ""  # it was never rotated
            raise
        return str(answer["SecretString"]).strip()


@dataclass(frozen=True, slots=True)
class KeyRotation:
    """Replaces the key; the one before is honoured until the next time."""

    client: Any
    name: str

    def rotate(self, occasion: str) -> None:
        """Put a new key in force; the same occasion again changes nothing.

        Parameters
        ----------
        occasion
            32 to 64 characters by which Secrets Manager knows the new version.
        """
        try:
            self.client.put_secret_value(
                SecretId=self.name,
                ClientRequestToken=occasion,
                SecretString=secrets.token_urlsafe(48),
            )
        except ClientError as error:
            if error_code(error) != "ResourceExistsException":
                raise


@dataclass(frozen=True, slots=True)
class SignedLinks:
    """Implements the port `Links` by the function's address."""

    keys: LinkKeys
    address_of_function: str
    logger: Logger
    lifetimes: Lifetimes = field(default_factory=Lifetimes)

    def address(self, offer: Offer, recipient: str, now: datetime) -> str | None:
        """Return the HTTPS address of an offer, signed for one recipient.

        Raises
        ------
        ClientError, BotoCoreError
            No key can be read. That is in the log; who sends counts it, and sends the message without links.
        """
        try:
            key = self.keys.current()
        except (ClientError, BotoCoreError) as error:
            self.logger.warning("no link could be signed", exc_info=error)
            raise
        granted = Grant(
            verb=offer.verb,
            about=offer.about,
            recipient=recipient,
            expires_at=now + self.lifetimes.of(offer.verb),
            nonce=secrets.token_urlsafe(9),
        )
        return f"{self.address_of_function}{grant.signed(granted, key)}"


@dataclass(frozen=True, slots=True)
class NoLinks:
    """Implements the port `Links` where they are switched off."""

    def address(self, offer: Offer, recipient: str, now: datetime) -> str | None:  # noqa: ARG002 - the port's
        """Return None: there are no links."""
        return None


@dataclass(frozen=True, slots=True)
class S3Linked:
    """Implements the port `LinkedObjects` by presigned addresses."""

    client: S3Client
    bucket: str

    def address(self, key: str, content_type: str, version_id: str = "") -> str | None:
        """Return an address that opens an object for five minutes, or None where there is none."""
        place: Any = {"Bucket": self.bucket, "Key": key}
        if version_id:
            place["VersionId"] = version_id
        try:
            self.client.head_object(**place)
        except ClientError as error:
            if error_code(error) in _GONE:
                return None
            raise
        name = key.rpartition("/")[2].replace('"', "")
        shown = (
            {"ResponseContentType": content_type, "ResponseContentDisposition": "inline"}
            if content_type
            else {
                "ResponseContentType": "application/octet-stream",
                "ResponseContentDisposition": f'attachment; filename="{name}"',
            }
        )
        return self.client.generate_presigned_url(
            "get_object",
            Params={**place, **shown},
            ExpiresIn=PRESIGNED_SECONDS,
        )

    def read(self, key: str) -> bytes:
        """Return an object's bytes."""
        return S3Objects(self.client, self.bucket).read(key)


class LinkCounts:
    """Implements the port `LinkMeter` by lines in the function's log, which become metrics."""

    def refused(self, reason: str) -> None:
        """Count a link that was not honoured: by its reason, and for the alarm if nobody means well by it."""
        _count("LinksRefusedByReason", reason=reason)
        if reason not in HARMLESS:
            _count("LinksRefused")

    def failed(self) -> None:
        """Count a link that could not be answered, which is no fault of who opened it."""
        _count("LinksFailed")


def _count(name: str, **dimensions: str) -> None:
    with single_metric(name, MetricUnit.Count, 1, namespace=names.prefix()) as metric:
        for dimension, value in {"service": "notifier", **dimensions}.items():
            metric.add_dimension(name=dimension, value=value)
