"""Slack's Web API for bots answers as Slack does, and what was changed is the same message."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from infra.local import outbox
from infra.local.slack_api import SlackApi

CHANNEL = "C0123456789"
TOKEN = "Bearer xoxb-1"


@dataclass
class Clock:
    now: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def api(tmp_path):
    return SlackApi(tmp_path, Clock())


def call(api, method, token=TOKEN, **said):
    return api.answer(method, token, json.dumps({"channel": CHANNEL, **said}).encode())


def post(api, text="one", **said):
    return call(api, "chat.postMessage", text=text, **said)


def kept(api):
    return [
        (each.stamp, each.payload["text"], each.changes)
        for each in outbox.slack_messages(api.folder.parent)
    ]


@pytest.fixture
def api_at_home(tmp_path):
    return SlackApi(tmp_path / "outbox", Clock())


def test_a_message_is_changed_where_it_is(api_at_home):
    api = api_at_home
    stamp = post(api).body["ts"]
    other = post(api, "two").body["ts"]
    assert stamp != other, "two in one moment are two messages"
    for text in ("one grows", "one ends"):
        assert call(api, "chat.update", ts=stamp, text=text).body["ok"]
    assert kept(api) == [(stamp, "one ends", 2), (other, "two", 0)]


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"channel": "U0123456789"}, "channel_not_found"),
        ({"channel": ""}, "channel_not_found"),
        ({"text": ""}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"blocks": [{"type": "header"}]}, "invalid_blocks"),
    ],
)
def test_what_slack_refuses_is_refused_by_its_name(api, said, error):
    answer = post(api, **said) if "text" not in said else call(api, "chat.postMessage", **said)
    assert (answer.status, answer.body["ok"], answer.body["error"]) == (200, False, error)


@pytest.mark.parametrize(
    ("token", "error"), [("", "not_authed"), ("Bearer xoxp-1", "invalid_auth")]
)
def test_who_has_no_bots_token_is_refused(api, token, error):
    assert call(api, "chat.postMessage", token, text="one").body["error"] == error


@pytest.mark.parametrize("body", [b"{", b"[]"])
def test_what_is_no_object_is_refused(api, body):
    assert api.answer("chat.postMessage", TOKEN, body).body["ok"] is False


@pytest.mark.parametrize("ts", ["1700000000.000001", "*", "../../x", ""])
def test_a_message_that_is_not_there_cannot_be_changed(api, ts):
    assert call(api, "chat.update", ts=ts, text="x").body["error"] == "message_not_found"


def test_a_message_of_another_channel_cannot_be_changed(api):
    stamp = post(api).body["ts"]
    answer = call(api, "chat.update", ts=stamp, text="x", channel="C9999999999")
    assert answer.body["error"] == "message_not_found"


def test_a_channel_that_gets_too_much_says_for_how_long_it_wants_to_be_left_alone(api):
    for _ in range(10):
        assert post(api).body["ok"]
    answer = post(api)
    assert (answer.status, answer.body["error"], answer.headers) == (
        429,
        "ratelimited",
        {"Retry-After": "10"},
    )
    api.clock.now += 10
    assert post(api).body["ok"]


def test_another_method_is_unknown(api):
    assert call(api, "chat.delete", ts="1").body["error"] == "unknown_method"
