"""What is wrong with a call is said in our words, with what is right."""

from __future__ import annotations

from typing import Any

import pytest

from console.errors import ConsoleError
from tests.unit.console.systems import FakeSystem, solar, system

__all__ = ["system"]  # the fixture


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (["logs", "2", "--lines", "0"], "0 is too small; the least is 1"),
        (["logs", "2", "--lines", "9999999"], "9999999 is too large; the most is"),
        (["sites", "history", "golden", "--diff", "a", "b"], "'a' is no whole number"),
        (["scorecard", "--by", "moon"], "'moon' is not one of 'site', 'day'"),
        (["--endpoint", "moon", "runs"], "'moon' is not one of 'local', 'aws'"),
    ],
)
def test_a_value_that_is_refused_is_refused_in_plain_words(call: list[str], said: str) -> None:
    done = solar(*call)
    words = " ".join(done.output.replace("│", " ").split())
    assert done.exit_code == 2
    assert said in words
    assert "Input should" not in words
    assert "Value error" not in words


@pytest.mark.parametrize("port", ["65536", "-1"])
def test_a_port_that_does_not_exist_is_said_without_a_traceback(
    system: FakeSystem, port: str
) -> None:
    done = solar("console", f"--port={port}")
    assert isinstance(done.exception, ConsoleError)
    assert f"port {port} does not exist: ports end at 65535" in str(done.exception)


def scored(system: FakeSystem, **more: Any) -> None:
    system.answers["trainer_trigger", "models"] = {"models": [{"model_id": "golden"}], "next": None}
    system.answers["data_watcher", "sites"] = {"sites": []}
    system.answers["deployer", "scorecard"] = {
        "lines": [],
        "total": [],
        "left_out": 0,
        "waiting": 0,
        "first": "2026-05-01",
        "last": "2026-05-30",
        "by": "site",
        **more,
    }


@pytest.mark.parametrize("asks", [[], ["--json"]])
def test_the_scores_of_a_site_that_does_not_exist_are_not_just_none(
    system: FakeSystem, asks: list[str]
) -> None:
    scored(system)
    done = solar("scorecard", "golden", "--site", "nosuch", *asks)
    assert str(done.exception).startswith("no site nosuch")


def test_the_scores_of_a_version_that_does_not_exist_are_not_just_none(
    system: FakeSystem,
) -> None:
    class NoVersions:
        def get_paginator(self, _: str) -> NoVersions:
            return self

        def paginate(self, **_: Any) -> list[dict[str, Any]]:
            return []

    scored(system)
    system.clients["sagemaker"] = NoVersions()
    done = solar("scorecard", "golden", "--version", "77")
    assert str(done.exception) == "no version 77 of golden; there are none"


def test_days_without_a_score_and_days_without_a_degradation_are_named(
    system: FakeSystem,
) -> None:
    scored(system)
    said = " ".join(solar("scorecard", "golden").output.split())
    assert said == "nothing of golden was scored from 2026-05-01 to 2026-05-30"
    system.answers["deployer", "degradations"] = {
        "first": "2026-05-01",
        "last": "2026-05-30",
        "degradations": [],
    }
    said = " ".join(solar("degradations", "golden").output.split())
    assert said.startswith("from 2026-05-01 to 2026-05-30 nobody was told that golden did worse")


def test_scores_are_flush_right_and_have_the_same_digits(system: FakeSystem) -> None:
    line = {
        "inputs": "measured",
        "n": 4,
        "nmae": 0.04,
        "energy_bias": -0.05,
        "coverage_p10_p90": 0.8,
        "skill": 0.4,
        "predicted_kwh": 95.0,
        "measured_kwh": 1000.0,
        "days": {"scored": 1},
        "masked": {},
    }
    lines = [{**line, "name": "05:00", "r2": -0.0675}, {**line, "name": "06:00", "r2": 0.105}]
    scored(system, lines=lines, by="hour", zones=["Europe/Berlin"])
    said = solar("scorecard", "golden", "--by", "hour").output
    first, second = (each for each in said.splitlines() if each.strip()[:3] in {"05:", "06:"})
    assert first.index("-0.068") + len("-0.068") == second.index("0.105") + len("0.105")
