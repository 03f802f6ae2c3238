"""However much happens at once, few mails say it, and what is critical is out within a minute."""

from __future__ import annotations

from datetime import timedelta

from tests.unit.notifier.burst import burst


def test_a_burst_makes_few_mails_and_what_is_critical_is_out_within_a_minute() -> None:
    few, many = burst(4_000), burst(20_000)
    for each in (few, many):
        assert each.slowest < timedelta(seconds=60)
        assert each.found == each.messages
    assert many.mails < 60
    assert many.posts == many.mails
