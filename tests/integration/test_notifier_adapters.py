"""notifier over moto and a webhook that answers as Slack does: real adapters, real HTTP."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from services.data_watcher.domain import validation
from services.notifier.adapters import posting
from services.notifier.adapters.counts import MetricCounts
from services.notifier.adapters.email import SnsEmail
from services.notifier.adapters.secret import Secret
from services.notifier.adapters.slack import SlackBot, SlackWebhook
from services.notifier.adapters.webhook import signature
from services.notifier.domain.delivery import BusyError, Subscriptions
from services.notifier.domain.rendering import render
from services.notifier.entry import inbox as handler
from services.notifier.entry import query
from shared import aws, layout
from shared.errors import InvalidConfigError, NotFoundError, PermanentError, RetryableError
from tests.integration import tables
from tests.unit.notifier.fakes import START, elsewhere, quarantined, sweep
from tests.unit.notifier.gallery import sample
from tests.unit.notifier.test_stories import of_run, rollback

ROOT = Path(__file__).parents[2]
SECRET = "solar/slack"
BUCKET = "solar-data"


@dataclass(frozen=True)
class Context:
    """Lambda's context, as far as the logger reads it."""

    function_name: str = "solar-notifier"
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:solar-notifier"
    aws_request_id: str = "request"


@dataclass
class Slack:
    """A webhook: answers what it is told to, then 200."""

    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    posted: list[dict[str, Any]] = field(default_factory=list)
    texts: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    tokens: set[str | None] = field(default_factory=set)
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    address: str = ""


@pytest.fixture
def slack() -> Iterator[Slack]:
    state = Slack()

    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, headers = state.answers.pop(0) if state.answers else (200, {})
            if status == 200:
                state.posted.append(json.loads(body))
                state.paths.append(self.path)
                state.requests.append((dict(self.headers), body))
                state.tokens.add(self.headers["Authorization"])
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            said = b"ok" if status == 200 else b"no"
            self.wfile.write(json.dumps(state.texts.pop(0)).encode() if state.texts else said)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Webhook)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    state.address = f"http://127.0.0.1:{server.server_port}/_solar/slack/ops"
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


