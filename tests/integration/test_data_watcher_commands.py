"""The commands about files and exclusions, over moto and the real handlers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.session import Session
from typer.testing import CliRunner, Result

from console.app import app
from console.state import state
from console.target import System
from services.data_watcher.app import suspecting
from shared import layout
from shared.exclusions import ActiveExclusions
from shared.messages import SweepDue
from shared.suspects import ActiveSuspects
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
    from console.client import excluding  # noqa: PLC0415 - patched for this test

    read, calls = excluding._stated, []

    def slow(*asked: Any) -> Any:
        found = read(*asked)
        if not calls:
            calls.append(1)
            solar("exclude", "east", "2024-08-01", "2024-08-02", "--reason", "meanwhile")
        return found

    monkeypatch.setattr(excluding, "_stated", slow)
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


# --- what a person decides ----------------------------------------------------------------------------

WRONG = [f"raw/east/power-{number}.csv" for number in (1, 2, 3)]
RIGHT = "raw/east/power-4.csv"


@pytest.fixture
def suspect(world: World, solar: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A site of which three of four files were refused as wrong unit."""
    monkeypatch.setattr(suspecting, "SOON", timedelta(0))
    world.upload("config/sites/east.yaml", SITE_YAML)
    for number, key in enumerate(WRONG, 1):
        world.upload(key, power_csv(day=number, days=4, peak=5e6))
    world.upload(RIGHT, power_csv(day=9))
    world.heard()
    return solar


def active_suspects(world: World) -> ActiveSuspects:
    found = world.s3.get_object(Bucket=BUCKET, Key=layout.active_suspects("east"))
    return ActiveSuspects.model_validate_json(found["Body"].read())


def test_a_suspect_source_is_shown_by_files_and_sites_until_a_person_trusts_it(
    world: World, suspect: Any
) -> None:
    (source,) = active_suspects(world).sources
    assert (source.source, source.cause) == ("power", "wrong_unit")
    shown = {each["key"]: each["suspect"] for each in said(suspect("files", "--json"))}
    assert "source power is suspect" in shown.pop(RIGHT)
    assert set(shown.values()) == {None}
    listed = " ".join(suspect("sites", "list").output.split())
    assert "3 of" in listed
    assert "suspect" in listed

    answer = said(suspect("sites", "trust", "east", "power", "--reason", "meter swap", "--json"))

    assert (answer["site_id"], answer["source"], answer["standing"]) == ("east", "power", "trusted")
    assert active_suspects(world).sources == ()
    assert [each.standing for each in world.heard()] == ["trusted"]
    again = said(suspect("sites", "trust", "east", "power", "--reason", "again", "--json"))
    assert again["reason"] == answer["reason"]
    assert world.heard() == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("west", "power", "--reason", "x"), "no site west"),
        (("east", "wether", "--reason", "x"), "not suspect; suspect are: power"),
        (("east", "power", "--reason", " "), "--reason is empty"),
    ],
)
def test_trust_that_answers_nothing_is_refused_in_words(
    suspect: Any, arguments: tuple[str, ...], says: str
) -> None:
    assert says in str(suspect("sites", "trust", *arguments, fails=True).exception)


def test_dismissed_files_are_no_open_work_and_no_cause_for_suspicion(
    world: World, suspect: Any
) -> None:
    names = [key.removeprefix("raw/") for key in WRONG]
    found = said(suspect("files", "dismiss", *names, "--reason", "old logger", "--json"))

    assert {each["state"] for each in found} == {"quarantined"}
    assert all(": old logger" in each["dismissed"] for each in found)
    reasons = said(suspect("files", "--reasons", "--json"))
    assert (reasons["quarantined"], reasons["dismissed"]) == ({}, {"wrong_unit": 3})
    world.deliver(
        SweepDue.of(
            subject=("s",), occurred_at=datetime.now(UTC), correlation_id="s"
        ).model_dump_json()
    )
    world.work_off_inbox()
    assert active_suspects(world).sources == ()

    before = said(suspect("files", "--json"))
    suspect("files", "dismiss", *names, "--reason", "again")
    assert said(suspect("files", "--json")) == before


