"""`solar --help` knows every verb without importing it, and says the same as the verb itself."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from console.app import app
from console.verbs import VERBS, flowing

ROOT = Path(__file__).parents[3]
HEAVY = {"pandas", "numpy", "pyarrow", "boto3", "botocore", "pydantic", "yaml"}


@pytest.mark.parametrize("name", VERBS)
def test_a_verbs_line_is_what_the_verb_says_of_itself(name: str) -> None:
    verb = VERBS[name]
    target = getattr(import_module(f"console.{verb.module}"), verb.name)
    said = target.info.help if isinstance(target, typer.Typer) else inspect.getdoc(target)
    assert " ".join(said.split("\n\n")[0].split()) == verb.help


def test_help_loads_nothing_that_only_a_verb_needs() -> None:
    program = (
        "import sys; from console.app import app\n"
        "try: app(['--help'])\n"
        "except SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "served-at" in done.stdout
    assert not HEAVY & set(done.stderr.split())


# boto3 adds nothing to botocore that a verb uses; the deployment and its YAML are for deploying.
@pytest.mark.parametrize(
    ("module", "unneeded"),
    [
        ("commands.versions", {"boto3", "s3transfer", "yaml", "pandas", "numpy", "pyarrow"}),
        ("commands.system", {"boto3", "s3transfer", "yaml", "infra.deploy.command"}),
        ("commands.deployment", {"boto3", "s3transfer", "pandas", "numpy", "pyarrow"}),
    ],
)
def test_a_verb_loads_nothing_that_only_another_needs(module: str, unneeded: set[str]) -> None:
    program = f"import sys, console.{module}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not unneeded & set(done.stdout.split())


def test_a_slip_in_a_verb_gets_a_suggestion() -> None:
    said = CliRunner().invoke(app, ["uplaod"])
    assert said.exit_code == 2
    assert "upload" in said.output


def _documented() -> list[tuple[str, str]]:
    """Return every verb that is ours to explain, with what its help says."""
    found = []
    for name, verb in VERBS.items():
        target = getattr(import_module(f"console.{verb.module}"), verb.name)
        if isinstance(target, typer.Typer):
            found.append((name, str(target.info.help)))
            found += [
                (f"{name} {each.callback.__name__}", inspect.getdoc(each.callback) or "")
                for each in target.registered_commands
                if each.callback is not None
            ]
        elif not verb.passes_on:
            found.append((name, inspect.getdoc(target) or ""))
    return found


@pytest.mark.parametrize(("name", "said"), _documented(), ids=[name for name, _ in _documented()])
def test_the_help_of_every_verb_has_an_example(name: str, said: str) -> None:
    assert "xample" in said, name


def test_the_version_is_that_of_the_project() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert result.exit_code == 0
    assert result.stdout.startswith("solar 0.")


def test_help_is_folded_by_the_screen_alone_and_keeps_examples_apart() -> None:
    written = (
        "Upload files.\n\nA dry run reads them,\nand uploads nothing.\n\n"
        "Examples: solar upload a b.csv\n          solar upload a c.csv --reason\n    long\n\nThe end."
    )
    assert flowing(written).splitlines() == [
        "Upload files.",
        "",
        "A dry run reads them, and uploads nothing.",
        "",
        "Examples: solar upload a b.csv",
        "          solar upload a c.csv --reason long",
        "",
        "The end.",
    ]


@pytest.mark.parametrize("path", [["upload"], ["sites", "draft"]])
def test_no_line_of_help_is_torn_where_its_source_was_folded(
    path: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("typer.rich_utils.MAX_WIDTH", 80)
    said = CliRunner().invoke(app, [*path, "--help"]).output.split("╭")[0].splitlines()
    above = [line.strip() for line in said]
    short = [line for line, following in pairwise(above) if line and following and len(line) < 40]
    assert not short
