"""What a person changes from a page: said before, guarded, with name and reason, and done once."""

from __future__ import annotations

import re
from html import unescape

import pytest
import yaml

from console.errors import ConsoleError
from console.web.actions import ACTIONS
from tests.unit.console.web.world import (
    LEAVING,
    LETTERS,
    Browser,
    World,
    browser,
    browser_of,
    sent,
    world,
)

__all__ = ["browser", "world"]  # the fixtures
GIVEN = {
    "approve": {"model": "golden", "version": "4"},
    "reject": {"model": "golden", "version": "4"},
    "rollback": {"model": "golden"},
    "hold": {"model": "golden"},
    "unhold": {"model": "golden"},
    "retrain": {"model": "golden"},
    "release": {"key": "raw/east/bad.csv"},
    "dismiss": {"key": "raw/east/bad.csv"},
    "remove": {"key": "raw/east/good.csv"},
    "exclude": {"site": "east", "start": "2026-06-01", "end": "2026-06-02"},
    "include": {"site": "east", "start": "2026-06-01", "end": "2026-06-02"},
    "redrive": {"queue": LETTERS},
    "stop": {"queue": LEAVING},
}
SHOWN = {"rollback": {"serves": "3"}, "hold": {"serves": "3"}}  # what their forms carry
HELD = {"golden": {"by": "ben", "reason": "inverters", "since": "2026-06-01T00:00:00+00:00"}}
WITHOUT_REASON = {"redrive", "stop"}  # nothing keeps one
SERVICES = {
    "rollback": "deployer",
    "hold": "deployer",
    "unhold": "deployer",
    "retrain": "trainer_trigger",
    "release": "data_watcher",
    "dismiss": "data_watcher",
    "remove": "data_watcher",
}


def changes(world: World) -> int:
    clients = world.clients
    kept = (world.sent, clients["sagemaker"].decided, clients["s3"].kept, clients["sqs"].changes)
    return sum(map(len, kept))


def form(name: str, **more: str) -> dict[str, str]:
    return {**GIVEN[name], **SHOWN.get(name, {}), "token": "token", "reason": "I looked", **more}


def serve(world: World, number: int | None) -> None:
    status = {"EndpointStatus": "InService" if number else "Failed"}
    world.clients["sagemaker"].describe_endpoint = lambda EndpointName: (  # noqa: N803 - AWS's
        status | {"EndpointConfigName": f"{EndpointName}-v{number}-1234abcd"}
    )
    world.answers["deployer", "by_function"] = {"by_function": {}}


def hidden(text: str) -> dict[str, str]:
    """Return what the form of a page carries unseen."""
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', text))


@pytest.fixture(autouse=True)
def _held(request: pytest.FixtureRequest, world: World) -> None:
    """Hold the model where it is to be released."""
    if "unhold" in request.node.name:
        world.answers["deployer", "holds"] = {"holds": HELD}


def test_every_action_is_tested() -> None:
    assert GIVEN.keys() == ACTIONS.keys()


@pytest.mark.parametrize("name", GIVEN)
def test_before_anything_is_done_the_page_says_what_will_happen(
    browser: Browser, world: World, name: str
) -> None:
    query = "&".join(f"{key}={value}" for key, value in GIVEN[name].items())
    text = browser.get(f"/do/{name}?{query}").text
    assert "What will happen" in text
    assert 'name="token" value="token"' in text
    assert changes(world) == 0


@pytest.mark.parametrize("name", SERVICES)
def test_a_command_carries_the_name_and_the_reason(
    browser: Browser, world: World, name: str
) -> None:
    answer = browser.post(f"/do/{name}", form(name))
    assert answer.status == 303, answer.text
    asked = sent(world)
    assert asked["service"] == SERVICES[name]
    assert (asked["requested_by"], asked["reason"]) == ("ann", "I looked")
    shown = browser.get(answer.headers["location"])
    assert ACTIONS[name].done.split(".")[0] in shown.text


