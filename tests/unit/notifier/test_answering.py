"""People can read again what they were told, newest first, page by page."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from services.notifier.app.answering import Answering
from services.notifier.domain.delivery import Subscriptions
from services.notifier.domain.notice import Delivery, Entry, Notice, Severity, Standing
from services.notifier.domain.routing import Rule
from services.notifier.ports import Reader
from tests.unit.notifier.fakes import START, FakeCourier, FakeMail


@dataclass
class History:
    """Entries in the table's order, with the number of the last one as token."""

    entries: list[Entry] = field(default_factory=list)

    def newest(self, limit: int, token: str | None) -> tuple[list[Entry], str | None]:
        begin = int(token) if token else 0
        page = self.entries[begin : begin + limit]
        end = begin + limit
        return page, str(end) if end < len(self.entries) else None


def an_entry(number: int) -> Entry:
    notice = Notice(f"n{number}", "alarm", Severity.WARNING, "Alarm", ("Look.",), START)
    deliveries = {
        "email": Delivery(sent_at=START + timedelta(seconds=3)),
        "slack": Delivery(next_try=START + timedelta(seconds=33), tries=1, why="busy"),
    }
    return Entry(notice, Standing.SENDING, START + timedelta(seconds=1), deliveries=deliveries)


def ask(history: History, **question: Any) -> dict[str, Any]:
    return Answering(history, list).answer({"query": "notices", **question})


def test_a_notice_is_shown_with_its_text_and_when_each_channel_took_it() -> None:
    assert ask(History([an_entry(1)])) == {
        "notices": [
            {
                "id": "n1",
                "kind": "alarm",
                "severity": "warning",
                "subject": "Alarm",
                "text": an_entry(1).notice.email_text(),
                "state": "sending",
                "created_at": "2024-07-01T12:00:01+00:00",
                "recipients": {
                    "email": {
                        "sent_at": "2024-07-01T12:00:03+00:00",
                        "next_try_at": None,
                        "gave_up_at": None,
                        "why": "",
                    },
                    "slack": {
                        "sent_at": None,
                        "next_try_at": "2024-07-01T12:00:33+00:00",
                        "gave_up_at": None,
                        "why": "busy",
                    },
                },
            }
        ],
        "next": None,
    }


def test_pages_follow_each_other_until_all_is_shown() -> None:
    history = History([an_entry(number) for number in range(3)])
    first = ask(history, limit=2)
    second = ask(history, limit=2, next=first["next"])
    assert [each["id"] for each in first["notices"] + second["notices"]] == ["n0", "n1", "n2"]
    assert second["next"] is None


def test_a_question_that_makes_no_sense_is_answered_with_what_is_wrong() -> None:
    assert ask(History(), limit=0)["error"].startswith("limit: ")
    assert ask(History(), query="mails")["error"].startswith("query: ")
    assert "invalid literal" in ask(History(), next="what")["error"]


def test_who_is_told_is_answered_with_who_confirmed_that() -> None:
    mail = FakeMail("email", said=Subscriptions(1, 2, deleted=3))
    readers = [Reader(mail, Rule()), Reader(FakeCourier("chat"), Rule())]
    answer = Answering(History(), lambda: readers).answer({"query": "readers"})
    assert answer == {
        "readers": [
            {
                "name": "email",
                "subscriptions": {"confirmed": 1, "pending": 2, "deleted": 3},
                "is_well": False,
            },
            {"name": "chat", "subscriptions": None, "is_well": True},
        ]
    }
