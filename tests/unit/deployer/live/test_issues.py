"""Forecasts are predicted issue by issue, by a version that was trained with their provider."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from services.deployer.adapters.live.log import decode
from services.deployer.app.live import predicting
from services.deployer.app.live.telling import Telling
from services.deployer.domain.live import card
from services.deployer.domain.live.predicted import Predicted
from services.deployer.domain.live.scores import DayScore
from tests.unit.deployer.live.world import MODEL, SITE, World, midnight

MONDAY = date(2026, 6, 8)
NOON = midnight(MONDAY) - timedelta(hours=12)  # of the day before


def forecasting() -> World:
    return World(providers=("ecmwf",))


def kept(world: World, name: str, version: int = 1) -> Predicted:
    (key,) = [each for each in world.predictions if each.endswith(f"{name}-v{version}.parquet")]
    return decode(world.objects.kept[key][0], SITE)


def test_each_interval_of_each_issue_is_predicted_and_kept_with_its_lead() -> None:
    world = forecasting()
    issues = [NOON, NOON + timedelta(hours=6)]
    world.hear(world.issue("nwp", issues))
    found = kept(world, "nwp")
    assert (found.inputs, found.provider) == ("forecast", "ecmwf")
    assert len(found.times) == 2 * 48 * 4
    assert set(found.issued_at.tolist()) == {each.replace(tzinfo=None) for each in issues}
    assert (found.lead_hours.min(), found.lead_hours.max()) == (0.0, 47.75)


def test_forecasts_are_scored_by_lead_and_the_latest_issue_of_a_lead_counts() -> None:
    world = forecasting()
    world.clock.now = NOON + timedelta(minutes=20)
    world.hear(world.issue("early", [NOON - timedelta(hours=2)], factor=0.5))
    world.hear(world.issue("late", [NOON]))
    world.hear(world.upload("power", MONDAY, columns=("power_ac",), factor=1.0))
    by_lead = {each.lead: each.sums for each in world.scores(MONDAY)}
    assert set(by_lead) == {"6-24h", "24-48h"}
    # Only between 22 and 24 h is the early issue the only one of its bucket, and that is at night.
    assert by_lead["6-24h"].absolute < 0.5 * by_lead["6-24h"].actual
    assert {each.provider for each in world.scores(MONDAY)} == {"ecmwf"}


def test_lines_of_leads_are_in_the_order_of_leads() -> None:
    days = [
        DayScore(SITE, MONDAY, 1, "scored", inputs="forecast", lead=lead)
        for lead in ("48h+", "24-48h", "6-24h", "0-6h")
    ]
    names = [each.name for each in card.lines(days, "lead")]
    assert names == ["0-6h", "6-24h", "24-48h", "48h+"]


def test_what_was_predicted_when_its_interval_was_over_is_no_forecast() -> None:
    world = forecasting()
    world.clock.now = midnight(MONDAY) + timedelta(hours=12)  # the message came a day late
    world.hear(world.issue("nwp", [NOON]))
    world.hear(world.upload("power", MONDAY, columns=("power_ac",), factor=1.0))
    by_lead = {(each.lead, each.kind): each.sums.n for each in world.scores(MONDAY)}
    assert by_lead == {("6-24h", "hindsight"): 48, ("24-48h", "forecast"): 48}
    (line,) = [
        each for each in card.lines(world.scores(MONDAY), "day") if each.inputs == "forecast"
    ]
    assert line.sums.n == 48
    assert {each.inputs for each in card.lines(world.scores(MONDAY), "lead")} == {
        "forecast",
        "hindsight",
    }


def test_history_is_scored_by_the_leads_that_it_would_have_had() -> None:
    world = forecasting()
    world.clock.now = midnight(MONDAY) + timedelta(days=300)
    world.hear(world.issue("nwp", [NOON], uploaded=world.clock.now))
    world.hear(world.upload("power", MONDAY, columns=("power_ac",), factor=1.0))
    assert {each.lead for each in world.scores(MONDAY)} == {"6-24h", "24-48h"}


def test_whoever_asks_for_predictions_is_told_which_were_made_afterwards() -> None:
    world = forecasting()
    world.clock.now = NOON + timedelta(minutes=20)
    world.hear(world.issue("in-time", [NOON]))
    world.clock.now = NOON + timedelta(days=9)
    world.hear(world.issue("late", [NOON + timedelta(hours=6)]))
    telling = Telling(
        world.books, world.books, world.books, world.excluded, world.books, world.clock
    )
    asked = {"model_id": MODEL, "site_id": SITE, "first": "2026-06-07", "last": "2026-06-10"}
    found = telling.predictions(asked)["predictions"]
    assert {each["file_id"]: each["hindsight"] for each in found} == {
        "in-time": False,
        "late": True,
    }


def test_live_figures_are_of_forecasts_and_not_of_what_was_made_afterwards() -> None:
    world = forecasting()
    world.hear(world.issue("nwp", [NOON]), world.upload("power", MONDAY, columns=("power_ac",)))
    world.sweep()
    assert {each.kind for each in world.scores(MONDAY)} == {"hindsight"}
    assert world.books.last_summary is not None
    assert world.books.last_summary.sums.n == 0


def test_a_version_of_measured_weather_is_not_asked_about_forecasts() -> None:
    world = World()
    world.hear(world.issue("nwp", [NOON]))
    assert world.asking.calls == []
    assert world.predictions == []
    assert world.books.waits == {}


def test_a_version_of_forecasts_is_not_asked_about_measured_weather() -> None:
    world = forecasting()
    world.hear(world.upload("measured", MONDAY))
    assert world.asking.calls == []


def test_a_provider_that_the_version_does_not_know_is_not_guessed_at() -> None:
    world = forecasting()
    world.hear(world.issue("nwp", [NOON], provider="icon"))
    assert world.predictions == []


def test_an_issue_goes_to_the_endpoint_as_a_whole() -> None:
    world = forecasting()
    before = midnight(date(2026, 5, 31))  # its first day was in training
    world.hear(world.issue("nwp", [before]))
    (asked,) = world.asking.asked
    assert len(asked[0].times) == 48 * 4
    assert set(asked[0].issued_at.tolist()) == {before.replace(tzinfo=None)}
    assert len(kept(world, "nwp").times) == 24 * 4


def test_more_issues_than_a_call_takes_go_in_parts_of_whole_issues(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(predicting, "MOST_ROWS", 1000)
    world = forecasting()
    issues = [NOON + timedelta(hours=6 * number) for number in range(12)]
    world.hear(world.issue("history", issues, uploaded=issues[-1]))
    assert len(world.asking.asked) > 1
    for (part,) in world.asking.asked:
        _, counts = np.unique(part.issued_at, return_counts=True)
        assert set(counts.tolist()) == {48 * 4}
        assert len(part.times) <= 1000 + 48 * 4
    assert len(kept(world, "history").times) == 12 * 48 * 4


def test_a_forecast_that_comes_twice_is_predicted_once() -> None:
    world = forecasting()
    message = world.issue("nwp", [NOON])
    world.hear(message)
    world.hear(message, message)
    assert len(world.asking.calls) == 1


def test_an_issue_in_two_files_is_predicted_from_both() -> None:
    world = forecasting()
    world.hear(world.issue("first", [NOON], hours=24))
    world.hear(world.issue("second", [NOON], hours=48, uploaded=NOON + timedelta(hours=1)))
    assert len(kept(world, "first").times) == 24 * 4
    assert len(kept(world, "second").times) == 48 * 4


def test_an_issue_that_is_told_anew_does_not_reach_what_was_predicted_from_the_one_before() -> None:
    world = forecasting()
    later = NOON + timedelta(hours=3)
    first, anew = (
        world.issue("first", [NOON]),
        world.issue("anew", [NOON], uploaded=later, factor=0.5),
    )
    world.hear(anew, first)  # in one batch: both are there when the first is predicted
    assert kept(world, "anew").power_ac.max() > 0
    np.testing.assert_allclose(kept(world, "anew").power_ac, 0.5 * kept(world, "first").power_ac)


@pytest.mark.parametrize("withdrawn_first", [True, False])
def test_an_issue_that_is_read_again_and_says_the_same_was_foretold_when_it_was(
    withdrawn_first: bool,  # noqa: FBT001
) -> None:
    world = forecasting()
    world.clock.now = NOON + timedelta(minutes=30)
    world.hear(world.issue("nwp", [NOON]))
    before = kept(world, "nwp")
    world.clock.now = NOON + timedelta(days=3)  # a newer reader reads every file again
    messages = [world.issue("again", [NOON]), world.withdraw("nwp")]
    for message in reversed(messages) if withdrawn_first else messages:
        world.hear(message)
    after = kept(world, "again")
    assert (after.made_at, after.version) == (before.made_at, before.version)
    np.testing.assert_array_equal(after.power_ac, before.power_ac)
    assert len(world.asking.calls) == 1
    world.hear(world.upload("power", MONDAY, columns=("power_ac",)))
    assert {each.kind for each in world.scores(MONDAY)} == {"forecast"}
    world.sweep()
    assert len(world.asking.calls) == 1


def test_an_issue_that_is_read_again_after_a_retrain_that_knows_its_days_stays_foretold() -> None:
    world = forecasting()
    world.clock.now = NOON + timedelta(minutes=30)
    world.hear(world.issue("nwp", [NOON]))
    world.hear(world.upload("power", MONDAY, columns=("power_ac",)))
    (scored, later) = world.scores(MONDAY)
    world.clock.now = NOON + timedelta(days=9)
    world.hear(world.deploy(2, MONDAY + timedelta(days=7), at=world.clock.now))
    world.hear(world.withdraw("nwp"), world.issue("again", [NOON]))
    assert world.scores(MONDAY) == (scored, later)
    assert {(each.kind, each.version) for each in (scored, later)} == {("forecast", 1)}
    assert len(world.asking.calls) == 1


@pytest.mark.parametrize("change", [{"factor": 0.5}, {"hours": 60}, {"provider": "icon"}])
def test_an_issue_that_is_read_again_and_says_something_else_is_predicted_anew(
    change: dict[str, Any],
) -> None:
    world = World(providers=("ecmwf", "icon"))
    world.clock.now = NOON + timedelta(minutes=30)
    world.hear(world.issue("nwp", [NOON]))
    world.clock.now = NOON + timedelta(days=3)
    world.hear(world.issue("again", [NOON], **change), world.withdraw("nwp"))
    assert kept(world, "again").made_at == world.clock.now
    assert len(world.asking.calls) == 2


def test_times_of_an_issue_are_those_of_the_clock() -> None:
    world = forecasting()
    world.hear(world.issue("nwp", [NOON], hours=1))
    assert kept(world, "nwp").times.astype(str).tolist() == [
        f"2026-06-07T18:{minute}:00" for minute in ("00", "15", "30", "45")
    ]
