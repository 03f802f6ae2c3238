"""Another policy over the recorded arrivals."""

from __future__ import annotations

from datetime import timedelta

from services.trainer_trigger.domain.model_state import KnownFile
from services.trainer_trigger.domain.replay import PastRun, replay
from shared.model_config import RetrainPolicy
from tests.unit.trainer_trigger.fakes import START, a_file

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
