"""When a site is silent, to the edge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.data_watcher.domain.activity import GRAIN, News, SiteActivity, news

LAST = datetime(2024, 7, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def test_uploads_are_noted_to_a_quarter_of_an_hour() -> None:
    assert timedelta(minutes=15) == GRAIN


@pytest.mark.parametrize(
    ("late", "is_news"), [(-DAY, False), (timedelta(0), False), (timedelta(seconds=1), True)]
)
def test_a_site_is_silent_once_its_patience_and_the_grain_are_over(
    late: timedelta, *, is_news: bool
) -> None:
    now = LAST + DAY + GRAIN + late
    expected = News(LAST, now - LAST, recovered=False)

    assert news(SiteActivity("east", LAST), DAY, now) == (expected if is_news else None)


def test_a_silence_that_people_know_of_is_no_news_and_its_end_is() -> None:
    now = LAST + 9 * DAY

    assert news(SiteActivity("east", LAST, LAST), DAY, now) is None
    again = SiteActivity("east", LAST + 2 * DAY, LAST)
    assert news(again, DAY, now) == News(LAST, 2 * DAY, recovered=True)
