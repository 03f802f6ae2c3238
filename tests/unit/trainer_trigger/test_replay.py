"""Another policy over the recorded arrivals."""

from __future__ import annotations

from datetime import timedelta

from services.trainer_trigger.domain.model_state import KnownFile
from services.trainer_trigger.domain.replay import PastRun, replay
from shared.model_config import RetrainPolicy
from tests.unit.trainer_trigger.samples import START, a_file

DAILY = [KnownFile(a_file(day + 1, days=1), START + timedelta(days=day)) for day in range(30)]
PAST = [PastRun(600, 0.5), PastRun(1200, 1.0), PastRun(900, 0.7)]


def policy(**fields: object) -> RetrainPolicy:
    return RetrainPolicy.model_validate(
        {"quiet_period": "10 min", "maximum_wait": "30 d", "cool_down": "1 h", **fields}
    )


def during(chosen: RetrainPolicy) -> tuple[int, float | None]:
    end = START + timedelta(days=29, hours=1)
    runs, cost = replay(DAILY, PAST, chosen, since=START, until=end)
    return len(runs), cost


def test_a_minimum_of_days_decides_how_often_is_trained() -> None:
    assert during(policy(minimum_new_days=1)) == (30, 21.0)
    often, _ = during(policy(minimum_new_days=7))
    assert often == 5, "the first at once, then every seven days"


def test_the_maximum_wait_trains_a_trickle() -> None:
    runs, _ = during(policy(minimum_new_days=1000, maximum_wait="10 d"))
    assert runs == 3


def test_a_paused_policy_trains_nothing() -> None:
    assert during(policy(paused=True)) == (0, 0.0)


def test_without_recorded_costs_none_are_claimed() -> None:
    runs, cost = replay(
        DAILY, [], policy(minimum_new_days=1), since=START, until=START + timedelta(days=3)
    )
    assert runs
    assert cost is None
    assert runs[0].reasons


def test_a_run_at_the_very_end_of_the_time_still_counts() -> None:
    arrived = [KnownFile(a_file(1), START)]
    chosen = policy(minimum_new_days=1)
    for end, begun in ((10, 1), (9, 0)):
        until = START + timedelta(minutes=end)
        runs, _ = replay(arrived, PAST, chosen, since=START - timedelta(days=1), until=until)
        assert len(runs) == begun


def test_runs_are_at_least_a_cool_down_apart() -> None:
    runs, _ = during(policy(minimum_new_days=1, cool_down="3 d"))
    assert runs == 10


def test_a_replayed_month_has_spent_nothing_and_waits_for_no_place() -> None:
    assert during(policy(minimum_new_days=1, monthly_budget_usd=0.5))[0] == 30


def test_costs_are_given_to_a_hundredth_of_a_cent() -> None:
    _, cost = replay(
        DAILY[:1], [PastRun(600, 1 / 3)], policy(), since=START, until=START + timedelta(hours=1)
    )
    assert cost == 0.3333
