"""When a schedule is due, as AWS reads its cron expression; what is not sure is not said."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from console.client import cron

NOW = datetime(2026, 11, 29, 9, 30, tzinfo=UTC)  # a Sunday
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "before", "after"),
    [
        ("cron(0 6 * * ? *)", "2026-11-29T06:00", "2026-11-30T06:00"),
        ("cron(30 9 * * ? *)", "2026-11-29T09:30", "2026-11-30T09:30"),
        ("cron(30 6 ? * MON *)", "2026-11-23T06:30", "2026-11-30T06:30"),
        ("cron(0 0 ? * 1 *)", "2026-11-29T00:00", "2026-12-06T00:00"),
        ("cron(0 3 1 * ? *)", "2026-11-01T03:00", "2026-12-01T03:00"),
        ("cron(0/20 * * * ? *)", "2026-11-29T09:20", "2026-11-29T09:40"),
        ("cron(5,10 8-10 * * ? *)", "2026-11-29T09:10", "2026-11-29T10:05"),
        ("cron(0 12 ? DEC-DEC MON-FRI 2026-2027)", None, "2026-12-01T12:00"),
        ("cron(0 0 29 2 ? *)", "2024-02-29T00:00", "2028-02-29T00:00"),
        ("cron(0 0 1 1 ? 2025)", "2025-01-01T00:00", None),
    ],
)
def test_the_last_and_the_next_time_are_those_of_the_expression(
    expression: str, before: str | None, after: str | None
) -> None:
    assert cron.preceding(expression, "UTC", NOW, LONG_AGO) == (before and utc(before))
    assert cron.following(expression, "UTC", NOW) == (after and utc(after))


@pytest.mark.parametrize(
    "expression",
    [
        *("rate(5 minutes)", "at(2026-12-01T00:00:00)", "cron(0 6 * * ?)", "cron(0 6 L * ? *)"),
        *(
            "cron(0 6 ? * 2#1 *)",
            "cron(0 6 15W * ? *)",
            "cron(0 25 * * ? *)",
            "cron(0/0 6 * * ? *)",
        ),
    ],
)
def test_what_is_not_known_surely_is_not_said(expression: str) -> None:
    assert cron.following(expression, "UTC", NOW) is None
    assert cron.preceding(expression, "UTC", NOW, LONG_AGO) is None
    assert cron.following("cron(0 6 * * ? *)", "Europe/Nowhere", NOW) is None


def test_a_schedule_is_due_by_its_own_clock() -> None:
    berlin = "Europe/Berlin"
    assert cron.following("cron(0 6 * * ? *)", berlin, NOW) == utc("2026-11-30T05:00")
    assert cron.following("cron(0 6 * * ? *)", berlin, utc("2026-06-01T12:00")) == utc(
        "2026-06-02T04:00"
    )
    assert cron.following("cron(0 0 * * ? *)", berlin, utc("2026-11-29T23:30")) == utc(
        "2026-11-30T23:00"
    )


def test_a_time_that_clocks_skip_is_skipped_and_one_that_comes_twice_counts_once() -> None:
    berlin, daily = "Europe/Berlin", "cron(30 2 * * ? *)"
    assert cron.following(daily, berlin, utc("2026-03-28T12:00")) == utc("2026-03-30T00:30")
    first = cron.following(daily, berlin, utc("2026-10-24T12:00"))
    assert first == utc("2026-10-25T00:30")
    assert cron.following(daily, berlin, first) == utc("2026-10-26T01:30")


def test_nothing_was_due_before_the_schedule_was_made() -> None:
    made = utc("2026-11-29T07:00")
    assert cron.preceding("cron(0 6 * * ? *)", "UTC", NOW, made) is None
