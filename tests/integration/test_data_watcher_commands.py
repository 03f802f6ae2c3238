"""The commands about files and exclusions, over moto and the real handlers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.session import Session
from typer.testing import CliRunner, Result

from console.app import app
from console.state import state
from console.target import System
from shared import layout
from shared.exclusions import ActiveExclusions
from tests.data_watcher_files import SITE_YAML, power_csv
from tests.integration.test_data_watcher_adapters import BUCKET, World, world

__all__ = ["world"]  # the fixture


class InProcess(System):
    """A system whose functions are called in this process."""

    world: World

    @property
    def bucket(self) -> str:  # type: ignore[override]
        return BUCKET

    def ask(self, service: str, query: str, **parameters: Any) -> dict[str, Any]:
        if service != "data_watcher":
            return {query: []}
        asked = {name: value for name, value in parameters.items() if value is not None}
        return self.world.ask(query=query, **asked)

    def send(self, service: str, body: str) -> None:
        assert self.world.deliver(body) == []
        self.world.work_off_inbox()


@pytest.fixture
def solar(world: World) -> Iterator[Any]:
    system = InProcess("aws", Session(), None)
    object.__setattr__(system, "world", world)
    before = (state.endpoint, state._system)
    state.use(system)

    def run(*arguments: str, fails: bool = False) -> Result:
        done = CliRunner().invoke(app, [*arguments])
        assert (done.exit_code != 0) == fails, done.output
        return done

    yield run
    state.endpoint, state._system = before


def said(done: Result) -> Any:
    """Return the JSON of a command, without the metrics that functions in this process print."""
    lines = done.output.splitlines()
    return json.loads("\n".join(line for line in lines if not line.startswith('{"_aws"')))


def test_excluding_and_including_change_what_is_in_force(world: World, solar: Any) -> None:
    world.upload("config/sites/east.yaml", SITE_YAML)
    solar("exclude", "east", "2024-07-01", "2024-07-05", "--reason", "inverter swapped")
    solar("include", "east", "2024-07-02T00:00:00-07:00", "2024-07-03")
    assert world.deliver(world.event(layout.exclusions_config("east"))) == []

    shown = json.loads(solar("exclusions", "east", "--json").output)
    in_force = ActiveExclusions.model_validate(shown)
    assert [(each.start, each.end) for each in in_force.for_dataset()] == [
        (datetime(2024, 7, 1, 7, tzinfo=UTC), datetime(2024, 7, 2, 7, tzinfo=UTC)),
        (datetime(2024, 7, 3, 7, tzinfo=UTC), datetime(2024, 7, 5, 7, tzinfo=UTC)),
    ]
    assert [each.type for each in world.heard()] == ["solar.config_accepted"] * 2


def test_an_exclusion_that_somebody_else_adds_meanwhile_is_kept(
    world: World, solar: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.upload("config/sites/east.yaml", SITE_YAML)
    solar("exclude", "east", "2024-07-01", "2024-07-02", "--reason", "one")
    from console.commands import exclusions  # noqa: PLC0415 - patched for this test

    read, calls = exclusions._stated, []

    def slow(site: str, key: str) -> Any:
        found = read(site, key)
        if not calls:
            calls.append(1)
            solar("exclude", "east", "2024-08-01", "2024-08-02", "--reason", "meanwhile")
        return found

    monkeypatch.setattr(exclusions, "_stated", slow)
    done = solar("exclude", "east", "2024-09-01", "2024-09-02", "--reason", "two", "--json")

    reasons = [each["reason"] for each in json.loads(done.output)["exclusions"]]
    assert reasons == ["one", "meanwhile", "two"]


@pytest.mark.parametrize(
    ("start", "end", "says"),
    [
        ("2024-07-02", "2024-07-01", "must come after"),
        ("soon", "2024-07-01", "is no time"),
    ],
)
def test_a_range_that_cannot_be_is_refused_in_words(
    world: World, solar: Any, start: str, end: str, says: str
) -> None:
    world.upload("config/sites/east.yaml", SITE_YAML)

    assert says in str(solar("exclude", "east", start, end, "--reason", "x", fails=True).exception)


def test_refused_files_are_released_by_key_and_by_site(world: World, solar: Any) -> None:
    world.upload("config/sites/east.yaml", SITE_YAML)
    for day in (1, 5):
        world.upload(f"raw/east/power-{day}.csv", power_csv(day=day, days=4, peak=5e6))
    world.heard()

    solar("files", "release", "east/power-1.csv", "--reason", "look again")
    assert [each.type for each in world.heard()] == ["solar.file_quarantined"]
    solar("files", "release", "--site", "east", "--reason", "look at all")
    assert [each.type for each in world.heard()] == ["solar.file_quarantined"] * 2

    files = json.loads(solar("files", "--json").output)
    assert {each["released"].partition(" (")[0] for each in files} == {"look at all"}
    solar("files", "release", "--reason", "neither", fails=True)


def test_reasons_count_masked_rows_and_refused_files(world: World, solar: Any) -> None:
    world.upload("config/sites/east.yaml", SITE_YAML)
    world.upload("raw/east/power-1.csv", power_csv() + b"\n2024-07-02 00:00:00,broken")
    world.upload("raw/east/power-2.csv", b"nonsense")

    found = json.loads(solar("files", "--site", "east", "--reasons", "--json").output)

    assert found["masks"] == {"no_number": 1}
    assert found["quarantined"] == {"missing_column": 1}
    assert (found["files"], found["rows"], found["rows_masked"]) == (1, 97, 1)


def test_a_sweep_on_demand_finds_what_no_event_told(world: World, solar: Any) -> None:
    world.upload("config/sites/east.yaml", SITE_YAML)
    world.put("raw/east/power-1.csv", power_csv())
    solar("files", "--check", fails=True)

    found = said(solar("sweep", "--site", "east", "--wait", "--json"))

    assert (found["balanced"], found["accepted"]) == (True, 1)