class World:
    """A topic that somebody reads, the table, and the webhook's secret."""

    def __init__(self, slack: Slack) -> None:
        self.slack = slack
        sns, self.sqs = boto3.client("sns"), boto3.client("sqs")
        self.topic = sns.create_topic(Name="solar-notices")["TopicArn"]
        self.inbox = self.sqs.create_queue(QueueName="inbox")["QueueUrl"]
        self.mailbox = self.sqs.create_queue(QueueName="mailbox")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.mailbox, AttributeNames=["QueueArn"])
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"])
        boto3.client("secretsmanager").create_secret(Name=SECRET, SecretString=slack.address)
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        boto3.client("dynamodb").create_table(**tables.described("notifier", "Notices"))

    def deliver(self, *bodies: str) -> list[dict[str, str]]:
        records = [{"messageId": str(number), "body": body} for number, body in enumerate(bodies)]
        answer = handler.lambda_handler({"Records": records}, Context())
        return list(answer["batchItemFailures"])

    def mails(self) -> list[dict[str, Any]]:
        mails: list[dict[str, Any]] = []
        while found := self.sqs.receive_message(QueueUrl=self.mailbox, MaxNumberOfMessages=10).get(
            "Messages", []
        ):
            for each in found:
                mails.append(json.loads(each["Body"]))
                self.sqs.delete_message(QueueUrl=self.mailbox, ReceiptHandle=each["ReceiptHandle"])
        return mails


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, slack: Slack) -> Iterator[World]:
    for name, value in {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "NOTICES_TABLE": "solar-notifier",
        "SLACK_SECRET_NAME": SECRET,
        "DOCS_URL": "",
        "NOTIFICATION_EMAIL_GIVEN": "yes",
        "GATHER_SECONDS": "0",
        "GATHER_LONGEST_SECONDS": "0",
        "DATA_BUCKET": BUCKET,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    caches = (aws.session, aws.client, handler.service, query.answers)
    for cached in caches:
        cached.cache_clear()
    with mock_aws():
        world = World(slack)
        monkeypatch.setenv("NOTICES_TOPIC_ARN", world.topic)
        monkeypatch.setenv("INBOX_URL", world.inbox)
        yield world
    for cached in caches:
        cached.cache_clear()


def body_of_a_sweep() -> str:
    return sweep().model_dump_json()


def test_a_fact_arrives_as_email_and_in_slack_and_can_be_asked_for(world: World) -> None:
    assert world.deliver(quarantined().model_dump_json(), body_of_a_sweep()) == []

    (mail,) = world.mails()
    assert mail["Subject"] == "[Solar] Warning: File quarantined at site east: empty"
    assert "upload it again" in mail["Message"]
    (post,) = world.slack.posted
    assert post["blocks"][0]["type"] == "header"
    told, fact = query.lambda_handler({"query": "notices"}, Context())["notices"]
    assert told["subject"] == fact["subject"] == "File quarantined at site east: empty"
    assert (told["state"], fact["state"]) == ("sent", "within")
    assert {name: bool(each["sent_at"]) for name, each in told["recipients"].items()} == {
        "email": True,
        "slack": True,
    }


def test_a_repeat_is_told_once(world: World) -> None:
    for _ in range(3):
        assert world.deliver(quarantined().model_dump_json(), body_of_a_sweep()) == []

    assert len(world.mails()) == len(world.slack.posted) == 1


def test_slack_that_fails_for_a_while_gets_it_later_and_the_email_goes_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.notifier.domain.delivery.REST", timedelta(0))
    monkeypatch.setattr("services.notifier.domain.delivery._STEPS", [timedelta(0)])
    world.slack.answers = [(503, {})]
    failed = sample("retrain_failed").model_dump_json()
    assert world.deliver(failed) == []
    assert world.slack.posted == []
    assert world.deliver(body_of_a_sweep()) == []
    assert world.deliver(failed, body_of_a_sweep()) == []

    assert len(world.mails()) == len(world.slack.posted) == 1


def test_a_storm_of_a_hundred_is_one_mail_and_every_fact_can_be_found(world: World) -> None:
    assert world.deliver(*(elsewhere(each).model_dump_json() for each in range(100))) == []
    assert world.mails() == []
    for _ in range(2):
        assert world.deliver(body_of_a_sweep()) == []

    (digest,) = world.mails()
    assert "80 times file quarantined" in digest["Message"]
    first = query.lambda_handler({"query": "notices", "limit": 60}, Context())
    second = query.lambda_handler(
        {"query": "notices", "limit": 60, "next": first["next"]}, Context()
    )
    assert len(first["notices"]) + len(second["notices"]) == 101
    assert second["next"] is None


def test_what_became_of_refused_files_is_one_mail_that_counts_them(world: World) -> None:
    refused = [quarantined(number) for number in range(4)]
    world.deliver(*(each.model_dump_json() for each in refused))
    world.deliver(body_of_a_sweep())
    later = {"occurred_at": START + timedelta(hours=1)}
    accepted = [
        sample("data_accepted", id=f"a{number}", key=refused[number].key, **later)
        for number in range(2)
    ]
    dismissed = sample("file_settled", id="d", key=refused[2].key, **later)
    ends = [each.model_dump_json() for each in (*accepted, dismissed)]
    world.deliver(*ends)
    world.deliver(*ends, *(each.model_dump_json() for each in refused))
    world.deliver(body_of_a_sweep())

    _, mail = world.mails()
    assert mail["Subject"] == (
        "[Solar] 3 of 4 files of site east that were refused as empty are settled"
    )
    assert "What became of them: 2 accepted, 1 dismissed by ada." in mail["Message"]
    assert "1 still waits for somebody" in mail["Message"]


def test_a_refused_file_of_an_earlier_version_of_the_table_is_settled_too(world: World) -> None:
    early = {"notice_id": {"S": "refused#raw/east/0.csv"}, "code": {"S": "empty"}}
    early |= {"refused_at": {"S": START.isoformat()}}
    boto3.client("dynamodb").put_item(TableName="solar-notifier", Item=early)
    later = START + timedelta(hours=1)
    settled = sample("file_settled", key="raw/east/0.csv", occurred_at=later)
    world.deliver(settled.model_dump_json())
    world.deliver(body_of_a_sweep())

    (mail,) = world.mails()
    assert "A file of site east that was refused was dismissed by ada" in mail["Subject"]


def test_a_retrain_and_a_rollback_are_one_mail_each(world: World) -> None:
    facts = [*of_run(), *rollback()]
    for each in (*facts, *reversed(facts)):
        assert world.deliver(each.model_dump_json()) == []
    assert world.deliver(body_of_a_sweep()) == []
    assert [each["Subject"] for each in world.mails()] == [
        "[Solar] Model fleet version 7 serves, R2 0.962",
        "[Solar] Warning: Model fleet is back at version 6: operator@example.org took version 7 back",
    ]


def test_the_end_of_an_alarm_says_how_long_it_rang(world: World) -> None:
    text = (ROOT / "tests/events/cloudwatch.alarm.json").read_text()
    rings = json.loads(text)
    over = rings | {
        "NewStateValue": "OK",
        "OldStateValue": "ALARM",
        "StateChangeTime": "2024-07-01T06:37:33.123+0000",
    }
    assert world.deliver(json.dumps(rings), json.dumps(over), body_of_a_sweep()) == []
    first, second = world.mails()
    assert "is 1 within 1 min; the alarm rings from at least 1." in first["Message"]
    assert second["Subject"].endswith("is over after 22 min")


def test_what_was_given_up_is_sent_again_when_somebody_asks_for_it(world: World) -> None:
    world.slack.answers = [(404, {})]
    assert world.deliver(sample("retrain_failed").model_dump_json()) == []
    service = handler.service()
    entries = list(service.telling.notices.since(START - timedelta(days=999)))
    assert [each.standing.value for each in entries if each.notice.outcome] == ["undelivered"]
    assert service.redriving.redrive() == 1
    assert world.deliver(body_of_a_sweep()) == []
    assert len(world.slack.posted) == 1
    assert [each["Subject"] for each in world.mails()][1:] == [
        "[Solar] Critical: The channel slack takes no messages"
    ]


@pytest.mark.parametrize("token", ["nonsense", "e30=", "W10="])
def test_a_question_that_makes_no_sense_is_answered_so(world: World, token: str) -> None:
    assert "error" in query.lambda_handler({"query": "notices", "next": token}, Context())
    assert "error" in query.lambda_handler({"query": "weather"}, Context())


# --- the webhook ------------------------------------------------------------------------------------


def webhook(address: str) -> SlackWebhook:
    return SlackWebhook(lambda: address)


def notice() -> Any:
    return render(quarantined(), START)


@pytest.mark.parametrize(
    ("said", "seconds"), [("2", 2.0), ("600", 600.0), ("99999", 3600.0), ("soon", 60.0)]
)
def test_a_429_says_how_long_slack_wants_to_be_left_alone(
    slack: Slack, said: str, seconds: float
) -> None:
    slack.answers = [(429, {"Retry-After": said})]
    with pytest.raises(BusyError) as caught:
        webhook(slack.address).send(notice())
    assert caught.value.seconds == seconds


def bot(slack: Slack) -> SlackBot:
    api = slack.address.removesuffix("/_solar/slack/ops")
    return SlackBot(lambda: "xoxb-secret", "C1", api=api)


def test_a_bot_posts_and_changes_what_it_posted(slack: Slack) -> None:
    slack.texts = [{"ok": True, "channel": "C1", "ts": "17.5"}, {"ok": True}]
    reference = bot(slack).post(notice())
    bot(slack).update(reference, notice())
    assert [each.get("ts") for each in slack.posted] == [None, "17.5"]
    assert [each["channel"] for each in slack.posted] == ["C1", "C1"]
    assert slack.paths == ["/chat.postMessage", "/chat.update"]
    assert slack.tokens == {"Bearer xoxb-secret"}


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("ratelimited", BusyError),
        ("internal_error", RetryableError),
        ("message_not_found", NotFoundError),
        ("channel_not_found", PermanentError),
        ("invalid_auth", PermanentError),
    ],
)
def test_what_slack_answers_a_bot_says_whether_to_try_again(
    slack: Slack, said: str, error: type[Exception]
) -> None:
    slack.texts = [{"ok": False, "error": said}]
    with pytest.raises(error) as caught:
        bot(slack).post(notice())
    assert "xoxb" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "headers", "error"),
    [
        (500, {}, RetryableError),
        (408, {}, RetryableError),
        (404, {}, PermanentError),
        (410, {}, PermanentError),
        (301, {"Location": "http://127.0.0.1:9/"}, PermanentError),
        (302, {"Location": "http://127.0.0.1:9/"}, PermanentError),
        (307, {"Location": "http://127.0.0.1:9/"}, PermanentError),
    ],
)
def test_a_refusal_says_whether_to_try_again_and_never_the_address(
    slack: Slack, status: int, headers: dict[str, str], error: type[Exception]
) -> None:
    slack.answers = [(status, headers)]
    with pytest.raises(error) as caught:
        webhook(slack.address).send(notice())

    assert "_solar/slack" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed_not_even_to_another_place_of_the_same_server(
    slack: Slack, status: int
) -> None:
    slack.answers = [(status, {"Location": slack.address})]
    with pytest.raises(PermanentError, match=f"refuses the message with {status}"):
        webhook(slack.address).send(notice())
    assert slack.posted == []


