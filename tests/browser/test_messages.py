"""The pages that messages lead to, on a phone and on a desk: whole, and readable by all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from services.notifier.domain.links.exchange import HEADERS
from tests.unit.notifier import rendered

ADDRESS = "https://links.example/page"
PAGES = {name: (status, text) for name, status, text in rendered.pages()}
WIDTHS = (390, 1200)

# What stands outside the screen, or is cut off by the box that it stands in.
CUT = """() => [...document.querySelectorAll('body *')].filter(each => {
    const box = each.getBoundingClientRect();
    if (!box.width || each.closest('svg')) return false;
    const style = getComputedStyle(each);
    const hides = style.overflowX !== 'visible' && each.tagName !== 'TEXTAREA';
    return box.right > innerWidth + 0.5 || box.left < -0.5
        || (hides && each.scrollWidth > each.clientWidth + 1)
        || style.textOverflow === 'ellipsis';
}).map(each => each.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[Page]:
    """One window for all pages: what looks at them is compiled in it once."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def opened(page: Page, name: str, width: int, scheme: Literal["light", "dark"]) -> Page:
    """Open a page as the function's address answers, so that the browser holds it to its own policy."""
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme=scheme)
    status, text = PAGES[name]
    headers = {**HEADERS, "content-type": "text/html; charset=utf-8"}
    if name.startswith("a week"):  # S3 serves it, without our headers
        headers = {"content-type": "text/html; charset=utf-8"}
    page.unroute_all()
    page.route("**/*", lambda route: route.fulfill(status=status, headers=headers, body=text))
    page.goto(ADDRESS)
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_a_message_fits_and_can_be_read_by_all(
    window: Page, name: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    page = opened(window, name, width, scheme)
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) == 0
    assert page.evaluate(CUT) == []
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(16, 22, 28)"}[scheme], "our style"
    found = Axe().run(page).response["violations"]
    assert [each["id"] for each in found if each["impact"] in {"serious", "critical"}] == []


@pytest.mark.parametrize("width", WIDTHS)
def test_what_a_thumb_presses_is_large_enough(window: Page, width: int) -> None:
    page = opened(window, "approve with evidence", width, "light")
    for kind in ("button", "input", "textarea"):
        box = page.locator(kind).first.bounding_box()
        assert box is not None
        assert box["height"] >= 40, kind
