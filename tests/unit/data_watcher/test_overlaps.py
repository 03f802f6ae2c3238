"""RowSummary that contradict rows under other names are counted, and many make a source suspect."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.data_watcher.adapters.comparing import compare
from services.data_watcher.app import suspecting, sweeping
from services.data_watcher.app.comparing import Progress
from services.data_watcher.app.intake.recent import Recent
from services.data_watcher.domain import overlaps
from services.data_watcher.domain.overlaps import Compared, Counting
from services.data_watcher.domain.versions import Issues, RowSummary
from services.data_watcher.ports import Reading
from shared.errors import UnreadableFileError
from tests.unit.data_watcher.fakes import START, World, dated, site
from tests.unit.data_watcher.test_setting_aside import remove
from tests.unit.data_watcher.test_suspecting import comes, resembling, suspect, told, trust

DAY = timedelta(days=1)


# --- which pairs ---------------------------------------------------------------------------------------


def a_file(name: str, first: int, days: int = 1, column: str = "power_ac") -> Counting:
    start = START + first * DAY
    key = f"raw/east/{name}.csv"
    return Counting(key, name, f"canonical/{name}", start, start + days * DAY, frozenset({column}))


def names(files: list[Counting]) -> set[str]:
    return {overlaps.pair_id(pair) for pair in overlaps.pairs(files)}


def test_files_that_share_time_and_a_column_are_a_pair() -> None:
    files = [a_file("a", 0, 3), a_file("b", 1), a_file("c", 3), a_file("d", 1, column="ghi")]

    assert names(files) == {"a+b"}


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5)), max_size=8),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_files_makes_no_other_pairs_and_none_is_missed(
    spans: list[tuple[int, int]], random: Any
) -> None:
    files = [a_file(f"f{number}", *span) for number, span in enumerate(spans)]
    shuffled = list(files)
    random.shuffle(shuffled)
    every = {
        overlaps.pair_id((one, other))
        for one in files
        for other in files
        if one.file_id < other.file_id and one.start < other.end and other.start < one.end
    }

    assert names(files) == names(shuffled) == every


@pytest.mark.parametrize(
    ("first", "last", "is_pair"), [(3, 5, True), (4, 5, False), (-3, -1, False)]
)
def test_forecasts_are_a_pair_where_an_issue_may_be_the_same(
    first: int, last: int, *, is_pair: bool
) -> None:
    issued = (START, START + 3 * DAY)
    one = replace(a_file("a", 0, 9), provider="ecmwf", issues=issued)
    other = replace(one, file_id="b", issues=(START + first * DAY, START + last * DAY))

    assert names([one, other]) == names([other, one]) == ({"a+b"} if is_pair else set())
    assert names([one, replace(other, issues=issued, provider="icon")]) == set()


def test_a_forecast_of_which_the_issues_are_not_known_may_be_the_same_as_any() -> None:
    issues = Issues(4, START, START + 3 * DAY, timedelta(0), 2 * DAY)
    known = replace(a_file("a", 0, 9), provider="ecmwf", issues=overlaps.span(issues))
    unknown = replace(known, file_id="b", issues=overlaps.span(None))

    assert known.issues == (START, START + 3 * DAY)
    assert unknown.issues is None
    assert names([known, unknown]) == names([unknown, known]) == {"a+b"}
    assert known.is_about_the_same(unknown)
    assert unknown.is_about_the_same(known)


@pytest.mark.parametrize(
    ("prints", "same"), [("ab", True), ("ax", True), ("axy", False), ("xy", False), ("", False)]
)
def test_a_short_file_is_the_same_where_half_of_its_days_are(prints: str, *, same: bool) -> None:
    assert overlaps.is_same(prints, "abcdefgh") == overlaps.is_same("abcdefgh", prints) == same


def test_a_file_is_told_of_the_one_that_contradicts_it_most() -> None:
    files = [a_file(name, 0) for name in "abc"]
    said = Compared(rows=2, shares=(0.1, 0.2), column="ghi", time=START, said=(1.0, 2.0))
    known = {"a+b": said, "b+c": said.model_copy(update={"rows": 9, "shares": (0.6, 0.5)})}
    found = overlaps.file_overlaps(files, known | {"a+c": Compared()})

    assert found == overlaps.file_overlaps(files[::-1], known)
    assert found["raw/east/a.csv"].share == 0.1
    assert (found["raw/east/b.csv"].rows, found["raw/east/b.csv"].files) == (9, 2)
    said_of_c = "ghi at 2024-07-01 00:00 UTC is 2 here, 1 in raw/east/b.csv"
    assert found["raw/east/c.csv"].example == said_of_c


@pytest.mark.parametrize("kept", [{"time": START}, {"said": (1.0, 2.0)}])
def test_an_overlap_without_an_example_says_none(kept: dict[str, Any]) -> None:
    known = {"a+b": Compared(rows=2, shares=(0.1, 0.2), column="ghi", **kept)}

    found = overlaps.file_overlaps([a_file("a", 0), a_file("b", 0)], known)

    assert found["raw/east/a.csv"].example == ""


# --- what two files say of each other ------------------------------------------------------------------


def table(start: datetime = START, step: str = "15min", **columns: list[float]) -> bytes:
    length = len(next(iter(columns.values())))
    stamps = pd.date_range(start, periods=length, freq=step, name="timestamp")
    body = io.BytesIO()
    pd.DataFrame(columns, index=stamps).reset_index().to_parquet(body)
    return body.getvalue()


def test_contradicting_rows_are_counted_with_an_example() -> None:
    one = table(power_ac=[0, 0, 1, 2, 3, 4], ghi=[0, 0, 1, 1, 1, 1])
    other = table(START + timedelta(minutes=30), power_ac=[1, 5, 6], ghi=[1, 1, 2])

    assert compare(one, other) == Compared(
        rows=2,
        shares=(0.5, 0.6667),
        column="power_ac",
        time=datetime(2024, 7, 1, 0, 45, tzinfo=UTC),
        said=(2.0, 5.0),
    )


def test_the_other_way_round_it_is_the_same_with_sides_changed() -> None:
    one, other = table(power_ac=[1, 2, 3]), table(power_ac=[1, 9, 3, 4])
    here, there = compare(one, other), compare(other, one)

    assert (here.rows, here.shares, here.said) == (there.rows, there.shares[::-1], (2.0, 9.0))
    assert there.said == (9.0, 2.0)


@pytest.mark.parametrize(
    "other",
    [
        table(power_ac=[1, 2, 3]),
        table(power_ac=[1.005, 2, 3]),  # as an export rounds
        table(power_ac=[np.nan, 2, np.nan]),
        table(ghi=[7, 8, 9]),
        table(START + DAY, power_ac=[7, 8, 9]),
        table(power_ac=[np.nan, np.nan, np.nan]),
    ],
)
def test_files_that_agree_or_say_nothing_of_each_other_contradict_nothing(other: bytes) -> None:
    assert compare(table(power_ac=[1, 2, 3]), other) == Compared()


QUARTERS = [0, 0, 0, 4, 9, 3, 8, 6, 2, 2, 4, 8]
HOURS = [1, 6.5, 4]


@pytest.mark.parametrize("late", [0, 15, 60])
@pytest.mark.parametrize("hours", [HOURS, [1.0, 5.6, 4.7], [np.nan, 6.5, np.nan]])
def test_hours_agree_with_the_quarters_whose_mean_they_are(late: int, hours: list[float]) -> None:
    """A report of hours beside the log of quarters: at one time both begin, and say different things."""
    start = START + timedelta(minutes=late)
    quarters = table(start, power_ac=[*QUARTERS, 7])

    assert compare(quarters, table(start, "1h", power_ac=hours)) == Compared()
    assert compare(table(start, "1h", power_ac=hours), quarters) == Compared()


def test_hours_that_are_no_mean_of_the_quarters_contradict_them() -> None:
    quarters, hours = table(power_ac=QUARTERS), table(step="1h", power_ac=[1, 3, 9])
    found = compare(quarters, hours)

    assert (found.rows, found.said) == (2, (4.0, 9.0))
    assert found.shares == (0.6667, 0.6667)
    assert compare(hours, quarters).said == (9.0, 4.0)


def test_steps_of_which_none_is_a_part_of_the_other_are_not_compared() -> None:
    assert compare(table(power_ac=[1, 2, 3]), table(step="20min", power_ac=[7, 8, 9])) == Compared()


def test_the_example_is_of_power_where_they_are_farthest_apart() -> None:
    one = table(ghi=[9, 1, 9], power_ac=[1, 2, 3])
    found = compare(one, table(ghi=[1, 1, 5], power_ac=[1, 3, 9]))
    assert (found.rows, found.column, found.said) == (3, "power_ac", (3.0, 9.0))
    found = compare(one, table(ghi=[8, 1, 2], power_ac=[1, 2, 3]))
    assert (found.rows, found.column, found.said) == (2, "ghi", (9.0, 2.0))


def test_rows_of_one_step_differ_by_a_hundredth_at_most_and_means_by_a_quarter() -> None:
    assert compare(table(power_ac=[1, 2, 3]), table(power_ac=[1, 2.1, 3])).rows == 1
    assert compare(table(power_ac=QUARTERS), table(step="1h", power_ac=[1, 7.5, 4])).rows == 0
    assert compare(table(power_ac=QUARTERS), table(step="1h", power_ac=[1, 9.5, 4])).rows == 1


def test_a_single_row_is_compared_with_the_row_of_its_time() -> None:
    alone, quarters = table(power_ac=[5.0]), table(power_ac=[1.0, 2.0, 3.0])

    assert compare(alone, quarters).said == (5.0, 1.0)
    assert compare(quarters, alone).said == (1.0, 5.0)
    assert compare(table(power_ac=[1.0]), quarters) == Compared()


def forecast(step: str, ghi: list[float], issued: datetime = START) -> bytes:
    stamps = pd.date_range(START, periods=len(ghi), freq=step, name="timestamp")
    body = io.BytesIO()
    frame = pd.DataFrame({"ghi": ghi, "issued_at": issued, "provider": "ecmwf"}, index=stamps)
    frame.reset_index().to_parquet(body)
    return body.getvalue()


def test_forecasts_are_compared_time_by_time_of_an_issue_whatever_their_steps() -> None:
    hours, coarse = forecast("1h", [1, 2, 3, 4]), forecast("3h", [9, 4])

    assert compare(hours, coarse).said == (1.0, 9.0)
    assert compare(hours, coarse).rows == 1
    assert compare(hours, forecast("1h", [9, 9, 9, 9], START + DAY)) == Compared()
    assert compare(hours, table(step="3h", ghi=[9, 9])) == Compared()


def test_what_is_no_table_is_said() -> None:
    with pytest.raises(UnreadableFileError, match="cannot be compared"):
        compare(b"nonsense", b"nonsense")


# --- what follows --------------------------------------------------------------------------------------

KEYS = ("raw/east/a.csv", "raw/east/b.csv")


SAID = Compared(rows=48, shares=(0.9, 0.9), column="power_ac", time=START, said=(1.0, 2.0))


def with_days(data: bytes, key: str, described: Any, *_: Any) -> Reading:
    """Read a file as one of a plant's; its traits tell that it has power."""
    reading = daily(data, key, described)
    return replace(reading, rows=replace(reading.rows, traits=resembling(0.8)))


