"""Files of a suspect source enter no dataset, and every decision says so."""

from __future__ import annotations

from typing import Any

import pytest

from services.trainer_trigger.domain.decision import Outcome
from services.trainer_trigger.domain.model_state import KnownFile
from services.trainer_trigger.domain.suspects import divide
from shared.dataset import DatasetFile
from shared.messages import SourceSuspect
from shared.solar.site import ColumnFormat, Site
from shared.suspects import ActiveSuspects, SuspectSource
from tests.unit.trainer_trigger.samples import START, a_file, a_site, request
from tests.unit.trainer_trigger.world import World, end


def suspects(*names: str, site_id: str = "golden") -> ActiveSuspects:
    return ActiveSuspects(
        site_id=site_id,
        sources=tuple(
            SuspectSource(
                source=name, cause="wrong_unit", reason="11 of 12", remedy="trust", since=START
            )
            for name in names
        ),
    )


def two_sources() -> Site:
    power = a_site().sources[0].model_copy(update={"files": "power*"})
    weather = power.model_copy(
        update={
            "name": "weather",
            "files": "weather*",
            "columns": {"ghi": ColumnFormat(column="g", unit="W/m2")},
        }
    )
    return a_site().model_copy(update={"sources": (power, weather)})


def file(number: int, name: str, **changes: Any) -> DatasetFile:
    raw_key = f"raw/golden/{name}" if name else ""
    return a_file(number).model_copy(update={"raw_key": raw_key, **changes})


def known(*files: DatasetFile) -> list[KnownFile]:
    return [KnownFile(each, START) for each in files]


def usable(files: list[KnownFile], *found: ActiveSuspects, sites: Any = None) -> list[str]:
    divided = divide(files, sites or [two_sources()], found)
    assert {*divided.usable, *divided.left_out} == set(files)
    return [each.file.raw_key.rpartition("/")[2] for each in divided.usable]


MIXED = known(file(1, "power-1.csv"), file(2, "weather-1.csv"), file(3, "power-2.csv"))


# --- which files ---------------------------------------------------------------------------------------


def test_files_of_other_sources_and_other_sites_stay_in() -> None:
    elsewhere = known(file(4, "power-9.csv", site_id="boulder"))
    sites = [two_sources(), a_site("boulder")]

    assert usable(MIXED, suspects("weather")) == ["power-1.csv", "power-2.csv"]
    assert usable(MIXED + elsewhere, suspects("power"), sites=sites) == ["power-9.csv"]
    assert usable(MIXED) == ["power-1.csv", "weather-1.csv", "power-2.csv"]


def test_weather_without_power_that_may_be_trusted_is_left_out_too() -> None:
    assert usable(MIXED, suspects("power")) == []
    assert divide(MIXED, [two_sources()], [suspects("power")]).suspects == (
        "source power of site golden is suspect (wrong_unit), and no other file there has power",
    )


def test_a_file_of_which_nobody_knows_the_source_is_left_out_where_one_is_suspect() -> None:
    of_before = known(file(1, ""), file(2, "power-1.csv"))

    assert usable(of_before, suspects("weather")) == ["power-1.csv"]
    assert usable(of_before, suspects("power")) == []
    assert usable(of_before, suspects("weather"), sites=[a_site("boulder")]) == []


def test_the_words_name_site_source_and_cause() -> None:
    assert divide(MIXED, [two_sources()], [suspects("power", "weather")]).suspects == (
        "source power of site golden is suspect (wrong_unit)",
        "source weather of site golden is suspect (wrong_unit)",
    )


def test_the_words_do_not_depend_on_the_order_of_the_sites() -> None:
    found = [suspects("weather"), suspects("weather", site_id="boulder")]
    words = [divide(MIXED, [two_sources()], each).suspects for each in (found, found[::-1])]

    assert words[0] == words[1]
    assert words[0][0].startswith("source weather of site boulder")


# --- what follows --------------------------------------------------------------------------------------


@pytest.fixture
def world() -> World:
    world = World()
    object.__setattr__(world.configuration, "sites", lambda _: (two_sources(),))
    return world


def said(standing: str = "suspect") -> SourceSuspect:
    return SourceSuspect.of(
        subject=("golden", "power", 1),
        occurred_at=START,
        correlation_id="source power of site golden",
        site_id="golden",
        model_id="golden",
        source="power",
        standing=standing,
        cause="wrong_unit",
        reason="11 of 12",
        remedy="trust it",
        example="raw/golden/power-1.csv",
    )


def test_nothing_is_trained_where_all_is_suspect_and_the_decision_says_why(world: World) -> None:
    world.configuration.suspect = (suspects("power"),)
    world.upload(*(each.file for each in MIXED))
    world.let_timers_ring()

    assert world.sequence.starts == 0
    decision = world.memory.recorded[-1]
    assert decision.outcome is Outcome.IDLE
    (reason,) = decision.reasons
    assert reason.startswith("all 3 files are left out: source power of site golden is suspect")


