"""Setting up: what was interrupted is mended, and uv goes by what pip goes by."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def setup(tmp_path, monkeypatch):
    """The program as a module, with a checkout of its own that has only the locks."""
    spec = importlib.util.spec_from_file_location("solar_setup", ROOT / "scripts/setup.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "requirements").mkdir()
    for name in ("bootstrap", "local", "dev"):
        (tmp_path / f"requirements/{name}.txt").write_text(name)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "LOCKS", tmp_path / "requirements")
    monkeypatch.setattr(sys, "argv", ["setup.py", "local"])
    return module


class Commands:
    """Runs nothing and keeps what was to run; an environment has pip once it was made whole."""

    def __init__(self, module, monkeypatch):
        self.ran, self.made, self.interrupt = [], [], False
        monkeypatch.setattr(module.subprocess, "run", self.run)
        monkeypatch.setattr(module.venv, "create", self.create)

    def run(self, command, **named):
        self.ran.append((list(map(str, command)), named))
        missing = not (Path(command[0]).parent / "pip").exists()
        return subprocess.CompletedProcess(command, int(missing), stdout="")

    def create(self, folder, **named):
        self.made.append(named)
        (folder / "bin").mkdir(parents=True, exist_ok=True)
        (folder / "bin/python").touch()
        if self.interrupt:
            raise KeyboardInterrupt
        (folder / "bin/pip").touch()


@pytest.fixture
def commands(setup, monkeypatch):
    return Commands(setup, monkeypatch)


def test_an_interrupted_setup_ends_quietly_and_the_next_one_starts_anew(setup, commands, capsys):
    commands.interrupt = True
    assert setup.main() == 130
    said = capsys.readouterr()
    assert "interrupted" in said.err
    commands.interrupt = False
    assert setup.main() == 0
    assert [each["clear"] for each in commands.made] == [True, True]
    assert setup.main() == 0
    assert len(commands.made) == 2


def test_an_environment_that_something_was_installed_into_is_never_emptied(setup, commands):
    folder = setup.ROOT / ".venv"
    (folder / "bin").mkdir(parents=True)
    (folder / ".installed-dev").write_text("of an earlier lock")
    assert setup.main() == 0
    assert commands.made == []


def test_nothing_is_said_where_answers_for_machines_go(setup, commands, capsys):
    assert setup.main() == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "Setting up .venv (local)" in said.err


def test_uv_trusts_the_machines_certificates_unless_told_otherwise(setup):
    assert setup.uv_environment({}, {})["UV_SYSTEM_CERTS"] == "1"
    assert setup.uv_environment({"UV_SYSTEM_CERTS": "0"}, {})["UV_SYSTEM_CERTS"] == "0"


def test_uv_takes_pips_index_and_certificate_unless_it_has_its_own(setup):
    settings = setup.read_pip_settings(
        "global.cert='/etc/ca.pem'\ninstall.index-url='https://files.invalid/a'\n"
        ":env:.index-url='https://env.invalid/simple'\n"
    )
    taken = setup.uv_environment({}, settings)
    assert taken["UV_DEFAULT_INDEX"] == "https://env.invalid/simple"
    assert taken["SSL_CERT_FILE"] == "/etc/ca.pem"
    own = {"UV_DEFAULT_INDEX": "https://own.invalid", "SSL_CERT_FILE": "/own.pem"}
    assert setup.uv_environment(own, settings).items() >= own.items()


def test_uv_is_called_with_that_environment(setup, commands):
    assert setup.main() == 0
    command, named = commands.ran[-1]
    assert command[0].endswith("bin/uv")
    assert named["env"].items() >= {**os.environ, "UV_SYSTEM_CERTS": "1"}.items()
