"""Answers what people were told; changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.notifier.domain.notice import Delivery, Entry
from services.notifier.ports import Reader, Readers, Subscribed, TellingHistory


class Question(BaseModel):
    """A question, as the query function receives it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    query: Literal["notices", "readers"]
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Answering:
    """Answers from the table of notices, and of who is told from who is configured and subscribed."""

    history: TellingHistory
    readers: Readers

    def answer(self, event: dict[str, Any]) -> dict[str, Any]:
        """Answer one question; one that makes no sense is answered with `{"error": …}`."""
        try:
            question = Question.model_validate(event)
            if question.query == "readers":
                return {"readers": [_reader(each) for each in self.readers()]}
            entries, following = self.history.newest(question.limit, question.next)
        except ValidationError as error:
            first = error.errors()[0]
            return {"error": f"{'.'.join(map(str, first['loc']))}: {first['msg']}"}
        except ValueError as error:
            return {"error": str(error)}
        return {"notices": [_plain(entry) for entry in entries], "next": following}


def _reader(reader: Reader) -> dict[str, Any]:
    """Say of an e-mail's reader who subscribed; other channels say by their answers whether they are well."""
    found: dict[str, Any] = {"name": reader.name, "subscriptions": None, "is_well": True}
    if isinstance(reader.courier, Subscribed):
        said = reader.courier.subscriptions()
        counts = {"confirmed": said.confirmed, "pending": said.pending, "deleted": said.deleted}
        found |= {"subscriptions": counts, "is_well": said.is_well}
    return found


def _plain(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.notice.id,
        "kind": entry.notice.kind,
        "severity": entry.notice.severity.name.lower(),
        "subject": entry.notice.subject,
        "text": entry.notice.email_text(),
        "state": entry.standing.value,
        "created_at": entry.created_at.isoformat(),
        "recipients": {name: _delivery(each) for name, each in entry.deliveries.items()},
    }


def _delivery(delivery: Delivery) -> dict[str, Any]:
    moments = {
        "sent_at": delivery.sent_at,
        "next_try_at": delivery.next_try,
        "gave_up_at": delivery.gave_up_at,
    }
    return {
        **{name: at.isoformat() if at else None for name, at in moments.items()},
        "why": delivery.why,
    }
