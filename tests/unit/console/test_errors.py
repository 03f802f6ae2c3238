"""Errors are a line for people and JSON for machines, of whichever verb, with the same exit codes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from console import app, trainer
from console.errors import wants_json
from console.verbs import VERBS
from tests.unit.console.systems import FakeSystem, system

__all__ = ["system"]  # the fixture


@pytest.fixture
def run(
    system: FakeSystem, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Any:
    """Return what the whole program does with a call: exit code, what it printed, what it complained of."""

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["solar", *arguments])
        with pytest.raises(SystemExit) as ended:
            app.main()
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, said.out, said.err

    system.answers["trainer_trigger", "models"] = {"models": [{"model_id": "golden"}], "next": None}
    return call


ABOUT_A_MODEL = {
    "why": ("nosuch",),
    "scorecard": ("nosuch",),
    "compare": ("1", "2", "--model", "nosuch"),
    "retrain": ("nosuch",),
    "hold": ("nosuch",),
    "release": ("nosuch",),
}


@pytest.mark.parametrize(("verb", "arguments"), ABOUT_A_MODEL.items())
def test_what_is_not_there_is_said_in_json(
    run: Any, monkeypatch: pytest.MonkeyPatch, verb: str, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setattr(trainer, "models", lambda _: ["golden"])
    code, out, err = run("--endpoint", "aws", verb, *arguments, "--json")
    assert (code, err) == (1, "")
    said = json.loads(out)["error"]
    assert said == {"message": "no model 'nosuch'; known: golden", "code": "not_done", "hint": None}


def test_without_json_it_stays_a_line_on_stderr(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "models", lambda _: ["golden"])
    assert run("why", "nosuch") == (1, "", "solar: no model 'nosuch'; known: golden\n")


@pytest.mark.parametrize("verb", sorted(VERBS.keys() - {"deploy", "destroy"}))
def test_a_wrong_call_of_any_verb_is_said_in_json(run: Any, verb: str) -> None:
    code, out, err = run(verb, "--no-such-option", "--json")
    said = json.loads(out)["error"]
    assert (code, err, said["code"]) == (2, "", "wrong_call")
    assert "--no-such-option" in said["message"]
    assert said["hint"] == f"solar {verb} --help"


@pytest.mark.parametrize("verb", ["deploy", "destroy"])
def test_a_wrong_option_of_the_deployment_is_said_in_json(run: Any, verb: str) -> None:
    code, out, err = run("--endpoint", "aws", verb, "--no-such-option", "--json")
    said = json.loads(out)["error"]
    assert (code, said["code"], said["hint"]) == (2, "wrong_call", f"solar {verb} --help")
    assert "--no-such-option" in err


def test_a_verb_that_does_not_exist_is_a_wrong_call(run: Any) -> None:
    code, out, _ = run("nosuch", "--json")
    said = json.loads(out)["error"]
    assert (code, said["code"], said["hint"]) == (2, "wrong_call", "solar --help")
    assert "nosuch" in said["message"]


def test_an_option_without_its_value_is_a_wrong_call(run: Any) -> None:
    code, out, _ = run("served-at", "--json", "--site")
    said = json.loads(out)["error"]
    assert (code, said["code"], said["hint"]) == (2, "wrong_call", "solar --help")


def test_what_aws_refuses_has_the_code_of_aws(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Any) -> list[str]:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "Invoke")

    monkeypatch.setattr(trainer, "models", refuse)
    code, out, err = run("why", "golden", "--json")
    said = json.loads(out)["error"]
    assert (code, err, said["code"]) == (1, "", "AccessDenied")
    assert said["message"].startswith("AWS refused")


def test_a_file_that_cannot_be_written_is_named_without_a_number(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Any) -> list[str]:
        raise FileNotFoundError(2, "No such file or directory", "/nowhere/june.csv")

    monkeypatch.setattr(trainer, "models", refuse)
    said = "solar: /nowhere/june.csv: no such file or directory\n"
    assert run("why", "golden") == (1, "", said)


def test_a_fault_of_ours_is_said_in_json_and_its_traceback_is_not_hidden(
    monkeypatch: pytest.MonkeyPatch, system: FakeSystem, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: Any) -> list[str]:
        raise KeyError("models")

    monkeypatch.setattr(trainer, "models", fail)
    monkeypatch.setattr("sys.argv", ["solar", "why", "golden", "--json"])
    with pytest.raises(KeyError):
        app.main()
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "unexpected"


def test_a_verb_that_ends_well_or_unwell_keeps_its_exit_code(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, _ = run("why", "--json", "--help")
    assert (code, "Usage" in out) == (0, True)


def test_a_name_after_two_dashes_is_no_option() -> None:
    assert wants_json(["why", "--json"])
    assert not wants_json(["upload", "site", "--", "--json"])
