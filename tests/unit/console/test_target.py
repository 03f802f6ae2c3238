"""Nobody changes AWS by accident, and whoever looks there is told."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import (
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
)
from botocore.httpsession import URLLib3Session

from console import target
from console.errors import ConsoleError
from console.state import state
from console.target import System
from shared.aws import session_of
from tests.unit.console.systems import solar

WRITING = [
    ["upload", "golden", "a.csv"],
    ["sites", "add", "a.yaml"],
    ["retrain", "golden"],
    ["approve", "1", "golden"],
    ["reject", "1", "golden"],
    ["rollback", "golden"],
    ["exclude", "golden", "2024-07-01", "2024-07-02", "--reason", "x"],
    ["include", "golden", "2024-07-01", "2024-07-02"],
    ["files", "release", "golden/a.csv", "--reason", "x"],
    ["sweep"],
    ["deploy"],
    ["destroy", "--yes"],
]


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """No platform, no credentials, no Region, nothing connected yet."""
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("SOLAR_ENDPOINT", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("SOLAR_HOME", str(tmp_path))
    before = (state.endpoint, state._system)
    state.endpoint, state._system = None, None
    yield tmp_path
    state.endpoint, state._system = before


@pytest.mark.parametrize("arguments", WRITING, ids=lambda each: each[0])
def test_a_verb_that_changes_something_never_turns_to_aws_by_itself(
    arguments: list[str], nowhere: Path
) -> None:
    done = solar(*arguments)

    assert isinstance(done.exception, ConsoleError)
    said = str(done.exception)
    for part in (f"no local platform runs in {nowhere}", "solar local up", "--endpoint aws"):
        assert part in said


def test_with_aws_named_a_change_goes_there(monkeypatch: pytest.MonkeyPatch) -> None:
    went: list[str] = []
    monkeypatch.setattr(System, "send", lambda system, *_: went.append(system.kind))

    assert solar("--endpoint", "aws", "sweep").exit_code == 0
    monkeypatch.setenv("SOLAR_ENDPOINT", "aws")
    assert solar("sweep").exit_code == 0

    assert went == ["aws", "aws"]


def test_a_verb_that_reads_says_which_account_it_reads(
    monkeypatch: pytest.MonkeyPatch, nowhere: Path
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setattr(System, "account_id", "123456789012")
    monkeypatch.setattr(System, "ask", _nothing)

    done = solar("runs", "--json")

    assert done.stdout == "[]\n"
    assert f"no local platform runs in {nowhere}" in done.stderr
    assert "account 123456789012, Region eu-west-1" in done.stderr


def test_all_calls_of_a_service_share_one_client_and_so_one_connection() -> None:
    system = System("aws", session_of("eu-west-1"), None)
    system.session.set_credentials("test", "test")

    assert system.client("sqs") is system.client("sqs")
    assert system.client("sqs") is not system.client("sts")


def test_a_local_platform_that_does_not_run_is_said_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries: list[str] = []

    def refuse(_: Any, request: Any) -> None:
        tries.append(request.url)
        raise EndpointConnectionError(endpoint_url=request.url)

    monkeypatch.setattr(URLLib3Session, "send", refuse)
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("it waits"))
    session = session_of("eu-west-1")
    session.set_credentials("test", "test")
    system = System("local", session, "http://127.0.0.1:1")
    with pytest.raises(ConsoleError) as error:
        system.ask("deployer", "live")
    assert str(error.value) == "the local platform does not run; start it with `solar local up`"
    assert len(tries) == 1


def test_a_profile_that_does_not_exist_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "misspelt")

    done = solar("--endpoint", "aws", "runs")

    assert isinstance(done.exception, ProfileNotFound)
    assert "misspelt" in target.explain(done.exception)
    assert "AWS_PROFILE" in target.explain(done.exception)


def _nothing(_: System, _service: str, query: str, **_parameters: Any) -> dict[str, Any]:
    return {query: []}


@pytest.mark.parametrize("error", [NoCredentialsError(), NoRegionError()])
def test_what_aws_lacks_is_told_with_the_platform_that_does_not_run(
    error: Exception, nowhere: Path
) -> None:
    said = target.explain(error)

    assert f"no local platform runs in {nowhere}" in said
    assert "solar local up" in said
