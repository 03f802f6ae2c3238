"""What an interruption, a newer version or somebody's hand leaves behind is found."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from shared import layout
from tests.unit.deployer.live.test_any_order import DiedError
from tests.unit.deployer.live.world import MODEL, NOW, SITE, World

MONDAY = date(2026, 6, 8)
RETRAINED_UNTIL = date(2026, 6, 9)  # of a version that knows Monday
WEATHER, POWER = ("ghi", "temp_air"), ("power_ac",)


def dies_before_the_table(world: World, *messages: object) -> None:
    """The log has the prediction; the table does not."""

    def died(*_: object) -> None:
        raise DiedError

    world.books.keep = died  # type: ignore[method-assign]
    with pytest.raises(DiedError):
        world.hear(*messages)  # type: ignore[arg-type]
    del world.books.keep


@pytest.mark.parametrize("until", [date(2026, 6, 1), RETRAINED_UNTIL])
def test_a_prediction_of_which_only_the_log_knows_is_scored_when_its_message_comes_again(
    until: date,
) -> None:
    world = World()
    message = world.upload("monday", MONDAY)
    dies_before_the_table(world, message)
    world.hear(world.deploy(2, until, at=NOW))
    world.hear(message)
    assert world.score(MONDAY).version == 1
    assert len(world.predictions) == 1


@pytest.mark.parametrize("until", [date(2026, 6, 1), RETRAINED_UNTIL])
def test_a_prediction_of_which_only_the_log_knows_is_found_by_the_sweep(until: date) -> None:
    world = World()
    dies_before_the_table(world, world.upload("monday", MONDAY))
    world.hear(world.deploy(2, until, at=NOW))
    world.sweep()
    assert world.score(MONDAY).version == 1
    assert len(world.predictions) == 1


def test_a_prediction_that_is_known_is_not_told_of_again_when_an_old_message_comes_again() -> None:
    world = World()
    message = world.upload("monday", MONDAY)
    world.hear(message)
    world.hear(world.deploy(2, at=NOW))
    told = len(world.topic.sent)
    world.hear(message)
    assert len(world.topic.sent) == told
    assert world.score(MONDAY).version == 1


def test_a_prediction_that_two_versions_made_is_scored_for_both() -> None:
    world = World()
    message = world.upload("monday", MONDAY)
    dies_before_the_table(world, message)
    (key,) = world.predictions
    kept = world.objects.kept.pop(key)
    world.hear(world.deploy(2, at=NOW))
    world.hear(message)
    world.objects.kept[key] = kept  # as a release before this one left both
    world.sweep()
    assert [each.version for each in world.scores(MONDAY)] == [1, 2]


@pytest.mark.parametrize("columns", [WEATHER, POWER])
def test_a_withdrawal_counts_at_a_site_that_the_newest_version_does_not_know(
    columns: tuple[str, ...],
) -> None:
    world = World()
    world.hear(world.upload("weather", MONDAY, columns=WEATHER))
    world.hear(world.upload("power", MONDAY, columns=POWER))
    assert world.score(MONDAY).state == "scored"
    world.sites = ("another",)
    world.hear(world.deploy(2, at=NOW))
    world.hear(world.withdraw("weather" if columns == WEATHER else "power"))
    assert "scored" not in [each.state for each in world.scores(MONDAY)]
    assert world.books.waits == {}


def test_a_withdrawal_counts_where_what_serves_has_no_evaluation() -> None:
    world = World()
    world.hear(world.upload("monday", MONDAY))
    world.hear(world.deploy(2, at=NOW))
    del world.objects.kept[layout.evaluation("run2")]
    world.hear(world.withdraw("monday"))
    assert world.scores(MONDAY) == ()


def test_power_of_a_site_that_the_newest_version_does_not_know_is_scored() -> None:
    world = World()
    world.hear(world.upload("weather", MONDAY, columns=WEATHER))
    world.sites = ("another",)
    world.hear(world.deploy(2, at=NOW))
    world.hear(world.upload("power", MONDAY, columns=POWER))
    assert (world.score(MONDAY).version, world.score(MONDAY).state) == (1, "scored")
    assert world.books.waits == {}


def test_a_repeated_message_does_not_prolong_a_wait() -> None:
    world = World(serves=False)
    message = world.upload("monday", MONDAY)
    world.hear(message)
    world.clock.now += timedelta(days=10)
    world.hear(message)
    (waiting,) = world.books.waits.values()
    assert waiting.since == NOW


def test_lost_power_is_scored_although_the_newest_version_was_trained_on_it() -> None:
    world = World()
    weather = world.upload("weather", MONDAY, columns=WEATHER)
    world.hear(weather)
    world.clock.now += timedelta(hours=1)
    power = world.upload("power", MONDAY, columns=POWER)
    world.hear(world.deploy(2, RETRAINED_UNTIL, at=NOW, trained_on=[weather, power]))
    world.sweep()
    assert (world.score(MONDAY).version, world.score(MONDAY).state) == (1, "scored")


def test_the_history_that_a_version_was_trained_on_is_not_read_again() -> None:
    world = World()
    history = [world.upload(f"old-{n}", date(2026, 5, 20) + timedelta(days=n)) for n in range(9)]
    world.deploy(1, trained_on=history)
    world.clock.now += timedelta(hours=1)
    world.hear(world.upload("monday", MONDAY))
    world.sweep()
    world.objects.calls.clear()
    world.sweep()
    assert "HeadObject" not in world.objects.calls


def by_hand(world: World, name: str) -> None:
    """Somebody deletes a canonical object: no marker, no message."""
    key = world.messages[name].canonical_uri.removeprefix("s3://data/")
    del world.objects.kept[key]


def test_what_was_scored_from_an_object_deleted_by_hand_is_withdrawn_by_the_sweep() -> None:
    world = World()
    world.hear(world.upload("weather", MONDAY, columns=WEATHER))
    world.hear(world.upload("power", MONDAY, columns=POWER))
    by_hand(world, "power")
    world.sweep()
    assert world.score(MONDAY).state == "no_power"
    by_hand(world, "weather")
    world.sweep()
    assert world.scores(MONDAY) == ()


def within_half_a_year(world: World) -> None:
    for _ in range(180):
        world.clock.now += timedelta(days=1)
        world.sweep()


def test_a_month_long_gone_has_its_turn_now_and_then() -> None:
    world = World()
    world.hear(world.upload("monday", MONDAY), world.upload("tuesday", MONDAY + timedelta(days=1)))
    lost = world.upload("lost", MONDAY + timedelta(days=2), uploaded=NOW)
    world.clock.now = NOW + timedelta(days=150)
    by_hand(world, "monday")
    world.withdraw("tuesday")
    within_half_a_year(world)
    assert world.scores(MONDAY) == world.scores(MONDAY + timedelta(days=1)) == ()
    assert world.score(lost.window_start.date()).state == "scored"
    assert SITE in {each.site_id for each in world.scores(lost.window_start.date())}


def test_a_site_that_the_newest_version_does_not_know_is_looked_at_by_the_sweep() -> None:
    world = World()
    world.hear(world.upload("monday", MONDAY))
    world.sites = ("another",)
    world.hear(world.deploy(2, at=NOW))
    world.withdraw("monday")  # its message is lost
    world.sweep()
    assert world.scores(MONDAY) == ()


def test_where_nothing_was_lost_no_look_reads_an_object() -> None:
    world = World()
    for number in range(30):
        world.hear(world.upload(f"day-{number}", MONDAY + timedelta(days=number)))
    world.clock.now = NOW + timedelta(days=100)
    world.objects.calls.clear()
    known = len(world.books.scored)
    for _ in range(10):
        world.clock.now += timedelta(days=1)
        world.catching_up.lost(MODEL)
    assert not {"GetObject", "HeadObject"} & set(world.objects.calls)
    assert len(world.books.scored) == known


def test_of_data_of_another_year_each_month_has_its_turn_soon() -> None:
    world = World()
    world.hear(world.upload("monday", MONDAY), world.upload("july", date(2026, 7, 20)))
    world.clock.now = NOW + timedelta(days=3650)
    by_hand(world, "monday")
    for _ in range(3):
        world.clock.now += timedelta(days=1)
        world.sweep()
    assert world.scores(MONDAY) == ()


def test_a_file_that_was_given_up_is_tried_again_when_a_look_comes_to_its_month() -> None:
    world = World()
    world.asking.silent = True
    world.hear(world.upload("monday", MONDAY))
    world.clock.now = NOW + timedelta(days=15)
    world.sweep("quick")
    assert world.books.waits == {}
    world.sweep()
    assert [each.reason for each in world.books.waits.values()] == ["the endpoint does not answer"]
    world.asking.silent = False
    world.sweep("quick")
    assert (world.score(MONDAY).state, world.books.waits) == ("scored", {})


def test_predictions_that_somebody_deleted_are_made_again_after_the_daily_look() -> None:
    world = World()
    world.hear(world.upload("monday", MONDAY), world.upload("tuesday", MONDAY + timedelta(days=1)))
    before, (key, _) = world.score(MONDAY), world.predictions
    del world.objects.kept[key]
    world.sweep()
    assert [each.reason for each in world.books.waits.values()] == ["its predictions were deleted"]
    world.sweep("quick")
    assert (key in world.predictions, world.score(MONDAY)) == (True, before)


def test_a_score_stays_where_who_made_the_deleted_predictions_serves_no_more() -> None:
    world = World()
    world.hear(world.upload("monday", MONDAY))
    before, (key,) = world.score(MONDAY), world.predictions
    world.hear(world.deploy(2, at=NOW))
    del world.objects.kept[key]
    world.sweep()
    world.sweep("quick")
    assert (world.predictions, world.score(MONDAY), world.books.waits) == ([], before, {})


def test_a_site_that_moved_is_predicted_by_its_new_model_alone_and_scored_as_far_as_it_was() -> (
    None
):
    world = World()
    world.hear(world.upload("monday", MONDAY))
    world.moved[SITE] = "another"
    later = [MONDAY + timedelta(days=each) for each in (1, 4)]
    for day in later:
        world.upload(str(day), day)  # its message goes to the other model
    world.upload("restated", MONDAY, columns=POWER, factor=1.0, uploaded=NOW)
    for scope in ("daily", "quick", "daily"):
        world.sweep(scope)
    assert [layout.predicted(key)[0] for key in world.predictions] == ["monday"]
    assert world.score(MONDAY).sums.energy_bias == pytest.approx(0.0, abs=1e-6)
    assert "scored" not in {each.state for day in later for each in world.scores(day)}
    assert world.books.waits == {}
