"""Dead letters are seen without being touched and sent back on purpose; schedules say when they are due."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from console.client import dead_letters, schedules
from console.errors import ConsoleError
from tests.unit.console.queues import POISON, Queues, Schedules, letter, move
from tests.unit.console.systems import FakeSystem, solar, system

__all__ = ["system"]  # the fixture
DEPLOYER = "solar-deployer-dead-letters"
WATCHER = "solar-data-watcher-dead-letters"


class Ages:
    """CloudWatch, which knows how old the oldest message was; its answers come in any order."""

    def get_metric_data(self, **asked: Any) -> dict[str, Any]:
        (query,) = asked["MetricDataQueries"]
        assert query["MetricStat"]["Metric"]["MetricName"] == "ApproximateAgeOfOldestMessage"
        times = [datetime(2026, 11, 29, 9, minute, tzinfo=UTC) for minute in (1, 3, 2)]
        return {"MetricDataResults": [{"Timestamps": times, "Values": [60.0, 180.0, 120.0]}]}


@pytest.fixture
def queues(system: FakeSystem) -> Queues:
    made = Queues({DEPLOYER: [letter(POISON), letter("no { JSON", 1)]})
    system.clients.update(sqs=made, cloudwatch=Ages())
    return made


def test_only_queues_that_hold_letters_or_lose_them_are_shown(queues: Queues) -> None:
    queues.moves[WATCHER] = move("RUNNING", 1, 4)
    queues.moves["solar-notifier-dead-letters"] = move("COMPLETED", 4, 4)
    queues.missing.add("solar-trainer-trigger-dead-letters")
    found = json.loads(solar("dead-letters", "--json").stdout)
    assert [each["queue"] for each in found] == [WATCHER, DEPLOYER]
    assert found[1]["oldest_seconds"] == 180.0
    assert found[0]["last_move"]["moved"] == 1
    assert found[0]["messages"] == []


def test_a_look_hides_nothing_and_deletes_nothing(queues: Queues) -> None:
    shown = solar("dead-letters").stdout
    assert "solar.data_accepted" in shown
    assert "raw/east/<b>.csv" in shown
    assert "no { JSON" in shown
    assert [each["VisibilityTimeout"] for each in queues.received] == [0]
    assert queues.changes == []


@pytest.mark.parametrize(
    ("body", "kind", "key"),
    [
        ({"type": "solar.x", "key": "raw/a.csv"}, "solar.x", "raw/a.csv"),
        ({"type": "solar.x", "correlation_id": "c"}, "solar.x", "c"),
        (
            {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"object": {"key": "k"}}}]},
            "ObjectCreated:Put",
            "k",
        ),
        (
            {"detail-type": "SageMaker Endpoint", "resources": ["arn:e"]},
            "SageMaker Endpoint",
            "arn:e",
        ),
        (
            {
                "detail-type": "Object Created",
                "resources": ["arn:aws:s3:::b"],
                "detail": {"bucket": {"name": "b"}, "object": {"key": "raw/a.csv"}},
            },
            "Object Created",
            "b/raw/a.csv",
        ),
        (
            {"detail-type": "Object Created", "detail": {"object": {"key": "k"}}},
            "Object Created",
            "k",
        ),
        ({"detail-type": "Odd", "detail": {"object": "none"}}, "Odd", ""),
        ({"x": 1}, "unknown", '{"x": 1}'),
        ([1], "unknown", "[1]"),
        ("x" * 100, "no JSON", "x" * 60),
        ({"type": "a\u202eb"}, "ab", ""),
    ],
)
def test_a_letter_says_what_it_is_and_what_it_is_about(
    system: FakeSystem, queues: Queues, body: Any, kind: str, key: str
) -> None:
    queues.letters[DEPLOYER] = [letter(body)]
    (found,) = dead_letters.heads(system, dead_letters.one(system, "deployer"))
    assert (found.kind, found.key, found.received) == (kind, key, 6)


def test_a_queue_is_found_by_its_service_or_its_name(system: FakeSystem, queues: Queues) -> None:
    for name in ("data_watcher", "data-watcher", WATCHER):
        assert dead_letters.one(system, name).queue == WATCHER
    with pytest.raises(ConsoleError, match="deployer-live, notifier"):
        dead_letters.one(system, "nobody")
    queues.missing.add(WATCHER)
    with pytest.raises(ConsoleError, match="is not deployed"):
        dead_letters.one(system, "data-watcher")


def test_letters_are_sent_back_and_the_end_is_said(queues: Queues) -> None:
    done = solar("dead-letters", "redrive", "deployer")
    assert done.stdout == f"{DEPLOYER}: sent back 2 of 2\n"
    assert queues.changes == [f"start {DEPLOYER}"]


def test_what_is_empty_or_on_its_way_is_not_sent_back(queues: Queues) -> None:
    assert "holds nothing" in str(solar("dead-letters", "redrive", "notifier").exception)
    queues.moves[DEPLOYER] = move("RUNNING", 1, 2)
    assert "already: 1 of 2" in str(solar("dead-letters", "redrive", "deployer").exception)
    assert queues.changes == []


def test_an_earlier_move_is_not_taken_for_this_one(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.commands.dead_letters._LOOK", 0.0)
    queues.moves[DEPLOYER] = move("FAILED", 0, 9, FailureReason="long ago")
    begun, looks = queues.list_message_move_tasks, iter(range(9))

    def late(**asked: Any) -> dict[str, Any]:
        old = {"Results": [move("FAILED", 0, 9, FailureReason="long ago")]}
        return old if next(looks) < 3 else begun(**asked)

    monkeypatch.setattr(queues, "list_message_move_tasks", late)
    done = solar("dead-letters", "redrive", "deployer")
    assert done.exit_code == 0
    assert done.stdout == f"{DEPLOYER}: sent back 2 of 2\n"


def test_a_move_that_failed_is_no_success(queues: Queues, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = move("FAILED", 0, 2, FailureReason="CouldNotDetermineMessageSource")
    monkeypatch.setattr(
        queues, "start_message_move_task", lambda **_: queues.moves.update({DEPLOYER: failed})
    )
    done = solar("dead-letters", "redrive", "deployer")
    assert done.exit_code == 1
    said = " ".join(done.stdout.split())
    assert "none of 2 was sent back: SQS does not know where they came from" in said
    assert "Send what they say to the inbox itself, or delete them here" in said
    assert "CouldNot" not in said


def test_a_move_that_failed_halfway_says_how_far_it_came_and_what_sqs_says(
    system: FakeSystem, queues: Queues
) -> None:
    queues.moves[DEPLOYER] = move("FAILED", 1, 2, FailureReason="AWS.Whatever")
    found = dead_letters.one(system, "deployer").move
    assert found is not None
    assert dead_letters.told(found) == "only 1 of 2 were sent back: SQS says AWS.Whatever"


def test_sending_back_can_be_stopped(queues: Queues) -> None:
    assert "nothing of" in str(solar("dead-letters", "cancel", "deployer").exception)
    queues.moves[DEPLOYER] = move("RUNNING", 1, 2)
    assert solar("dead-letters", "cancel", "deployer").stdout.endswith("stopped after 3 messages\n")
    assert queues.changes == ["stop h"]


@pytest.mark.parametrize(
    ("verb", "right"),
    [
        ((), "sqs:ReceiveMessage"),
        (("redrive", "deployer"), "sqs:StartMessageMoveTask"),
        (("cancel", "data-watcher"), "sqs:CancelMessageMoveTask"),
    ],
)
def test_a_right_that_is_missing_is_named(
    queues: Queues, verb: tuple[str, ...], right: str
) -> None:
    queues.moves[WATCHER] = move("RUNNING", 1, 2)
    queues.refuses = "AccessDenied"
    assert f"you lack {right}" in str(solar("dead-letters", *verb).exception)


def schedule(expression: str, **more: Any) -> dict[str, Any]:
    return {
        "ScheduleExpression": expression,
        "Description": "Looks.",
        "State": "ENABLED",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": "arn:aws:sqs:r:1:solar-deployer-inbox"},
        "CreationDate": datetime(2020, 1, 1, tzinfo=UTC),
        **more,
    }


def only(system: FakeSystem, **more: Any) -> dict[str, Any]:
    """Return our only schedule; a stage's and others' are left out."""
    given = {"expression": "cron(0 6 * * ? *)", **more}
    one = schedule(given.pop("expression"), **given)
    others = {name: schedule("rate(1 day)") for name in ("solaris-x", "test-solar-x")}
    system.clients["scheduler"] = Schedules({"solar-a": one, **others})
    (found,) = schedules.of_all(system)
    return found


def test_a_schedule_says_what_it_does_and_when_it_is_due(
    system: FakeSystem, queues: Queues
) -> None:
    found = only(system)
    assert (found["name"], found["does"], found["to"]) == (
        "solar-a",
        "Looks.",
        "solar-deployer-inbox",
    )
    assert found["zone"] == "UTC"
    assert found["last"] < datetime.now(UTC).isoformat() < found["next"]
    assert schedules.due(found).endswith("06:00 UTC")
    window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 60}
    assert "UTC, within 60 minutes" in schedules.due(only(system, FlexibleTimeWindow=window))


def test_what_nobody_knows_of_a_schedule_is_not_guessed(system: FakeSystem, queues: Queues) -> None:
    rate = only(system, expression="rate(15 minutes)")
    assert (rate["last"], rate["next"]) == (None, None)
    assert schedules.due(rate) == "within 15 minutes; AWS does not say when"
    assert schedules.due(only(system, expression="cron(0 6 L * ? *)")) == "not known"
    ended = only(system, EndDate=datetime(2021, 1, 1, tzinfo=UTC))
    assert ended["next"] is None


def test_a_schedule_that_is_disabled_is_never_due(system: FakeSystem, queues: Queues) -> None:
    found = only(system, State="DISABLED")
    assert found["next"] is None
    assert schedules.due(found) == "never, it is disabled"


def test_a_schedule_keeps_dead_letters_only_where_it_has_a_queue_for_them(
    system: FakeSystem, queues: Queues
) -> None:
    assert only(system)["dead_letters"] is None
    target = {"Arn": "a:b", "DeadLetterConfig": {"Arn": f"arn:aws:sqs:r:1:{DEPLOYER}"}}
    assert only(system, Target=target)["dead_letters"] == 2
