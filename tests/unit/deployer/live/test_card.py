"""A scorecard by hour is by the sites' clocks, one by sky is of days; both are of what still counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.deployer.app.live.telling import Telling
from services.deployer.domain.live import card
from services.deployer.domain.live.excluded import masked
from services.deployer.domain.live.scores import DayScore, Hours, HourSums, Sums
from tests.unit.deployer.live.world import MODEL, SITE, TRAINED_UNTIL, ZONE, World

DAY = date(2026, 6, 8)


def part(hour: int, absolute: float) -> HourSums:
    return HourSums.of(hour, Sums(n=4, daylight=4, inside=3, absolute=absolute, measured_kwh=2.0))


def a_day(number: int = 0, sky: float | None = 0.9, zone: str = "Europe/Berlin") -> DayScore:
    hours = Hours(zone, (part(9, 0.4), part(12, 0.1)))
    sums = Sums(n=96, absolute=0.5)
    return DayScore(
        SITE, DAY + timedelta(days=number), 1, "scored", sums=sums, sky=sky, hours=hours
    )


def test_an_hour_is_that_of_all_days_of_which_hours_are_known() -> None:
    found = card.lines([a_day(), a_day(1), replace(a_day(2), hours=None)], "hour")
    assert [(each.name, each.sums.n, each.states["scored"]) for each in found] == [
        ("09:00", 8, 2),
        ("12:00", 8, 2),
    ]
    assert found[0].sums.nmae == pytest.approx(0.1)
    assert found[0].sums.coverage == pytest.approx(0.75)
    assert found[0].sums.skill is None, "it is not kept by hour"


def test_hours_of_a_day_that_a_person_excluded_do_not_count() -> None:
    kept = masked([a_day(), a_day(1)], {SITE: ((DAY, DAY),)})
    assert {each.sums.n for each in card.lines(kept, "hour")} == {4}


def test_skies_come_from_dark_to_bright_and_unknown_ones_last() -> None:
    skies = (0.9, None, 0.5, 0.1, 0.95)
    found = card.lines([a_day(number, sky) for number, sky in enumerate(skies)], "sky")
    assert [(each.name, each.states["scored"]) for each in found] == [
        ("overcast", 1),
        ("broken", 1),
        ("clear", 2),
        ("unknown", 1),
    ]


def test_the_clocks_of_hours_are_named() -> None:
    scores = [a_day(), a_day(1, zone="-07:00"), replace(a_day(2), hours=None)]
    assert card.zones(scores) == ["-07:00", "Europe/Berlin"]


def test_days_that_were_predicted_are_scored_hour_by_hour_by_the_sites_own_clock() -> None:
    world = World()
    world.hear(world.upload("file", TRAINED_UNTIL, factor=0.9))
    telling = Telling(
        world.books, world.books, world.books, world.excluded, world.books, world.clock
    )
    answer = telling.scorecard({"model_id": MODEL, "by": "hour"})
    assert answer["zones"] == [ZONE]
    energies = {each["name"]: each["measured_kwh"] for each in answer["lines"]}
    assert max(energies, key=lambda name: energies[name]) in {"12:00", "13:00"}
    assert (
        answer["lines"]
        == telling.scorecard({"model_id": MODEL, "by": "hour", "site_id": SITE})["lines"]
    )
    assert "zones" not in telling.scorecard({"model_id": MODEL, "by": "sky"})