def test_a_persons_request_does_not_train_on_a_suspect_source(world: World) -> None:
    world.configuration.suspect = (suspects("power"),)
    world.upload(file(1, "power-1.csv"))
    world.service.noting.request(request(force=True))

    assert world.sequence.starts == 0
    assert world.memory.asked is None, "it was answered: not while the source is suspect"


def test_the_dataset_has_no_file_of_a_suspect_source_and_the_run_says_so(world: World) -> None:
    world.configuration.suspect = (suspects("weather"),)
    world.upload(*(each.file.model_copy(update={"raw_key": ""}) for each in MIXED))
    world.memory.known.clear()
    for each in MIXED:  # as the bucket describes them
        world.memory.add_file("golden", each.file, START)
    world.clock.forward(minutes=11)
    world.service.evaluating.due("golden")

    run = world.the_run
    assert world.bucket.file_ids("golden", run.dataset_id) == {"file0001", "file0003"}
    assert any("1 files are left out" in each for each in run.reasons)


def test_a_source_that_becomes_suspect_while_a_run_is_opened_is_not_in_its_dataset(
    world: World,
) -> None:
    world.bucket.put(*(each.file for each in MIXED))
    for each in MIXED:
        world.memory.add_file("golden", each.file, START)
    world.clock.forward(minutes=11)
    looks = []

    def found() -> tuple[ActiveSuspects, ...]:
        looks.append(1)
        return (suspects("power"),) if len(looks) > 1 else ()

    object.__setattr__(world.configuration, "suspects", found)
    world.service.evaluating.due("golden")
    assert world.sequence.starts == 0
    assert world.bucket.frozen == {}

    world.service.dispatching.handle(said())
    assert "all 3 files are left out" in world.memory.recorded[-1].reasons[0]


def test_while_refused_files_are_yet_to_be_looked_at_nothing_is_trained_whoever_asks(
    world: World,
) -> None:
    due = ActiveSuspects(site_id="golden", due_since=world.clock())
    world.configuration.suspect = (due,)
    world.upload(*(each.file for each in MIXED))
    world.service.noting.request(request(force=True))

    assert world.sequence.starts == 0
    assert "first their sources are looked at as a whole" in world.memory.recorded[-1].reasons[0]

    assert world.timer.due, "it is looked at again"

    world.configuration.suspect = ()
    world.clock.forward(minutes=1)
    world.service.evaluating.due("golden")
    assert world.sequence.starts == 1, "the request is still open"


def test_files_that_are_refused_while_a_run_is_opened_keep_it_from_being_opened(
    world: World,
) -> None:
    world.bucket.put(*(each.file for each in MIXED))
    for each in MIXED:
        world.memory.add_file("golden", each.file, START)
    world.clock.forward(minutes=11)
    looks = []

    def found() -> tuple[ActiveSuspects, ...]:
        looks.append(1)
        due = ActiveSuspects(site_id="golden", due_since=world.clock())
        return (due,) if len(looks) > 1 else ()

    object.__setattr__(world.configuration, "suspects", found)
    world.service.evaluating.due("golden")

    assert world.bucket.frozen == {}


def test_a_look_that_never_comes_does_not_hold_a_model_for_ever(world: World) -> None:
    due = ActiveSuspects(site_id="golden", due_since=world.clock())
    world.configuration.suspect = (due,)
    world.upload(*(each.file for each in MIXED))
    world.clock.forward(hours=1)
    world.service.evaluating.evaluate("golden")

    assert world.sequence.starts == 1


def test_files_that_count_again_are_new_to_the_next_run(world: World) -> None:
    world.configuration.suspect = (suspects("power"),)
    world.bucket.put(*(each.file for each in MIXED))
    for each in MIXED:
        world.memory.add_file("golden", each.file, START)
    world.clock.forward(hours=1)
    world.service.evaluating.evaluate("golden")
    assert world.sequence.starts == 0

    world.configuration.suspect = ()
    world.service.dispatching.handle(said("trusted"))

    assert world.the_run.files == 3
    end(world)


def test_files_that_are_left_out_are_no_difference_to_the_bucket(world: World) -> None:
    world.configuration.suspect = (suspects("weather"),)
    world.bucket.put(*(each.file for each in MIXED))
    for each in MIXED:
        world.memory.add_file("golden", each.file, START)
    state = world.service.looking.state("golden", world.configuration.config)

    assert len(state.left_out) == 1
    assert {each.file.key for each in state.known_files} == set(world.bucket.standing)


def test_the_raw_key_comes_with_the_message_and_with_the_object(world: World) -> None:
    world.upload(a_file(1))

    assert world.memory.known["file0001"].file.raw_key == "raw/golden/x.csv"
