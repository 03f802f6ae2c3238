"""The page as a person meets it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Error, Page, expect

pytestmark = pytest.mark.timeout(900)  # the first test waits for the demo
PAGES = (
    "/",
    "/?view=model",
    "/?view=topic",
    "/?view=calendar&days=366",
    "/models",
    "/models/golden",
    "/models/golden/compare?first=1&second=2",
    "/sites/golden",
    "/sites/golden?from=2012-09-01&to=2013-06-16",
    "/sites/golden/history?first=1&second=1",
    "/files",
    "/files?site=golden&state=quarantined",
    "/file?key=golden/power_w_2013-01.csv",
    "/balance",
    "/runs",
    "/costs",
    "/decisions",
    "/decisions/golden?since=2010-01-01&quiet_period=1+h",
    "/forecast",
    "/forecast/golden/golden",
    "/status",
    "/notices",
    "/do/rollback?model=golden",
    "/do/exclude?site=golden&start=2013-06-01&end=2013-06-02",
)
MOST_PAPER = 8  # sheets of a page
WAIT = 60_000  # for what the platform does meanwhile [ms]


@dataclass
class Window:
    """The window of a browser, and what the pages in it should not do."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def resized(self, width: int, scheme: Literal["light", "dark"] = "light") -> Page:
        """Make it so wide and so bright; what was complained of on an earlier page is forgotten."""
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.emulate_media(media="null", color_scheme=scheme)
        self.complaints.clear()
        self.strangers.clear()
        return self.page


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[Window]:
    """One window for all pages: in a new one, the library of the charts is compiled for seconds each time."""
    context = browser.new_context()
    found = Window(context.new_page())
    found.page.on(
        "console",
        lambda each: found.complaints.append(each.text) if each.type == "error" else None,
    )
    found.page.on("pageerror", lambda each: found.complaints.append(str(each)))
    found.page.on(
        "request",
        lambda each: (
            None
            if urlsplit(each.url).hostname in {"127.0.0.1", None}
            else found.strangers.append(each.url)
        ),
    )
    yield found
    context.close()


@pytest.fixture
def page(window: Window) -> Page:
    return window.resized(1200)


@pytest.mark.parametrize(
    ("width", "scheme"), [(390, "light"), (1440, "light"), (1440, "dark"), (3840, "light")]
)
@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_can_be_read_by_all_and_stays_on_this_machine(
    window: Window, address: str, path: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    look(window, address + path, width, scheme)


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1440, "light"), (1440, "dark")])
def test_the_page_of_a_run_fits_with_its_log(
    window: Window, page: Page, address: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    page.goto(f"{address}/runs")
    link = page.locator("tbody a[href^='/runs/']").last.get_attribute("href")
    look(window, f"{address}{link}&stage=Train", width, scheme)


def look(window: Window, link: str, width: int, scheme: Literal["light", "dark"]) -> None:
    """Look at a page as everybody meets it: it fits, can be read, and asks nobody else for anything."""
    page = window.resized(width, scheme)
    page.goto(link)
    if page.locator("[data-chart]").count():
        expect(page.locator(".main-svg").first).to_be_visible()
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) == 0
    found = Axe().run(page).response["violations"]
    assert [each["id"] for each in found if each["impact"] in {"serious", "critical"}] == []
    assert (window.complaints, window.strangers) == ([], [])


