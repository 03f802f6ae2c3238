"""What a site's YAML said since when, by whom; and which of the site's time does not count, and why."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.client import configurations
from console.state import state
from shared import layout
from tests.unit.console.systems import FakeSystem, solar, system
from tests.unit.console.web.world import S3, Kept, World, a_world, file

__all__ = ["system"]  # the fixture

START = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
ACTIVE, STATED = layout.active_site("east"), layout.site_config("east")
FIRST, SECOND = b"# the first\nac_capacity_kw: 5\n", b"# the second\nac_capacity_kw: 6\n"


def in_force(capacity: int) -> bytes:
    said = {
        "site_id": "east",
        "ac_capacity_kw": capacity,
        "name": None,
        "config_version": f"v{capacity}",
    }
    return json.dumps(said).encode()


@pytest.fixture
def bucket(system: FakeSystem) -> S3:
    """A bucket in which Ann's YAML took the place of one whose upload nobody noted."""
    found = S3()
    found.versions = {
        (ACTIVE, "a1"): Kept(in_force(5), START),
        (ACTIVE, "a2"): Kept(in_force(6), START + DAY, {layout.UPLOAD: "u2"}),
        (f"{ACTIVE}.bak", "a9"): Kept(b"{}", START + 2 * DAY),
        (STATED, "u1"): Kept(FIRST, START),
        (STATED, "u2"): Kept(SECOND, START + DAY, configurations.signed("Ann Ångström")),
    }
    system.clients["s3"] = found
    return found


def history() -> list[dict[str, Any]]:
    done = solar("sites", "history", "east", "--json")
    assert done.exit_code == 0, done.output
    return list(json.loads(done.stdout))


def test_each_configuration_in_force_says_since_when_until_when_and_whose_it_was(
    bucket: S3,
) -> None:
    newest, oldest = history()
    assert (newest["number"], newest["since"], newest["until"]) == (
        2,
        "2026-06-02T00:00:00+00:00",
        None,
    )
    assert (newest["by"], newest["uploaded_at"]) == ("Ann Ångström", "2026-06-02T00:00:00+00:00")
    assert (newest["text"], newest["config_version"]) == (SECOND.decode(), "v6")
    assert (oldest["number"], oldest["until"]) == (1, newest["since"])
    assert (oldest["by"], oldest["uploaded_at"]) == (None, None)
    assert oldest["text"] == "site_id: east\nac_capacity_kw: 5\n", "written anew"


def test_two_are_compared_as_they_were_uploaded_or_else_both_as_written_anew(bucket: S3) -> None:
    said = solar("sites", "history", "east", "--diff", "1", "2").stdout
    assert "-ac_capacity_kw: 5\n+ac_capacity_kw: 6" in said
    assert "# the second" not in said, "the first one's remarks are not known"
    bucket.versions[ACTIVE, "a1"] = Kept(in_force(5), START, {layout.UPLOAD: "u1"})
    said = solar("sites", "history", "east", "--diff", "1", "2").stdout
    assert "-# the first" in said
    assert "they say the same" in solar("sites", "history", "east", "--diff", "2", "2").stdout


def test_changes_within_a_second_keep_the_order_of_the_listing(bucket: S3) -> None:
    bucket.versions[ACTIVE, "a2"] = Kept(in_force(6), START)
    assert [each["config_version"] for each in history()] == ["v6", "v5"]


def test_a_number_that_is_none_and_a_site_without_history_are_said(bucket: S3) -> None:
    missing = solar("sites", "history", "east", "--diff", "1", "7").exception
    assert str(missing) == "no version 7 of this configuration; there are 1, 2"
    assert "ever was in force" in str(solar("sites", "history", "west").exception)


def test_an_upload_that_is_gone_leaves_what_it_said(bucket: S3) -> None:
    del bucket.versions[STATED, "u2"]
    assert history()[0]["text"] == "site_id: east\nac_capacity_kw: 6\n"


# --- what does not count -----------------------------------------------------------------------------

RUNS = [
    {"run_id": f"{name}-1", "model_id": "golden", "started_at": f"2026-06-0{day}"}
    for day, name in ((1, "first"), (2, "second"), (3, "failed"))
]


