"""What the function that answers says fits into an answer, however large a fleet is."""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass, replace
from types import ModuleType

import pytest

from services.trainer_trigger.ports import Run
from tests.unit.trainer_trigger.fakes import World, a_file

FLEET = 109_500  # a hundred sites with daily files of three years


@dataclass
class FakeMemory:
    kept: tuple[Run, ...]

    def runs(self, _: str) -> tuple[Run, ...]:
        return self.kept


@pytest.fixture
def query(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("DATA_BUCKET", "bucket")
    monkeypatch.setenv("TABLE", "table")
    return importlib.import_module("services.trainer_trigger.query")


def test_datasets_are_counted_and_not_spelled_out(
    query: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World()
    world.upload(a_file(1))
    world.let_timers_ring()
    run = world.the_run
    again = replace(run, run_id="again", files=FLEET)
    other = replace(run, run_id="other", dataset_id="larger", files=FLEET)
    monkeypatch.setattr(query, "memory", FakeMemory((run, again, other)))

    found = query.lambda_handler({"query": "datasets", "model_id": "golden"}, None)["datasets"]

    assert [each["run_ids"] for each in found] == [[run.run_id, "again"], ["other"]]
    assert [each["files"] for each in found] == [run.files, FLEET]
    assert len(json.dumps(found)) < 1_000