A4 = 703  # px between the margins of a page of paper, at 96 to the inch
INK = """() => [...document.querySelectorAll('main *')].filter(each => {
    const channels = getComputedStyle(each).color.match(/[0-9.]+/g).slice(0, 3).map(Number);
    return each.childElementCount === 0 && each.textContent.trim() && !each.closest('svg')
        && each.getClientRects().length && Math.max(...channels) > 150;
}).map(each => each.outerHTML.slice(0, 120))"""
CUT_ON_PAPER = """() => [...document.querySelectorAll('table, pre, .main-svg, .bars')].filter(each =>
    each.getClientRects().length && each.getBoundingClientRect().right > innerWidth + 1
).map(each => each.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("path", PAGES)
def test_a_page_prints_dark_on_white_whole_and_without_what_only_a_screen_can_do(
    window: Window, address: str, path: str
) -> None:
    page = window.resized(A4, "dark")
    page.goto(address + path)
    charts = page.locator("[data-chart]")
    if charts.count():
        expect(page.locator(".main-svg").first).to_be_visible()
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator("nav, form, button, .button").locator("visible=true")).to_have_count(0)
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == (
        "rgb(255, 255, 255)"
    )
    assert page.evaluate(INK) == [], "what is too bright for white paper"
    assert page.evaluate(CUT_ON_PAPER) == []
    for place in range(charts.count()):
        if charts.nth(place).is_visible():
            expect(charts.nth(place).locator(".main-svg").first).to_be_visible()
    paper = page.pdf(prefer_css_page_size=True)
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", paper)) <= MOST_PAPER


WIDE_TABLES = """() => [...document.querySelectorAll('.scroll:has(> table:not(.days))')].filter(each =>
    each.getClientRects().length && each.scrollWidth > each.clientWidth + 1
).map(each => each.getAttribute('aria-label'))"""


@pytest.mark.parametrize("path", ["/status", "/sites/golden", "/models/golden", "/notices"])
def test_on_a_phone_no_column_is_off_the_screen(window: Window, address: str, path: str) -> None:
    page = window.resized(390)
    page.goto(address + path)
    for fold in page.locator("main details").all():
        fold.evaluate("each => { each.open = true; }")
    page.wait_for_timeout(300)
    assert page.evaluate(WIDE_TABLES) == []
    if path == "/status":
        schedules = page.get_by_role("region", name="Schedules")
        expect(schedules.get_by_role("row").nth(1)).to_contain_text("within")
        label = "each => getComputedStyle(each, '::before').content"
        assert "next" in schedules.locator("td").first.evaluate(label)


def test_the_report_of_a_run_is_on_its_paper(page: Page, address: str) -> None:
    page.goto(f"{address}/runs?status=registered")
    page.locator("main a[href^='/runs/']").first.click()
    frame = page.locator("iframe.report")
    assert frame.get_attribute("loading") is None, "what is loaded late prints blank"
    page.emulate_media(media="print")
    expect(page.frame_locator("iframe.report").locator("h1")).to_be_visible()
    assert frame.evaluate("each => each.getBoundingClientRect().height") > 900, "a page of A4"
    expect(page.locator(".paper")).to_contain_text("/report")


def test_a_chart_of_a_wide_screen_is_as_wide_as_the_paper_when_it_prints(
    page: Page, address: str
) -> None:
    page.goto(f"{address}/sites/golden")
    expect(page.locator(".main-svg").first).to_be_visible()
    page.evaluate(
        "addEventListener('afterprint', () => { window.drawn = "
        "[...document.querySelectorAll('.main-svg')].map(each => each.getBoundingClientRect().width); })"
    )
    page.pdf(prefer_css_page_size=True)
    assert max(page.evaluate("window.drawn")) <= A4


def test_three_clicks_lead_from_the_fleet_to_the_cause_and_the_button(
    page: Page, address: str
) -> None:
    page.goto(address)
    expect(page.locator(".need", has_text="files are refused")).to_be_visible()
    page.get_by_role("link", name="see the files").click()
    page.get_by_role("link", name="power_w_2013-01.csv").click()
    expect(page.locator("mark")).to_contain_text("502 Bad Gateway")
    page.get_by_role("link", name="Dismiss").click()
    expect(page.get_by_role("heading", name="What will happen")).to_be_visible()


def confirm(page: Page, button: str, reason: str) -> None:
    page.get_by_label("Why?").fill(reason)
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("status")).to_be_visible()


def test_a_file_that_nobody_will_correct_is_dismissed(page: Page, address: str) -> None:
    link = f"{address}/file?key=golden/power_w_2013-01.csv"
    page.goto(link)
    page.get_by_role("link", name="Dismiss").click()
    confirm(page, "Dismiss", "the gateway was down that day")
    eventually(page, link, lambda: page.get_by_text("the gateway was down that day").count() > 0)


def test_a_version_is_rolled_back_rejected_and_approved_again(page: Page, address: str) -> None:
    model = f"{address}/models/golden"
    page.goto(model)
    expect(page.get_by_text("Version 2 serves")).to_be_visible()
    page.get_by_role("link", name="Roll back").click()
    expect(page.get_by_text("Version 2 of model golden is taken back")).to_be_visible()
    confirm(page, "Roll back", "an hour off since Monday")
    eventually(page, model, lambda: page.get_by_text("Version 1 serves").count() > 0)
    expect(page.get_by_text("Held by")).to_be_visible()
    if page.get_by_role("link", name="Reject 2").count():
        page.get_by_role("link", name="Reject 2").click()
        confirm(page, "Reject", "not yet")
    page.goto(model)
    page.get_by_role("link", name="Approve 2").click()
    confirm(page, "Approve", "the clock was right after all")
    eventually(page, model, lambda: page.get_by_text("Version 2 serves").count() > 0)


def test_a_run_is_followed_to_its_verdict_without_a_touch(page: Page, address: str) -> None:
    page.goto(f"{address}/models/golden")
    page.get_by_role("link", name="Retrain").click()
    confirm(page, "Retrain", "to see it run")
    runs = f"{address}/runs?status=running"
    eventually(page, runs, lambda: page.locator("tbody a[href^='/runs/']").count() > 0)
    page.locator("tbody a[href^='/runs/']").first.click()
    page.evaluate("window.isTheSame = true")
    expect(page.locator("pre.log")).to_contain_text("started", timeout=WAIT)
    expect(page.get_by_role("rowheader", name="Evaluate").get_by_role("link")).to_be_visible(
        timeout=WAIT
    )
    assert page.evaluate("window.isTheSame"), "a part was renewed, not the page"
    expect(page.get_by_role("heading", name="Verdict")).to_be_visible(timeout=WAIT)


def test_the_status_says_when_schedules_are_due(page: Page, address: str) -> None:
    page.goto(f"{address}/status")
    schedules = page.get_by_role("region", name="Schedules")
    expect(schedules).to_contain_text("Compares every endpoint with what is approved.")
    expect(schedules).to_contain_text("06:00 UTC")


def test_a_drag_over_the_chart_zooms_and_back_leads_back(page: Page, address: str) -> None:
    site = f"{address}/sites/golden"
    page.goto(site)
    drag(page)
    page.wait_for_url(re.compile("from=2013-06-"))
    page.go_back()
    assert page.url == site


def test_a_drag_over_the_chart_excludes_a_stretch(page: Page, address: str) -> None:
    site = f"{address}/sites/golden"
    page.goto(site)
    page.get_by_role("button", name="excludes the stretch").click()
    drag(page)
    page.wait_for_url(re.compile("/do/exclude"))
    assert re.search(r"start=[^&]*%3A(00|15|30|45)Z&end=[^&]*%3A(00|15|30|45)Z", page.url)
    expect(page.get_by_text("enter no further dataset")).to_be_visible()
    confirm(page, "Exclude", "inverter swapped")
    eventually(page, site, lambda: page.get_by_role("link", name="Include").count() > 0)
    expect(page.get_by_text("inverter swapped").first).to_be_visible()


def test_what_does_not_count_says_why_on_hover_and_in_a_table(page: Page, address: str) -> None:
    page.goto(f"{address}/sites/golden?from=2012-08-14&to=2012-08-20")
    chart = page.locator("[data-chart]").first
    expect(chart.locator(".main-svg").first).to_be_visible()
    box = chart.bounding_box()
    assert box is not None
    outage = 56 + 0.47 * (box["width"] - 64)  # of the plot: the evening of August 16th
    page.mouse.move(box["x"] + outage, box["y"] + 100)
    expect(chart.locator(".hoverlayer")).to_contain_text("outage: next to no power for an hour")
    table = page.get_by_role("region", name="What does not count")
    expect(table).to_contain_text("outage: next to no power for an hour")


def test_a_bar_below_the_chart_leads_to_its_file(page: Page, address: str) -> None:
    page.goto(f"{address}/sites/golden?from=2013-01-15&to=2013-03-15")
    page.locator(".bars a[aria-label^='power_kw_2013-02.csv']").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("power_kw_2013-02.csv")


def test_days_in_different_states_have_different_colours(page: Page, address: str) -> None:
    page.goto(f"{address}/?view=calendar&days=366")
    colours = page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll('rect.stretch')].map(
            each => [each.classList[1], getComputedStyle(each).fill]))"""
    )
    assert {"scored", "unknown"} < colours.keys()
    assert len({colours[each] for each in ("scored", "unknown")}) == 2
    keys = page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll('.swatch')].map(
            each => [each.classList[1], getComputedStyle(each).backgroundColor]))"""
    )
    assert {state: colours[state] for state in keys if state in colours}.items() <= keys.items()


def test_a_keyboard_alone_reaches_the_content(page: Page, address: str) -> None:
    page.goto(address)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")


def test_without_scripts_every_figure_can_be_read(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/sites/golden")
    page.get_by_text("Figures of the chart").first.click()
    expect(page.get_by_role("region", name="Figures: Measured")).to_contain_text("2013-06-")
    context.close()


def drag(page: Page) -> None:
    """Drag over the middle of the first chart."""
    chart = page.locator("[data-chart]").first
    expect(chart.locator(".main-svg").first).to_be_visible()
    box = chart.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 110, steps=8)
    page.mouse.up()


def eventually(page: Page, link: str, holds: Callable[[], bool]) -> None:
    """Load a page anew until it shows what was asked for."""
    for _ in range(WAIT // 2000):
        with suppress(Error):  # the page may be loading itself anew just now
            page.goto(link)
            if holds():
                return
        page.wait_for_timeout(2000)
    pytest.fail(page.locator("main").inner_text())
