"""The pages of `solar console` after the story, under the roles of people: who may look sees all of it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest

from console import registry
from console.commands.runs import all_runs
from console.state import state
from console.target import System
from shared import names
from tests.e2e.conftest import act_as
from tests.e2e.test_story import eventually, solar
from tests.integration.conftest import LocalPlatform
from tests.unit.console.web.world import Browser, browser_of

pytestmark = pytest.mark.e2e
PAGES = [
    *("/", "/models", "/models/serf", "/models/serf/compare?first=1&second=1", "/sites/serf-east"),
    *("/sites/serf-east/history?first=1&second=1", "/file?key=serf-east/power_broken.csv.gz"),
    *("/files", "/files?state=quarantined", "/balance", "/runs", "/costs", "/decisions"),
    *("/decisions/serf", "/forecast", "/status", "/notices"),
]


@pytest.fixture(scope="module")
def people(system: LocalPlatform) -> dict[str, System]:
    """Return a viewer and an operator, each as the system that he sees."""
    before, found = state.system, {}
    for policy in ("viewer", "operator"):
        act_as(system, f"pages-of-{policy}", f"{names.prefix()}-{policy}-{system.info.region}")
        found[policy] = state.system
    state.use(before)
    return found


@pytest.fixture(params=["viewer", "operator"])
def browser(request: pytest.FixtureRequest, people: dict[str, System]) -> Iterator[Browser]:
    before = state.system
    state.use(people[request.param])
    seen: Any = state.system
    yield browser_of(seen)
    state.use(before)


def failed(text: str) -> list[str]:
    """Return what the cards of a page say that could not be shown."""
    found = re.findall(r'class="card failed".*?</div>', text, re.DOTALL)
    return [html.unescape(re.sub(r"<[^>]+>|\s+", " ", each)) for each in found]


def test_every_page_shows_all_that_it_has(browser: Browser) -> None:
    run = all_runs()[0]["run_id"]
    for path in [*PAGES, f"/runs/{run}", f"/runs/{run}/report"]:
        answer = browser.get(path)
        assert answer.status == 200, path
        assert failed(answer.text) == [], path


def test_an_operator_looks_into_dead_letters_and_sends_them_back(system: LocalPlatform) -> None:
    sqs = system.client("sqs")
    name = names.dead_letters(names.LIVE)
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="of nobody")
    try:
        (found,) = solar("dead-letters")
        assert [each["key"] for each in found["messages"]] == ["of nobody"]
        failed_to_move = solar("dead-letters", "redrive", "deployer-live", code=1)
        assert failed_to_move["last_move"]["failure"] == "CouldNotDetermineMessageSource"
        assert failed_to_move["waiting"] == 1
    finally:
        sqs.purge_queue(QueueUrl=url)


def test_a_button_is_grey_where_its_right_is_lacking_and_says_which(browser: Browser) -> None:
    is_viewer = "viewer" in str(browser.world.client("sts").get_caller_identity()["Arn"])
    for path in ("/models/serf", "/sites/serf-east"):
        text = html.unescape(browser.get(path).text)
        assert ("you lack " in text) == is_viewer, path
        assert ('href="/do/' in text) != is_viewer, path


def test_an_operator_holds_and_releases_a_model_from_a_page(
    system: LocalPlatform,
) -> None:
    seen: Any = state.system
    browser = browser_of(seen)
    assert 'href="/do/hold?model=serf"' in browser.get("/models/serf").text
    for action, held in (("hold", True), ("unhold", False)):
        shown = browser.get(f"/do/{action}?model=serf").text
        carried = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', shown))
        form = {**carried, "reason": "a look at the page"}
        assert browser.post(f"/do/{action}", form).status == 303
        eventually(lambda held=held: ("serf" in registry.holds(seen)) == held)
