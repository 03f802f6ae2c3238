"""What speaks against a version's answers to real rows, and what does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.deployer.domain.real_rows import (
    MOST_SITES,
    Inquiry,
    Question,
    SiteDay,
    fault,
    sample,
)
from services.deployer.domain.reference import Answer
from tests.unit.deployer.fakes import START

CHAMPION = (0.0, 10.0, 30.0, 60.0, 50.0, 20.0, 5.0, 0.0)
ROWS = tuple(
    {"site_id": "east", "timestamp": f"2026-05-03T{hour:02}:00:00Z"} for hour in range(8, 16)
)
UNKNOWN = SiteDay("east", 100.0, ROWS, (None,) * 8)
QUESTION = Question(UNKNOWN, CHAMPION, champion_seconds=0.1)
BOUND = 0.25


def measured(*power_kw: float | None) -> Question:
    return replace(QUESTION, day=replace(UNKNOWN, measured_kw=power_kw))


def scaled(by: float) -> tuple[float, ...]:
    return tuple(by * each for each in CHAMPION)


def judged(*power_kw: float, question: Question = QUESTION, seconds: float = 0.1) -> str | None:
    return fault(question, Answer(2, power_kw, seconds=seconds), BOUND)


MEASURED = measured(*CHAMPION)


@pytest.mark.parametrize("by", [0.76, 1.0, 1.24])
def test_what_is_hardly_farther_from_the_measured_power_passes(by: float) -> None:
    assert judged(*scaled(by), question=MEASURED) is None


@pytest.mark.parametrize("by", [0.5, 0.74, 1.26])
def test_what_is_farther_is_told_with_the_row_that_is_farthest_off(by: float) -> None:
    found = judged(*scaled(by), question=MEASURED)
    assert found is not None
    assert "rows of site east" in found
    assert f"{abs(1 - by):.0%} farther from the measured power than the champion's" in found
    assert (
        f"at 2026-05-03T11:00:00Z it predicts {60 * by:.4g} kW, the champion 60 kW, measured 60 kW"
        in found
    )


def test_a_shift_in_time_is_a_shift_although_the_energy_is_the_same() -> None:
    assert judged(*CHAMPION[3:], *CHAMPION[:3], question=MEASURED) is not None


def test_a_day_on_which_both_are_far_off_says_little() -> None:
    """Snow: the plant gives a fifth of what any version predicts."""
    assert judged(*scaled(1.5), question=measured(*scaled(0.2))) is None
    assert judged(*scaled(2.0), question=measured(*scaled(0.2))) is not None


@pytest.mark.parametrize("by", [0.1, 0.5, 1.5, 3.0])
def test_a_shift_towards_what_was_measured_passes_however_far_it_goes(by: float) -> None:
    assert judged(*scaled(by), question=measured(*scaled(by))) is None


@pytest.mark.parametrize(
    "question",
    [QUESTION, measured(None, None, None, 90.0, None, None, None, None)],
    ids=["nothing was measured", "hardly anything was"],
)
def test_without_measured_power_only_what_is_grossly_off_fails(question: Question) -> None:
    """An honest successor may be the better one: they differ by up to 62 % of a day's energy."""
    assert judged(*scaled(0.35), question=question) is None
    found = judged(*scaled(0.2), question=question)
    assert found is not None
    assert "80% away from the champion's, more than 3 times" in found


@pytest.mark.parametrize(
    ("by", "fails"), [(0.56, False), (1.44, False), (0.54, True), (1.46, True)]
)
def test_of_a_week_less_is_grossly_off(by: float, *, fails: bool) -> None:
    """Days differ by chance, weeks hardly: honest successors by up to 37 % of a week's energy."""
    week = replace(QUESTION, day=replace(UNKNOWN, span="week"))
    found = judged(*scaled(by), question=week)
    if not fails:
        assert found is None
        return
    assert found is not None
    assert found.startswith("its answers to the last week's rows of site east are")
    assert "away from the champion's, more than 1.8 times endpoint.live_shift of 25%" in found


def test_dark_days_differ_by_chance() -> None:
    dark = replace(QUESTION, champion_kw=scaled(0.03))
    assert judged(*scaled(0.06), question=dark) is None


def test_a_night_says_nothing_of_a_shift() -> None:
    night = replace(QUESTION, champion_kw=(0.0,) * 8)
    assert judged(*(0.5, *(0.0,) * 7), question=night) is None


def test_no_number_is_told_with_its_row() -> None:
    found = judged(*CHAMPION[:3], float("nan"), *CHAMPION[4:])
    assert found is not None
    assert "at 2026-05-03T11:00:00Z it predicts no number, the champion 60 kW" in found


@pytest.mark.parametrize("champion_kw", [CHAMPION, ()])
def test_a_constant_fails_where_the_champion_or_the_plant_changes(
    champion_kw: tuple[float, ...],
) -> None:
    question = replace(measured(*CHAMPION), champion_kw=champion_kw)
    found = judged(*(20.0,) * 8, question=question)
    assert found == "it predicts the same 20 kW for all of the last day's rows of site east"


def test_a_constant_passes_where_nothing_is_known_to_change() -> None:
    assert judged(*(20.0,) * 8, question=Question(UNKNOWN)) is None


def test_a_site_that_the_champion_does_not_know_is_not_compared() -> None:
    assert judged(*scaled(9.0), question=Question(UNKNOWN)) is None


@pytest.mark.parametrize(("champion", "slow"), [(0.1, 1.1), (0.5, 2.1)])
def test_slower_than_a_second_and_than_four_times_the_champion_fails(
    champion: float, slow: float
) -> None:
    question = replace(QUESTION, champion_seconds=champion)
    assert judged(*CHAMPION, question=question, seconds=slow - 0.2) is None
    found = judged(*CHAMPION, question=question, seconds=slow)
    assert found is not None
    assert "slow" in found


def test_an_error_and_missing_rows_fail() -> None:
    assert "ValueError" in (fault(QUESTION, Answer(2, (), error="ValueError"), BOUND) or "")
    assert "it answers 7 of 8" in (judged(*CHAMPION[:-1]) or "")


def test_of_a_fleet_each_deployment_asks_other_sites_and_never_more_than_it_may() -> None:
    fleet = [f"s{number:05}" for number in range(10_000)]
    first, second = sample(fleet, 1), sample(fleet, 2)
    assert len(first) == len(second) == MOST_SITES
    assert not set(first) & set(second)
    assert sample(["b", "a"], 7) == ("a", "b")
    assert sample([], 7) == ()


def test_that_a_week_was_asked_is_said() -> None:
    week = replace(QUESTION, day=replace(UNKNOWN, span="week"))
    inquiry = Inquiry(2, 1, START, sites=1, questions=(week,)).with_passed("east")
    assert inquiry.in_words() == (
        "its answers to the last day's real rows of 1 site agree with those of version 1, or are nearer to "
        "the measured power (the last week's rows of east, whose power is not known)"
    )


def test_what_was_tested_and_what_was_not_is_said_in_words() -> None:
    inquiry = Inquiry(2, 1, START + timedelta(0), sites=30)
    for site in ("a", "b"):
        inquiry = inquiry.with_passed(site)
    for number in range(7):
        inquiry = inquiry.with_untested(f"x{number}", "it has no weather of the last 7 days")
    assert inquiry.in_words() == (
        "its answers to the last day's real rows of 2 of 30 sites agree with those of version 1, or are "
        "nearer to the measured power; not tested on real rows of x0, x1, x2, x3, x4 and 2 more: it has no "
        "weather of the last 7 days"
    )
