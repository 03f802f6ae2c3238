"""The pages of links and weeks say what the golden file says; what is shown is escaped and complete."""

from __future__ import annotations

import pytest

from tests.unit.notifier import rendered

PAGES = {name: (status, text) for name, status, text in rendered.pages()}


def test_every_page_says_what_the_golden_file_says() -> None:
    assert rendered.golden() == rendered.GOLDEN.read_text(), "`make notices` writes it anew"


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_whole_and_runs_nothing(name: str) -> None:
    _, text = PAGES[name]
    assert text.startswith('<!doctype html><html lang="en">')
    assert text.endswith("</main></body></html>")
    for foreign in ("<script", "<img", " src=", "javascript:", "<b>west"):
        assert foreign not in text


def test_the_page_that_asks_leads_to_the_report_and_the_console() -> None:
    _, text = PAGES["approve with evidence"]
    assert ">Open the whole report</a>" in text
    assert 'href="https://console.example/runs/run-7">In the console</a>' in text
