"""Whoever watches sees each stage once, and the end with its verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.commands import watching
from console.watching import Look, Watch
from tests.unit.console.systems import FakeSystem, solar, system
from tests.unit.console.test_models import run

__all__ = ["system"]  # the fixture

NOW = datetime(2026, 11, 24, 7, 25, tzinfo=UTC)
WAIT = {
    "outcome": "wait",
    "reasons": ["the quiet period ends soon"],
    "until": (NOW + timedelta(minutes=5)).isoformat(),
}
IDLE = {"outcome": "idle", "reasons": ["no new data"], "until": None}


def stage(name: str, begin: int, end: int | None = None) -> dict[str, Any]:
    at = [
        NOW + timedelta(seconds=second) if second is not None else None for second in (begin, end)
    ]
    began, ended = (each.isoformat() if each else None for each in at)
    status = "Succeeded" if end else "Executing"
    return {"name": name, "status": status, "started_at": began, "ended_at": ended}


def progress(status: str = "running", *stages: dict[str, Any], **changed: Any) -> dict[str, Any]:
    version = 2 if status == "registered" else None
    made = {**run("a1b2-1", version=version), "status": status, "stages": list(stages)}
    return {**made, "expected": {"seconds": 100.0, "stages": {"Train": 60.0}}, **changed}


def look(**changed: Any) -> Look:
    return replace(Look(NOW, WAIT, 0, None), **changed)


def logged(event: str, reason: str | None = None) -> dict[str, Any]:
    return {"version": 2, "event": event, "reason": reason}


def test_what_a_model_waits_for_is_said_once() -> None:
    watch = Watch()
    assert list(watch.see(look())) == [
        "wait: the quiet period ends soon; looked at again at 2026-11-24 07:30:00 UTC"
    ]
    assert list(watch.see(look())) == []
    assert watch.verdict == ""


def test_stages_are_told_as_they_end_with_the_time_that_they_took() -> None:
    watch = Watch()
    train = look(progress=progress("running", stage("Preprocess", 0, 30), stage("Train", 30)))
    assert list(watch.see(train)) == [
        "run a1b2-1 began: new data",
        "Preprocess: succeeded after 30 s",
    ]
    later = replace(train, now=NOW + timedelta(seconds=42))
    assert list(watch.see(later)) == []
    assert watch.doing(later) == "Train, 12 s of about 60 s"


def test_a_first_run_has_no_expected_time() -> None:
    first = look(progress=progress("running", stage("Train", -5), expected=None))
    assert Watch().doing(first) == "Train, 5 s"


@pytest.mark.parametrize(
    ("log", "pending", "verdict", "succeeded"),
    [
        ([logged("started"), logged("deployed")], (), "version 2 serves", True),
        ([logged("rolled_back", "an alarm")], (), "version 2 was taken back: an alarm", False),
        ([logged("started")], (), "", False),
        ([], (2,), "version 2 waits for a person: solar approve 2 golden", True),
    ],
)
def test_a_registered_version_is_followed_to_its_end(
    log: list[dict[str, Any]], pending: tuple[int, ...], verdict: str, *, succeeded: bool
) -> None:
    watch = Watch()
    list(watch.see(look(progress=progress("registered"), log=tuple(log), pending=pending)))
    assert (watch.verdict, watch.succeeded) == (verdict, succeeded)


@pytest.mark.parametrize(
    ("status", "verdict", "succeeded"),
    [
        ("registered", "registered as version 2", True),
        ("rejected", "rejected; why: solar report a1b2-1", False),
        ("failed", "failed: Train: out of memory", False),
    ],
)
def test_a_run_alone_ends_with_its_verdict(status: str, verdict: str, *, succeeded: bool) -> None:
    watch = Watch(run_id="a1b2-1", until_it_serves=False)
    list(watch.see(look(progress=progress(status, failure="Train: out of memory"))))
    assert (watch.verdict, watch.succeeded) == (verdict, succeeded)


@pytest.mark.parametrize(
    ("changed", "goes_on"),
    [({}, False), ({"unseen": 3}, True), ({"decision": WAIT}, True), ({"decision": None}, True)],
)
def test_where_nothing_will_happen_the_watch_ends_and_says_why(
    changed: dict[str, Any], *, goes_on: bool
) -> None:
    watch = Watch()
    list(watch.see(look(**{"decision": IDLE, **changed})))
    assert watch.verdict == ("" if goes_on else "nothing goes on: idle, because no new data")


def test_files_that_came_since_a_decision_are_said_beside_it_once() -> None:
    watch = Watch()
    said = [line for unseen in (3, 5) for line in watch.see(look(decision=IDLE, unseen=unseen))]
    assert said == ["idle: no new data; files came since, so it is decided again"]
    assert list(Watch().see(look(decision=IDLE))) == ["idle: no new data"]


def test_a_run_that_had_ended_before_is_not_what_is_watched() -> None:
    watch = Watch(before="a1b2-1")
    list(watch.see(look(decision=IDLE, progress=progress("registered"))))
    assert watch.verdict.startswith("nothing goes on")


@pytest.fixture
def serving(system: FakeSystem, monkeypatch: pytest.MonkeyPatch) -> FakeSystem:
    monkeypatch.setattr(watching, "_GRACE", 0.0)
    monkeypatch.setattr(watching, "_AWS", 0.0)
    system.answers |= {
        ("trainer_trigger", "models"): {"models": [{"model_id": "golden"}]},
        ("trainer_trigger", "runs"): {"runs": [run("a1b2-1", version=2)]},
        ("trainer_trigger", "progress"): {"progress": progress("registered")},
        ("trainer_trigger", "decisions"): {"decisions": {"golden": [IDLE]}, "waiting": {}},
        ("deployer", "pending"): {"pending": {}},
        ("deployer", "deployments"): {"deployments": {"golden": [logged("started")]}},
    }
    return system


def test_a_version_on_its_way_is_followed_and_the_exit_code_says_how_it_ended(
    serving: FakeSystem,
) -> None:
    logs = iter([[logged("started")], [logged("started")], [logged("deployed")]])
    serving.answers["deployer", "deployments"] = lambda: {"deployments": {"golden": next(logs)}}
    result = solar("watch", "golden")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1].endswith("version 2 serves")


@pytest.mark.usefixtures("serving")
def test_a_named_run_ends_with_its_verdict() -> None:
    result = solar("watch", "a1b2-1")
    assert result.exit_code == 0
    assert "registered as version 2" in result.stdout


def test_a_model_that_does_nothing_is_not_watched_for_ever(serving: FakeSystem) -> None:
    serving.answers["deployer", "deployments"] = {"deployments": {"golden": [logged("deployed")]}}
    result = solar("watch", "golden")
    assert result.exit_code == 1
    assert "nothing goes on: idle, because no new data" in result.stdout


def test_whoever_waits_too_long_is_told_what_goes_on(
    serving: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving.answers["trainer_trigger", "progress"] = {"progress": progress("running")}
    monkeypatch.setattr(watching.time, "monotonic", iter(range(0, 10_000, 100)).__next__)
    result = solar("watch", "golden", "--minutes", "0.1")
    assert "gave up after 0.1 minutes" in str(result.exception)