@pytest.mark.parametrize(("name", "status"), [("approve", "Approved"), ("reject", "Rejected")])
def test_a_verdict_stands_in_the_registry_with_the_name(
    browser: Browser, world: World, name: str, status: str
) -> None:
    assert browser.post(f"/do/{name}", form(name)).status == 303
    (decided,) = world.clients["sagemaker"].decided
    assert decided["ModelApprovalStatus"] == status
    assert decided["ApprovalDescription"] == "by ann: I looked"


def test_an_exclusion_is_stated_with_name_and_reason(browser: Browser, world: World) -> None:
    assert browser.post("/do/exclude", form("exclude")).status == 303
    stated = yaml.safe_load(world.clients["s3"].kept["config/exclusions/east.yaml"])
    (one,) = stated["exclusions"]
    assert (one["reason"], one["excluded_by"]) == ("I looked", "ann")
    assert browser.post("/do/include", form("include")).status == 303
    stated = yaml.safe_load(world.clients["s3"].kept["config/exclusions/east.yaml"])
    assert stated["exclusions"] == []


@pytest.mark.parametrize("name", GIVEN)
@pytest.mark.parametrize(
    "headers",
    [{"origin": "http://evil.example"}, {"origin": "null"}, {"origin": "http://127.0.0.1:1"}],
)
def test_a_form_of_another_page_changes_nothing(
    browser: Browser, world: World, name: str, headers: dict[str, str]
) -> None:
    answer = browser.post(f"/do/{name}", form(name), **headers)
    assert answer.status == 403
    assert "Nothing was changed" in answer.text
    assert changes(world) == 0


@pytest.mark.parametrize("name", GIVEN)
@pytest.mark.parametrize("token", ["", "other", "tökén"])
def test_a_form_without_our_token_changes_nothing(
    browser: Browser, world: World, name: str, token: str
) -> None:
    assert browser.post(f"/do/{name}", form(name, token=token)).status == 403
    assert changes(world) == 0


@pytest.mark.parametrize("name", GIVEN)
def test_a_link_alone_changes_nothing(browser: Browser, world: World, name: str) -> None:
    query = "&".join(f"{key}={value}" for key, value in form(name).items())
    browser.get(f"/do/{name}?{query}")
    assert changes(world) == 0


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "127.0.0.1:9", "localhost.evil:8484"]
)
def test_a_name_that_was_bent_to_this_machine_is_refused(
    browser: Browser, world: World, host: str
) -> None:
    assert browser.get("/", host=host).status == 403
    assert browser.post("/do/hold", form("hold"), host=host).status == 403
    assert changes(world) == 0


@pytest.mark.parametrize("name", GIVEN)
def test_a_read_only_console_changes_nothing(world: World, name: str) -> None:
    answer = browser_of(world, read_only=True).post(f"/do/{name}", form(name))
    assert answer.status == 403
    assert "--read-only" in answer.text
    assert changes(world) == 0


def test_a_read_only_console_greys_its_buttons(world: World) -> None:
    text = browser_of(world, read_only=True).get("/models/golden").text
    assert 'aria-disabled="true"' in text
    assert 'href="/do/rollback' not in text


@pytest.mark.parametrize("name", sorted(GIVEN.keys() - WITHOUT_REASON))
def test_a_reason_is_needed(browser: Browser, world: World, name: str) -> None:
    answer = browser.post(f"/do/{name}", form(name, reason="  "))
    assert answer.status == 400
    assert "a reason is needed" in answer.text
    assert changes(world) == 0


@pytest.mark.parametrize(("name", "done"), [("redrive", f"start {LETTERS}"), ("stop", "stop h")])
def test_dead_letters_are_sent_back_without_a_reason_that_nobody_would_keep(
    browser: Browser, world: World, name: str, done: str
) -> None:
    assert "Why?" not in browser.get(f"/do/{name}?queue={GIVEN[name]['queue']}").text
    answer = browser.post(f"/do/{name}", {**GIVEN[name], "token": "token"})
    assert answer.headers["location"] == f"/status?queue={GIVEN[name]['queue']}&done={name}"
    assert world.clients["sqs"].changes == [done]


