"""The report of the demo's last run as a person reads it: on a phone, on a desk, and on paper."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.timeout(900)  # the first test waits for the demo
MOST_PAPER = 4  # sheets
WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def report(browser: Browser, address: str) -> str:
    """The report of the run that made version 2, as the console shows it."""
    page = browser.new_page()
    page.goto(f"{address}/models/golden")
    head = page.get_by_role("region", name="Versions").get_by_role(
        "rowheader", name=re.compile(r"^2\b")
    )
    link = head.locator("xpath=..").get_by_role("link", name="run").first.get_attribute("href")
    assert link is not None
    answer = page.request.get(address + link.partition("?")[0] + "/report")
    assert answer.ok
    text = answer.text()
    page.close()
    return text


def opened(browser: Browser, report: str, width: int) -> Page:
    # Its own policy lets nothing run in it, axe neither; the document is the same.
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.set_content(report)
    return page


def test_it_is_called_by_its_version_and_says_how_that_does_live(
    browser: Browser, report: str
) -> None:
    page = opened(browser, report, 1200)
    expect(page).to_have_title(re.compile(r"^golden v2, registered$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("golden v2")
    expect(page.locator("#since")).to_have_text(
        re.compile(r"Since it serves: R² 0\.\d+, nMAE \d+\.\d% of capacity over \d+ site-days")
    )
    page.close()


@pytest.mark.parametrize("width", [390, 1440])
def test_it_fits_and_can_be_read_by_all(browser: Browser, report: str, width: int) -> None:
    page = opened(browser, report, width)
    assert page.evaluate(WIDE) == 0
    found = Axe().run(page).response["violations"]
    assert [each["id"] for each in found if each["impact"] in {"serious", "critical"}] == []
    page.close()


@pytest.mark.parametrize(("width", "columns"), [(699, 1), (1440, 4)])
def test_four_days_stand_below_each_other_where_they_would_be_too_small(
    browser: Browser, report: str, width: int, columns: int
) -> None:
    page = opened(browser, report, width)
    days = page.locator(".days").first.locator("svg")
    expect(days).to_have_count(4)
    boxes = [each.bounding_box() for each in days.all()]
    assert len({round(box["x"]) for box in boxes if box}) == columns
    page.close()


def test_it_prints_on_four_sheets_at_most(browser: Browser, report: str) -> None:
    page = opened(browser, report, 1200)
    paper = page.pdf(prefer_css_page_size=True, print_background=True)
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", paper)) <= MOST_PAPER
    page.close()
