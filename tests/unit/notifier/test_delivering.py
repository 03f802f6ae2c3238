"""Everybody gets a notice once; who does not take it gets it later, and holds up nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.notifier.domain import delivery
from services.notifier.domain.delivery import LEASE, PATIENCE, BusyError, Subscriptions
from services.notifier.domain.notice import Delivery, Entry, Notice, Severity, Standing
from services.notifier.domain.offer import Offer, Verb
from services.notifier.domain.rendering import render
from services.notifier.domain.routing import Rule
from services.notifier.ports import Reader
from shared.errors import PermanentError, RetryableError
from tests.unit.notifier.fakes import START, FakeCourier, World, quarantined, sweep


def a_notice(name: str = "n", **more: object) -> Notice:
    return Notice(name, "config_rejected", Severity.WARNING, name, ("It is so.",), START, **more)


def test_a_notice_goes_through_every_channel_and_when_each_took_it_is_kept() -> None:
    world = World()
    world.telling.tell(a_notice())
    assert len(world.email.sent) == len(world.slack.sent) == 1
    (entry,) = world.notices.entries.values()
    assert entry.standing is Standing.SENT
    assert entry.sent == {"email": START, "slack": START}


@pytest.mark.parametrize("trouble", [RetryableError("slow"), OSError("no route"), TimeoutError()])
def test_who_does_not_take_it_gets_it_later_and_the_others_have_it_once(trouble: Exception) -> None:
    world = World()
    world.slack.trouble = [trouble] * 3
    for _ in range(2):
        world.telling.tell(a_notice())
    assert (len(world.email.sent), world.slack.sent) == (1, [])
    world.pass_time(timedelta(minutes=20), 40)
    assert len(world.email.sent) == len(world.slack.sent) == 1
    assert world.notices.entries["n"].standing is Standing.SENT


def test_a_channel_that_asks_for_rest_is_left_alone_for_as_long() -> None:
    world = World()
    world.slack.trouble = [BusyError("busy", 600.0)]
    world.telling.tell(a_notice("one"))
    world.telling.tell(a_notice("two"))
    world.pass_time(timedelta(seconds=590), 10)
    assert world.slack.sent == []
    world.pass_time(timedelta(seconds=15))
    assert [each.subject for each in world.slack.sent] == ["one", "two"]
    assert len(world.email.sent) == 2


def test_a_day_without_slack_loses_nothing_and_doubles_nothing() -> None:
    world = World()
    for hour in range(24):
        world.slack.trouble = [RetryableError("down")] * 99
        world.telling.tell(a_notice(f"hour {hour}"))
        world.pass_time(timedelta(hours=1), 4)
    world.slack.trouble = []
    world.pass_time(timedelta(hours=3), 12)
    expected = {f"hour {hour}" for hour in range(24)}
    for courier in (world.email, world.slack):
        assert {each.subject for each in courier.sent} == expected
        assert len(courier.sent) == 24


def test_after_two_days_it_is_undelivered_counted_and_can_be_sent_again() -> None:
    world = World()
    world.slack.trouble = [RetryableError("down")] * 999
    world.telling.tell(a_notice())
    world.pass_time(PATIENCE + timedelta(hours=2), 200)
    entry = world.notices.entries["n"]
    assert entry.standing is Standing.UNDELIVERED
    assert entry.to("slack").why == "in vain for two days: down"
    assert world.measures.counted == {"NoticesUndelivered": 1}

    world.slack.trouble = []
    assert world.notifier.redriving.redrive() == 1
    world.pass_time()
    assert len(world.email.sent) == len(world.slack.sent) == 1
    assert world.notices.entries["n"].standing is Standing.SENT


def test_a_channel_that_is_gone_is_told_by_the_others_once_a_day() -> None:
    world = World()
    for number in range(3):
        world.slack.trouble = [PermanentError("Slack refuses the message with 404: no_team")]
        world.telling.tell(a_notice(str(number)))
    world.pass_time()
    told = [each for each in world.email.sent if each.kind == "channel_refused"]
    assert [each.subject for each in told] == ["The channel slack takes no messages"]
    assert "404" in told[0].email_text()
    assert len(world.email.sent) == 4
    assert world.slack.sent == []
    assert world.measures.counted == {"NoticesUndelivered": 3}
    assert world.notifier.redriving.redrive() == 3


def test_two_processes_do_not_send_the_same_notice_at_once() -> None:
    first, second = World(), None
    second = World(first.notices)
    entry = first.notices.open(Entry(a_notice(), Standing.SENDING, START))
    assert first.notices.take("n", "email", START + LEASE, START)
    second.delivering.deliver(entry)
    assert second.email.sent == []
    assert LEASE in second.timer.delays
    second.now += LEASE * 2
    second.pass_time()
    assert len(second.email.sent) == 1, "the first process died"


def test_what_an_earlier_version_left_waiting_is_sent() -> None:
    world = World()
    world.notices.open(Entry(a_notice(), Standing.WAITING, START))
    world.pass_time()
    assert len(world.email.sent) == 1


def test_a_recipient_gets_the_links_that_were_signed_for_it() -> None:
    world = World()
    world.links.addresses = {"email approve": "https://ok.example/e"}
    offers = (Offer(Verb.APPROVE, "Approve"), Offer(Verb.REJECT, "Reject"))
    world.telling.tell(a_notice(offers=offers))
    assert [each.url for each in world.email.links] == ["https://ok.example/e"]
    assert world.slack.links == []


def test_tries_come_at_growing_intervals_of_up_to_an_hour() -> None:
    entry, made, waits = Entry(a_notice(), Standing.SENDING, START), Delivery(), []
    now = START
    while made.gave_up_at is None:
        made = delivery.tried(made, entry, "down", now)
        if made.next_try is not None:
            waits.append((made.next_try - now).total_seconds())
            now = made.next_try
    assert waits[:5] == [30, 120, 600, 1800, 3600]
    assert max(waits) == 3600
    assert now - START >= PATIENCE


@pytest.mark.parametrize(
    ("said", "subject"),
    [
        (Subscriptions(0, 1), "Nobody gets the e-mail of email"),
        (Subscriptions(0, 0), "Nobody gets the e-mail of email"),
        (Subscriptions(2, 1), "An e-mail subscription of email waits to be confirmed"),
    ],
)
def test_e_mail_that_nobody_gets_is_told_by_another_channel_once_a_day(
    said: Subscriptions, subject: str
) -> None:
    world = World()
    world.email.said = said
    daily = sweep().model_copy(update={"scope": "daily"})
    for _ in range(2):
        world.handle(daily)
    assert [each.subject for each in world.slack.sent] == [subject]
    assert len(world.email.sent) == (1 if said.confirmed else 0)
    assert world.measures.counted == {"MailUnheard": 0}
    world.now += timedelta(days=1)
    world.handle(daily)
    assert len(world.slack.sent) == 2


@pytest.mark.parametrize("said", [Subscriptions(0, 1), Subscriptions(0, 0, deleted=1)])
def test_where_nobody_else_can_be_told_of_e_mail_that_nobody_gets_it_is_counted(
    said: Subscriptions,
) -> None:
    world = World()
    world.email.said = said
    world.readers[:] = world.readers[:1]
    world.handle(sweep().model_copy(update={"scope": "daily"}))
    assert world.email.sent == []
    assert world.measures.counted == {"MailUnheard": 1}


@pytest.mark.parametrize("said", [Subscriptions(1, 0), Subscriptions(0, 0, expected=False)])
def test_e_mail_that_everybody_gets_who_should_is_no_news(said: Subscriptions) -> None:
    world = World()
    world.email.said = said
    world.handle(sweep().model_copy(update={"scope": "daily"}))
    assert world.slack.sent == []


def test_where_a_console_can_be_reached_every_message_links_to_its_page() -> None:
    world = World()
    world.delivering = replace(world.delivering, console_url="https://console.example/")
    (page,) = world.delivering.links_of(notice_about(), "email")
    assert (page.verb, page.url) == (
        "console",
        "https://console.example/file?key=raw%2Feast%2F1.csv",
    )
    world.links.trouble = OSError("no key")
    assert world.delivering.links_of(notice_about(), "email") == [page], "it needs no key"


def notice_about() -> Any:
    return render(quarantined(1), START)


def test_a_message_whose_links_cannot_be_signed_goes_out_without_them() -> None:
    world = World()
    world.links.trouble = OSError("no key")
    world.telling.tell(a_notice(offers=(Offer(Verb.APPROVE, "Approve"),)))
    assert len(world.email.sent) == len(world.slack.sent) == 1
    assert world.email.links == []
    assert world.measures.counted == {"LinksNotSigned": 2}


def test_who_failed_before_comes_last_so_that_several_that_hang_starve_nobody() -> None:
    world = World()
    order: list[str] = []
    first, second = FakeCourier("a"), FakeCourier("b")
    for courier in (first, second):
        send = courier.send
        courier.send = lambda notice, links, send=send, courier=courier: (  # type: ignore[method-assign]
            order.append(courier.recipient),
            send(notice, links),
        )
    world.readers[:] = [Reader(each, Rule()) for each in (first, second)]
    first.trouble = [TimeoutError(), TimeoutError()]
    second.trouble = [TimeoutError()]
    world.telling.tell(a_notice())
    world.pass_time(timedelta(minutes=5), 10)
    assert order == ["a", "b", "a", "b", "a"]
    order.clear()
    entry = world.notices.entries["n"]
    failed = replace(entry, deliveries={"a": Delivery(tries=3)}, standing=Standing.SENDING)
    world.notices.entries["n"] = failed
    world.delivering.deliver(failed)
    assert order == ["b", "a"]
