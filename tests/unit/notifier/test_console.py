"""Which page of the console a message leads to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.notifier.domain import console
from services.notifier.domain.rendering import render
from tests.unit.notifier.fakes import START
from tests.unit.notifier.gallery import an_alarm, sample


@pytest.mark.parametrize(
    ("happened", "path"),
    [
        (sample("challenger_rejected", run_id="run 1"), "/runs/run%201"),
        (sample("site_silent", site_id="west"), "/sites/west"),
        (sample("model_held"), "/models/fleet"),
        (sample("config_rejected"), "/status"),
        (an_alarm(), "/status"),
    ],
)
def test_a_message_leads_to_what_it_is_about(happened: Any, path: str) -> None:
    notice = render(happened, START)
    assert notice is not None
    assert console.path(notice) == path


def test_many_files_lead_to_the_files_of_their_site() -> None:
    notice = render(sample("file_quarantined", site_id="a&b"), START)
    assert notice is not None
    assert console.path(replace(notice, offers=())) == "/files?site=a%26b"


def test_without_an_address_there_is_no_link() -> None:
    notice = render(sample("model_held"), START)
    assert notice is not None
    assert console.links(notice, "") == []
    assert console.run({"model_id": "fleet"}, "") == ""


@pytest.mark.parametrize(
    ("about", "address"),
    [
        ({"run_id": "r/1", "model_id": "fleet"}, "https://c/runs/r%2F1"),
        ({"model_id": "fleet"}, "https://c/models/fleet"),
        ({}, ""),
    ],
)
def test_the_page_of_a_link_leads_to_its_run_or_model(about: dict[str, str], address: str) -> None:
    assert console.run(about, "https://c/") == address
