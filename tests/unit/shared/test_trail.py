"""A thing can be followed through the logs of all services by one id."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from shared import batch, inbox, messages, trail
from shared.aws import SnsPublisher
from tests.contract.test_messages import EVENTS

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """The log of a service: what it receives and what it publishes are lines of one stream."""
    stream = io.StringIO()
    logger = Logger(service=f"trail-{id(stream)}", stream=stream, utc=True, level="INFO")
    monkeypatch.setattr(trail, "_own_logger", lambda: logger)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(each) for each in stream.getvalue().splitlines()]


def sample(name: str) -> messages.AnyMessage:
    return messages.read((EVENTS / f"solar.{name}.v1.json").read_text())


def the_event(name: str) -> inbox.Incoming:
    found, *_ = inbox.read((EVENTS / f"{name}.json").read_text())
    return found


@pytest.mark.parametrize("path", sorted(EVENTS.glob("*.json")), ids=lambda each: each.stem)
def test_everything_that_can_come_has_an_id_by_which_it_is_followed(path: Any) -> None:
    for incoming in inbox.read(path.read_text()):
        said = trail.about(incoming)
        assert said["correlation_id"]
        assert said["what"]
        json.dumps(said)


def test_a_file_is_followed_by_its_key() -> None:
    uploaded, accepted = the_event("s3.object_created"), sample("data_accepted")
    assert trail.about(uploaded)["correlation_id"] == uploaded.key  # type: ignore[union-attr]
    assert trail.about(accepted)["correlation_id"] == accepted.correlation_id


def test_what_belongs_to_a_run_is_followed_by_the_run_and_says_what_caused_it() -> None:
    for name in ("retrain_started", "challenger_registered", "model_deployed"):
        message = sample(name)
        said = trail.about(message)
        assert said["correlation_id"] == message.run_id  # type: ignore[union-attr]
        assert said["caused_by"] == message.correlation_id


def test_what_the_registry_says_is_followed_by_model_and_version() -> None:
    said = trail.about(the_event("eventbridge.model_package_state_change"))
    model_id, _, number = said["correlation_id"].partition("/")
    assert said["correlation_id"] == trail.version(model_id, int(number))


def record(number: int, body: str, tries: int = 1) -> dict[str, Any]:
    attributes = {"ApproximateReceiveCount": str(tries)}
    return {"messageId": str(number), "body": body, "attributes": attributes}


def test_what_came_and_what_failed_have_the_same_id(log: io.StringIO) -> None:
    logger = trail._own_logger()
    accepted = sample("data_accepted")

    def fail(_: inbox.Incoming) -> None:
        raise RuntimeError("the table is gone")

    event = {"Records": [record(1, accepted.model_dump_json()), record(2, "no JSON")]}
    batch.process(event, fail, logger)
    came, unread, failed = lines(log)
    assert came["message"] == "received data_accepted"
    assert failed["correlation_id"] == came["correlation_id"] == accepted.correlation_id
    assert failed["level"] == "ERROR"
    assert unread["message_id"] == "2"
    assert "correlation_id" not in unread


def test_the_id_of_one_batch_is_not_that_of_the_next(log: io.StringIO) -> None:
    logger = trail._own_logger()
    event = {"Records": [record(1, sample("data_accepted").model_dump_json())]}
    batch.process(event, lambda _: None, logger)
    logger.info("something else")
    assert "correlation_id" not in lines(log)[-1]


def test_what_was_tried_before_is_not_prepared_with_the_rest(log: io.StringIO) -> None:
    body = sample("data_accepted").model_dump_json()
    seen: list[int] = []
    event = {"Records": [record(1, body), record(2, body, tries=2), record(3, "no JSON")]}
    batch.process(event, lambda _: None, trail._own_logger(), lambda all_: seen.append(len(all_)))
    assert seen == [1]


class Topic:
    """An SNS that refuses the second message of a batch."""

    def publish(self, **_: Any) -> None:
        return None

    def publish_batch(self, **_: Any) -> dict[str, Any]:
        return {"Failed": [{"Id": "1"}]}


def test_what_left_is_in_the_log_and_what_was_refused_is_not(log: io.StringIO) -> None:
    publisher = SnsPublisher(Topic(), "arn")  # type: ignore[arg-type]
    first, second = sample("data_accepted"), sample("file_quarantined")
    publisher.publish(first)
    assert publisher.publish_all([first, second]) == {second.id}
    assert [each["message"] for each in lines(log)] == ["published data_accepted"] * 2


def test_a_long_text_is_cut_in_the_log() -> None:
    failed = sample("retrain_failed").model_copy(update={"cause": "x" * 5000})
    assert len(trail.about(failed)["cause"]) == 200
