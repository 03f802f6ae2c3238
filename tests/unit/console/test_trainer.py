"""What comes in pages is followed to its end, and datasets are what the runs used."""

from __future__ import annotations

from typing import Any

import pytest

from console import datasets, trainer
from console.errors import ConsoleError
from tests.unit.console.systems import FakeSystem, solar, system
from tests.unit.console.test_models import run

__all__ = ["system"]  # the fixture


@pytest.fixture
def paged(system: FakeSystem) -> FakeSystem:
    """Runs and models come one at a time, with an empty page between, and not by time."""
    late = run("aa-2") | {"started_at": "2026-11-25T07:19:00+00:00", "files": 9}
    pages: dict[str, list[list[dict[str, Any]]]] = {
        "runs": [[late], [], [run("aa-1")], [run("bb-1", "serf")]],
        "models": [[{"model_id": "golden"}], [], [{"model_id": "serf"}]],
    }

    for query, of in pages.items():

        def ask(query: str = query, rest: Any = None, of: Any = of) -> dict[str, Any]:
            page = of.pop(0)
            return {query: page, "next": "further" if of else None}

        system.answers["trainer_trigger", query] = ask
    return system


def test_every_page_of_runs_is_read_and_they_are_told_model_by_model_oldest_first(
    paged: FakeSystem,
) -> None:
    assert [each["run_id"] for each in trainer.runs(paged)] == ["aa-1", "aa-2", "bb-1"]


def test_every_page_of_models_is_read(paged: FakeSystem) -> None:
    assert trainer.models(paged) == ["golden", "serf"]


def test_an_unknown_model_is_refused_with_those_that_are_known(paged: FakeSystem) -> None:
    with pytest.raises(ConsoleError, match="no model 'gone'; known: golden, serf"):
        trainer.require_model(paged, "gone")


def test_datasets_are_those_of_the_runs_with_as_many_files_as_their_first_run_had(
    paged: FakeSystem,
) -> None:
    assert datasets.frozen(paged) == [
        {"dataset_id": "aa", "model_id": "golden", "run_ids": ["aa-1", "aa-2"], "files": 1},
        {"dataset_id": "bb", "model_id": "serf", "run_ids": ["bb-1"], "files": 1},
    ]


def test_the_verbs_stand_where_they_stood() -> None:
    said = solar("--help").output
    for verb in ("why", "retrain", "runs", "report", "models", "approve", "reject", "rollback"):
        assert verb in said
