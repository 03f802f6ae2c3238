"""The gain follows what a plant gave in its last week, and stands still while data are doubtful."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.deployer.domain.live.adjusting import NO_GAIN, gain
from tests.unit.deployer.live.made_up import FIRST, day_score, season, without_score

WEEK = 7
TODAY = FIRST + timedelta(
    days=WEEK + 1
)  # seven days, of which the last ended the day before yesterday


def week(level: float, **changes) -> list:
    return [day_score(each, level, **changes) for each in range(WEEK)]


@pytest.mark.parametrize("level", [0.85, 0.95, 1.0, 1.1])
def test_a_week_whose_days_agree_is_followed_most_of_the_way(level) -> None:
    found = gain(week(level), TODAY)
    assert 0.5 < (found.value - 1) / (level - 1) < 1 if level != 1 else found.value == 1
    assert found.days == WEEK
    assert f"{level:.0%} of its prediction on 7 days" in found.why


def test_a_week_whose_days_disagree_is_followed_less() -> None:
    torn = [day_score(each, 0.75 if each % 2 else 1.05) for each in range(WEEK)]
    calm = gain(week(0.85), TODAY).value
    assert calm < gain(torn, TODAY).value < 1


@pytest.mark.parametrize(("level", "limit"), [(0.2, 0.7), (5.0, 1.4)])
def test_the_gain_has_limits(level, limit) -> None:
    assert gain(week(level), TODAY).value == limit


def test_yesterdays_power_does_not_count_yet() -> None:
    late = [day_score(WEEK, 0.5), day_score(WEEK + 1, 0.5), day_score(WEEK + 2, 0.5)]
    assert gain([*week(0.9), *late], TODAY) == gain(week(0.9), TODAY)


def test_what_is_older_than_a_week_does_not_count() -> None:
    days = [*week(0.75), *(day_score(WEEK + each, 1.0) for each in range(WEEK))]
    assert gain(days, TODAY + timedelta(days=WEEK)).value == 1.0


@pytest.mark.parametrize("state", ["masked", "outage"])
def test_the_gain_is_frozen_while_data_are_doubtful_and_says_so(state) -> None:
    doubtful = [without_score(WEEK + each, state, stuck_irradiance=40) for each in range(5)]
    found = gain([*week(0.9), *doubtful], TODAY + timedelta(days=5))
    assert found.value == gain(week(0.9), TODAY).value
    assert found.frozen_since == FIRST + timedelta(days=WEEK - 1)
    assert "frozen since 2024-03-07" in found.why


def test_days_that_are_partly_curtailed_teach_no_gain() -> None:
    held = [replace(day_score(WEEK + each, 0.7), masked={"curtailed": 14}) for each in range(5)]
    assert gain([*week(1.0), *held], TODAY + timedelta(days=5)).value == 1.0


def test_a_gain_is_not_kept_for_ever() -> None:
    assert gain(week(0.9), TODAY + timedelta(days=30)) == NO_GAIN
    doubtful = [without_score(WEEK + each, "masked") for each in range(40)]
    assert gain([*week(0.9), *doubtful], TODAY + timedelta(days=40)) == NO_GAIN


@pytest.mark.parametrize(
    "days", [[], week(0.9)[:1], [day_score(each, 0.5, sky=0.2, scatter=0.6) for each in range(7)]]
)
def test_too_few_days_to_trust_give_no_gain(days) -> None:
    assert gain(days, TODAY) == NO_GAIN


def test_days_that_were_adjusted_are_taken_as_if_they_were_not() -> None:
    """A plant at 85 % looks like 100 % of a prediction that was already multiplied by 0.85."""
    already = week(1.0, gain=0.85)
    assert gain(already, TODAY).value == pytest.approx(gain(week(0.85), TODAY).value)


@settings(max_examples=25, deadline=None)  # of a machine that others use, too
@given(order=st.permutations(range(20)))
def test_the_order_in_which_days_come_changes_nothing(order) -> None:
    days = season(20, 0.9)
    today = FIRST + timedelta(days=21)
    assert gain([days[each] for each in order], today) == gain(days, today)
