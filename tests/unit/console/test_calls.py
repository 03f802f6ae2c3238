"""What people type is taken as they mean it, and refused as a wrong call where it makes no sense."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer

from console.times import moment
from tests.unit.console.systems import FakeSystem, solar, system

__all__ = ["system"]  # the fixture

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-24T07:19",
        "2026-11-24 07:19",
        "2026-11-24T07:19:00Z",
        "2026-11-24T07:19Z",
        "2026-11-24 07:19 UTC",
        "2026-11-24T08:19+01:00",
        "20261124T0719",
    ],
)
def test_a_time_is_read_as_people_and_our_emails_write_it(written: str) -> None:
    assert moment(written) == datetime(2026, 11, 24, 7, 19, tzinfo=UTC)


def test_a_date_is_its_first_moment_in_utc() -> None:
    assert moment("2026-11-24") == datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.parametrize("written", ["soon", "2026-13-01", ""])
def test_what_is_no_time_is_refused_with_what_would_be(written: str) -> None:
    with pytest.raises(typer.BadParameter, match="write 2026-11-24"):
        moment(written)


@pytest.mark.parametrize(
    "arguments",
    [
        ["served-at", "soon"],
        ["why", "golden", "--at", "soon"],
        ["replay", "golden", "--policy", "x.yaml", "--from", "soon"],
        ["files", "--state", "lost"],
    ],
)
@pytest.mark.usefixtures("system")
def test_a_wrong_call_ends_with_2(arguments: list[str]) -> None:
    assert solar(*arguments).exit_code == 2


def test_a_time_reaches_the_service_in_utc(system: FakeSystem) -> None:
    system.answers["deployer", "served"] = {"served": {}}

    assert solar("served-at", "2026-11-24 07:19 UTC").exit_code == 0


def console(*arguments: str, stdout: int) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "console", *arguments],
        cwd=ROOT,
        stdout=stdout,
        stderr=subprocess.PIPE,
        check=False,
    )


def test_a_reader_that_has_read_enough_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = console("local", "explain", "--json", stdout=writer)
    os.close(writer)

    assert done.stderr == b""


@pytest.mark.parametrize("verb", [("nosuch", "--json"), ("--version",), ("--help",)])
def test_nor_is_it_where_the_end_of_what_is_said_comes_late(verb: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = console(*verb, stdout=writer)
    os.close(writer)

    assert done.stderr == b""


def test_usage_names_the_command_as_people_type_it() -> None:
    done = console("report", stdout=subprocess.DEVNULL)

    assert done.returncode == 2
    assert b"Usage: solar report" in done.stderr