def daily(data: bytes, key: str, described: Any, *_: Any) -> Reading:
    rows = RowSummary(96, 0, {}, ("power_ac",), START, START + DAY)
    return Reading(data, rows)


def empty() -> World:
    world = World()
    world.configurations.put(site())
    return world


@pytest.fixture
def world() -> World:
    world = empty()
    world.read_by(daily)
    for key in KEYS:
        comes(world, key, key.encode())
    return world


def contradict(world: World, share: float) -> None:
    pair = frozenset(world.canonical.files)
    world.overlaps.says[pair] = Compared(
        rows=48, shares=(share, share), column="power_ac", time=START, said=(1.0, 2.0)
    )


@pytest.mark.parametrize("processes", [1, 2])
def test_files_that_contradict_each_other_are_found_within_minutes_and_without_a_sweep(
    processes: int,
) -> None:
    """The second file begins where the first does, or its process does not know its source yet."""
    world = empty()
    world.read_by(with_days)
    object.__setattr__(world.comparing, "compare", lambda *_: SAID)
    for key in KEYS:
        if processes > 1:
            object.__setattr__(world.intake, "recent", Recent())
        world.upload(key, key.encode())

    assert suspect(world) == ["power"]


def test_files_that_follow_each_other_ask_for_no_look_and_those_over_others_for_one() -> None:
    world = empty()
    world.read_by(lambda data, key, *more: dated(daily(data, key, *more), key))
    for day in (3, 4, 5):
        world.bucket.put(f"raw/east/{day}.csv", b"%d" % day)
        world.event(f"raw/east/{day}.csv")
    assert world.inbox.later == []

    for day in (1, 2, 3):  # of which one may be in another process
        world.bucket.put(f"raw/east/{day}.again.csv", b"again %d" % day)
        world.event(f"raw/east/{day}.again.csv")
    assert [each.site_id for each in world.inbox.later] == ["east"]
    assert "east" not in world.configurations.suspects  # it holds nobody up


