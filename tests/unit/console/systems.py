"""A system that answers the console's questions from a dictionary."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from console import output
from console.app import app
from console.state import state
from console.target import System
from shared.aws import session_of


class FakeSystem(System):
    """A system whose services say what a test wants, and whose clients are fakes."""

    answers: dict[tuple[str, str], Any]
    clients: dict[str, Any]
    sent: list[tuple[str, str]]

    @property
    def bucket(self) -> str:
        return "bucket"

    def ask(self, service: str, query: str, **_: Any) -> dict[str, Any]:
        found = self.answers[service, query]
        return dict(found() if callable(found) else found)

    def client(self, service: str) -> Any:
        return self.clients[service]

    def send(self, service: str, body: str) -> None:
        self.sent.append((service, body))


def fake_system() -> FakeSystem:
    system = FakeSystem("aws", session_of("eu-west-1"), None)
    for name, value in (("answers", {}), ("clients", {}), ("sent", [])):
        object.__setattr__(system, name, value)  # the class is frozen
    return system


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSystem]:
    """The system that commands of this test talk to, on a screen that folds no line."""
    # A console made where COLUMNS is set, as parallel test runs do, keeps that width for ever.
    monkeypatch.setattr(output, "people", Console(width=200))
    made, before = fake_system(), (state.endpoint, state._system)
    state.use(made)
    yield made
    state.endpoint, state._system = before


def solar(*arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments])
