"""Whoever opens a runbook at night sees first which command shows the state, and the command exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import botocore.session
import pytest
import typer
from botocore.exceptions import UnknownServiceError

from console.verbs import VERBS
from tests.templates import read

ROOT = Path(__file__).parents[2]
RUNBOOKS = sorted((ROOT / "docs/runbooks").glob("*.md"))
COMMAND = re.compile(r"^Look: `([^`]+)`$")
OF_THE_AWS_CLI = {("logs", "tail")}  # what the command line of AWS adds to the API
GROUPS = {
    resource["Properties"]["LogGroupName"]
    for template in (ROOT / "services").glob("*/template.yaml")
    for resource in read(template)["Resources"].values()
    if resource["Type"] == "AWS::Logs::LogGroup"
}


def sections() -> list[tuple[str, str, str]]:
    """Return runbook, heading and first line of every section."""
    found = []
    for path in RUNBOOKS:
        parts = path.read_text().split("\n## ")[1:]
        for part in parts:
            heading, _, text = part.partition("\n")
            found.append((path.stem, heading, text.lstrip("\n").partition("\n")[0]))
    return found


SECTIONS = sections()


def test_there_are_sections() -> None:
    assert len(SECTIONS) > 60


@pytest.mark.parametrize(("runbook", "heading", "first"), SECTIONS, ids=lambda each: each[:40])
def test_a_section_begins_with_the_command_that_shows_the_state(
    runbook: str, heading: str, first: str
) -> None:
    found = COMMAND.match(first)
    assert found, f"{runbook}.md, {heading}: begin with Look: `a command that shows the state`"
    program, *words = shlex.split(found[1])
    assert program in {"solar", "aws"}
    if program == "solar":
        _solar(words)
    else:
        _aws(words)


def _solar(words: list[str]) -> None:
    """Check a verb and its options; words in capitals stand for what the reader fills in."""
    name, *rest = words
    assert name in VERBS, name
    command = VERBS[name].load(name)
    context = typer.Context(command)
    if hasattr(command, "commands") and rest and rest[0] in command.commands:
        command = command.commands[rest[0]]
    known = {option for each in command.get_params(context) for option in each.opts}
    assert {each for each in rest if each.startswith("--")} <= known


def _aws(words: list[str]) -> None:
    service, call, *rest = words
    if (service, call) in OF_THE_AWS_CLI:
        group = rest[0]
        assert group in GROUPS or group.startswith("/aws/sagemaker/"), group
        return
    session = botocore.session.get_session()
    try:
        model = session.get_service_model(service)
    except UnknownServiceError:
        pytest.fail(f"AWS has no {service}")
    calls = {re.sub(r"(?<!^)(?=[A-Z])", "-", each).lower() for each in model.operation_names}
    assert call in calls
