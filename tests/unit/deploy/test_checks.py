"""What a deployment refuses before it changes anything, and which choices it keeps."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from infra.deploy.main import STICKY, Deployment, Options
from infra.deploy.preflight import Plan, people


def check(**chosen: str) -> str:
    """Return what would stop the deployment."""
    parameters = {"NotificationEmail": "ops@example.org"} | chosen
    return " ".join(each.what for each in people.options(Plan(Any, parameters)))


@pytest.mark.parametrize(
    "address", ["", "https://console.example", "http://127.0.0.1:8484", "http://localhost:8484"]
)
def test_the_console_may_be_behind_https_or_on_the_readers_own_machine(address: str) -> None:
    assert check(ConsoleUrl=address) == ""


@pytest.mark.parametrize(
    "address", ["http://console.example", "console", "https://", "javascript:1"]
)
def test_an_address_of_the_console_that_nobody_could_trust_is_refused(address: str) -> None:
    assert "--console-url" in check(ConsoleUrl=address)


@pytest.mark.parametrize("option", ["Act", "Show"])
@pytest.mark.parametrize("hours", ["0", "169", "-1", "1.5", "a week"])
def test_no_link_lasts_longer_than_its_key_is_honoured(option: str, hours: str) -> None:
    assert f"--links-{option.lower()}-hours" in check(**{f"Links{option}Hours": hours})
    assert check(**{f"Links{option}Hours": "168"}) == ""


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
