"""What a deployment refuses before it changes anything, and which choices it keeps."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from infra.deploy.main import STICKY, Deployment, Options
from infra.deploy.preflight import people


def stops(**chosen: str) -> list[str]:
    """Return what would stop a deployment of these choices."""
    plan: Any = SimpleNamespace(parameters=chosen)
    return [each.what for each in people.options(plan) if each.weight == "stops"]


@pytest.mark.parametrize(
    "address", ["", "https://console.example", "http://127.0.0.1:8484", "http://localhost:8484"]
)
def test_the_console_may_be_behind_https_or_on_the_readers_own_machine(address: str) -> None:
    assert stops(ConsoleUrl=address) == []


@pytest.mark.parametrize(
    "address", ["http://console.example", "console", "https://", "javascript:1"]
)
def test_an_address_of_the_console_that_nobody_could_trust_is_refused(address: str) -> None:
    (said,) = stops(ConsoleUrl=address)
    assert said.startswith("--console-url")


@pytest.mark.parametrize("option", ["Act", "Show"])
@pytest.mark.parametrize("hours", ["0", "169", "-1", "1.5", "a week"])
def test_no_link_lasts_longer_than_its_key_is_honoured(option: str, hours: str) -> None:
    (said,) = stops(**{f"Links{option}Hours": hours})
    assert said.startswith(f"--links-{option.lower()}-hours")
    assert stops(**{f"Links{option}Hours": "168"}) == []


@pytest.mark.parametrize(
    ("options", "parameter"),
    [
        (Options(links="off"), "Links"),
        (Options(console_url="https://c"), "ConsoleUrl"),
        (Options(links_act_hours="4"), "LinksActHours"),
        (Options(links_show_hours="4"), "LinksShowHours"),
        (Options(docs_url="https://d"), "DocsUrl"),
    ],
)
def test_what_was_chosen_once_stays_without_saying_it_again(
    options: Options, parameter: str
) -> None:
    target: Any = SimpleNamespace(sagemaker_role_arn=None)
    assert set(Deployment(target, options, str)._choices()) == {parameter}
    assert parameter in STICKY