def test_only_a_forecast_whose_issue_comes_again_asks_for_a_look() -> None:
    def issued(data: bytes, key: str, described: Any, *_: Any) -> Reading:
        hour = START + timedelta(hours=int(data))
        issues = Issues(1, hour, hour, timedelta(0), DAY)
        rows = RowSummary(24, 0, {}, ("forecast_ghi",), hour, hour + DAY, issues=issues)
        return Reading(data, rows)

    world = empty()
    world.read_by(issued)
    for hour in (b"6", b"12", b"18"):
        world.bucket.put(f"raw/east/{hour.decode()}.csv", hour)
        world.event(f"raw/east/{hour.decode()}.csv")
    assert world.inbox.later == []

    world.bucket.put("raw/east/again.csv", b"018")
    world.event("raw/east/again.csv")
    assert [each.site_id for each in world.inbox.later] == ["east"]


def test_a_look_that_has_no_time_for_all_pairs_asks_for_another(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suspecting, "SLICE", timedelta(0))
    for name in "cdef":
        comes(world, f"raw/east/{name}.csv", name.encode())
    world.suspecting.look("east")
    world.work_off()

    assert len(world.overlaps.compared) == len(set(world.overlaps.compared)) == 15


def version_of(world: World, key: str) -> str:
    (version_id,) = world.ledger.records[key].versions
    return version_id


