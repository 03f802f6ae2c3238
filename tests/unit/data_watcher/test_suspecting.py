"""A source whose files were mostly refused is suspect: said once, and published for those that train."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.data_watcher.app.comparing import Progress
from services.data_watcher.app.intake.recent import Recent
from services.data_watcher.domain import overlaps
from services.data_watcher.domain.overlaps import Compared
from services.data_watcher.domain.traits import Level, Traits
from shared.errors import UnreadableFileError
from shared.messages import TrustRequested
from shared.suspects import ActiveSuspects
from tests.unit.data_watcher.fakes import START, DiedError, World, dated, fake_reader, site

MONTHS = [f"raw/east/{month:02}.csv" for month in range(1, 13)]


def strict(data: bytes, key: str, described: Any, *_: Any) -> Any:
    """Refuse files in W, as the reader does where they are long enough to tell."""
    if data.startswith(b"W"):
        raise UnreadableFileError("wrong_unit", "the power is in W", "write unit: W")
    return fake_reader(data, key, described)


def lenient(data: bytes, key: str, described: Any, *_: Any) -> Any:
    return fake_reader(data, key, described)


@pytest.fixture
def world() -> World:
    world = World()
    world.configurations.put(site())
    world.read_by(strict)
    return world


def upload(world: World, names: list[str]) -> None:
    for number, key in enumerate(names):
        world.bucket.put(key, b"short" if key == MONTHS[1] else f"W{number}".encode())
    world.event(*names)
    world.work_off()


def told(world: World) -> list[Any]:
    return [each for each in world.publisher.told if each.type == "solar.source_suspect"]


def suspect(world: World) -> list[str]:
    found = world.configurations.suspects.get("east")
    return [each.source for each in found.sources] if found else []


def trust(world: World, source: str = "power", question: str | None = None) -> None:
    known = world.ledger.suspicions.get("east")
    asked = known.sources["power"].question if known else "?"
    world.watcher.handle(
        TrustRequested(
            id="request",
            occurred_at=START,
            correlation_id="solar sites trust",
            site_id="east",
            source=source,
            question=question or asked,
            reason="the meter was changed",
            requested_by="ops",
        )
    )
    world.work_off()


@pytest.mark.parametrize("names", [MONTHS, MONTHS[::-1]], ids=["in order", "backwards"])
def test_eleven_of_twelve_refused_files_make_the_source_suspect_and_change_no_verdict(
    world: World, names: list[str]
) -> None:
    upload(world, names)

    assert [world.state(key) for key in MONTHS].count(["accepted"]) == 1
    assert suspect(world) == ["power"]
    (said,) = told(world)
    assert (said.standing, said.cause, said.model_id) == ("suspect", "wrong_unit", "fleet")
    assert "11 of 12 files" in said.reason
    assert said.example == MONTHS[0]


def test_it_is_said_once_however_often_one_looks(world: World) -> None:
    upload(world, MONTHS)
    for scope in ("quick", "full", "quick"):
        world.sweep(scope)

    assert len(told(world)) == 1


def test_many_refused_files_of_a_batch_are_one_look(world: World) -> None:
    for number, key in enumerate(MONTHS):
        world.bucket.put(key, f"W{number}".encode())
    world.event(*MONTHS)

    assert [each.site_id for each in world.inbox.later] == ["east"]


def test_between_a_refusal_and_its_look_others_read_that_one_is_due(world: World) -> None:
    world.bucket.put(MONTHS[0], b"W")
    world.event(MONTHS[0])
    assert world.configurations.suspects["east"].due_since is not None

    world.work_off()
    assert world.configurations.suspects["east"] == ActiveSuspects(site_id="east")


def test_a_file_that_is_refused_during_a_look_makes_another_one_due(world: World) -> None:
    upload(world, MONTHS)
    current = world.ledger.current

    def slow(site_id: str) -> Any:
        object.__setattr__(world.ledger, "current", current)
        world.bucket.put("raw/east/13.csv", b"W13")
        world.event("raw/east/13.csv")
        return current(site_id)

    object.__setattr__(world.ledger, "current", slow)
    world.watcher.suspecting.look("east")
    assert world.configurations.suspects["east"].due_since is not None

    world.work_off()
    assert world.configurations.suspects["east"].due_since is None
    assert "12 of 13" in world.configurations.suspects["east"].sources[0].reason


def test_an_accepted_file_that_shows_nothing_of_its_plant_asks_for_no_look(world: World) -> None:
    world.upload(MONTHS[0], b"fine")
    world.upload(MONTHS[1], b"bad")  # a cause of this file alone

    assert world.ledger.armed == {}
    assert world.inbox.later == []


def test_a_look_that_was_lost_is_made_up_by_the_sweep(world: World) -> None:
    for number, key in enumerate(MONTHS):
        world.bucket.put(key, f"W{number}".encode())
    world.event(*MONTHS)
    world.inbox.later.clear()
    world.now += timedelta(minutes=3)
    world.sweep("quick")

    assert suspect(world) == ["power"]


def test_files_that_were_refused_before_this_release_are_found_by_the_daily_sweep(
    world: World,
) -> None:
    upload(world, MONTHS)
    world.ledger.suspicions.clear()
    world.configurations.suspects.clear()
    world.sweep("full")

    assert suspect(world) == ["power"]


def test_a_corrected_yaml_clears_the_source_once_all_files_were_read_again(world: World) -> None:
    upload(world, MONTHS)
    world.read_by(lenient)
    world.configurations.put(site(ac_capacity_kw=6000))
    world.watcher.suspecting.look("east")
    assert suspect(world) == ["power"]  # nothing was read again yet

    world.sweep("full", '{"prefix": "raw/east/"}')
    world.sweep("quick")

    assert {world.state(key)[0] for key in MONTHS} == {"accepted"}
    assert suspect(world) == []
    assert [each.standing for each in told(world)] == ["suspect", "cleared"]


def test_a_person_who_trusts_the_source_lets_its_files_count_and_is_named(world: World) -> None:
    upload(world, MONTHS)
    trust(world)
    trust(world)
    world.sweep("quick")

    assert suspect(world) == []
    assert [each.standing for each in told(world)] == ["suspect", "trusted"]
    assert "ops trusts the accepted files: the meter was changed" in told(world)[-1].reason


def test_a_trusted_source_that_is_cleared_counted_before_and_is_no_news(world: World) -> None:
    upload(world, MONTHS)
    trust(world)
    world.read_by(lenient)
    world.configurations.put(site(ac_capacity_kw=6000))
    world.sweep("full", '{"prefix": "raw/east/"}')
    world.sweep("quick")

    assert world.ledger.suspicions["east"].sources["power"].standing == "cleared"
    assert [each.standing for each in told(world)] == ["suspect", "trusted"]


def test_trust_in_something_that_is_not_asked_changes_nothing(world: World) -> None:
    trust(world)
    upload(world, MONTHS)
    trust(world, source="weather")
    trust(world, question="that of an older configuration")

    assert suspect(world) == ["power"]
    assert len(told(world)) == 1


def test_a_site_without_a_configuration_has_no_suspect_source(world: World) -> None:
    world.watcher.suspecting.look("nowhere")

    assert world.ledger.suspicions == {}


@pytest.mark.parametrize("dies_at", range(1, 16))
def test_whoever_dies_during_a_look_leaves_it_to_the_next(world: World, dies_at: int) -> None:
    upload(world, MONTHS)
    world.ledger.suspicions.clear()
    world.configurations.suspects.clear()
    world.publisher.told.clear()

    world.fuse.calls, world.fuse.dies_at = 0, dies_at
    try:
        world.watcher.suspecting.look("east")
    except DiedError:
        world.fuse.dies_at = None
        world.watcher.suspecting.look("east")  # the message comes again

    assert suspect(world) == ["power"]
    assert len({each.id for each in told(world)}) == 1


def test_of_two_looks_at_once_the_later_one_is_published(world: World) -> None:
    upload(world, MONTHS)
    put, calls = world.configurations.put_suspects, []

    def slow(suspects: Any) -> None:
        if not calls:
            calls.append(1)
            trust(world)
        put(suspects)

    object.__setattr__(world.configurations, "put_suspects", slow)
    world.watcher.suspecting.look("east")

    assert suspect(world) == []


# --- accepted files that disagree -----------------------------------------------------------------------


def resembling(times: float) -> Traits:
    """What a file with a clear day shows whose power reaches so much of the capacity."""
    return Traits(900.0, 28, "2024-07-01", (Level(0.9, times, is_sure=True),), 0.0)


def by_level(data: bytes, key: str, described: Any, *_: Any) -> Any:
    """Accept all files; those that begin with a q are in energy of a quarter of an hour."""
    reading = fake_reader(data, key, described)
    times = 0.55 if data.startswith(b"q") else 1.4  # alone, each could be the plant's
    return replace(reading, rows=replace(reading.rows, traits=resembling(times)))


def unlike(world: World, names: list[str] = MONTHS) -> None:
    """Upload months of which every third is in another unit; each is accepted."""
    world.read_by(by_level)
    for number, key in enumerate(MONTHS):
        world.bucket.put(key, f"{'q' if number % 3 == 0 else 'w'}{number}".encode())
    for key in names:
        world.event(key)


@pytest.mark.parametrize("names", [MONTHS, MONTHS[::-1]], ids=["in order", "backwards"])
def test_accepted_files_that_disagree_make_the_source_suspect_at_once(
    world: World, names: list[str]
) -> None:
    unlike(world, names)
    assert world.configurations.suspects["east"].due_since is not None  # nobody trains meanwhile
    world.work_off()

    assert [world.state(key) for key in MONTHS] == [["accepted"]] * 12
    assert suspect(world) == ["power"]
    (said,) = told(world)
    assert (said.cause, said.example) == ("unlike_power", MONTHS[9])
    assert said.reason.startswith(
        "4 of 12 files of source power do not fit the power of the others"
    )


def test_they_ask_for_one_look_and_not_for_one_each(world: World) -> None:
    unlike(world)
    world.work_off()
    world.upload("raw/east/more.csv", b"q13")

    assert world.inbox.later == []


def by_processes(world: World, count: int) -> None:
    """Let several processes take in the months in turn, as a burst of uploads is shared out."""
    unlike(world, [])
    processes = [Recent() for _ in range(count)]
    for number, key in enumerate(MONTHS):
        object.__setattr__(world.intake, "recent", processes[number % count])
        world.event(key)


@pytest.mark.parametrize("count", [2, 3, 12])
def test_files_that_several_processes_took_in_are_looked_at_together_at_once(
    world: World, count: int
) -> None:
    """With three, each has files of one kind only, and sees no disagreement by itself."""
    by_processes(world, count)
    world.work_off()

    assert suspect(world) == ["power"]
    assert len(told(world)) == 1


def test_a_source_that_a_process_does_not_know_is_looked_at_once_and_holds_nobody_up(
    world: World,
) -> None:
    unlike(world, [])
    world.read_by(lambda data, key, *more: dated(by_level(data, key, *more), key))
    world.event(MONTHS[1])
    assert [each.site_id for each in world.inbox.later] == ["east"]
    assert "east" not in world.configurations.suspects  # nothing says that a look is due

    world.work_off()
    world.event(MONTHS[2])
    assert world.inbox.later == []
    assert world.ledger.armed == {}


def test_a_doubt_holds_runs_back_although_a_look_without_one_is_due_already(world: World) -> None:
    by_processes(world, 3)
    assert "east" not in world.configurations.suspects  # armed by the first file
    world.read_by(strict)
    world.bucket.put("raw/east/w.csv", b"W")
    world.event("raw/east/w.csv")

    assert world.configurations.suspects["east"].due_since is not None
    world.work_off()
    assert world.configurations.suspects["east"].due_since is None


def test_a_look_at_an_unknown_source_whose_message_is_lost_is_asked_for_again(world: World) -> None:
    by_processes(world, 3)
    world.inbox.later.clear()
    world.now += timedelta(minutes=3)
    world.sweep("quick")

    assert suspect(world) == ["power"]


def test_a_persons_word_ends_it_and_a_removed_file_as_well(world: World) -> None:
    unlike(world)
    world.work_off()
    trust(world)
    world.sweep("full")
    assert suspect(world) == []
    assert world.ledger.suspicions["east"].sources["power"].standing == "trusted"

    for key in MONTHS[::3]:
        world.bucket.delete(key)
        world.event(key)
    world.sweep("quick")

    assert world.ledger.suspicions["east"].sources["power"].standing == "cleared"


# --- another site's file in the wrong folder ------------------------------------------------------------


def printed(data: bytes, key: str, described: Any, *_: Any) -> Any:
    """Accept all files; the bytes up to a full stop name the days that a file holds."""
    reading = fake_reader(data, key, described)
    days = tuple(data.decode().partition(".")[0].split())
    traits = replace(resembling(0.8), prints=days)
    return replace(reading, rows=replace(reading.rows, traits=traits))


def contradict(world: World, share: float = 0.9) -> None:
    """Let files that cover the same time contradict each other."""
    said = Compared(rows=90, shares=(share, share), column="power_ac", time=START, said=(1.0, 2.0))
    object.__setattr__(world.comparing, "compare", lambda *_: said)


@pytest.fixture
def fleet(world: World) -> World:
    """Three sites; the file `wrong.csv` of east holds the rows of a file of west, with other bytes."""
    for name in ("north", "west"):
        world.configurations.put(site(name))
    world.read_by(printed)
    contradict(world)
    world.upload("raw/north/n.csv", b"n1 n2 n3 n4.")
    world.upload("raw/west/w.csv", b"w1 w2 w3 w4.")
    world.upload("raw/east/right.csv", b"e1 e2 e3 e4.")
    return world


def test_the_site_whose_rows_a_file_in_the_wrong_folder_holds_is_named(fleet: World) -> None:
    fleet.upload("raw/east/wrong.csv", b"w1 w2 w3 x9. with a comment")
    fleet.sweep("full")

    (said,) = told(fleet)
    assert said.example == "raw/east/wrong.csv"
    assert said.reason.endswith("It holds the same rows as raw/west/w.csv of another site")
    files = fleet.overlaps.load("east").files
    assert files["raw/east/wrong.csv"].twin == "raw/west/w.csv"
    assert files["raw/east/right.csv"].twin == ""


def test_the_site_is_named_too_where_the_file_contradicts_none_and_is_only_unlike_the_others(
    fleet: World,
) -> None:
    def uneven(data: bytes, key: str, described: Any, *more: Any) -> Any:
        reading = printed(data, key, described, *more)
        level = Level(0.9, 0.3 if data.startswith(b"w") else 1.2, is_sure=True)
        traits = replace(reading.rows.traits, levels=(level,), days=9)
        return replace(reading, rows=replace(reading.rows, traits=traits))

    contradict(fleet, share=0.0)
    fleet.read_by(uneven)
    fleet.upload("raw/east/other.csv", b"o1 o2 o3 o4.")
    fleet.upload("raw/east/more.csv", b"m1 m2 m3 m4.")
    fleet.upload("raw/east/wrong.csv", b"w1 w2 w3 w4. again")
    fleet.sweep("full")

    said = told(fleet)[-1]
    assert (said.cause, said.example) == ("unlike_power", "raw/east/wrong.csv")
    twins = fleet.overlaps.load("east").twins(overlaps.counting(fleet.ledger.current("east")))
    assert twins == {"raw/east/wrong.csv": "raw/west/w.csv"}


def test_no_site_is_named_where_none_holds_the_rows(fleet: World) -> None:
    fleet.upload("raw/east/wrong.csv", b"w1 x2 x3 x4.")  # one day of four: chance
    fleet.sweep("full")

    (said,) = told(fleet)
    assert "of another site" not in said.reason


def test_other_sites_are_searched_once_and_where_time_ends_later_from_there(fleet: World) -> None:
    comes(fleet, "raw/east/wrong.csv", b"w1 w2 w3 w4. again")
    asked: list[str] = []
    like = fleet.ledger.like

    def count(site_id: str, prints: Any) -> Any:
        asked.append(site_id)
        return like(site_id, prints)

    object.__setattr__(fleet.ledger, "like", count)
    fleet.comparing.run("east", fleet.now)  # no time at all: a site, and no more
    fleet.comparing.run("east", fleet.now)
    first = len(asked)
    assert asked == ["north", "west"]
    for _ in range(4):
        fleet.comparing.run("east", fleet.now + timedelta(hours=1))
    later = len(asked)
    fleet.comparing.run("east", fleet.now + timedelta(hours=1))

    assert (asked[0], first) == ("north", 2)
    assert len(asked) == later
    assert (
        "raw/west/w.csv"
        in fleet.overlaps.load("east")
        .twins(overlaps.counting(fleet.ledger.current("east")))
        .values()
    )


def test_files_of_agreeing_sites_are_not_searched_for(fleet: World) -> None:
    contradict(fleet, share=0.1)
    fleet.upload("raw/east/wrong.csv", b"w1 w2 w3 w4. again")
    object.__setattr__(fleet.ledger, "like", None)

    fleet.sweep("full")

    assert suspect(fleet) == []


def comes(world: World, key: str, body: bytes) -> None:
    """Let a file come, and the message that asks for a look at it be lost."""
    world.bucket.put(key, body)
    world.event(key)
    world.inbox.later.clear()


def asking(fleet: World) -> list[str]:
    """The sites that are asked for the rows of a file, one after the other."""
    asked: list[str] = []
    like = fleet.ledger.like

    def noted(site_id: str, prints: Any) -> Any:
        asked.append(site_id)
        return like(site_id, prints)

    object.__setattr__(fleet.ledger, "like", noted)
    return asked


def sought(fleet: World) -> dict[str, str]:
    """By name, which files were sought elsewhere, and what was found."""
    known = fleet.overlaps.load("east").sought
    counting = overlaps.counting(fleet.ledger.current("east"))
    return {each.key[9:]: known[each.file_id].twin for each in counting if each.file_id in known}


def compare_all(fleet: World) -> Progress:
    return fleet.comparing.run("east", fleet.now + timedelta(hours=1))


def test_three_files_are_sought_everywhere_and_more_only_where_those_were_found(
    fleet: World,
) -> None:
    for name in "abcd":
        comes(fleet, f"raw/east/{name}.csv", f"w1 w2 w3 w4. {name}".encode())
    asked = asking(fleet)
    compare_all(fleet)

    assert asked == ["north", *["west"] * 5]
    assert sought(fleet) == {f"{name}.csv": "raw/west/w.csv" for name in "abcd"}


def test_a_fourth_file_is_not_sought_where_no_other_was_found(fleet: World) -> None:
    for name in "abcd":
        comes(fleet, f"raw/east/{name}.csv", f"{name}1 {name}2.".encode())
    asked = asking(fleet)
    compare_all(fleet)

    assert asked == ["north", "west"] * 3
    assert sought(fleet) == {"a.csv": "", "b.csv": "", "c.csv": ""}


def test_a_file_that_names_no_days_is_not_sought(fleet: World) -> None:
    comes(fleet, "raw/east/wrong.csv", b". no days")
    compare_all(fleet)

    assert sought(fleet) == {"right.csv": ""}


def test_a_file_of_an_early_release_is_nobodys_twin(fleet: World) -> None:
    comes(fleet, "raw/east/wrong.csv", b"w1 w2 w3 w4. again")
    ((key, west),) = fleet.ledger.current("west")
    early = replace(west, rows=replace(west.rows, traits=None))
    object.__setattr__(fleet.ledger, "like", lambda *_: [(key, early)])
    compare_all(fleet)

    assert sought(fleet) == {"wrong.csv": "", "right.csv": ""}


def test_what_was_found_elsewhere_or_does_not_fit_is_looked_at(fleet: World) -> None:
    comes(fleet, "raw/east/wrong.csv", b"w1 w2 w3 w4. again")
    fleet.comparing.run("east", fleet.now)  # no time: compared, and a site asked

    assert compare_all(fleet) == Progress(is_telling=True, is_done=True)
    assert compare_all(fleet) == Progress(is_telling=False, is_done=True)


def uneven_reading(data: bytes, key: str, described: Any, *_: Any) -> Any:
    """The first of some files gives a quarter of the others."""
    reading = fake_reader(data, key, described)
    return replace(
        reading, rows=replace(reading.rows, traits=resembling(0.2 if data == b"0" else 0.8))
    )


def test_a_file_that_only_does_not_fit_the_others_is_looked_at_each_time(world: World) -> None:
    world.read_by(uneven_reading)
    for number in range(4):
        world.upload(f"raw/east/{number}.csv", str(number).encode())
    compare_all(world)

    assert compare_all(world) == Progress(is_telling=True, is_done=True)


# --- looks ----------------------------------------------------------------------------------------------


def test_a_folder_without_a_configuration_is_not_looked_at(world: World) -> None:
    world.suspecting.arm(["nowhere"])
    world.suspecting.get_to_know(["nowhere"])

    assert (world.inbox.sent, world.inbox.later) == ([], [])


def test_a_site_with_one_open_source_of_two_is_looked_at_again(world: World) -> None:
    upload(world, MONTHS)
    known = world.ledger.suspicions["east"]
    other = replace(known.sources["power"], source="weather", standing="cleared")
    world.ledger.suspicions["east"] = known.with_source(other)
    world.inbox.sent.clear()
    world.suspecting.look_again()

    assert [each.site_id for each in world.inbox.sent] == ["east"]  # type: ignore[union-attr]


def test_a_look_that_finds_nothing_new_saves_nothing(world: World) -> None:
    upload(world, MONTHS)
    before = world.ledger.suspicions["east"].revision
    world.suspecting.look("east")

    assert world.ledger.suspicions["east"].revision == before