def test_what_cannot_be_sent_back_or_stopped_is_said_before(browser: Browser) -> None:
    assert "holds nothing" in browser.get("/do/redrive?queue=notifier").text
    assert "nothing of" in browser.get("/do/stop?queue=notifier").text


def test_an_action_that_does_not_exist_says_so(browser: Browser) -> None:
    assert "nothing called" in browser.get("/do/explode").text


def test_a_form_that_is_too_large_is_not_read(browser: Browser, world: World) -> None:
    assert browser.post("/do/hold", form("hold", reason="x" * 100_000)).status == 413
    assert changes(world) == 0


def test_what_cannot_be_done_is_said_before(browser: Browser) -> None:
    text = browser.get("/do/dismiss?key=raw/east/good.csv").text
    assert "only a refused file can be dismissed" in text
    assert "<button" not in text.split("<main")[1]


def test_a_missing_right_greys_the_button_and_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking = {"registry": "sagemaker:UpdateModelPackage on arn:x"}
    monkeypatch.setattr("console.client.rights.missing", lambda _: lacking)
    text = browser_of(world).get("/models/golden").text
    assert "you lack sagemaker:UpdateModelPackage on arn:x" in text
    assert 'href="/do/approve' not in text
    assert 'href="/do/rollback' in text
    confirm = browser_of(world).get("/do/approve?model=golden&version=4").text
    assert "You lack sagemaker:UpdateModelPackage" in confirm


def test_the_pages_tell_a_browser_to_keep_nothing_and_to_frame_nothing(browser: Browser) -> None:
    headers = browser.get("/models/golden").headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "same-origin"  # else our own forms have the origin "null"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", SHOWN)
def test_a_form_of_a_version_that_no_longer_serves_changes_nothing(
    browser: Browser, world: World, name: str
) -> None:
    carried = hidden(browser.get(f"/do/{name}?model=golden").text)
    assert carried == {"token": "token", "model": "golden", "serves": "3"}
    serve(world, 2)
    answer = browser.post(f"/do/{name}", {**carried, "reason": "I looked"})
    assert answer.status == 400
    assert "version 3 no longer serves (2 does); nothing was changed" in answer.text
    assert changes(world) == 0


@pytest.mark.parametrize("name", SHOWN)
def test_a_form_that_does_not_say_what_served_changes_nothing(
    browser: Browser, world: World, name: str
) -> None:
    answer = browser.post(f"/do/{name}", form(name, serves=""))
    assert "serves is missing in the form" in answer.text
    assert changes(world) == 0


def test_a_rollback_is_of_the_version_that_its_form_showed(browser: Browser, world: World) -> None:
    browser.post("/do/rollback", form("rollback"))
    assert sent(world)["seen_version"] == 3


def test_a_hold_where_nothing_served_is_not_of_what_came_since(
    browser: Browser, world: World
) -> None:
    serve(world, None)
    page = browser.get("/do/hold?model=golden").text
    assert "Nothing serves now" in page
    assert browser.post("/do/hold", form("hold", serves="none")).status == 303
    serve(world, 1)
    answer = browser.post("/do/hold", form("hold", serves="none"))
    assert "version 1 does now; nothing was changed" in answer.text
    assert len(world.sent) == 1


def test_a_rollback_names_the_version_that_will_serve(browser: Browser, world: World) -> None:
    sagemaker = world.clients["sagemaker"]
    sagemaker.decided.append({"ModelPackageArn": "2", "ApprovalDescription": "by ben: it is good"})
    said = browser.get("/do/rollback?model=golden").text
    assert "Version 3 of model golden is taken back" in said
    assert "Version 2 serves again, approved (by ben: it is good)." in said


@pytest.mark.parametrize(
    ("serves", "why"),
    [(None, "nothing of model golden serves"), (1, "no version of model golden before 1")],
)
def test_a_rollback_is_not_offered_where_it_could_do_nothing(
    browser: Browser, world: World, serves: int | None, why: str
) -> None:
    serve(world, serves)
    text = browser.get("/do/rollback?model=golden").text
    assert why in text
    assert "<form" not in text
    assert ("/do/rollback" in browser.get("/models/golden").text) == (serves is not None)


