"""Each rule at the edge of what it looks at: what it answers, and until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.trainer_trigger.domain import rules
from services.trainer_trigger.domain.decision import Effect, Rule
from services.trainer_trigger.domain.model_state import (
    ApprovedVersion,
    FinishedRun,
    InFlight,
    KnownFile,
    ModelState,
    RecipeHistory,
    Request,
)
from services.trainer_trigger.domain.rules.new_days import new_days_by_site
from shared.model_config import RetrainPolicy
from tests.unit.trainer_trigger.samples import START, a_file

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
POLICY: dict[str, Any] = {
    "quiet_period": timedelta(minutes=10),
    "maximum_wait": 6 * HOUR,
    "minimum_new_days": 7,
    "minimum_site_share": 0.5,
    "cool_down": HOUR,
    "first_retry": timedelta(minutes=5),
    "maximum_attempts": 3,
    "monthly_budget_usd": 10.0,
    "maximum_champion_age": 5 * DAY,
}
CHAMPION = ApprovedVersion(1, "arn", "s3://b/m", START)
STATE = ModelState(files=(KnownFile(a_file(1), START),), consumed=frozenset(), config_id="c")
ASKED = Request("ada", "new inverter", force=False, requested_at=START)
LAST = FinishedRun("r1", "registered", "c", START, "x")
ALL_OLD = frozenset({"file0001"})


def days(number: int, site_id: str = "golden", name: str = "") -> KnownFile:
    file = a_file(1, days=number)
    names = {"site_id": site_id, "file_id": name or site_id}
    return KnownFile(file.model_copy(update=names), START)


def failed(times: int) -> RecipeHistory:
    return RecipeHistory(failures=times, last_failure_at=START)


NOTHING, WANT, DEMAND = Effect.NOTHING, Effect.WANT, Effect.DEMAND
HOLD, FORBID = Effect.HOLD, Effect.FORBID
# rule, what is known, policy, time after START, effect, until (after START)
CASES: list[tuple[Rule, dict[str, Any], dict[str, Any], timedelta, Effect, timedelta | None]] = [
    (rules.in_flight, {}, {}, HOUR, NOTHING, None),
    (
        rules.in_flight,
        {"in_flight": InFlight("r", START, START + 6 * HOUR)},
        {},
        HOUR,
        FORBID,
        6 * HOUR,
    ),
    # past its deadline it is looked at every minute, until the sweep has ended it
    (
        rules.in_flight,
        {"in_flight": InFlight("r", START, START + HOUR)},
        {},
        2 * HOUR,
        FORBID,
        2 * HOUR + timedelta(minutes=1),
    ),
    (rules.paused, {}, {"paused": False}, HOUR, NOTHING, None),
    (rules.paused, {}, {"paused": True}, HOUR, FORBID, None),
    (rules.over_budget, {"spent_usd": 99.0}, {"monthly_budget_usd": None}, HOUR, NOTHING, None),
    (rules.over_budget, {"spent_usd": 9.99}, {}, HOUR, NOTHING, None),
    # START is the 4th of May, 09:00
    (rules.over_budget, {"spent_usd": 10.0}, {}, HOUR, FORBID, 28 * DAY - 9 * HOUR),
    (rules.account_full, {"places": 1}, {}, HOUR, NOTHING, None),
    (rules.account_full, {"places": 2, "ahead": ("west",)}, {}, HOUR, NOTHING, None),
    (
        rules.account_full,
        {"places": 1, "ahead": ("west",)},
        {},
        HOUR,
        FORBID,
        HOUR + timedelta(minutes=15),
    ),
    (rules.account_full, {"places": 0}, {}, HOUR, FORBID, HOUR + timedelta(minutes=15)),
    (rules.no_data, {}, {}, HOUR, NOTHING, None),
    (rules.no_data, {"files": ()}, {}, HOUR, FORBID, None),
    (rules.no_data, {"files": (), "left_out": STATE.files}, {}, HOUR, NOTHING, None),
    (rules.sources_due, {}, {}, HOUR, NOTHING, None),
    (rules.sources_due, {"sources_due_since": START}, {}, 0 * HOUR, FORBID, 60 * SECOND),
    (rules.sources_due, {"sources_due_since": START}, {}, HOUR, NOTHING, None),  # it never came
    (rules.left_out, {}, {}, HOUR, NOTHING, None),
    (rules.left_out, {"left_out": STATE.files}, {}, HOUR, NOTHING, None),
    (rules.left_out, {"files": (), "left_out": STATE.files}, {}, HOUR, FORBID, None),
    (rules.already_trained, {}, {}, HOUR, NOTHING, None),
    (rules.already_trained, {"recipe": RecipeHistory("rejected", "r1")}, {}, HOUR, FORBID, None),
    (
        rules.already_trained,
        {"recipe": RecipeHistory("rejected", "r1"), "request": ASKED},
        {},
        HOUR,
        FORBID,
        None,
    ),
    (
        rules.already_trained,
        {"recipe": RecipeHistory("rejected", "r1"), "request": replace(ASKED, force=True)},
        {},
        HOUR,
        NOTHING,
        None,
    ),
    (rules.given_up, {}, {}, HOUR, NOTHING, None),
    (rules.given_up, {"recipe": failed(1)}, {}, timedelta(0), FORBID, timedelta(minutes=5)),
    (rules.given_up, {"recipe": failed(1)}, {}, timedelta(minutes=5), WANT, None),
    (
        rules.given_up,
        {"recipe": failed(2)},
        {},
        timedelta(minutes=20) - SECOND,
        FORBID,
        timedelta(minutes=20),
    ),
    (rules.given_up, {"recipe": failed(2)}, {}, timedelta(minutes=20), WANT, None),
    (rules.given_up, {"recipe": failed(3)}, {}, 30 * DAY, FORBID, None),
    (rules.given_up, {"recipe": failed(3)}, {"maximum_attempts": 4}, 30 * DAY, WANT, None),
    (rules.given_up, {"recipe": failed(3), "request": ASKED}, {}, HOUR, NOTHING, None),
    (
        rules.given_up,
        {"recipe": replace(failed(3), outcome="rejected", run_id="r4")},
        {},
        HOUR,
        NOTHING,
        None,
    ),
    (rules.person_asked, {}, {}, HOUR, NOTHING, None),
    (rules.person_asked, {"request": ASKED}, {}, HOUR, DEMAND, None),
    (rules.configuration_changed, {}, {}, HOUR, NOTHING, None),
    (rules.configuration_changed, {"last_run": LAST}, {}, HOUR, NOTHING, None),
    (rules.configuration_changed, {"last_run": LAST, "config_id": "d"}, {}, HOUR, DEMAND, None),
    (rules.exclusions_changed, {"exclusions_id": "y"}, {}, HOUR, NOTHING, None),
    (rules.exclusions_changed, {"last_run": LAST, "exclusions_id": "x"}, {}, HOUR, NOTHING, None),
    (rules.exclusions_changed, {"last_run": LAST, "exclusions_id": "y"}, {}, HOUR, DEMAND, None),
    (rules.maximum_wait, {"consumed": ALL_OLD}, {}, 9 * HOUR, NOTHING, None),
    (rules.maximum_wait, {}, {}, 6 * HOUR - SECOND, NOTHING, 6 * HOUR),
    (rules.maximum_wait, {}, {}, 6 * HOUR, DEMAND, None),
    # the oldest new file decides
    (
        rules.maximum_wait,
        {"files": (days(1), replace(days(1, "west"), first_seen_at=START + 5 * HOUR))},
        {},
        6 * HOUR,
        DEMAND,
        None,
    ),
    (rules.champion_missing, {}, {}, HOUR, WANT, None),
    (rules.champion_missing, {"consumed": ALL_OLD}, {}, HOUR, NOTHING, None),
    (rules.champion_missing, {"champion": CHAMPION}, {}, HOUR, NOTHING, None),
    (rules.champion_too_old, {}, {}, HOUR, NOTHING, None),
    (
        rules.champion_too_old,
        {"champion": CHAMPION},
        {"maximum_champion_age": None},
        99 * DAY,
        NOTHING,
        None,
    ),
    (rules.champion_too_old, {"champion": CHAMPION}, {}, 5 * DAY, NOTHING, 5 * DAY),
    (rules.champion_too_old, {"champion": CHAMPION}, {}, 5 * DAY + SECOND, WANT, None),
    (rules.degraded, {}, {}, HOUR, NOTHING, None),
    (rules.degraded, {"degraded": "site golden"}, {}, HOUR, WANT, None),
    (rules.enough_new_days, {"consumed": ALL_OLD}, {}, HOUR, NOTHING, None),
    (rules.enough_new_days, {"files": (days(6),)}, {}, HOUR, NOTHING, None),
    (rules.enough_new_days, {"files": (days(7),)}, {}, HOUR, WANT, None),
    # the mean of the sites that have new data
    (rules.enough_new_days, {"files": (days(10), days(4, "west"))}, {}, HOUR, WANT, None),
    (rules.enough_new_days, {"files": (days(10), days(3, "west"))}, {}, HOUR, NOTHING, None),
    # half of the sites are enough, a third is not
    (
        rules.enough_new_days,
        {"files": (days(9), days(9, "west")), "consumed": frozenset({"west"})},
        {},
        HOUR,
        WANT,
        None,
    ),
    (
        rules.enough_new_days,
        {
            "files": (days(9), days(9, "west"), days(9, "east")),
            "consumed": frozenset({"west", "east"}),
        },
        {},
        HOUR,
        NOTHING,
        None,
    ),
    (rules.quiet_period, {"consumed": ALL_OLD}, {}, timedelta(0), NOTHING, None),
    (rules.quiet_period, {}, {}, timedelta(minutes=10) - SECOND, HOLD, timedelta(minutes=10)),
    (rules.quiet_period, {}, {}, timedelta(minutes=10), NOTHING, None),
    # the newest new file decides
    (
        rules.quiet_period,
        {"files": (days(1), replace(days(1, "west"), first_seen_at=START + HOUR))},
        {},
        HOUR,
        HOLD,
        HOUR + timedelta(minutes=10),
    ),
    (rules.cool_down, {}, {}, HOUR, NOTHING, None),
    (rules.cool_down, {"last_run": LAST}, {}, HOUR - SECOND, HOLD, HOUR),
    (rules.cool_down, {"last_run": LAST}, {}, HOUR, NOTHING, None),
]


@pytest.mark.parametrize(("rule", "known", "policy", "after", "effect", "until"), CASES)
def test_a_rule_answers_at_its_edge(
    *,
    rule: Rule,
    known: dict[str, Any],
    policy: dict[str, Any],
    after: timedelta,
    effect: Effect,
    until: timedelta | None,
) -> None:
    answer = rule(
        replace(STATE, **known), RetrainPolicy.model_validate(POLICY | policy), START + after
    )
    assert answer.effect is effect
    assert answer.until == (None if until is None else START + until)
    assert answer.reason


def test_every_rule_has_a_case_for_each_thing_that_it_may_answer() -> None:
    answers: dict[Rule, set[Effect]] = {}
    for rule, _, _, _, effect, _ in CASES:
        answers.setdefault(rule, set()).add(effect)
    assert set(answers) == set(rules.RULES)
    assert all(len(effects) > 1 for effects in answers.values())


def test_a_budget_that_is_spent_in_december_is_full_again_in_january() -> None:
    now = datetime(2026, 12, 31, 23, 59, 30, 5, tzinfo=UTC)
    poor = RetrainPolicy.model_validate(POLICY)
    answer = rules.over_budget(replace(STATE, spent_usd=10.0), poor, now)
    assert answer.until == datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rule", "known", "numbers"),
    [
        (rules.account_full, {"places": 3, "ahead": ("west",)}, {"free_places": 3, "ahead": 1}),
        (rules.account_full, {"places": 0, "ahead": ("west",)}, {"free_places": 0, "ahead": 1}),
        (rules.given_up, {}, {"failures": 0, "maximum_attempts": 3}),
        (rules.given_up, {"recipe": failed(1)}, {"failures": 1, "maximum_attempts": 3}),
        (rules.given_up, {"recipe": failed(3)}, {"failures": 3, "maximum_attempts": 3}),
        (
            rules.enough_new_days,
            {"files": (days(6),)},
            {"new_days": 6.0, "minimum_new_days": 7, "share": 1.0},
        ),
        (
            rules.enough_new_days,
            {"files": (days(9), days(9, "w"), days(9, "e")), "consumed": frozenset({"w", "e"})},
            {"new_days": 9.0, "minimum_new_days": 7, "share": pytest.approx(1 / 3)},
        ),
    ],
)
def test_a_rule_that_compares_figures_gives_them(
    rule: Rule, known: dict[str, Any], numbers: dict[str, float]
) -> None:
    policy = RetrainPolicy.model_validate(POLICY)
    assert rule(replace(STATE, **known), policy, START).numbers == numbers


def test_the_reason_says_which_run_when_and_how_many() -> None:
    policy = RetrainPolicy.model_validate(POLICY)
    flying = replace(STATE, in_flight=InFlight("r7", START, START + HOUR))
    assert rules.in_flight(flying, policy, START).reason == "run r7 is in flight since 09:00"
    retried = rules.given_up(replace(STATE, recipe=failed(2)), policy, START + HOUR)
    assert retried.reason == "attempt 3 after a failure"
    few = rules.enough_new_days(replace(STATE, files=(days(5),)), policy, START)
    assert few.reason == "5 new days of data, 2 more are needed"


@pytest.mark.parametrize(
    ("hours", "covered"), [((0, 24), 1), ((0, 25), 2), ((23, 25), 2), ((12, 36), 2), ((0, 720), 30)]
)
def test_a_day_counts_once_a_file_has_a_moment_of_it(hours: tuple[int, int], covered: int) -> None:
    first = datetime(2024, 1, 1, tzinfo=UTC)
    window = {
        "window_start": first + hours[0] * HOUR,
        "window_end": first + hours[1] * HOUR,
    }
    assert new_days_by_site([a_file(1).model_copy(update=window)]) == {"golden": covered}


def test_days_of_two_files_count_once_for_each_site() -> None:
    first, second, west = days(3).file, days(5, name="again").file, days(2, "west").file
    assert new_days_by_site([first, second, west]) == {"golden": 5, "west": 2}