def test_a_removed_file_is_out_and_the_ledger_still_balances(world: World, suspect: Any) -> None:
    (found,) = said(
        suspect("files", "remove", "east/power-4.csv", "--reason", "not ours", "--json")
    )

    assert (found["state"], found["reason_code"]) == ("removed", "removed")
    assert ": not ours" in found["reason"]
    marker = found["canonical_uri"].removeprefix(f"s3://{BUCKET}/") + ".withdrawn"
    assert world.s3.head_object(Bucket=BUCKET, Key=marker)
    balance = said(suspect("files", "--check", "--json"))
    assert (balance["removed_by_people"], balance["balanced"]) == (1, True)
    assert [each.type for each in world.heard()] == ["solar.data_withdrawn"]

    suspect("files", "remove", RIGHT, "--reason", "again")
    assert world.heard() == []
    suspect("files", "release", RIGHT, "--reason", "ours after all")
    (again,) = (each for each in said(suspect("files", "--json")) if each["key"] == RIGHT)
    assert again["state"] == "accepted"


def test_a_file_whose_bytes_would_count_elsewhere_is_removed_only_with_its_copies(
    world: World, suspect: Any
) -> None:
    copy = "raw/east/power-5.csv"
    world.upload(copy, power_csv(day=9))

    refused = suspect("files", "remove", RIGHT, "--reason", "not ours", fails=True)
    assert copy in str(refused.exception)
    found = said(suspect("files", "remove", RIGHT, copy, "--reason", "not ours", "--json"))
    assert [each["state"] for each in found] == ["removed"] * 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("remove", "east/never.csv"), "no file raw/east/never.csv in the ledger"),
        (("dismiss", "east/never.csv"), "no file raw/east/never.csv in the ledger"),
        (("dismiss", "east/power-4.csv"), "only a refused file can be dismissed"),
    ],
)
def test_what_cannot_be_decided_is_refused_in_words(
    suspect: Any, arguments: tuple[str, ...], says: str
) -> None:
    assert says in str(suspect("files", *arguments, "--reason", "x", fails=True).exception)


def test_a_deleted_file_is_not_removed_again(world: World, suspect: Any) -> None:
    world.s3.delete_object(Bucket=BUCKET, Key=RIGHT)
    world.deliver(world.event(RIGHT, "ObjectRemoved:DeleteMarkerCreated"))

    refused = suspect("files", "remove", RIGHT, "--reason", "x", fails=True)
    assert "no version of raw/east/power-4.csv counts: it is superseded" in str(refused.exception)


def test_files_that_contradict_each_other_are_shown_and_their_source_is_suspect(
    world: World, solar: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suspecting, "SOON", timedelta(0))
    world.upload("config/sites/east.yaml", SITE_YAML)
    world.upload("raw/east/power-mine.csv", power_csv(days=2))
    world.upload("raw/east/power-strayed.csv", power_csv(days=1, day=2, peak=3000.0))
    world.heard()
    due = SweepDue.of(
        subject=("s",), occurred_at=datetime.now(UTC), correlation_id="s", scope="full"
    )
    world.deliver(due.model_dump_json())
    world.work_off_inbox()

    found = {each["key"]: each["overlap"] for each in said(solar("files", "--json"))}
    assert found["raw/east/power-strayed.csv"]["share"] > 0.9
    assert found["raw/east/power-strayed.csv"]["rows"] == found["raw/east/power-mine.csv"]["rows"]
    assert "in raw/east/power-mine.csv" in found["raw/east/power-strayed.csv"]["example"]
    (source,) = active_suspects(world).sources
    assert source.cause == "contradicting_rows"

    solar("files", "remove", "east/power-strayed.csv", "--reason", "west's")
    assert active_suspects(world).sources == ()
    assert {each["overlap"] for each in said(solar("files", "--json"))} == {None}
