"""Every message is one that Slack's own library takes, and says what the page of golden blocks says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.models.blocks import Block

from services.notifier.domain.notice import Notice
from services.notifier.domain.offer import Link
from services.notifier.domain.slack import payload
from services.notifier.domain.stories.board import board
from services.notifier.domain.stories.mails import Patience
from services.notifier.domain.stories.threads import threads
from tests.unit.notifier import gallery
from tests.unit.notifier.test_stories import of_run, rollback

GOLDEN = Path(__file__).parent / "golden_slack.json"


def linked(notice: Notice) -> dict[str, Any]:
    """Return a notice's payload with an address for each of its offers."""
    links = [
        Link(each.verb, each.label, f"https://ok.example/{each.verb}") for each in notice.offers
    ]
    return payload(notice, links)


def shown() -> dict[str, dict[str, Any]]:
    """Return what Slack gets of everything that is told, by what happened."""
    told = {what: linked(notice) for what, notice in gallery.told()}
    for name, facts in (("retrain", of_run()), ("rollback", rollback())):
        for number in range(1, len(facts) + 1):
            (thread,) = threads(facts[:number])
            told[f"A {name} after {number} facts"] = linked(board(thread, Patience()))
    return told


@pytest.mark.parametrize("what", sorted(shown()))
def test_slacks_library_takes_every_message(what: str) -> None:
    said = shown()[what]
    for block in said["blocks"]:
        parsed = Block.parse(block)
        assert parsed is not None
        parsed.validate_json()
        assert parsed.to_dict() == block


def test_every_message_says_what_the_golden_file_says() -> None:
    assert json.loads(GOLDEN.read_text()) == shown(), "`make notices` writes it anew"


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(shown(), indent=1, ensure_ascii=False) + "\n")
