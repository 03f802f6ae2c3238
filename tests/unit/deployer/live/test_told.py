"""A change is told when it begins and when it is over, not each time that its cause is named otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from services.deployer.domain.live.degradation import Verdict
from services.deployer.domain.live.told import Told, is_news, standing

DAY = date(2026, 6, 8)
TOLD = Told("east", 1, "degraded", "share", DAY, "a fifth less")
WORSE = Verdict("degraded", "a fifth less", since=DAY, cause="share")


def test_a_change_that_begins_is_news_and_one_that_goes_on_is_not() -> None:
    assert standing(None, "east", 1, WORSE) == TOLD
    assert is_news(None, TOLD)
    assert not is_news(TOLD, TOLD)


def test_another_name_of_the_cause_is_kept_and_not_told() -> None:
    now = standing(TOLD, "east", 1, replace(WORSE, cause="slow", why="it grew over weeks"))
    assert now is not None
    assert (now.cause, now.why) == ("slow", "it grew over weeks")
    assert not is_news(TOLD, now)


def test_that_a_retrain_is_now_thought_to_help_is_news_and_the_opposite_is_not() -> None:
    helps = replace(TOLD, cause="season", retrain_helps=True)
    assert is_news(TOLD, helps)
    assert not is_news(helps, TOLD)


def test_a_fault_of_the_data_is_other_news_than_one_of_the_model() -> None:
    now = standing(TOLD, "east", 1, replace(WORSE, status="data_fault", cause="curtailed"))
    assert now is not None
    assert is_news(TOLD, now)


def test_what_days_say_nothing_of_stands_and_what_is_fine_does_not() -> None:
    assert standing(TOLD, "east", 1, Verdict("not_measured", "no days")) == TOLD
    assert standing(None, "east", 1, Verdict("not_measured", "no days")) is None
    assert standing(TOLD, "east", 1, Verdict("fine", "as promised")) is None
