"""Two versions are compared on the days of both: different weather says nothing about versions."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from services.deployer.app.live.telling import Telling
from services.deployer.domain.live.comparison import side_by_side
from services.deployer.domain.live.scores import DayScore, Sums
from shared.errors import InvalidMessageError
from tests.unit.deployer.live.world import MODEL, NOW, World

MONDAY = date(2026, 6, 8)


def a_day(
    number: int, version: int, *, error: float = 0.1, rows: int = 50, **named: object
) -> DayScore:
    sums = Sums(n=96, daylight=rows, absolute=error * 96)
    day = MONDAY + timedelta(days=number)
    return DayScore("east", day, version, "scored", sums=sums, lit=50, **named)  # type: ignore[arg-type]


def test_figures_are_of_the_days_that_both_were_scored_on() -> None:
    easy = [a_day(n, 1, error=0.01) for n in range(5)]
    both = [a_day(n, version, error=0.1 * version) for n in (5, 6) for version in (1, 2)]
    found = side_by_side([*easy, *both], (1, 2))
    one, other = found[1], found[2]
    assert one is not None
    assert other is not None
    assert one.common is not None
    assert other.common is not None
    assert one.common.states["scored"] == other.common.states["scored"] == 2
    assert one.common.sums.nmae == pytest.approx(0.1)
    assert other.common.sums.nmae == pytest.approx(0.2)
    assert one.every.states["scored"] == 7
    assert (one.first, one.last) == (MONDAY, MONDAY + timedelta(days=6))


def test_the_day_of_a_deployment_is_no_day_of_both() -> None:
    found = side_by_side([a_day(0, 1, rows=20), a_day(0, 2, rows=30)], (1, 2))
    assert [each and each.common for each in found.values()] == [None, None]


def test_rows_that_were_left_out_as_doubtful_were_predicted_nevertheless() -> None:
    doubtful = [a_day(0, version, rows=30, masked={"snow": 20}) for version in (1, 2)]
    bare = [a_day(1, version, rows=30, masked={"no_weather": 20}) for version in (1, 2)]
    one = side_by_side([*doubtful, *bare], (1, 2))[1]
    assert one is not None
    assert one.common is not None
    assert one.common.states["scored"] == 1


def test_what_was_made_afterwards_and_other_leads_are_no_days_of_both() -> None:
    late = a_day(0, 1, inputs="forecast", lead="48h+", hindsight=True)
    near, far = (
        a_day(0, n, inputs="forecast", lead=lead) for n, lead in ((1, "0-6h"), (2, "48h+"))
    )
    one = side_by_side([late, near, far], (1, 2))[1]
    assert one is not None
    assert (one.every.states["scored"], one.common) == (1, None)


def test_a_version_that_was_scored_nowhere_is_said_to_be() -> None:
    assert side_by_side([a_day(0, 1)], (1, 2))[2] is None


def test_whoever_asks_is_told_of_which_days_the_figures_are() -> None:
    world = World()
    world.hear(world.upload("monday", MONDAY))
    world.hear(world.deploy(2, at=NOW), world.upload("tuesday", MONDAY + timedelta(days=1)))
    world.hear(world.upload("again", MONDAY, columns=("ghi", "temp_air"), uploaded=NOW))
    telling = Telling(
        world.books, world.books, world.books, world.excluded, world.books, world.clock
    )
    answer = telling.compare({"model_id": MODEL, "versions": [1, 2], "days": 30})["versions"]
    assert [answer[version]["same_days"]["versions"] for version in ("1", "2")] == [[1], [2]]
    assert answer["1"]["days_of_both"] == 1
    assert answer["2"]["live"]["days"] == {"scored": 2}
    with pytest.raises(InvalidMessageError, match="which ones"):
        telling.compare({"model_id": MODEL})
