"""The sink refuses what Slack refuses."""

from __future__ import annotations

import json

import pytest

from infra.local import outbox, slack


def plain(text):
    return {"type": "plain_text", "text": text}


def section(text):
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(text):
    return {"type": "button", "text": plain(text), "action_id": "a"}


def send(folder, payload):
    return slack.receive(folder, "ops", json.dumps(payload).encode())


@pytest.mark.parametrize(
    "payload",
    [
        {"text": "plain"},
        {"blocks": [section("x" * 3000)] * 50},
        {"blocks": [{"type": "header", "text": plain("x" * 150)}, {"type": "divider"}]},
        {"blocks": [{"type": "section", "fields": [plain("x" * 2000)] * 10}]},
        {"blocks": [{"type": "actions", "elements": [button("x" * 75)]}]},
        {"blocks": [{"type": "context", "elements": [plain("a")]}]},
    ],
)
def test_what_slack_takes_is_taken(tmp_path, payload):
    assert send(tmp_path, payload) == (200, "ok")
    assert len(list((tmp_path / "slack").glob("*.json"))) == 1


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        ({}, "no_text"),
        ([], "invalid_payload"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"blocks": [section("x")] * 51}, "51 blocks, at most 50"),
        ({"blocks": [section("x" * 3001)]}, "3001 characters, at most 3000"),
        ({"blocks": [section("")]}, "text is missing"),
        ({"blocks": [{"type": "section"}]}, "needs text or fields"),
        ({"blocks": [{"type": "header", "text": plain("x" * 151)}]}, "at most 150"),
        ({"blocks": [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]}, "plain_text"),
        ({"blocks": [{"type": "section", "fields": [plain("x")] * 11}]}, "at most 10"),
        ({"blocks": [{"type": "section", "fields": [plain("x" * 2001)]}]}, "at most 2000"),
        ({"blocks": [{"type": "actions", "elements": [button("x" * 76)]}]}, "at most 75"),
        ({"blocks": [{"type": "actions", "elements": []}]}, "elements are missing"),
        ({"blocks": [{"type": "table"}]}, "unknown type 'table'"),
        ({"blocks": "x"}, "blocks must be a list"),
    ],
)
def test_what_slack_refuses_is_refused_with_the_place(tmp_path, payload, says):
    status, text = send(tmp_path, payload)
    assert status == 400
    assert says in text
    assert list(tmp_path.iterdir()) == []


def test_no_json_is_refused(tmp_path):
    assert slack.receive(tmp_path, "ops", b"hello") == (400, "invalid_payload")


def test_messages_and_mails_are_read_back_in_order(tmp_path):
    outbox_folder = tmp_path / "outbox"
    for text in ("first", "second"):
        send(outbox_folder, {"text": text})
        outbox.keep_email(
            outbox_folder, to="a@example.com", subject=f"{text}: ä/ö", body=text, topic="t"
        )
    assert [each.payload["text"] for each in outbox.slack_messages(tmp_path)] == ["first", "second"]
    mails = outbox.emails(tmp_path)
    assert [each.subject for each in mails] == ["first: ä/ö", "second: ä/ö"]
    assert mails[0].sent_at <= mails[1].sent_at
    assert outbox.emails(tmp_path / "nothing") == []
