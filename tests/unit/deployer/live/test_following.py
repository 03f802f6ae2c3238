"""What was predicted is kept once and scored when power comes, whatever comes first, twice or late."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from services.deployer.adapters.live.log import decode
from services.deployer.app.live import catching_up
from services.deployer.app.live.predicting import MOST_ROWS
from services.deployer.domain.deployment import LogEntry
from shared.errors import NotReadyError
from shared.messages import PredictionsMade
from tests.unit.deployer.live.world import MODEL, NOW, SITE, TRAINED_UNTIL, World, midnight

MONDAY = date(2026, 6, 8)
TUESDAY = MONDAY + timedelta(days=1)
WEATHER = ("ghi", "temp_air")
POWER = ("power_ac",)


def test_a_day_with_weather_and_power_is_predicted_kept_and_scored() -> None:
    world = World()
    world.hear(world.upload("monday", MONDAY))
    assert world.predictions == [f"predictions/{MODEL}/{SITE}/2026-06/monday-v1.parquet"]
    score = world.score(MONDAY)
    assert (score.state, score.version, score.sums.n) == ("scored", 1, 96)
    assert score.sums.energy_bias == pytest.approx(1 / 0.95 - 1, abs=1e-6)
    (told,) = [each for each in world.topic.sent if isinstance(each, PredictionsMade)]
    assert (told.site_id, told.model_package_version, told.rows) == (SITE, 1, 96)


def test_a_day_whose_file_is_read_again_keeps_its_score_after_a_retrain_that_knows_it() -> None:
    world = World()
    world.hear(world.upload("monday", MONDAY))
    before = world.score(MONDAY)
    world.clock.now = NOW + timedelta(days=3)
    world.hear(world.deploy(2, MONDAY + timedelta(days=7), at=world.clock.now))
    for message in (world.withdraw("monday"), world.upload("again", MONDAY)):
        world.hear(message)  # a newer reader reads every file again, under new names
    assert world.score(MONDAY) == before
    assert len(world.asking.calls) == 1


def test_a_day_whose_file_is_read_again_and_says_something_else_is_no_longer_scored_by_it() -> None:
    world = World()
    world.hear(
        world.upload("weather", MONDAY, columns=WEATHER),
        world.upload("power", MONDAY, columns=POWER),
    )
    assert world.score(MONDAY).state == "scored"
    uploaded = midnight(TUESDAY) + timedelta(hours=1)
    anew = world.upload("again", MONDAY, columns=("ghi",), uploaded=uploaded)
    world.hear(world.withdraw("weather"), anew)
    assert len(world.asking.calls) == 2


def test_power_that_comes_after_its_weather_is_scored_then() -> None:
    world = World()
    world.hear(world.upload("weather", MONDAY, columns=WEATHER))
    assert world.score(MONDAY).state == "no_power"
    world.hear(world.upload("power", MONDAY, columns=POWER))
    assert world.score(MONDAY).state == "scored"


def test_power_that_comes_before_its_weather_says_that_there_was_none_until_it_comes() -> None:
    world = World()
    world.hear(world.upload("power", MONDAY, columns=POWER))
    assert world.score(MONDAY).state == "no_weather"
    world.hear(world.upload("weather", MONDAY, columns=WEATHER))
    assert world.score(MONDAY).state == "scored"


def test_a_message_that_comes_twice_changes_nothing() -> None:
    world = World()
    message = world.upload("monday", MONDAY)
    world.hear(message)
    once = (world.books.kept.copy(), world.books.scored.copy(), dict(world.objects.kept))
    world.hear(message, message)
    assert (world.books.kept, world.books.scored, world.objects.kept) == once
    assert len(world.asking.calls) == 1


def test_while_another_worker_keeps_the_book_a_message_waits_for_its_turn() -> None:
    world = World()
    world.leases.others.add(MODEL)
    message = world.upload("monday", MONDAY)
    with pytest.raises(NotReadyError, match="another worker holds golden"):
        world.hear(message)
    assert (world.asking.calls, world.predictions) == ([], [])
    world.leases.others.clear()
    world.hear(message)
    assert (world.score(MONDAY).state, world.leases.held) == ("scored", set())


def test_rows_that_the_version_was_trained_on_are_not_predicted() -> None:
    world = World()
    world.hear(world.upload("history", TRAINED_UNTIL - timedelta(days=30), days=30))
    assert world.predictions == []
    assert world.books.scored == {}


def test_years_before_the_first_version_are_not_even_looked_up() -> None:
    world = World()
    asked: list[int] = []
    plain = world.books.days
    world.books.days = lambda model, keys: asked.append(len(keys)) or plain(model, keys)  # type: ignore[method-assign]
    world.hear(world.upload("history", TRAINED_UNTIL - timedelta(days=800), days=800))
    world.hear(world.upload("both", TRAINED_UNTIL - timedelta(days=400), days=402))
    assert asked == [0, 4], "none; two days that were not seen, one before and one after"


def test_restated_power_of_a_day_that_was_predicted_counts_although_a_newer_version_has_seen_it() -> (
    None
):
    world = World()
    world.hear(world.upload("monday", MONDAY))
    world.hear(world.deploy(2, until=MONDAY + timedelta(days=5)))
    world.hear(world.upload("restated", MONDAY, columns=POWER, factor=1.0, uploaded=NOW))
    assert world.score(MONDAY).version == 1
    assert world.score(MONDAY).sums.energy_bias == pytest.approx(0.0, abs=1e-6)


def test_of_a_file_that_reaches_over_the_end_of_training_only_the_later_rows_are_predicted() -> (
    None
):
    world = World()
    world.hear(world.upload("week", TRAINED_UNTIL - timedelta(days=3), days=5))
    assert world.score(TRAINED_UNTIL).sums.n == 96
    assert world.scores(TRAINED_UNTIL - timedelta(days=1)) == ()


@pytest.mark.parametrize("name", ["a", "z"])
def test_restated_power_replaces_what_was_scored(name: str) -> None:
    world = World()
    world.hear(world.upload("monday", MONDAY))
    later = NOW - timedelta(days=1)
    world.hear(world.upload(name, MONDAY, columns=POWER, factor=1.0, uploaded=later))
    assert world.score(MONDAY).sums.energy_bias == pytest.approx(0.0, abs=1e-6)


def test_withdrawn_power_withdraws_its_score() -> None:
    world = World()
    world.hear(world.upload("weather", MONDAY, columns=WEATHER))
    world.hear(world.upload("power", MONDAY, columns=POWER))
    world.hear(world.withdraw("power"))
    assert world.score(MONDAY).state == "no_power"
    assert world.score(MONDAY).sums.n == 0


def test_predictions_from_withdrawn_weather_stay_in_the_log_and_count_no_longer() -> None:
    world = World()
    world.hear(world.upload("monday", MONDAY, columns=WEATHER))
    world.hear(world.upload("power", MONDAY, columns=POWER))
    world.hear(world.withdraw("monday"))
    assert len(world.predictions) == 1
    assert world.score(MONDAY).state == "no_weather"


def test_a_new_version_predicts_what_is_new_and_leaves_what_was_said() -> None:
    world = World()
    world.hear(world.upload("monday", MONDAY))
    world.hear(world.deploy(2))
    world.hear(world.upload("tuesday", TUESDAY), world.messages["monday"])
    assert [key.rpartition("/")[2] for key in world.predictions] == [
        "monday-v1.parquet",
        "tuesday-v2.parquet",
    ]
    assert [world.score(day).version for day in (MONDAY, TUESDAY)] == [1, 2]


@pytest.mark.parametrize(("before", "after"), [(15, 60), (60, 15), (15, 30)])
def test_power_that_is_restated_after_the_step_was_changed_is_scored_on_the_step_of_who_predicted(
    before: int, after: int
) -> None:
    world, calm = World(serves=False), World(serves=False)
    for each in (world, calm):
        each.deploy(1, step=before)
        each.hear(each.upload("sunday", MONDAY - timedelta(days=1)), each.upload("a", MONDAY))
    world.deploy(2, MONDAY, step=after)
    for each in (world, calm):
        each.hear(each.upload("better", MONDAY, columns=("power_ac",), factor=0.7, uploaded=NOW))
    score = world.score(MONDAY)
    assert score == calm.score(MONDAY)
    assert (score.version, score.sums.n, score.masked) == (1, 24 * 60 // before, {})
    assert score.sums.compared > 0


def test_a_day_after_the_step_was_changed_is_compared_with_the_day_before() -> None:
    world = World()
    world.hear(world.upload("a", MONDAY))
    world.deploy(2, MONDAY, step=60)
    world.hear(world.upload("b", MONDAY + timedelta(days=1)))
    score = world.score(MONDAY + timedelta(days=1))
    assert (score.version, score.sums.n, score.sums.compared) == (2, 24, 24)


def test_where_no_version_serves_a_file_waits_and_is_predicted_by_the_first_one() -> None:
    world = World(serves=False)
    world.hear(world.upload("monday", MONDAY))
    assert [each.reason for each in world.books.waits.values()] == ["no version serves yet"]
    world.hear(world.deploy(1))
    assert world.score(MONDAY).state == "scored"
    assert world.books.waits == {}


def test_a_file_that_nobody_could_predict_for_a_fortnight_is_given_up_and_said() -> None:
    world = World()
    world.asking.silent = True
    world.hear(world.upload("monday", MONDAY))
    world.clock.now = NOW + timedelta(days=15)
    world.sweep("quick")
    assert world.books.waits == {}
    assert ("", {"FilesGivenUp": 1}) in world.meter.told


def test_an_endpoint_that_does_not_answer_is_asked_again_by_the_sweep() -> None:
    world = World()
    world.asking.silent = True
    world.hear(world.upload("monday", MONDAY))
    assert list(world.books.waits) == ["monday"]
    world.asking.silent = False
    world.sweep("quick")
    assert world.score(MONDAY).state == "scored"
    assert world.books.waits == {}


def test_an_endpoint_that_answers_nothing_is_asked_once_however_many_files_there_are() -> None:
    sites = [f"s{number:02}" for number in range(20)]
    world = World(sites)
    world.asking.silent = True
    files = [
        world.upload(f"{site}{day}", day, site=site) for site in sites for day in (MONDAY, TUESDAY)
    ]
    world.hear(*files)
    assert len(world.asking.calls) == 1, "each call may take a minute, and the function has five"
    assert {each.reason for each in world.books.waits.values()} == {"the endpoint does not answer"}
    assert len(world.books.waits) == len(files)


def test_a_file_that_waits_for_something_else_now_says_so_and_waits_no_longer_for_it() -> None:
    world = World(serves=False)
    world.hear(world.upload("a", MONDAY))
    (before,) = world.books.waiting(MODEL)
    world.clock.now += timedelta(days=1)
    world.deploy(1)
    world.asking.silent = True
    world.sweep("quick")
    (after,) = world.books.waiting(MODEL)
    assert (before.reason, after.reason) == (
        "no version serves yet",
        "the endpoint does not answer",
    )
    assert after.since == before.since


def test_a_site_that_fails_holds_up_no_other() -> None:
    world = World(sites=("golden", "boulder"))
    world.asking.broken = {"boulder"}
    world.hear(world.upload("one", MONDAY), world.upload("two", MONDAY, site="boulder"))
    assert world.score(MONDAY).state == "scored"
    assert list(world.books.waits) == ["two"]


def test_a_site_that_the_version_does_not_know_waits_for_one_that_does() -> None:
    world = World()
    world.hear(world.upload("new", MONDAY, site="boulder"))
    (waiting,) = world.books.waits.values()
    assert waiting.reason == "version 1 does not know site boulder"


def test_files_that_nobody_will_predict_soon_hold_up_none_that_waits_behind_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(catching_up, "MOST_AT_ONCE", 10)
    world = World()
    stuck = [world.upload(f"alpha{n:03}", MONDAY, site="alpha") for n in range(15)]
    world.hear(*stuck)
    world.asking.silent = True
    world.hear(world.upload("behind", MONDAY))
    world.asking.silent = False
    for _ in range(2):
        world.clock.now += timedelta(minutes=15)
        world.sweep("quick")
    assert world.score(MONDAY).state == "scored"
    assert len(world.books.waits) == len(stuck)


def test_files_of_a_site_that_the_endpoint_refuses_hold_up_no_other_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(catching_up, "MOST_AT_ONCE", 10)
    world = World(("alpha", SITE))
    world.asking.broken.add("alpha")
    stuck = [world.upload(f"alpha{n:03}", MONDAY, site="alpha") for n in range(15)]
    world.hear(*stuck)
    world.asking.silent = True
    world.hear(world.upload("behind", MONDAY))
    world.asking.silent = False
    for _ in range(3):
        world.clock.now += timedelta(minutes=15)
        world.sweep("quick")
    assert world.score(MONDAY).state == "scored"


def test_what_is_withdrawn_while_nobody_can_score_is_withdrawn_as_soon_as_somebody_can() -> None:
    world = World()
    world.hear(world.upload("a", MONDAY))
    world.deployments.entries.append(
        LogEntry(NOW, "deployed", 2, 1, "solar-golden")
    )  # approved unchecked: it has no run
    world.hear(world.withdraw("a"))
    world.hear(world.deploy(3))
    assert world.scores(MONDAY) == ()
    assert not world.books.waits


def test_a_version_on_trial_predicts_nothing() -> None:
    world = World()
    world.asking.version = 2
    world.hear(world.upload("monday", MONDAY))
    (waiting,) = world.books.waits.values()
    assert waiting.reason == "version 2 is being deployed"
    assert world.predictions == []


def test_predictions_that_somebody_deleted_are_made_again() -> None:
    world = World()
    world.hear(world.upload("weather", MONDAY, columns=WEATHER))
    (key,) = world.predictions
    del world.objects.kept[key]
    world.hear(world.upload("power", MONDAY, columns=POWER))
    assert world.score(MONDAY).state == "no_weather"
    world.sweep("quick")
    assert world.predictions == [key]
    assert world.score(MONDAY).state == "scored"


def test_files_of_many_sites_go_in_one_call_of_the_endpoint() -> None:
    sites = [f"site-{number}" for number in range(20)]
    world = World(sites=sites)
    world.hear(*[world.upload(f"file-{site}", MONDAY, site=site) for site in sites])
    assert [len(call) for call in world.asking.calls] == [20]
    assert all(world.score(MONDAY, site).state == "scored" for site in sites)


def test_weather_of_two_sources_is_predicted_together() -> None:
    world = World()
    world.hear(
        world.upload("irradiance", MONDAY, columns=("ghi",)),
        world.upload("temperature", MONDAY, columns=("temp_air",), uploaded=NOW),
    )
    world.hear(world.upload("power", MONDAY, columns=POWER))
    assert world.score(MONDAY).sums.energy_bias == pytest.approx(1 / 0.95 - 1, abs=1e-6)


def test_yesterdays_power_is_the_baseline_in_whichever_order_the_days_come() -> None:
    forward, backward = World(), World()
    for world, order in ((forward, ("monday", "tuesday")), (backward, ("tuesday", "monday"))):
        world.upload("monday", MONDAY)
        world.upload("tuesday", TUESDAY)
        for name in order:
            world.hear(world.messages[name])
    assert forward.score(TUESDAY).sums.compared == 96
    assert forward.books.scored == backward.books.scored


def test_power_of_a_clock_that_follows_summer_time_is_moved_as_it_was_in_training() -> None:
    stated, corrected = World(), World(corrected_clocks=(SITE,))
    for world in (stated, corrected):
        world.hear(world.upload("monday", MONDAY, factor=1.0, late_hours=1))
    assert stated.score(MONDAY).state == "masked"
    assert corrected.score(MONDAY).sums.nmae == pytest.approx(0.0, abs=1e-6)


def test_a_file_whose_message_was_lost_is_found_by_the_daily_sweep() -> None:
    world = World()
    world.upload("monday", MONDAY)
    world.sweep()
    assert world.score(MONDAY).state == "scored"


def test_a_withdrawal_whose_message_was_lost_is_found_by_the_daily_sweep() -> None:
    world = World()
    world.hear(world.upload("weather", MONDAY, columns=WEATHER))
    world.hear(world.upload("power", MONDAY, columns=POWER))
    world.withdraw("power")
    world.sweep()
    assert world.score(MONDAY).state == "no_power"


def test_a_large_fleet_is_looked_at_once_a_week(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catching_up, "ALL_DAILY", 9)
    sites = [f"site-{number:03}" for number in range(10)]
    world = World(sites)
    for site in sites:
        world.upload(f"of-{site}", MONDAY, site=site)
    scored = []
    for _ in range(7):
        world.sweep()
        world.clock.now += timedelta(days=1)
        scored.append(sum(bool(world.scores(MONDAY, site)) for site in sites))
    assert scored[0] in {1, 2}
    assert scored[-1] == len(sites)


def test_a_forecast_is_kept_with_its_issue_and_scored_by_how_long_before_it_was_known() -> None:
    world = World()
    issued = midnight(MONDAY) - timedelta(hours=12)
    world.clock.now = issued
    world.hear(world.upload("issue", MONDAY, columns=("forecast_ghi",), uploaded=issued))
    world.hear(world.upload("measured", MONDAY))
    by_lead = {each.lead: each for each in world.scores(MONDAY) if each.inputs == "forecast"}
    assert {lead: each.sums.n for lead, each in by_lead.items()} == {"6-24h": 48, "24-48h": 48}
    (measured,) = [each for each in world.scores(MONDAY) if each.inputs == "measured"]
    assert measured.sums.n == 96
    (key,) = [each for each in world.predictions if each.endswith("issue-v1.parquet")]
    kept = decode(world.objects.kept[key][0], SITE)
    assert kept.inputs == "forecast"
    assert set(kept.issued_at.tolist()) == {issued.replace(tzinfo=None)}
    assert set(kept.weather.columns) == {"forecast_ghi"}
    assert set(kept.missing) == {"ghi,temp_air"}


def test_a_forecast_is_made_from_forecasts_that_were_there_and_from_nothing_measured() -> None:
    world = World()
    world.hear(world.upload("measured", MONDAY, columns=WEATHER, uploaded=NOW))
    issued = midnight(MONDAY) - timedelta(hours=12)
    world.hear(world.upload("issue", MONDAY, columns=("forecast_ghi",), uploaded=issued))
    (key,) = [each for each in world.predictions if each.endswith("issue-v1.parquet")]
    assert set(decode(world.objects.kept[key][0], SITE).weather.columns) == {"forecast_ghi"}


def test_many_rows_go_in_as_few_calls_as_hold_them() -> None:
    sites = ("one", "other", "third")
    world = World(sites=sites)
    days = MOST_ROWS // 96 * 2 // 5  # two sites fit into a call, three do not
    world.hear(*[world.upload(site, TRAINED_UNTIL, days, site=site) for site in sites])
    assert world.asking.calls == [["one", "other"], ["third"]]


def test_two_files_of_a_site_are_two_calls_because_a_time_is_one_row_to_a_model() -> None:
    world = World(sites=("one", "other"))
    world.hear(
        world.upload("a", MONDAY, columns=("ghi",), site="one"),
        world.upload("b", MONDAY, columns=("temp_air",), site="one"),
        world.upload("c", MONDAY, site="other"),
    )
    assert world.asking.calls == [["one", "other"], ["one"]]


def a_low_week(world: World) -> date:
    """Seven days of a plant that gives a tenth less than predicted; return the third day after them."""
    for number in range(7):
        day = MONDAY + timedelta(days=number)
        world.hear(world.upload(f"day-{number}", day, factor=0.9))
    return MONDAY + timedelta(days=9)


def test_an_adjuster_takes_a_site_to_what_its_last_week_says_and_shows_what_was_without() -> None:
    world = World()
    world.adjusts = True
    day = a_low_week(world)
    world.hear(world.upload("later", day, factor=0.9))
    score = world.score(day)
    assert 0.9 <= score.gain < 0.95
    assert score.unadjusted is not None
    assert score.unadjusted.energy_bias == pytest.approx(1 / 0.9 - 1, abs=1e-6)
    assert score.sums.energy_bias == pytest.approx(score.gain / 0.9 - 1, abs=1e-6)


def test_without_an_adjuster_a_prediction_is_the_models_own() -> None:
    world = World()
    day = a_low_week(world)
    world.hear(world.upload("later", day, factor=0.9))
    assert (world.score(day).gain, world.score(day).unadjusted) == (1.0, None)


def test_the_days_of_a_long_file_are_adjusted_by_what_was_known_for_each() -> None:
    world = World()
    world.adjusts = True
    day = a_low_week(world)
    world.hear(world.upload("later", day, 2, factor=0.9))
    first, second = world.score(day), world.score(day + timedelta(days=1))
    assert first.gain < 1
    assert second.gain < 1
