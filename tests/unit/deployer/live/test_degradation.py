"""A worse plant is found within days, a healthy one is left alone, and a fault of data starts no retrain."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.deployer.domain.live.degradation import judge, verdicts
from tests.unit.deployer.live.made_up import (
    FIRST,
    PROMISES,
    day_score,
    half_a_year,
    promise,
    season,
    without_score,
)

BEFORE = 60


def changed(factor: float, days: int, **options) -> list:
    """Return two healthy months, then days on which the plant gives another share."""
    return season(BEFORE + days, lambda day: factor if day >= BEFORE else 1.0, **options)


def told(days, promises=PROMISES) -> list:
    """Return the verdicts, each once, as they follow each other."""
    found = []
    for _, verdict in verdicts(days, promises):
        if not found or found[-1] != (verdict.status, verdict.cause):
            found.append((verdict.status, verdict.cause))
    return found


def test_a_healthy_plant_alarms_less_than_once_a_year() -> None:
    alarms = 0
    for seed in range(12):
        said = [each.status for _, each in verdicts(season(365, seed=seed), PROMISES)]
        alarms += sum(before == "fine" != now for before, now in pairwise(said))
    assert alarms < 12


@pytest.mark.parametrize("seed", range(12))
def test_a_tenth_less_is_found_within_ten_scored_days(seed) -> None:
    verdict = judge(changed(0.9, 10, seed=seed, noise=0.02), PROMISES)
    assert verdict.status == "degraded"
    assert verdict.change == pytest.approx(-0.1, abs=0.06)
    assert not verdict.retrain_helps
    assert verdict.agreeing <= verdict.telling <= 10
    assert abs((verdict.since - FIRST).days - BEFORE) <= 4


@pytest.mark.parametrize("seed", range(12))
def test_a_dead_string_is_found_within_four_days_that_tell(seed) -> None:
    days = season(BEFORE, seed=seed) + [day_score(BEFORE + each, 0.75) for each in range(4)]
    verdict = judge(days, PROMISES)
    assert (verdict.status, verdict.cause) == ("degraded", "share")
    assert verdict.change == pytest.approx(-0.25, abs=0.03)
    assert abs((verdict.since - FIRST).days - BEFORE) <= 1


def test_a_verdict_says_how_much_since_when_on_how_many_days_and_why() -> None:
    days = [day_score(each, 0.75 if each >= BEFORE else 1.0) for each in range(BEFORE + 3)]
    assert judge(days, PROMISES).why == (
        "24% less power than before since 2024-04-30, on 3 of 4 days that tell: a constant share is missing "
        "on bright and dim days alike: strings or an inverter are off, or a limit was set"
    )


def test_one_or_two_bad_days_are_no_change() -> None:
    days = season(BEFORE)
    bad = [day_score(BEFORE, 0.5), day_score(BEFORE + 1), day_score(BEFORE + 2)]
    assert judge([*days, *bad], PROMISES).status == "fine"
    assert told([*days, *season(30, first=BEFORE + 1, seed=3), bad[0]])[-1][0] == "fine"


def test_snow_overcast_days_and_gaps_are_no_change() -> None:
    winter = [
        without_score(BEFORE + each, "masked", snow=40)
        if each % 2
        else day_score(BEFORE + each, 0.6, sky=0.2, scatter=0.5)
        for each in range(12)
    ]
    later = season(20, first=BEFORE + 80, seed=5)
    found = told([*season(BEFORE), *winter, *later])
    assert {status for status, _ in found} <= {"fine", "not_measured"}


@pytest.mark.parametrize(("scatter", "told_of"), [(0.05, True), (0.3, False)])
def test_days_that_began_in_snow_tell_once_it_has_slid_off(scatter, told_of) -> None:
    """What still lies on the array makes rows differ; a plant without some strings gives even ones."""
    days = [
        replace(day_score(BEFORE + each, 0.8, scatter=scatter), masked={"snow": 12})
        for each in range(8)
    ]
    verdict = judge([*season(BEFORE), *days], PROMISES)
    assert (verdict.change is not None) == told_of


def test_days_too_unsure_to_tell_neither_agree_nor_disagree() -> None:
    """Four clear days show the loss; what the broken ones before them say may be anything."""
    broken = [day_score(BEFORE + each, 1.3, sky=0.3, scatter=0.9) for each in range(4)]
    clear = [day_score(BEFORE + 4 + each, 0.85) for each in range(4)]
    verdict = judge([*season(BEFORE), *broken, *clear], PROMISES)
    assert (verdict.status, verdict.agreeing) == ("degraded", 4)
    assert verdict.telling <= 5


@given(order=st.permutations(range(75)))
@settings(max_examples=25, deadline=None)  # of a machine that others use, too
def test_the_order_in_which_days_come_changes_nothing(order) -> None:
    days = changed(0.88, 15)
    assert judge([days[each] for each in order], PROMISES) == judge(days, PROMISES)


def test_days_may_come_as_a_stream() -> None:
    days = changed(0.88, 15)
    today = days[-1].day + timedelta(days=1)
    assert judge(iter(days), PROMISES, today=today) == judge(days, PROMISES, today=today)


def test_the_adjuster_does_not_hide_that_a_plant_is_worse() -> None:
    """What was predicted was already multiplied by 0.85, so the day looks as if nothing had happened."""
    days = [
        replace(day_score(each), gain=0.85, unadjusted=day_score(each, 0.85).sums)
        for each in range(BEFORE, BEFORE + 10)
    ]
    verdict = judge([*season(BEFORE), *days], PROMISES)
    assert (verdict.status, verdict.cause) == ("degraded", "share")
    assert verdict.figures.energy_ratio == pytest.approx(0.85)


def test_a_day_that_comes_twice_counts_once() -> None:
    days = changed(0.88, 15)
    assert judge([*days, *days], PROMISES) == judge(days, PROMISES)


def test_forecasts_count_nothing() -> None:
    days = season(BEFORE)
    ahead = [
        replace(day_score(each, 0.5), inputs="forecast", provider="met", lead="24h")
        for each in range(BEFORE + 10)
    ]
    assert judge([*days, *ahead], PROMISES) == judge(days, PROMISES)
    assert judge(ahead, PROMISES).status == "not_measured"


def test_a_plant_that_recovers_is_fine_again_and_says_since_when() -> None:
    days = [*changed(0.85, 20), *season(15, first=BEFORE + 20, seed=4)]
    assert [status for status, _ in told(days)] == ["not_measured", "fine", "degraded", "fine"]
    recovered = judge(days, PROMISES).recovered
    assert 0 <= (recovered - FIRST).days - (BEFORE + 20) <= 10


def test_a_change_stands_until_the_plant_is_back() -> None:
    assert judge(changed(0.85, 60), PROMISES).status == "degraded"


def test_a_new_version_that_learnt_the_change_is_fine() -> None:
    learnt = [replace(each, version=2) for each in season(12, first=BEFORE + 20, seed=4)]
    assert judge([*changed(0.85, 20), *learnt], PROMISES).status == "fine"


def test_a_new_version_does_not_hide_that_the_plant_is_worse() -> None:
    days = [
        replace(each, version=2) if each.day >= FIRST + timedelta(days=BEFORE) else each
        for each in changed(0.85, 10)
    ]
    assert judge(days, PROMISES).status == "degraded"


def test_a_version_a_day_is_judged_as_one_plant() -> None:
    days = [replace(each, version=number) for number, each in enumerate(changed(0.88, 10), 1)]
    promises = dict.fromkeys(range(1, 80), promise())
    assert judge(days, promises).status == "degraded"


def test_what_was_seen_in_the_same_season_is_no_change() -> None:
    """A model that was 12 % low in every spring promises it."""
    low = promise(level=0.88, energy_ratio=0.88)
    assert judge(season(BEFORE, 0.88), {1: low}).status == "fine"
    assert judge(season(BEFORE, 0.88), {1: promise()}).status == "degraded"


@pytest.mark.parametrize(
    ("cause", "days", "promises"),
    [
        ("share", changed(0.88, 12), PROMISES),
        ("extended", changed(1.25, 12), PROMISES),
        ("slow", season(150, lambda day: 1 - 0.0015 * max(day - 30, 0), seed=1), PROMISES),
        ("season", season(40, 0.8), {1: half_a_year()}),
        ("partly_off", changed(0.5, 8), PROMISES),
    ],
)
def test_the_likely_cause_is_named(cause, days, promises) -> None:
    assert cause in {name for _, name in told(days, promises)}


def test_a_limit_shows_on_days_of_much_power_only() -> None:
    after = [
        day_score(BEFORE + each, 1.0, sky=0.5)
        if each in {1, 3, 6, 8}
        else day_score(BEFORE + each, 0.92)
        for each in range(10)
    ]
    assert "high_power" in {name for _, name in told([*season(BEFORE, seed=8), *after])}


@pytest.mark.parametrize("part", [0.8, 1.25])
def test_an_irradiance_that_changed_as_much_as_the_power_is_the_sensors(part) -> None:
    """A pyranometer that shows less makes the plant look better than predicted, and the other way."""
    days = [
        replace(each, sky=each.sky * part, level=each.level / part)
        if each.day >= FIRST + timedelta(days=BEFORE)
        else each
        for each in season(BEFORE + 14)
    ]
    verdict = next(each for _, each in verdicts(days, PROMISES) if each.status == "degraded")
    assert verdict.cause == "sensor"
    assert not verdict.retrain_helps


def test_what_a_retrain_would_mend_is_said() -> None:
    assert judge(changed(1.25, 14), PROMISES).retrain_helps
    assert judge(season(40, 0.8), {1: half_a_year()}).retrain_helps
    assert not judge(changed(0.85, 14), PROMISES).retrain_helps


def test_errors_that_grow_while_the_energy_fits_are_a_degradation_too() -> None:
    after = [day_score(BEFORE + each, error=0.1) for each in range(12)]
    verdict = judge([*season(BEFORE), *after], PROMISES)
    assert (verdict.status, verdict.cause) == ("degraded", "errors")
    assert verdict.figures.nmae == pytest.approx(0.05)
    assert verdict.figures.expected_nmae == pytest.approx(0.02)
    back = [day_score(BEFORE + 12 + each, error=0.03) for each in range(6)]
    assert judge([*season(BEFORE), *after, *back], PROMISES).status == "fine"


FAULTS = (
    "stuck_irradiance",
    "dead_irradiance",
    "no_irradiance",
    "curtailed",
    "clock",
    "frozen_record",
    "negative_power",
    "night_power",
)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_data_is_named_and_starts_no_retrain(fault) -> None:
    month = [without_score(BEFORE + each, "masked", **{fault: 40}) for each in range(30)]
    verdict = judge([*season(BEFORE), *month], PROMISES)
    assert (verdict.status, verdict.cause, verdict.retrain_helps) == ("data_fault", fault, False)
    assert verdict.since == FIRST + timedelta(days=BEFORE)
    after = season(4, first=BEFORE + 30, seed=9)
    assert judge([*season(BEFORE), *month, *after], PROMISES).status == "fine"


def test_an_outage_is_a_fault_of_the_plant_not_of_the_model() -> None:
    week = [without_score(BEFORE + each, "outage", outage=30) for each in range(7)]
    verdict = judge([*season(BEFORE), *week], PROMISES)
    assert (verdict.status, verdict.cause) == ("data_fault", "outage")


def test_a_fault_of_one_or_two_days_is_not_told() -> None:
    days = [without_score(BEFORE + each, "masked", stuck_irradiance=40) for each in range(2)]
    assert judge([*season(BEFORE), *days, *season(3, first=BEFORE + 2)], PROMISES).status == "fine"


def test_days_that_are_partly_curtailed_are_a_fault_though_they_are_scored() -> None:
    days = [replace(day_score(BEFORE + each), masked={"curtailed": 14}) for each in range(5)]
    assert judge([*season(BEFORE), *days], PROMISES).cause == "curtailed"


@pytest.mark.parametrize("days", [0, 1, 4])
def test_too_few_days_are_not_measured_yet(days) -> None:
    verdict = judge(season(days), PROMISES)
    assert verdict.status == "not_measured"
    assert verdict.why


def test_why_nothing_is_measured_is_said() -> None:
    waiting = [without_score(each, "no_power") for each in range(9)]
    assert "0 of 5 days are scored; 2024-03-09: no power" in judge(waiting, PROMISES).why


def test_a_site_that_fell_silent_is_not_measured() -> None:
    days = season(BEFORE)
    last = FIRST + timedelta(days=BEFORE - 1)
    assert judge(days, PROMISES, today=last + timedelta(days=14)).status == "fine"
    verdict = judge(days, PROMISES, today=last + timedelta(days=15))
    assert (verdict.status, verdict.since) == ("not_measured", last)
    assert f"nothing was scored since {last}" in verdict.why


def test_a_version_without_a_promise_is_judged_and_that_is_said() -> None:
    verdict = judge(season(30), {})
    assert verdict.status == "fine"
    assert verdict.figures.expected_nmae is None
    assert verdict.figures.promised_by == "no promise"
    assert judge(changed(0.8, 10), {}).status == "degraded"