def masked(day: int, reason: str) -> dict[str, Any]:
    start = START + day * DAY
    end = start + timedelta(hours=1)
    return {"start": start.isoformat(), "end": end.isoformat(), "reason": reason, "rows": 4}


def stretches(bucket: S3, run_id: str, *found: dict[str, Any]) -> None:
    said = {"site_id": "east", "dataset_id": "d", "stretches": found}
    bucket.kept[layout.masked_stretches(run_id, "east")] = json.dumps(said).encode()


@pytest.fixture
def plant(system: FakeSystem, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world in which east has something of each kind that does not count."""
    world = a_world()
    state.use(world)  # `system` brings back what was before
    bucket = world.clients["s3"]
    exclusion = {
        "start": "2026-06-04T00:00:00+02:00",
        "end": "2026-06-05T00:00:00+02:00",
        "reason": "inverter swapped",
        "excluded_by": "ben",
    }
    bucket.kept[layout.active_exclusions("east")] = json.dumps(
        {"site_id": "east", "exclusions": [exclusion]}
    ).encode()
    stretches(bucket, "first-1", masked(0, "outage"))
    stretches(bucket, "second-1", masked(1, "curtailed"), masked(8, "outage"))
    monkeypatch.setattr(
        "console.commands.site_history.active_site",
        lambda _: type("Site", (), {"model_id": "golden"}),
    )
    covers = {
        "window_start": "2026-06-06T00:00:00+00:00",
        "window_end": "2026-06-07T00:00:00+00:00",
    }
    files = [
        file("raw/east/kw.csv", "quarantined", reason="values look like W", **covers),
        file("raw/east/html.csv", "quarantined", reason="this is HTML"),
        file("raw/east/doubted.csv", "accepted", suspect="its source is suspect", **covers),
        file("raw/east/good.csv", "accepted", **covers),
    ]
    world.answers["data_watcher", "files"] = lambda asked: {
        "files": [each for each in files if _is_wanted(each, asked)],
        "next": None,
    }
    world.answers["trainer_trigger", "runs"] = {"runs": RUNS, "next": None}
    return world


def _is_wanted(file: dict[str, Any], asked: dict[str, Any]) -> bool:
    if "begin" in asked:
        begin, end = file["window_start"], file["window_end"]
        return begin is not None and begin < asked["end"] and end > asked["begin"]
    return asked.get("state") in {None, file["state"]}


def left_out(*options: str) -> list[tuple[str, str | None, str]]:
    done = solar("sites", "left-out", "east", *options, "--json")
    assert done.exit_code == 0, done.output
    return [
        (each["kind"], each["begin"] and each["begin"][:13], each["about"])
        for each in json.loads(done.stdout)["left_out"]
    ]


def test_all_that_does_not_count_is_said_in_the_order_of_time_with_whose_it_is(
    plant: World,
) -> None:
    assert left_out() == [
        ("masked", "2026-06-02T00", "second-1"),
        ("excluded", "2026-06-03T22", "ben"),
        ("refused", "2026-06-06T00", "raw/east/kw.csv"),
        ("suspect", "2026-06-06T00", "raw/east/doubted.csv"),
        ("masked", "2026-06-09T00", "second-1"),
        ("refused", None, "raw/east/html.csv"),
    ]


def test_of_a_time_only_what_touches_it_and_what_may_be_of_it(plant: World) -> None:
    found = left_out("--from", "2026-06-03", "--to", "2026-06-05")
    assert [each[0] for each in found] == ["excluded", "refused"]


def test_masks_are_said_in_words_and_by_which_run(plant: World) -> None:
    said = solar("sites", "left-out", "east").stdout
    assert "curtailed: power held flat" in said
    assert "masked by the checks of run second-1" in said


def test_where_no_run_left_its_masks_that_is_said(plant: World) -> None:
    plant.answers["trainer_trigger", "runs"] = {"runs": [], "next": None}
    assert "no run has said yet what its checks masked" in solar("sites", "left-out", "east").stdout


def test_an_end_before_the_beginning_is_refused(plant: World) -> None:
    done = solar("sites", "left-out", "east", "--from", "2026-06-03", "--to", "2026-06-02")
    assert "the end must come after the beginning" in str(done.exception)
