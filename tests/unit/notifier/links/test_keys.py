"""The key is replaced once for each time that the schedule says, and twice where all links are to end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from services.notifier.entry import keys


@dataclass
class FakeRotation:
    """A secret that knows its versions by their occasions, as Secrets Manager does."""

    occasions: list[str] = field(default_factory=list)

    def rotate(self, occasion: str) -> None:
        assert 32 <= len(occasion) <= 64
        if occasion not in self.occasions:
            self.occasions.append(occasion)


class Context:
    """What Lambda gives; the id stays the same when it tries an invocation again."""

    function_name = invoked_function_arn = "solar-notifier-keys"
    memory_limit_in_mb = 256

    def __init__(self, request: str) -> None:
        self.aws_request_id = request


@pytest.fixture
def rotation(monkeypatch: pytest.MonkeyPatch) -> FakeRotation:
    made = FakeRotation()
    monkeypatch.setattr(keys, "service", lambda: made)
    return made


def call(event: dict[str, Any], request: str = "r1") -> None:
    keys.lambda_handler(event, Context(request))


def test_the_same_time_of_the_schedule_makes_one_key_however_often_it_comes(
    rotation: FakeRotation,
) -> None:
    for request in ("r1", "r2", "r3"):
        call({"due": "2024-07-01T00:00:00Z"}, request)
    assert len(rotation.occasions) == 1
    call({"due": "2024-07-08T00:00:00Z"})
    assert len(rotation.occasions) == 2


def test_to_end_all_links_makes_two_keys_and_a_retry_of_the_call_makes_no_more(
    rotation: FakeRotation,
) -> None:
    call({"revoke": True})
    call({"revoke": True})
    assert len(rotation.occasions) == 2
    call({"revoke": True}, "r2")
    assert len(rotation.occasions) == 4, "somebody wants it again"


@pytest.mark.parametrize("revoke", [False, None, "true", 1, 0])
def test_only_a_clear_word_ends_all_links(rotation: FakeRotation, revoke: object) -> None:
    call({"revoke": revoke})
    assert len(rotation.occasions) == 1
