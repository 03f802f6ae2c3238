"""People hear once that a model does worse at a site, and once that it is over; machines get figures."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.deployer.app.live.telling import Telling
from services.deployer.domain.deployment import Hold, Setback
from services.deployer.domain.live.told import Ended, Told, ended
from services.deployer.domain.live.unseen import Trained
from shared import layout
from shared.messages import AccuracyDegraded
from tests.unit.deployer.live.world import (
    MODEL,
    NOW,
    SITE,
    TRAINED_UNTIL,
    ZONE,
    World,
    midnight,
    write,
)

HEALTHY, WORSE = 0.98, 0.75


def lived(world: World, days: int, factor: float, first: date) -> date:
    """Days of a plant that gives `factor` of what is predicted; return the day after them."""
    for number in range(days):
        day = first + timedelta(days=number)
        world.hear(world.upload(f"file-{day}", day, factor=factor))
    last = first + timedelta(days=days)
    world.clock.now = midnight(last) + timedelta(hours=7)
    return last


def told(world: World) -> list[AccuracyDegraded]:
    return [each for each in world.topic.sent if isinstance(each, AccuracyDegraded)]


def test_a_healthy_plant_is_no_news_and_leaves_figures() -> None:
    world = World()
    lived(world, 30, HEALTHY, TRAINED_UNTIL)
    world.sweep()
    assert told(world) == []
    summary = world.books.last_summary
    assert summary is not None
    assert (summary.sites_scored, summary.versions, summary.standing) == (1, (1,), ())
    last = TRAINED_UNTIL + timedelta(days=29)
    assert (summary.first, summary.last) == (last - timedelta(days=6), last)
    assert summary.sums.n == 7 * 96
    figures = dict(world.meter.told)[MODEL]
    assert figures["SitesScored"] == 1
    assert figures["LiveBias"] == pytest.approx(1 / HEALTHY - 1, abs=1e-4)
    assert set(figures) == {"LiveR2", "LiveNmae", "LiveBias", "LiveCoverage", "SitesScored"}


def test_a_site_of_a_few_days_is_scored_and_not_judged() -> None:
    world = World()
    for days, judged in ((3, 0), (5, 1)):
        lived(world, days, HEALTHY, TRAINED_UNTIL)
        world.sweep()
        summary = world.books.last_summary
        assert summary is not None
        assert (summary.sites_scored, summary.sites_judged) == (1, judged)


def test_a_forecast_for_weeks_to_come_hides_none_of_the_days_that_were() -> None:
    world = World()
    last = lived(world, 19, HEALTHY, TRAINED_UNTIL)
    ahead = world.upload("ahead", last, days=30, columns=("forecast_ghi",), uploaded=midnight(last))
    world.hear(ahead)
    world.sweep()
    summary = world.books.last_summary
    assert summary is not None
    assert summary.sites_judged == 1
    telling = Telling(
        world.books, world.books, world.books, world.excluded, world.books, world.clock
    )
    card = telling.scorecard({"model_id": MODEL, "days": 10})
    assert {line["inputs"]: line["days"] for line in card["lines"]}["measured"] == {"scored": 9}


def test_a_model_of_forecasts_has_figures_and_is_not_judged() -> None:
    world = World(providers=("ecmwf",))
    for number in range(9):
        day = TRAINED_UNTIL + timedelta(days=number)
        issued = midnight(day) - timedelta(hours=12)
        world.clock.now = issued + timedelta(minutes=20)
        world.hear(world.issue(f"i{number}", [issued]))
        world.hear(world.upload(f"p{number}", day, columns=("power_ac",), factor=0.5))
    world.clock.now = NOW
    world.sweep()
    assert told(world) == []
    summary = world.books.last_summary
    assert summary is not None
    assert (summary.inputs, summary.sites_scored, summary.sites_judged) == ("forecast", 1, 0)
    assert dict(world.meter.told)[MODEL]["LiveBias"] == pytest.approx(0.7 / 0.5 - 1, abs=0.02)


def test_a_plant_that_gives_a_quarter_less_is_told_once_with_the_likely_cause() -> None:
    world = World()
    day = lived(world, 25, HEALTHY, TRAINED_UNTIL)
    lived(world, 5, WORSE, day)
    world.sweep()
    world.sweep()
    (message,) = told(world)
    assert (message.site_id, message.kind, message.recovered) == (SITE, "model", False)
    assert message.since == day.isoformat()
    assert message.why
    assert message.energy_ratio is not None
    assert dict(world.meter.told)[""]["SitesDegraded"] == 1


def test_all_sites_that_are_worse_are_counted_and_fifty_are_named() -> None:
    world = World()
    lived(world, 3, HEALTHY, TRAINED_UNTIL)
    one = Told(SITE, 1, "degraded", "share", TRAINED_UNTIL, "a fifth less")
    sites = [f"site-{number:02}" for number in range(60)]
    world.books.stands = {site: replace(one, site_id=site) for site in sites}
    world.watching.watch(MODEL)
    summary = world.books.last_summary
    assert summary is not None
    assert (len(summary.standing), summary.more) == (50, 10)
    assert dict(world.meter.told)[""]["SitesDegraded"] == 60


def test_its_end_is_told_once_too() -> None:
    world = World()
    day = lived(world, 25, HEALTHY, TRAINED_UNTIL)
    day = lived(world, 6, WORSE, day)
    world.sweep()
    lived(world, 10, HEALTHY, day)
    world.sweep()
    world.sweep()
    assert [each.recovered for each in told(world)] == [False, True]
    assert world.books.stands == {}


def telling(world: World) -> Telling:
    return Telling(world.books, world.books, world.books, world.excluded, world.books, world.clock)


def degradations(world: World, **days: str) -> list[tuple[str, str, str | None]]:
    answer = telling(world).degradations({"model_id": MODEL, **days})
    return [(each["kind"], each["since"], each["until"]) for each in answer["degradations"]]


def test_since_when_until_when_and_why_it_was_worse_is_kept() -> None:
    world = World()
    began = lived(world, 25, HEALTHY, TRAINED_UNTIL)
    day = lived(world, 6, WORSE, began)
    world.sweep()
    assert degradations(world) == [("model", began.isoformat(), None)]
    last = lived(world, 10, HEALTHY, day)
    world.sweep()
    ((kind, since, until),) = degradations(world)
    assert (kind, since) == ("model", began.isoformat())
    assert until is not None
    assert day.isoformat() < until <= last.isoformat()
    (said,) = telling(world).degradations({"model_id": MODEL})["degradations"]
    assert (said["site_id"], said["version"]) == (SITE, 1)
    assert "less power than before" in said["why"]
    before = (began - timedelta(days=1)).isoformat()
    assert degradations(world, first=TRAINED_UNTIL.isoformat(), last=before) == []
    after = (date.fromisoformat(until) + timedelta(days=1)).isoformat()
    assert degradations(world, first=after, last=after) == []
    assert len(degradations(world, first=until, last=after)) == 1


def test_what_gives_way_to_something_else_ends_when_that_begins() -> None:
    one = Told(SITE, 1, "degraded", "share", TRAINED_UNTIL, "a fifth less")
    later = TRAINED_UNTIL + timedelta(days=9)
    other = replace(one, status="data_fault", since=later)
    assert ended({SITE: one}, {SITE: other}, {}) == [Ended(one, later)]
    assert ended({SITE: one}, {SITE: replace(one, cause="snow")}, {}) == []
    assert ended({SITE: one}, {}, {SITE: later}) == [Ended(one, later)]


def test_a_look_that_dies_before_it_is_kept_tells_the_same_again() -> None:
    world = World()
    day = lived(world, 25, HEALTHY, TRAINED_UNTIL)
    lived(world, 5, WORSE, day)
    world.watching.watch(MODEL)
    world.books.stands = {}
    world.watching.watch(MODEL)
    first, second = told(world)
    assert first.id == second.id


def test_a_site_with_a_suspect_source_is_not_judged_until_that_is_settled() -> None:
    world = World()
    day = lived(world, 25, HEALTHY, TRAINED_UNTIL)
    lived(world, 5, WORSE, day)
    why = {"source": "power", "cause": "unit", "reason": "x", "remedy": "y"}
    said = {"site_id": SITE, "sources": [why | {"since": world.clock.now.isoformat()}]}
    key = layout.active_suspects(SITE)
    write(world.objects, key, json.dumps(said).encode())
    world.sweep()
    assert told(world) == []
    del world.objects.kept[key]
    world.sweep()
    assert len(told(world)) == 1


def test_days_that_a_person_excluded_are_not_judged_and_count_again_when_they_are_taken_in() -> (
    None
):
    world = World()
    day = lived(world, 25, HEALTHY, TRAINED_UNTIL)
    last = lived(world, 5, WORSE, day)
    said = {
        "site_id": SITE,
        "config_version": "1",
        "exclusions": [
            {"start": midnight(day).isoformat(), "end": midnight(last).isoformat(), "reason": "x"}
        ],
    }
    site = {"site_id": SITE, "model_id": MODEL, "latitude": 1, "longitude": 1, "timezone": ZONE}
    source = {
        "name": "all",
        "timestamp": {"column": "t"},
        "columns": {"ghi": {"column": "g", "unit": "W/m2"}},
    }
    site |= {"ac_capacity_kw": 1, "sources": [source], "config_version": "1"}
    write(world.objects, layout.active_site(SITE), json.dumps(site).encode())
    write(world.objects, layout.active_exclusions(SITE), json.dumps(said).encode())
    world.sweep()
    assert told(world) == []
    telling = Telling(
        world.books, world.books, world.books, world.excluded, world.books, world.clock
    )
    card = telling.scorecard({"model_id": MODEL, "days": 6, "by": "day"})
    states = [next(iter(line["days"])) for line in card["lines"]]
    assert states == ["scored", *["masked"] * 5]
    assert card["lines"][-1]["masked"].keys() == {"excluded"}
    del world.objects.kept[layout.active_exclusions(SITE)]
    world.sweep()
    assert len(told(world)) == 1


def test_a_change_stands_while_nothing_is_measured() -> None:
    world = World()
    day = lived(world, 25, HEALTHY, TRAINED_UNTIL)
    lived(world, 5, WORSE, day)
    world.sweep()
    later = day + timedelta(days=40)
    world.hear(world.upload("dark", later, columns=("power_ac",)))
    world.clock.now = midnight(later) + timedelta(days=1)
    world.sweep()
    assert [each.recovered for each in told(world)] == [False]
    assert list(world.books.stands) == [SITE]


def test_the_data_of_another_year_are_looked_at_as_of_their_last_day() -> None:
    world = World()
    day = lived(world, 25, HEALTHY, TRAINED_UNTIL)
    lived(world, 5, WORSE, day)
    world.clock.now += timedelta(days=3650)
    world.sweep()
    assert [each.site_id for each in told(world)] == [SITE]


def test_a_site_with_power_and_without_predictions_for_a_week_is_counted() -> None:
    world = World()
    day = TRAINED_UNTIL
    for number in range(21):
        name = f"power-{number}"
        world.hear(world.upload(name, day + timedelta(days=number), columns=("power_ac",)))
    world.hear(world.upload("one", day + timedelta(days=1)))
    world.clock.now = midnight(day + timedelta(days=21))
    world.watching.watch(MODEL)
    assert dict(world.meter.told)[""]["SitesNotScored"] == 1


def test_what_a_version_has_seen_ends_where_its_test_ended() -> None:
    start, end = midnight(TRAINED_UNTIL) - timedelta(days=30), midnight(TRAINED_UNTIL)
    trained = Trained(1, start, end, 15, {SITE: ((start - timedelta(days=300), end),)})
    assert trained.saw_not_all(SITE, end - timedelta(hours=1), end) is False
    assert trained.saw_not_all(SITE, end, end + timedelta(hours=1)) is True
    assert trained.saw_not_all("new", start, end) is True
    assert trained.saw_not_all("new", start - timedelta(days=1), start) is False


def test_a_hold_and_what_aws_could_not_do_are_measured_with_every_sweep() -> None:
    world = World()
    world.sweep("quick")
    assert world.meter.told == []
    world.decisions.held = Hold("ada", "an hour off", world.clock.now - timedelta(days=8))
    world.decisions.kept = Setback(2, 4, world.clock.now)
    world.sweep("quick")
    assert world.meter.told == [("", {"HeldDays": 8.0, "DeploymentSetbacks": 4.0})]