def test_a_pair_is_compared_once(world: World) -> None:
    for _ in range(3):
        world.sweep("full")

    assert len(world.overlaps.compared) == 1


def test_more_than_a_fifth_of_a_file_makes_its_source_suspect_and_says_an_example(
    world: World,
) -> None:
    contradict(world, 0.21)
    world.sweep("full")

    assert suspect(world) == ["power"]
    (said,) = told(world)
    assert said.cause == "contradicting_rows"
    assert "2 of 2 files of source power contradict other files" in said.reason
    assert "48 rows, 21% of those above zero: power_ac at 2024-07-01 00:00 UTC is" in said.reason
    assert "`solar files remove KEY… --reason …`" in said.remedy


def test_a_fifth_is_shown_and_no_cause_for_suspicion(world: World) -> None:
    contradict(world, 0.2)
    world.sweep("full")

    assert suspect(world) == []
    assert world.overlaps.known["east"].files.keys() == set(KEYS)


def test_removing_the_wrong_file_clears_the_source(world: World) -> None:
    contradict(world, 0.9)
    world.sweep("full")
    remove(world, version_of(world, KEYS[1]), KEYS[1])

    assert suspect(world) == []
    assert world.overlaps.known["east"].files == {}


def test_a_person_who_trusts_the_later_uploads_lets_them_count(world: World) -> None:
    contradict(world, 0.9)
    world.sweep("full")
    trust(world)

    assert suspect(world) == []


