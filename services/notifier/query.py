"""Answers what people were told; changes nothing."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.notifier.domain import Channel
from services.notifier.settings import QuerySettings
from services.notifier.table import SHELF, read_entry
from shared import observability
from shared.aws import lazy_client
from shared.store import Item, encode, items

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

logger = observability.logger("notifier")
_TOKEN = ("notice_id", "shelf", "created_at")


class Question(BaseModel):
    """A question, as the query function receives it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    query: Literal["notices"]
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers from the table of notices."""

    client: DynamoDBClient
    table: str

    def answer(self, event: dict[str, Any]) -> dict[str, Any]:
        """Answer one question; one that makes no sense is answered with `{"error": …}`."""
        try:
            question = Question.model_validate(event)
            begin = {"ExclusiveStartKey": encode(_open(question.next))} if question.next else {}
        except ValidationError as error:
            first = error.errors()[0]
            return {"error": f"{'.'.join(map(str, first['loc']))}: {first['msg']}"}
        except (ValueError, KeyError, TypeError):
            return {"error": "next: this is no token that an earlier answer gave"}
        stream = items(
            self.client.query,
            TableName=self.table,
            IndexName="by_time",
            KeyConditionExpression="shelf = :shelf",
            ExpressionAttributeValues=encode({":shelf": SHELF}),
            ScanIndexForward=False,
            **begin,
        )
        found = list(islice(stream, question.limit + 1))
        shown = found[: question.limit]
        more = len(found) > question.limit
        return {
            "notices": [_plain(item) for item in shown],
            "next": _close(shown[-1]) if more else None,
        }


def _plain(item: Item) -> dict[str, Any]:
    entry = read_entry(item)
    sent = {channel: entry.sent.get(channel) for channel in Channel}
    return {
        "id": entry.notice.id,
        "kind": entry.notice.kind,
        "severity": entry.notice.severity.name.lower(),
        "subject": entry.notice.subject,
        "text": entry.notice.email_text(),
        "state": entry.standing.value,
        "created_at": entry.created_at.isoformat(),
        **{f"{name}_sent_at": at.isoformat() if at else None for name, at in sent.items()},
    }


def _close(item: Item) -> str:
    token = json.dumps({name: item[name] for name in _TOKEN})
    return base64.urlsafe_b64encode(token.encode()).decode()


def _open(token: str) -> Item:
    opened = json.loads(base64.urlsafe_b64decode(token.encode()))
    return {name: str(opened[name]) for name in _TOKEN}


@cache
def answers() -> Answers:
    """Wire the answers, once per process."""
    return Answers(lazy_client("dynamodb"), QuerySettings.from_environment().notices_table)


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Answer `{"query": "notices", "limit"?, "next"?}`, newest first."""
    return answers().answer(event)