@pytest.fixture
def hanging(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server that takes a request, sends a first piece, and then others for ever."""
    first, then = request.param
    monkeypatch.setattr(posting, "TIMEOUT", 0.5)
    monkeypatch.setattr(posting, "LONGEST", 1.0)
    ended = threading.Event()

    def serve(listener: socket.socket) -> None:
        with suppress(OSError), listener.accept()[0] as connection:
            connection.sendall(first)
            while not ended.wait(0.05):
                connection.sendall(then)  # fails once the other side has left

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)  # of a test that fails before it calls
        thread = threading.Thread(target=serve, args=[listener])
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/hook"
        ended.set()
        thread.join()


OK = b"HTTP/1.1 200 OK\r\n"
HANGS = {
    "says nothing": (b"", b""),
    "a status line that never ends": (b"HTTP/1.1 200 ", b"O"),
    "headers one after the other": (OK, b"X-More: 1\r\n"),
}
HANGS_LATER = {
    "a body bit by bit": (OK + b"Content-Length: 99999\r\n\r\n", b"o"),
    "pieces without an end": (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\no\r\n"),
}


@pytest.mark.parametrize("hanging", HANGS.values(), ids=HANGS.keys(), indirect=True)
def test_a_server_that_hangs_is_left_and_tried_again_later(hanging: str) -> None:
    """That this ends is the promise: the server never does."""
    with pytest.raises(RetryableError, match="Slack cannot be reached"):
        webhook(hanging).send(notice())


@pytest.mark.parametrize("hanging", HANGS_LATER.values(), ids=HANGS_LATER.keys(), indirect=True)
def test_who_took_a_message_and_hangs_then_gets_no_second_one(hanging: str) -> None:
    webhook(hanging).send(notice())


@pytest.mark.parametrize("hanging", HANGS_LATER.values(), ids=HANGS_LATER.keys(), indirect=True)
def test_a_bot_that_never_hears_what_its_message_is_called_posts_again(hanging: str) -> None:
    with pytest.raises(RetryableError):
        SlackBot(lambda: "xoxb-1", "C1", api=hanging).post(notice())


@pytest.mark.parametrize("hanging", [HANGS["says nothing"]], ids=["says nothing"], indirect=True)
def test_a_slack_that_hangs_holds_up_no_mail_and_gets_the_notice_later(
    world: World, hanging: str
) -> None:
    boto3.client("secretsmanager").put_secret_value(SecretId=SECRET, SecretString=hanging)
    world.deliver(quarantined().model_dump_json())
    assert world.deliver(body_of_a_sweep()) == []
    assert len(world.mails()) == 1
    (told,) = [
        each
        for each in query.lambda_handler({"query": "notices"}, Context())["notices"]
        if each["state"] == "sending"
    ]
    assert told["recipients"]["slack"]["why"].startswith("Slack cannot be reached")
    assert told["recipients"]["slack"]["next_try_at"]


def test_slack_that_is_not_there_is_tried_again_later(slack: Slack) -> None:
    with pytest.raises(RetryableError):
        webhook("http://127.0.0.1:9/x").send(notice())


@pytest.mark.parametrize(
    "address", ["http://example.org/x", "file:///etc/passwd", "", "http://127.0.0.1.example.org/"]
)
def test_only_https_is_trusted_beyond_this_machine(address: str) -> None:
    with pytest.raises(InvalidConfigError, match="https"):
        webhook(address).send(notice())


def test_the_secret_is_read_again_after_some_minutes() -> None:
    class Secrets:
        reads = 0

        def get_secret_value(self, **_: str) -> dict[str, str]:
            self.reads += 1
            return {"SecretString": " https://hooks.example.org/x\n"}

    now, client = [0.0], Secrets()
    secret = Secret(client, SECRET, clock=lambda: now[0])

    assert [secret(), secret()] == ["https://hooks.example.org/x"] * 2
    assert client.reads == 1
    now[0] = 301.0
    secret()
    assert client.reads == 2


# --- who is told what -------------------------------------------------------------------------------


def route(world: World, text: bytes) -> None:
    """Put a routing file in force, as data_watcher does."""
    active = validation.read(layout.notifications_config(), text)
    body = active.model_dump_json().encode()
    boto3.client("s3").put_object(Bucket=BUCKET, Key=layout.active_notifications(), Body=body)
    handler.service.cache_clear()


def test_a_routing_file_in_force_says_who_is_told(world: World, slack: Slack) -> None:
    secrets = boto3.client("secretsmanager")
    for name, text in (("pager", slack.address), ("pager-key", "a key")):
        secrets.create_secret(Name=f"solar-notices-{name}", SecretString=text)
    route(
        world,
        b"""
recipients:
  - name: pager
    webhook: {address: solar-notices-pager, signing_key: solar-notices-pager-key}
    severities: [critical]
""",
    )
    failed = sample("retrain_failed").model_dump_json()
    assert world.deliver(failed, quarantined().model_dump_json(), body_of_a_sweep()) == []
    assert world.mails() == []
    (posted,) = slack.posted
    assert (posted["kind"], posted["severity"]) == ("retrain_failed", "critical")
    headers, body = slack.requests[0]
    said = signature("a key", headers["Solar-Timestamp"], body)
    assert headers["Solar-Signature"] == f"v1={said}"
    assert headers["Solar-Notice"] == posted["id"]
    told = query.lambda_handler({"query": "notices"}, Context())["notices"]
    assert [list(each["recipients"]) for each in told if each["kind"] == "retrain_failed"] == [
        ["pager"],
        [],
    ]


def test_an_email_topic_of_the_routing_file_is_published_to(world: World) -> None:
    sns = boto3.client("sns")
    arn = world.sqs.get_queue_attributes(QueueUrl=world.mailbox, AttributeNames=["QueueArn"])
    ops = sns.create_topic(Name="solar-notices-ops")["TopicArn"]
    sns.subscribe(TopicArn=ops, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"])
    route(world, b"recipients:\n  - name: ops\n    email_topic: solar-notices-ops\n")
    assert world.deliver(sample("retrain_failed").model_dump_json()) == []
    (mail,) = world.mails()
    assert mail["TopicArn"] == ops
    assert world.slack.posted == []


def test_how_many_read_a_topic_is_asked_of_sns(world: World) -> None:
    sns = boto3.client("sns")
    assert SnsEmail(sns, world.topic).subscriptions() == Subscriptions(confirmed=1, pending=0)
    empty = sns.create_topic(Name="solar-notices-empty")["TopicArn"]
    assert not SnsEmail(sns, empty).subscriptions().is_well


# --- metrics --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("world")
def test_files_are_counted_day_by_day_as_the_metrics_say() -> None:
    client = boto3.client("cloudwatch")
    today = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    for days, value in ((0, 2.0), (1, 3.0), (1, 4.0), (9, 50.0)):
        client.put_metric_data(
            Namespace="solar",
            MetricData=[
                {
                    "MetricName": "FilesAccepted",
                    "Dimensions": [{"Name": "service", "Value": "data_watcher"}],
                    "Timestamp": today - timedelta(days=days),
                    "Value": value,
                }
            ],
        )
    day = today.date()
    found = MetricCounts(client).by_day("FilesAccepted", "data_watcher", day - timedelta(2), day)
    assert dict(found) == {day: 2, day - timedelta(1): 7}
    assert MetricCounts(client).by_day("FilesQuarantined", "data_watcher", day, day) == {}
