"""A model's page: hours by whose clock, what was degraded and excluded, versions as bands, and compared."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from console.client import objects, versions
from console.errors import ConsoleError
from shared import layout
from shared.evaluation import Evaluation
from tests.unit.console.systems import solar, system
from tests.unit.console.web.test_plant import charts
from tests.unit.console.web.world import (
    A_PROGRESS,
    DEPLOYED,
    LINE,
    RUN,
    Browser,
    World,
    browser,
    browser_of,
    world,
)

__all__ = ["browser", "system", "world"]  # the fixtures

PAGE = "/models/golden"
WORSE = {
    "site_id": "east",
    "kind": "model",
    "cause": "share",
    "since": "2026-06-01",
    "why": "a <b>string</b> is out",
    "retrain_helps": False,
    "until": "2026-06-02",
    "version": 3,
}


def card(world: World, **lines: list[dict[str, Any]]) -> None:
    """Answer scorecards by what a line is; without any, one day."""

    def answer(asked: dict[str, Any]) -> dict[str, Any]:
        by = asked["by"]
        zones = {"zones": ["America/Denver"]} if by == "hour" else {}
        found = lines.get(by, [LINE | {"name": {"site": "east"}.get(by, LINE["name"])}])
        return {"by": by, "lines": found, "total": [LINE], "left_out": 0, **zones}

    world.answers["deployer", "scorecard"] = answer


def a_version(number: int, **more: Any) -> dict[str, Any]:
    return {
        "version": number,
        "approval": "Approved",
        "approval_reason": None,
        "deployed": False,
        "run_id": None,
        "metrics": {},
        **more,
    }


def days(*numbers: int) -> list[dict[str, Any]]:
    return [
        LINE | {"name": f"2026-06-{place + 1:02}", "versions": [each]}
        for place, each in enumerate(numbers)
    ]


def table(text: str, title: str) -> str:
    start = text.index(f'aria-label="{title}"')
    return text[start : text.index("</table>", start)]


def test_scores_by_hour_name_the_clock_and_of_how_many_days_they_are(
    world: World, browser: Browser
) -> None:
    hours = [LINE | {"name": f"{hour:02}:00", "days": {"scored": 1}} for hour in (6, 12)]
    card(world, day=days(3, 3), hour=hours)
    text = browser.get(PAGE).text
    assert "12:00" in table(text, "By hour, America/Denver")
    assert "Of 1 of 2 scored days; of the others no hours were kept." in text
    card(world, day=days(3), hour=hours)
    assert "no hours were kept" not in browser.get(PAGE).text


def test_hours_of_very_many_days_are_added_up_when_asked_for(
    world: World, browser: Browser
) -> None:
    card(world, day=days(3))
    text = browser.get(f"{PAGE}?days=365").text  # of two sites
    assert "By hour, America/Denver" not in text
    assert "/models/golden?days=365&amp;hours=1" in text
    assert "By hour, America/Denver" in browser.get(f"{PAGE}?days=365&hours=1").text


def test_scores_by_the_sky_of_the_day_are_there(world: World, browser: Browser) -> None:
    card(world, sky=[LINE | {"name": "overcast", "nmae": 0.123}])
    found = table(browser.get(PAGE).text, "By the sky of the day")
    assert "overcast" in found
    assert "12.3%" in found


def test_versions_are_bands_that_end_where_the_next_one_begins(
    world: World, browser: Browser
) -> None:
    card(world, day=days(3, 3, 4))
    for chart in charts(browser.get(PAGE).text):
        bands = [each for each in chart["shapes"] if each.get("low")]
        assert [(each["x0"], each["x1"], each["label"]) for each in bands] == [
            ("2026-06-01", "2026-06-03", "version 3"),
            ("2026-06-03", "2026-06-04", "version 4"),
        ]
        assert bands[0]["role"] != bands[1]["role"]
        assert chart["span"] == ["2026-06-01", "2026-06-04"]


def test_each_version_has_its_own_promise_and_a_day_of_two_has_none(
    world: World, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    card(world, day=[*days(1, 1, 3), LINE | {"name": "2026-06-04", "versions": [1, 3]}])
    promised = {1: {"nmae": 0.05}, 3: {"nmae": 0.03}}
    monkeypatch.setattr(
        versions, "of_model", lambda *_: [a_version(n, metrics=m) for n, m in promised.items()]
    )
    error, inside, _ = charts(browser.get(PAGE).text)
    (line,) = [each for each in error["traces"] if each["role"] == "promise"]
    assert line["name"] == "promised by each version's test"
    assert line["step"]
    assert list(zip(line["x"], line["y"], strict=True)) == [
        ("2026-06-01", 0.05),
        ("2026-06-02", 0.05),
        ("2026-06-03", 0.03),
        ("2026-06-04", None),
    ]
    (always,) = [each for each in inside["traces"] if each["role"] == "promise"]
    assert set(always["y"]) == {0.8}


def test_without_a_known_promise_none_is_drawn(world: World, browser: Browser) -> None:
    card(world, day=days(3, 3))
    error, *_ = charts(browser.get(PAGE).text)
    assert [each["role"] for each in error["traces"]] == ["main"]


def test_degradations_and_exclusions_are_shaded_in_every_chart_and_said_in_a_table(
    world: World, browser: Browser
) -> None:
    card(world, day=days(3, 3, 3))
    still = WORSE | {"kind": "data", "since": "2026-06-03", "until": None, "why": "no weather"}
    world.answers["deployer", "degradations"] = {"degradations": [WORSE, still]}
    out = {
        "start": "2026-06-02T00:00:00+02:00",
        "end": "2026-06-03T00:00:00+02:00",
        "reason": "inverter swapped",
        "excluded_by": "ben",
    }
    kept = world.clients["s3"].kept
    for name in ("east", "nowhere"):  # no site of the model
        said = {"site_id": name, "exclusions": [out]}
        kept[layout.active_exclusions(name)] = json.dumps(said).encode()
    text = browser.get(PAGE).text
    for chart in charts(text):
        shaded = [
            (each["role"], each["x0"], each["x1"])
            for each in chart["shapes"]
            if not each.get("low") and each["x0"] != each["x1"]
        ]
        assert shaded == [
            ("degraded", "2026-06-01", "2026-06-02"),
            ("excluded", "2026-06-01T22:00:00Z", "2026-06-02T22:00:00Z"),
            ("unscored", "2026-06-03", "2026-06-04"),
        ]
    found = table(text, "Degraded and excluded")
    for said in ("worse than promised", "a &lt;b&gt;string", "inverter swapped", "still"):
        assert said in found
    assert found.count("excluded") == 2 + 1, "its name twice, and the title"


def test_an_exclusion_of_other_days_is_not_marked(world: World, browser: Browser) -> None:
    card(world, day=days(3))
    out = {"start": "2026-05-01T00:00:00Z", "end": "2026-05-02T00:00:00Z", "reason": "long ago"}
    said = {"site_id": "east", "exclusions": [out]}
    world.clients["s3"].kept[layout.active_exclusions("east")] = json.dumps(said).encode()
    assert "long ago" not in browser.get(PAGE).text


def test_where_nobody_can_say_what_was_degraded_the_scores_still_show(
    world: World, browser: Browser
) -> None:
    card(world, day=days(3))
    world.answers["deployer", "degradations"] = ConsoleError("no answer")
    text = browser.get(PAGE).text
    assert "no answer" in text
    assert len(charts(text)) == 3


def test_two_versions_are_compared_as_the_verb_prints_it(world: World, browser: Browser) -> None:
    live = {**LINE, "days": {"scored": 2}}
    one = {"first": "2026-06-01", "last": "2026-06-02", "live": live, "days_of_both": 2}
    both = {"versions": {each: one | {"same_days": live} for each in "12"}}
    world.answers["deployer", "compare"] = both
    page = browser.get("/models/golden/compare?first=1&second=2").text
    rows = re.findall(r'<tr><th scope="row">([^<]*)</th><td>([^<]*)</td><td>([^<]*)</td>', page)
    assert ("live: nMAE", "4.00%", "4.00%") in rows
    assert ("live: energy bias", "-5.00%", "-5.00%") in rows
    assert [name for name, *_ in rows][2] == "tested until"
    assert "Live figures are of 2 site-days that both were scored on." in page


def test_what_was_worse_is_a_verb_too(system: Any) -> None:
    system.answers["trainer_trigger", "models"] = {"models": [{"model_id": "golden"}], "next": None}
    system.answers["deployer", "degradations"] = {
        "first": "2026-06-01",
        "last": "2026-06-30",
        "degradations": [WORSE, WORSE | {"site_id": "west", "until": None, "kind": "data"}],
    }
    said = solar("degradations").stdout
    assert "golden, 2026-06-01 to 2026-06-30" in said
    for each in ("worse than promised", "cannot be scored", "2026-06-02", "still", "string"):
        assert each in said
    assert len(json.loads(solar("degradations", "golden", "--json").stdout)["degradations"]) == 2


def test_a_scorecard_by_hour_says_by_whose_clock(system: Any) -> None:
    system.answers["trainer_trigger", "models"] = {"models": [{"model_id": "golden"}], "next": None}
    answer = {
        "first": "2026-06-01",
        "last": "2026-06-30",
        "by": "hour",
        "zones": ["America/Denver"],
        "total": [],
        "lines": [LINE | {"name": "12:00"}],
        "left_out": 0,
        "waiting": 0,
    }
    system.answers["deployer", "scorecard"] = answer
    assert "by hour, America/Denver" in solar("scorecard", "--by", "hour").stdout
    answer["zones"] = ["a", "b", "c", "d"]
    said = " ".join(solar("scorecard", "--by", "hour").stdout.split())
    assert "by hour, each site by its own clock" in said


def waits(monkeypatch: pytest.MonkeyPatch, *, run_id: str | None = "r-1", **said: Any) -> None:
    """Let version 4 wait for approval; its run found what is said."""
    found = a_version(4, approval="PendingManualApproval", run_id=run_id)
    monkeypatch.setattr(versions, "of_model", lambda *_: [found, a_version(3)])
    if said:
        evaluation = Evaluation.model_construct(**said)
        monkeypatch.setattr(objects, "evaluation_of", lambda *_: evaluation)


DOUBTS = ("R² 0.97 reaches the threshold", "site <b>x</b>: too dark; a person approves")
MANUAL = "every version is approved by a person (approval: manual)"


@pytest.mark.parametrize(
    ("said", "policy", "why"),
    [
        (
            {"approval": "person", "reasons": DOUBTS},
            "manual",
            "site &lt;b&gt;x&lt;/b&gt;: too dark",
        ),
        ({"approval": "automatic", "reasons": DOUBTS}, "manual", MANUAL),
        ({"approval": "automatic", "reasons": DOUBTS}, "automatic", "something changed while"),
        ({"approval": "automatic", "reasons": DOUBTS}, None, "its run is not remembered"),
        ({}, "manual", "left no evaluation"),
        ({"run_id": None}, "manual", "registered by hand"),
    ],
)
def test_the_top_of_the_page_says_which_version_waits_for_approval_and_why(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    said: dict[str, Any],
    policy: str | None,
    why: str,
) -> None:
    waits(monkeypatch, **said)
    recipe = {**A_PROGRESS["recipe"], "approval": policy}
    progress = {**A_PROGRESS, "recipe": recipe} if policy else None
    world.answers["trainer_trigger", "progress"] = {"progress": progress}
    text = browser_of(world).get(PAGE).text
    banner, rest = text.split("<h2>Live, beside its promise")
    assert "Version 4 waits for approval" in banner
    assert why in banner
    assert "R² 0.97 reaches" not in banner
    for action in ("approve", "reject"):
        assert f'href="/do/{action}?model=golden&amp;version=4"' in banner
    assert why in table(rest, "Versions")


def test_where_no_version_waits_there_is_no_banner(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "of_model", lambda *_: [a_version(3)])
    assert "waits for approval" not in browser.get(PAGE).text


def test_each_table_of_scores_says_what_its_figures_are(world: World, browser: Browser) -> None:
    card(world, day=days(3))
    text = browser.get(PAGE).text
    for name in ("R²", "nMAE", "energy bias", "in P10-P90", "skill"):
        assert re.search(f'<abbr title="[^"]+">{name}</abbr>', table(text, "By site"))
    for said in (
        "nMAE: mean absolute error",
        "skill: share of the error of yesterday&#39;s power",
        "energy bias: predicted over measured energy",
        "Mean bias error (MBE)",
        "measured: by the weather that the site measured",
        "R² day: of the rows in daylight",
    ):
        assert said in text, said
    assert ">bias<" not in text


def test_a_run_that_a_reason_names_is_named_shortly(
    world: World, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = a_version(3, approval_reason=f"run {RUN}: it is good", deployed=True)
    monkeypatch.setattr(versions, "of_model", lambda *_: [said])
    gone = {**DEPLOYED, "reason": f"excluded after run {RUN}"}
    world.answers["deployer", "deployments"] = {"deployments": {"golden": [gone]}}
    text = re.sub(r'href="[^"]*"', "", browser.get(PAGE).text)
    assert "run 76a53f99…-1: it is good" in text
    assert "excluded after run 76a53f99…-1" in text
    assert RUN not in text
