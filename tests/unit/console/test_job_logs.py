"""The end of a stage's log is read, whatever CloudWatch says, and shown without what a terminal obeys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from console.client import job_logs
from console.client.words import plain
from console.commands import logs as command
from console.errors import ConsoleError
from tests.unit.console.systems import FakeSystem, solar, system
from tests.unit.console.test_models import run

__all__ = ["system"]  # the fixture

ARN = "arn:aws:sagemaker:eu-west-1:1"
EVALUATE, TRAIN = "pipelines-a1b2-Evaluate-xYz", "pipelines-a1b2-Train-Q9"
RUN = "r" * 16 + "-1"


def stage(name: str, status: str = "Succeeded", job: str | None = None) -> dict[str, Any]:
    return {
        "name": name,
        "status": status,
        "started_at": "2026-11-24T07:19:00+00:00",
        "ended_at": None,
        "failure_reason": None,
        "job_arn": f"{ARN}:{job}" if job else None,
    }


PREPARED = stage("Preprocess", job="processing-job/pipelines-a1b2-preprocess-n1")
TRAINS = stage("Train", "Executing", f"training-job/{TRAIN.lower()}")
EVALUATED = stage("Evaluate", "Failed", f"processing-job/{EVALUATE.lower()}")
REGISTERED = stage("RegisterModel")


@dataclass
class FakeLogs:
    """Streams of one log group, read from either end as CloudWatch reads them.

    `streams` has for each name its lines with their times. [s]
    """

    streams: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    refuses: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)

    def get_paginator(self, _: str) -> FakeLogs:
        return self

    def paginate(self, *, logStreamNamePrefix: str, **_: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        if self.refuses:
            raise ClientError({"Error": {"Code": self.refuses}}, "DescribeLogStreams")
        for place, name in enumerate(self.streams):
            if name.startswith(logStreamNamePrefix):
                yield {"logStreams": [{"logStreamName": name, "creationTime": place}]}

    def get_log_events(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        lines = self.streams[asked["logStreamName"]]
        forward = asked["startFromHead"]
        token = asked.get("nextToken")
        place = int(token[2:]) if token else 0 if forward else len(lines)
        if forward:
            return answer(lines[place:], place, len(lines))
        start = max(0, place - asked["limit"])
        return answer(lines[start:place], start, place)


def answer(lines: list[tuple[int, str]], start: int, end: int) -> dict[str, Any]:
    events = [{"timestamp": at * 1000, "message": text} for at, text in lines]
    return {"events": events, "nextForwardToken": f"f/{end}", "nextBackwardToken": f"b/{start}"}


@pytest.fixture
def logs(system: FakeSystem, monkeypatch: pytest.MonkeyPatch) -> FakeLogs:
    monkeypatch.setattr(command, "_LOCAL", 0.0)
    monkeypatch.setattr(command, "_AWS", 0.0)
    made = FakeLogs({f"{TRAIN}/algo-1-17": [(1, "one"), (2, "two"), (3, "three")]})
    system.clients["logs"] = made
    system.answers["trainer_trigger", "runs"] = {"runs": [run(RUN)]}
    progress(system, PREPARED, TRAINS)
    return made


def progress(system: FakeSystem, *stages: dict[str, Any], status: str = "running") -> None:
    said = {"stages": list(stages), "status": status}
    system.answers["trainer_trigger", "progress"] = {"progress": said}


def texts(tail: job_logs.Tail) -> list[str]:
    return [each.text for each in tail.lines]


def test_only_the_last_lines_are_read(system: FakeSystem, logs: FakeLogs) -> None:
    found = job_logs.tail(system, TRAINS, 2)
    assert texts(found) == ["two", "three"]
    assert found.older
    assert [each["limit"] for each in logs.asked] == [2]


def test_a_short_log_is_read_whole_and_nothing_is_older(system: FakeSystem, logs: FakeLogs) -> None:
    found = job_logs.tail(system, TRAINS, 50)
    assert texts(found) == ["one", "two", "three"]
    assert not found.older


def test_a_page_that_comes_empty_is_not_the_end(system: FakeSystem, logs: FakeLogs) -> None:
    pages = iter([("b/1", []), ("b/2", [(1, "here")]), ("b/2", [])])

    def said(**_: Any) -> dict[str, Any]:
        token, lines = next(pages)
        events = [{"timestamp": at * 1000, "message": text} for at, text in lines]
        return {"events": events, "nextForwardToken": "f", "nextBackwardToken": token}

    logs.get_log_events = said  # type: ignore[method-assign]
    assert texts(job_logs.tail(system, TRAINS)) == ["here"]


def test_instances_are_merged_by_time_and_other_jobs_are_left_out(
    system: FakeSystem, logs: FakeLogs
) -> None:
    logs.streams = {
        f"{TRAIN}/algo-1-17": [(1, "a"), (4, "d")],
        f"{TRAIN}/algo-2-17": [(2, "b"), (3, "c")],
        f"{EVALUATE}/algo-1-17": [(2, "no")],
        f"{TRAIN}-more/algo-1-17": [(2, "no")],
    }
    found = job_logs.tail(system, TRAINS, 3)
    assert texts(found) == ["b", "c", "d"]
    assert [each.host for each in found.lines] == ["algo-2", "algo-2", "algo-1"]
    assert found.older


def test_of_many_attempts_only_the_newest_are_read(system: FakeSystem, logs: FakeLogs) -> None:
    logs.streams = {f"{TRAIN}/algo-1-{n}": [(n, f"attempt {n}")] for n in range(1, 13)}
    assert texts(job_logs.tail(system, TRAINS)) == [f"attempt {n}" for n in range(5, 13)]


def test_what_a_stage_has_not_written_yet_is_said(system: FakeSystem, logs: FakeLogs) -> None:
    logs.streams = {}
    assert "has written nothing" in job_logs.tail(system, TRAINS).note
    assert "Nothing is left of Evaluate's log" in job_logs.tail(system, EVALUATED).note
    assert job_logs.tail(system, REGISTERED).note == "RegisterModel has no log: it runs no job."
    begins = stage("Train", "Starting")
    assert job_logs.tail(system, begins).note == "Train has no log: its job has not begun."


def test_a_group_that_does_not_exist_yet_is_no_error(system: FakeSystem, logs: FakeLogs) -> None:
    logs.refuses = "ResourceNotFoundException"
    assert "/aws/sagemaker/TrainingJobs" in job_logs.tail(system, TRAINS).note


def test_a_right_that_is_missing_is_named(system: FakeSystem, logs: FakeLogs) -> None:
    logs.refuses = "AccessDeniedException"
    with pytest.raises(ConsoleError, match="you lack logs:DescribeLogStreams"):
        job_logs.tail(system, TRAINS)
    logs.refuses = "ThrottlingException"
    with pytest.raises(ClientError):
        job_logs.tail(system, TRAINS)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("10 %\r50 %\r100 %", "100 %"),
        ("line\r", "line"),
        ("a\tb", "a    b"),
        ("a\x00\x08\x9bb", "ab"),
        ("left\u202eright", "leftright"),
        ("plain: 3 µm, 日本", "plain: 3 µm, 日本"),
        ("x" * 1001, "x" * 1000 + "…"),
    ],
)
def test_nothing_of_a_line_is_obeyed(written: str, shown: str) -> None:
    assert plain(written) == shown


def test_our_own_lines_are_read_for_people(system: FakeSystem, logs: FakeLogs) -> None:
    content = {"level": "INFO", "message": "done train", "seconds": 4.4}
    error = {"level": "ERROR", "message": "it broke", "exception": "Traceback\nValueError: x"}
    lines = [json.dumps(content), json.dumps(error), "[1, 2]", "{}"]
    logs.streams = {f"{TRAIN}/algo-1-17": [(1, each) for each in lines]}
    assert texts(job_logs.tail(system, TRAINS)) == [
        *("done train, 4.4 s", "ERROR it broke", "Traceback", "ValueError: x", "[1, 2]", "{}")
    ]


@pytest.mark.parametrize(
    ("stages", "name", "meant"),
    [
        ((PREPARED, TRAINS), None, "Train"),
        ((PREPARED, EVALUATED), None, "Evaluate"),
        ((PREPARED, REGISTERED), None, "Preprocess"),
        ((PREPARED, TRAINS), "preprocess", "Preprocess"),
    ],
)
def test_the_stage_that_runs_or_failed_is_meant_where_none_is_named(
    stages: tuple[dict[str, Any], ...], name: str | None, meant: str
) -> None:
    assert job_logs.chosen(stages, name)["name"] == meant


def test_a_stage_that_has_not_begun_is_refused_with_those_that_have() -> None:
    with pytest.raises(ConsoleError, match="begun: Preprocess"):
        job_logs.chosen([PREPARED], "train")
    with pytest.raises(ConsoleError, match="has begun no stage yet"):
        job_logs.chosen([])


@pytest.mark.usefixtures("logs")
def test_logs_shows_the_stage_that_runs_and_says_what_it_left_out() -> None:
    shown = solar("logs", RUN, "--lines", "2").stdout
    assert "Train of run rrrrrrrr…-1: Executing" in shown
    assert "the last 2 lines" in shown
    assert "00:00:02  two" in shown
    assert "one" not in shown


@pytest.mark.usefixtures("logs")
def test_logs_in_json_says_where_they_are() -> None:
    said = json.loads(solar("logs", RUN, "--json").stdout)
    assert (said["stage"], said["group"]) == ("Train", "/aws/sagemaker/TrainingJobs")
    assert said["lines"][0] == {
        "at": "1970-01-01T00:00:01.000+00:00",
        "host": "algo-1",
        "text": "one",
    }


@pytest.mark.usefixtures("logs")
def test_what_is_followed_is_no_json() -> None:
    assert "leave out --json" in str(solar("logs", RUN, "--follow", "--json").exception)


def test_whoever_follows_sees_each_line_once_through_all_stages_to_the_end(
    system: FakeSystem, logs: FakeLogs
) -> None:
    looks = iter(range(9))
    evaluates = {**EVALUATED, "status": "Executing"}

    def said() -> dict[str, Any]:
        look = next(looks)
        if look == 1:
            logs.streams[f"{TRAIN}/algo-1-17"].append((4, "four"))
        if look == 2:
            logs.streams[f"{EVALUATE}/algo-1-18"] = [(5, "five")]
        if look == 3:
            logs.streams[f"{EVALUATE}/algo-1-18"].append((6, "six, which came late"))
        stages = [PREPARED, TRAINS] + ([evaluates] if look > 1 else [])
        status = "running" if look < 2 else "registered"
        return {"progress": {"stages": stages, "status": status}}

    system.answers["trainer_trigger", "progress"] = said
    shown = solar("logs", RUN, "--follow", "--lines", "2").stdout.splitlines()
    assert [each.partition("  ")[2] or each for each in shown] == [
        *("Train:", "two", "three", "four", "Evaluate:", "five", "six, which came late"),
        "the run is over: registered",
    ]


def test_one_stage_can_be_followed_alone(system: FakeSystem, logs: FakeLogs) -> None:
    logs.streams[f"{EVALUATE}/algo-1-18"] = [(5, "five")]
    progress(system, PREPARED, TRAINS, EVALUATED, status="failed")
    shown = solar("logs", RUN, "--follow", "--stage", "evaluate").stdout.splitlines()
    assert shown == ["Evaluate:", "00:00:05  five", "the run is over: failed"]
