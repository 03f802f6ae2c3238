"""docs/notices.md shows what is really sent."""

from __future__ import annotations

from tests.unit.notifier import gallery


def test_the_page_of_all_notices_is_what_is_sent() -> None:
    assert gallery.PAGE.read_text() == gallery.page(), "`make notices` writes it anew"
