"""Each recipient gets what it asked for, when it wants it, in its own time and units."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.notifier.domain.delivery import PATIENCE
from services.notifier.domain.notice import Notice, Severity, Standing
from services.notifier.domain.routing import Rule
from services.notifier.ports import Reader
from shared.errors import RetryableError
from shared.notifications import Recipient
from tests.unit.notifier.fakes import START, FakeCourier, World


def rule(**said: Any) -> Rule:
    return Rule(
        Recipient.model_validate({"name": "night", "email_topic": "solar-notices-n"} | said)
    )


def a_notice(name: str = "n", severity: Severity = Severity.WARNING, **more: Any) -> Notice:
    return Notice(name, "file_quarantined", severity, name, ("It is so.",), START, **more)


def told(world: World, **said: Any) -> FakeCourier:
    """Add a recipient, and return what it gets."""
    courier = FakeCourier("night")
    world.readers.append(Reader(courier, rule(**said)))
    return courier


@pytest.mark.parametrize(
    ("said", "more", "wanted"),
    [
        ({}, {}, True),
        ({"severities": ["critical"]}, {}, False),
        ({"severities": ["warning"]}, {}, True),
        ({"kinds": ["alarm", "file_*"]}, {}, True),
        ({"kinds": ["alarm*"]}, {}, False),
        ({"models": ["fleet-?"]}, {"model": "fleet-1"}, True),
        ({"models": ["fleet-?"]}, {"model": "golden"}, False),
        ({"sites": ["north-*"]}, {"site": "south-1"}, False),
        ({"sites": ["north-*"], "models": ["x"]}, {}, True),
    ],
)
def test_a_recipient_gets_what_it_asked_for(
    said: dict[str, Any], more: dict[str, Any], *, wanted: bool
) -> None:
    assert rule(**said).wants(a_notice(**more)) is wanted


def test_what_nobody_wants_is_kept_and_over() -> None:
    world = World()
    world.readers = [Reader(world.email, rule(severities=["critical"]))]
    world.telling.tell(a_notice())
    assert world.email.sent == []
    assert world.notices.entries["n"].standing is Standing.SENT


NIGHT = {"quiet_hours": {"begin": "22:00", "end": "06:30"}, "timezone": "Europe/Berlin"}


@pytest.mark.parametrize(
    ("hour", "until"),
    [
        ("2024-07-01T19:59", None),
        ("2024-07-01T20:00", "2024-07-02T04:30"),  # 22:00 in Berlin
        ("2024-07-02T04:29", "2024-07-02T04:30"),
        ("2024-07-02T04:30", None),
        ("2024-12-01T21:30", "2024-12-02T05:30"),  # in winter an hour later
        ("2024-03-31T00:30", "2024-03-31T04:30"),  # the night in which the clocks change
    ],
)
def test_quiet_hours_are_those_of_the_recipients_clock(hour: str, until: str | None) -> None:
    def moment(said: str) -> datetime:
        return datetime.fromisoformat(said).replace(tzinfo=UTC)

    found = rule(**NIGHT).quiet_until(a_notice(), moment(hour))
    assert found == (moment(until) if until else None)


def test_what_comes_in_quiet_hours_comes_as_one_message_when_they_end_and_critical_at_once() -> (
    None
):
    world = World()
    night = told(world, quiet_hours={"begin": "11:00", "end": "14:00"})
    for number in range(3):
        world.telling.tell(a_notice(f"file {number}", remedy="Upload it again."))
    world.telling.tell(a_notice("fire", Severity.CRITICAL))
    assert [each.subject for each in night.sent] == ["fire"]
    assert len(world.email.sent) == 4, "nobody else waits"

    world.pass_time(timedelta(hours=1, minutes=59))
    assert len(night.sent) == 1
    world.pass_time(timedelta(minutes=5), 5)
    _, digest = night.sent
    assert digest.subject == "3 things came in your quiet hours"
    assert "- Warning: file 1. What to do: Upload it again." in digest.lines[0]
    assert len(world.email.sent) == 4
    assert all(each.standing is Standing.SENT for each in world.notices.entries.values())


def test_an_outcome_is_no_part_of_the_message_after_quiet_hours() -> None:
    world = World()
    night = told(world, quiet_hours={"begin": "11:00", "end": "14:00"})
    for number in range(2):
        world.telling.tell(a_notice(f"file {number}"))
    world.telling.tell(a_notice("version 7 serves", Severity.INFO, outcome=True))
    world.pass_time(timedelta(hours=3), 6)
    assert sorted(each.subject for each in night.sent) == [
        "2 things came in your quiet hours",
        "version 7 serves",
    ]


def test_one_that_waited_alone_is_told_as_itself() -> None:
    world = World()
    night = told(world, quiet_hours={"begin": "11:00", "end": "14:00"})
    world.telling.tell(a_notice("alone"))
    world.pass_time(timedelta(hours=3), 6)
    assert [each.subject for each in night.sent] == ["alone"]


def test_quiet_hours_are_no_failed_try() -> None:
    world = World()
    night = told(world, quiet_hours={"begin": "00:00", "end": "23:59"})
    world.telling.tell(a_notice("alone"))
    world.pass_time(timedelta(hours=11, minutes=59))
    night.trouble = [RetryableError("down")]
    world.pass_time(timedelta(seconds=30), 3)
    delivery = world.notices.entries["alone"].to("night")
    assert delivery.tries <= 1
    assert delivery.gave_up_at is None
    assert timedelta(days=1) < PATIENCE


def test_stamps_and_energies_are_written_as_the_recipient_reads_them() -> None:
    written = rule(timezone="Europe/Berlin", units="MWh").written(
        a_notice("5,426 kWh until 2024-07-01 22:30 UTC", facts=(("Energy", "1,234.5 kWh"),))
    )
    assert written.subject == "5.426 MWh until 2024-07-02 00:30 CEST"
    assert written.facts == (("Energy", "1.234 MWh"),)
    assert "2024-07-01 14:00 CEST" in written.email_text()


def test_without_a_rule_a_notice_stays_as_it_is() -> None:
    notice = a_notice("5 kWh at 2024-07-01 22:30 UTC")
    assert Rule().written(notice) is notice
    assert Rule().quiet_until(notice, START) is None
