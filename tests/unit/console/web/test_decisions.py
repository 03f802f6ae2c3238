"""Decisions: the rule that decided comes first, moments can be told apart, and another policy is answered."""

from __future__ import annotations

import pytest

from console.client import deciding
from tests.unit.console.systems import FakeSystem, solar, system
from tests.unit.console.web.world import DECISION, Browser, World, browser, world

__all__ = ["browser", "system", "world"]  # the fixtures
AT = "2026-06-01T10:28:07+00:00"
WAITS = {
    "at": AT,
    "outcome": "wait",
    "reasons": ["8 new days of data, 6 more are needed", "east is left out"],
    "until": None,
    "verdicts": [
        {"rule": "paused", "effect": "nothing", "reason": "not paused", "numbers": {}},
        {
            "rule": "enough_new_days",
            "effect": "nothing",
            "reason": "8 new days of data, 6 more are needed",
            "numbers": {},
        },
        {"rule": "left_out", "effect": "nothing", "reason": "east is left out", "numbers": {}},
    ],
}


def decided(world: World, *decisions: dict[str, object]) -> None:
    world.answers["trainer_trigger", "decisions"] = {
        "decisions": {"golden": list(decisions)},
        "waiting": {},
    }


def test_the_rule_that_decided_comes_first_even_where_it_only_asks_for_no_run() -> None:
    found = deciding.rules(WAITS)
    assert [(each["rule"], each["decided"], each["says"]) for each in found] == [
        ("enough_new_days", True, "asks for no run"),
        ("paused", False, "has no say"),
        ("left_out", False, "has no say"),
    ]


def test_a_rule_that_holds_a_run_back_is_found_among_those_that_want_it() -> None:
    verdicts = [
        {"rule": "enough_new_days", "effect": "want", "reason": "15 new days", "numbers": {}},
        {"rule": "quiet_period", "effect": "hold", "reason": "files still come", "numbers": {}},
    ]
    found = deciding.rules({"reasons": ["files still come"], "verdicts": verdicts})
    assert [(each["rule"], each["decided"], each["says"]) for each in found] == [
        ("quiet_period", True, "holds a run back"),
        ("enough_new_days", False, "wants a run"),
    ]


def test_the_page_says_which_rule_decided_without_unfolding_anything(
    world: World, browser: Browser
) -> None:
    decided(world, WAITS)
    page = " ".join(browser.get("/decisions/golden").text.split())
    assert "Decided by <strong>enough new days</strong> (asks for no run)." in page
    assert "<summary>3 rules</summary>" in page
    assert page.index("enough new days <strong>decided") < page.index(">paused<")


def test_decisions_of_the_same_minute_can_be_told_apart(world: World, browser: Browser) -> None:
    decided(world, WAITS, {**WAITS, "at": "2026-06-01T10:28:41+00:00"})
    page = browser.get("/decisions/golden").text
    assert "<time>2026-06-01 10:28:07</time>" in page
    assert "<time>2026-06-01 10:28:41</time>" in page


@pytest.mark.parametrize(
    ("until", "said"),
    [
        ("2999-06-01T10:28:00+00:00", "is looked at again at 2999-06-01 10:28:00"),
        ("2026-06-01T10:28:00+00:00", "was to be looked at again at 2026-06-01 10:28:00"),
    ],
)
def test_when_it_is_looked_at_again_is_no_past_until_it_is(
    world: World, browser: Browser, until: str, said: str
) -> None:
    decided(world, {**DECISION, "until": until})
    assert said in browser.get("/decisions/golden").text


def test_another_policy_is_answered_above_the_list(browser: Browser) -> None:
    page = browser.get("/decisions/golden?since=2026-01-01&quiet_period=2+h").text
    assert 'action="/decisions/golden#another-policy"' in page
    assert page.index('id="another-policy"') < page.index("1 run instead of 5")
    assert page.index("1 run instead of 5") < page.index('class="timeline"')


def test_a_cost_below_a_cent_is_said_in_words(world: World, browser: Browser) -> None:
    world.answers["trainer_trigger", "replay"] |= {"cost_usd": 0.004}
    page = browser.get("/decisions/golden?since=2026-01-01").text
    assert "1 run instead of 5; the whole costs less than 0.01 $" in page


@pytest.mark.parametrize("query", ["min_new_days=3", "since=2026-01-01&min_new_days=abc"])
def test_a_policy_is_not_tried_without_the_field_that_was_asked_for(
    browser: Browser, query: str
) -> None:
    page = browser.get(f"/decisions/golden?{query}").text
    assert "min_new_days cannot be tried here; what can: quiet_period," in page
    assert "instead of" not in page


def test_a_field_of_the_policy_is_judged_also_without_a_beginning(browser: Browser) -> None:
    page = browser.get("/decisions/golden?minimum_new_days=abc").text
    assert "minimum_new_days: " in page
    assert "instead of" not in page


def test_the_command_line_says_which_rule_decided(system: FakeSystem) -> None:
    system.answers["trainer_trigger", "models"] = {"models": [{"model_id": "golden"}], "next": None}
    system.answers["trainer_trigger", "decisions"] = {
        "decisions": {"golden": [WAITS]},
        "waiting": {},
    }
    system.answers["deployer", "live"] = {"live": {"golden": None}}
    said = solar("why", "golden").output
    first = next(line for line in said.splitlines() if "asks for no run" in line)
    assert first.split()[:2] == ["decided", "enough_new_days"]
    assert said.index("enough_new_days") < said.index("paused")
