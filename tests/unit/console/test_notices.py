"""What people were told can be listed, and what reached nobody can be sent again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared import messages
from tests.unit.console.systems import FakeSystem, solar, system

__all__ = ["system"]  # the fixture


def notice(name: str, standing: str, **recipients: dict[str, Any]) -> dict[str, Any]:
    blank = {"sent_at": None, "next_try_at": None, "gave_up_at": None, "why": ""}
    return {
        "id": name,
        "severity": "warning",
        "state": standing,
        "subject": f"Notice {name}",
        "created_at": "2026-11-28T10:00:00+00:00",
        "recipients": {who: blank | said for who, said in recipients.items()},
    }


AT = "2026-11-28T10:05:00+00:00"


@pytest.fixture
def told(system: FakeSystem) -> FakeSystem:
    system.answers["notifier", "notices"] = {
        "notices": [
            notice("one", "sent", email={"sent_at": AT}),
            notice("two", "within"),
            notice("three", "undelivered", slack={"gave_up_at": AT, "why": "404"}),
            notice("four", "sending", slack={"next_try_at": AT, "why": "busy"}),
        ],
        "next": None,
    }
    return system


def test_what_people_were_told_is_listed_with_what_became_of_it(told: FakeSystem) -> None:
    said = solar("notices").stdout
    assert "email has it" in said
    assert "slack did not get it (404)" in said
    assert "slack gets it at 2026-11-28 10:05:00 (busy)" in said
    assert "Notice two" not in said
    every = solar("notices", "--every").stdout
    assert "Notice two" in every
    assert "told as part of another message" in every
    assert "within" not in every


def test_what_somebody_did_not_get_is_listed_alone(told: FakeSystem) -> None:
    said = json.loads(solar("notices", "--undelivered", "--json").stdout)
    assert [each["id"] for each in said] == ["three"]


def test_sending_again_is_a_command_to_notifier(told: FakeSystem) -> None:
    assert solar("--endpoint", "aws", "notices", "--redrive").exit_code == 0
    ((service, body),) = told.sent
    assert service == "notifier"
    assert isinstance(messages.read(body), messages.RedriveRequested)
