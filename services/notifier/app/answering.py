"""Answers what people were told; changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.notifier.domain.notice import Channel, Entry
from services.notifier.ports import TellingHistory


class Question(BaseModel):
    """A question, as the query function receives it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    query: Literal["notices"]
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Answering:
    """Answers from the table of notices."""

    history: TellingHistory

    def answer(self, event: dict[str, Any]) -> dict[str, Any]:
        """Answer one question; one that makes no sense is answered with `{"error": …}`."""
        try:
            question = Question.model_validate(event)
            entries, following = self.history.newest(question.limit, question.next)
        except ValidationError as error:
            first = error.errors()[0]
            return {"error": f"{'.'.join(map(str, first['loc']))}: {first['msg']}"}
        except ValueError as error:
            return {"error": str(error)}
        return {"notices": [_plain(entry) for entry in entries], "next": following}


def _plain(entry: Entry) -> dict[str, Any]:
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