def test_a_rejection_says_whether_the_version_serves(browser: Browser, world: World) -> None:
    assert (
        "It does not serve now (version 3 does)"
        in browser.get("/do/reject?model=golden&version=4").text
    )
    said = browser.get("/do/reject?model=golden&version=3").text
    assert "It serves now: version 2 takes its place." in said
    serve(world, None)
    assert "(nothing does)" in browser.get("/do/reject?model=golden&version=3").text


def test_a_model_that_is_not_held_is_not_released(browser: Browser, world: World) -> None:
    world.answers["deployer", "holds"] = {"holds": {}}
    text = browser.get("/do/unhold?model=golden").text
    assert "model golden is not held" in text
    assert "<form" not in text
    assert browser.post("/do/unhold", form("unhold")).status == 400
    assert changes(world) == 0


def test_an_exclusion_says_how_long_it_is_and_of_what(browser: Browser) -> None:
    text = browser.get("/do/exclude?site=east&start=2026-06-01&end=2026-06-03").text
    assert "(2 days)" in text
    assert "Exclude: east, 2026-06-01 00:00 to 2026-06-03 00:00 UTC</h1>" in text
    hours = browser.get("/do/exclude?site=east&start=2026-06-01T06:00Z&end=2026-06-01T07:00Z").text
    assert "(1 hour)" in hours


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"site": "nowhere"}, "no site nowhere"),
        ({"start": "2016-01-01", "end": "2026-01-03"}, "more than ten years"),
        ({"start": "2026-06-02", "end": "2026-06-01"}, "the end must come after the start"),
    ],
)
def test_an_exclusion_that_makes_no_sense_is_refused(
    browser: Browser, world: World, more: dict[str, str], why: str
) -> None:
    query = "&".join(f"{key}={value}" for key, value in (GIVEN["exclude"] | more).items())
    assert why in browser.get(f"/do/exclude?{query}").text
    assert why in browser.post("/do/exclude", form("exclude", **more)).text
    assert changes(world) == 0


def test_after_an_exclusion_the_page_shows_the_time_that_it_showed(browser: Browser) -> None:
    time = {"from": "2026-05-30T00:00Z", "to": "2026-06-06T00:00Z"}
    page = browser.get("/do/exclude?site=east&start=2026-06-01&end=2026-06-02&from=" + time["from"])
    assert hidden(page.text)["from"] == time["from"]
    back = "/sites/east?from=2026-05-30T00%3A00Z&to=2026-06-06T00%3A00Z"
    answer = browser.post("/do/exclude", form("exclude", **time))
    assert answer.headers["location"] == f"{back}&done=exclude"
    shown = browser.get(answer.headers["location"]).text
    assert f'href="{back.replace("&", "&amp;")}">Look again' in shown


@pytest.mark.parametrize("reason", ["", "I looked"])
def test_a_form_that_failed_is_offered_again_as_it_was_filled_in(
    browser: Browser, world: World, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: object) -> None:
        raise ConsoleError("the platform does not answer")

    monkeypatch.setattr(type(world), "send", down)
    answer = browser.post("/do/hold", form("hold", reason=reason or "  "))
    assert answer.status == 400
    again = unescape(re.findall(r'href="([^"]*)">Try again', answer.text)[0])
    offered = browser.get(again).text
    assert hidden(offered) == {"token": "token", "model": "golden", "serves": "3"}
    assert f'name="reason" value="{reason}"' in offered


@pytest.mark.parametrize("force", ["", "yes"])
def test_a_retrain_of_the_same_data_is_a_choice(browser: Browser, world: World, force: str) -> None:
    page = browser.get(f"/do/retrain?model=golden&force={force}").text
    assert ("checked" in page) == bool(force)
    assert "--force" in page
    assert "force" not in hidden(page)
    browser.post("/do/retrain", form("retrain", force=force))
    assert sent(world)["force"] == bool(force)