def test_what_time_did_not_suffice_for_is_compared_by_the_next_slice(world: World) -> None:
    comes(world, "raw/east/c.csv", b"three")
    assert world.comparing.run("east", world.now) == Progress(is_telling=True, is_done=False)
    later = world.now + timedelta(minutes=1)
    assert world.comparing.run("east", later) == Progress(is_telling=True, is_done=True)
    assert world.comparing.run("east", later) == Progress(is_telling=False, is_done=True)
    assert len(world.overlaps.compared) == len(set(world.overlaps.compared)) == 3


def test_a_pair_that_cannot_be_read_does_not_keep_the_sweep_going_for_ever(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(one: bytes, other: bytes) -> Compared:
        raise UnreadableFileError("unreadable", "damaged", "restore it")

    object.__setattr__(world.comparing, "compare", unreadable)
    monkeypatch.setattr(sweeping, "SLICE", timedelta(0))
    world.sweep("full")

    assert world.overlaps.known == {}


def test_a_sweep_stays_at_a_site_until_all_its_pairs_are_compared(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "SLICE", timedelta(0))
    for name in "cdefgh":
        comes(world, f"raw/east/{name}.csv", name.encode())
    world.sweep("full", '{"prefix": "canonical/"}')

    assert len(world.overlaps.compared) == len(set(world.overlaps.compared)) == 28


def test_what_was_lost_is_found_again(world: World) -> None:
    contradict(world, 0.9)
    world.sweep("full")
    world.overlaps.known.clear()
    world.sweep("full")

    assert suspect(world) == ["power"]
    assert len(told(world)) == 1


def test_pairs_that_an_earlier_release_compared_are_compared_again(world: World) -> None:
    world.sweep("full")
    known = world.overlaps.known["east"]
    world.overlaps.known["east"] = known.model_copy(update={"version": overlaps.VERSION - 1})

    found = world.comparing.run("east", world.now + timedelta(minutes=1))

    assert found == Progress(is_telling=True, is_done=True)
    assert len(world.overlaps.compared) == 2
    assert world.overlaps.known["east"].is_current


def test_a_version_is_noted_although_no_pair_is_left(world: World) -> None:
    world.sweep("full")
    world.overlaps.known["east"] = overlaps.SiteOverlaps(
        site_id="east", version=overlaps.VERSION - 1
    )
    remove(world, version_of(world, KEYS[1]), KEYS[1])
    world.comparing.run("east", world.now + timedelta(minutes=1))

    assert world.overlaps.known["east"].is_current


def test_a_pair_of_which_a_file_is_gone_is_forgotten_and_looked_at(world: World) -> None:
    contradict(world, 0.9)
    world.sweep("full")
    known = world.overlaps.known["east"]
    remove(world, version_of(world, KEYS[1]), KEYS[1])
    world.overlaps.put(known)  # as if the look after it were lost
    later = world.now + timedelta(minutes=1)

    assert world.comparing.run("east", later) == Progress(is_telling=True, is_done=True)
    assert world.overlaps.known["east"].pairs == {}
    assert world.comparing.run("east", later) == Progress(is_telling=False, is_done=True)


def test_of_a_plant_that_sends_its_year_every_day_two_thousand_pairs_are_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [a_file(f"{number:02}", 0) for number in range(64)]  # 2,016 pairs
    monkeypatch.setattr(overlaps, "counting", lambda _: files)
    world.comparing.run("east", world.now + timedelta(hours=1))

    assert len(world.overlaps.known["east"].pairs) == 2000
