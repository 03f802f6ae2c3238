"""The inbox of the service, to which it sends hints and more work of its own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from shared.errors import RetryableError
from shared.messages import AnyMessage

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_BATCH = 10  # messages that SQS takes at once


@dataclass(frozen=True, slots=True)
class HintInbox:
    """Implements the port `Inbox`: a hint is an S3 event in S3's own words."""

    client: SQSClient
    url: str
    bucket: str

    def hint(self, keys: Iterable[str]) -> None:
        """Ask to look at some keys of the bucket again.

        Raises
        ------
        RetryableError
            SQS took only some of the messages.
        """
        self._send(map(self._event, keys))

    def send(self, messages: Sequence[AnyMessage], delay: timedelta = timedelta(0)) -> None:
        """Ask for more work, at most 15 minutes later; raises RetryableError like `hint`."""
        self._send((each.model_dump_json() for each in messages), int(delay.total_seconds()))

    def _send(self, bodies: Iterable[str], delay_seconds: int = 0) -> None:
        iterator = iter(bodies)
        while batch := list(islice(iterator, _BATCH)):
            answer = self.client.send_message_batch(
                QueueUrl=self.url,
                Entries=[
                    {"Id": str(number), "MessageBody": body, "DelaySeconds": delay_seconds}
                    for number, body in enumerate(batch)
                ],
            )
            if answer.get("Failed"):
                message = f"the inbox did not take {len(answer['Failed'])} messages"
                raise RetryableError(message)

    def _event(self, key: str) -> str:
        found = {"key": quote_plus(key, safe="/"), "versionId": "", "size": 0, "eTag": ""}
        record = {
            "eventVersion": "2.1",
            "eventSource": "solar:hint",
            "eventName": "ObjectCreated:Hint",
            "eventTime": datetime.now(UTC).isoformat(),
            "s3": {"bucket": {"name": self.bucket}, "object": found},
        }
        return json.dumps({"Records": [record]})
