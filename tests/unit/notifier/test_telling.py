"""People are told each thing once: by itself, or together with what is like it, and never in a flood."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain import grouping
from services.notifier.domain.grouping import MOST_IN_A_WINDOW, MOST_NAMED, MOST_OPENED
from services.notifier.domain.notice import Entry, Notice, Severity, Standing
from services.notifier.domain.review.facts import Span
from shared import messages
from shared.errors import InvalidMessageError
from shared.inbox import BudgetExceeded, ObjectChanged, ServiceEvent
from tests.unit.notifier.fakes import START, World, elsewhere, quarantined, sweep
from tests.unit.notifier.gallery import an_alarm, sample
from tests.unit.notifier.review_world import ReviewWorld


def a_notice(subject: str, severity: Severity = Severity.WARNING) -> Notice:
    return Notice(subject, "config_rejected", severity, subject, (), START)


def alarm(number: int, **changed: object) -> object:
    return an_alarm(name=f"solar-{number}", occurred_at=START, **changed)


def test_forty_files_with_one_fault_are_one_mail_with_count_cause_remedy_and_names() -> None:
    world = World()
    for number in range(40):
        world.handle(quarantined(number))
        world.now += timedelta(seconds=2)
    assert world.email.sent == [], "more may come"
    world.pass_time(timedelta(seconds=61))

    (mail,) = world.email.sent
    assert mail.subject == "40 files quarantined at site east: empty"
    text = mail.email_text()
    assert "the file has no bytes" in text
    assert "What to do: upload it again." in text
    assert "- raw/east/0.csv" in text
    assert f"- and {40 - MOST_NAMED} more; `solar notices` lists every one" in text
    assert [each.subject for each in world.slack.sent] == [mail.subject]
    assert len(world.notices.entries) == 41, "every fact can be found"


def test_a_file_alone_is_told_as_itself_after_a_quiet_minute() -> None:
    world = World()
    world.handle(quarantined())
    world.pass_time(timedelta(seconds=59))
    assert world.email.sent == []
    world.pass_time(timedelta(seconds=2))
    (mail,) = world.email.sent
    assert mail.subject == "File quarantined at site east: empty"
    assert "raw/east/0.csv was not read" in mail.lines[0]


def test_a_trickle_is_told_after_ten_minutes_and_goes_on_as_another_mail() -> None:
    world = World()
    for number in range(40):
        world.handle(quarantined(number))
        world.pass_time(timedelta(seconds=30))
    world.pass_time()
    counts = [int(each.subject.split()[0]) for each in world.email.sent]
    assert len(counts) == 2
    assert sum(counts) == 40


def test_a_repeated_event_changes_nothing() -> None:
    world = World()
    for _ in range(3):
        world.handle(quarantined())
    world.pass_time()
    for _ in range(3):
        world.handle(quarantined())
        world.pass_time()
    assert len(world.email.sent) == len(world.slack.sent) == 1
    assert world.email.sent[0].subject == "File quarantined at site east: empty"


def test_two_causes_at_a_site_that_come_together_are_one_mail() -> None:
    world = World()
    wrong = sample("file_quarantined", site_id="east", occurred_at=START)
    world.handle(quarantined(1), wrong, quarantined(2))
    world.pass_time(timedelta(seconds=61))
    (mail,) = world.email.sent
    assert mail.subject == "2 files quarantined at site east: empty, and 1 more thing"
    assert "Warning: File quarantined at site east: wrong_unit." in mail.email_text()


def test_many_sites_that_fall_silent_together_are_one_mail() -> None:
    world = World()
    for number in range(30):
        silent = sample("site_silent", site_id=f"site-{number:02}", recovered=False, id=str(number))
        world.handle(silent)
    world.pass_time()
    (mail,) = world.email.sent
    assert mail.subject.startswith("30 sites have sent nothing for 72 hours")
    assert "- site-07" in mail.email_text()


def test_a_storm_is_bounded_and_every_fact_can_be_found() -> None:
    world = World()
    for number in range(2000):
        world.handle(elsewhere(number))
    assert len(world.notices.open_groups) == MOST_OPENED + 1
    world.pass_time()
    assert len(world.email.sent) == 1
    assert "1,980 times file quarantined" in world.email.sent[0].email_text()
    assert sum(each.standing is Standing.WITHIN for each in world.notices.entries.values()) == 2000


def test_what_comes_singly_is_told_at_once_until_it_is_too_much() -> None:
    world = World()
    for number in range(MOST_IN_A_WINDOW + 5):
        world.handle(sample("tomorrow_forecast", id=str(number)))
    assert len(world.email.sent) == MOST_IN_A_WINDOW
    world.pass_time()
    assert world.email.sent[-1].subject == "5 times tomorrow forecast"


def test_a_critical_message_goes_out_at_once_however_much_else_happens() -> None:
    world = World()
    for number in range(500):
        world.handle(elsewhere(number))
        world.handle(sample("source_suspect", id=str(number)))
    before = len(world.email.sent)
    world.handle(alarm(1), sample("retrain_failed"))
    assert [each.kind for each in world.email.sent[before:]] == ["alarm", "retrain_failed"]


def test_what_is_critical_is_never_told_among_lesser_things() -> None:
    world = World()
    for number in range(MOST_IN_A_WINDOW + 30):
        world.handle(alarm(number))
        world.handle(quarantined(number))
    world.pass_time(timedelta(seconds=31))
    assert world.email.sent[-1].subject == "30 times alarm", "within half a minute, by themselves"
    world.pass_time()
    assert world.email.sent[-1].subject == "50 files quarantined at site east: empty"
    for mail in world.email.sent:
        if mail.severity is not Severity.CRITICAL:
            assert "alarm" not in mail.email_text().lower()


def test_a_sweep_that_comes_early_wakes_the_service_when_the_group_is_due() -> None:
    world = World()
    world.handle(quarantined())
    assert world.timer.delays == [timedelta(seconds=60)]
    world.pass_time(timedelta(seconds=20))
    assert world.timer.delays[-1] == timedelta(seconds=40)


def test_a_group_that_grows_while_it_is_told_is_told_whole_later() -> None:
    world = World()
    world.handle(quarantined(1))
    stale = world.notices.group("file_quarantined east empty")
    world.handle(quarantined(2))
    entry = Entry(grouping.told([stale], START), Standing.SENDING, START)
    assert not world.notices.close([stale], entry)
    world.pass_time()
    assert world.email.sent[0].subject == "2 files quarantined at site east: empty"


@given(st.permutations([*range(8), 2, 5]), st.integers(0, 9))
def test_whatever_the_order_and_repetition_a_group_says_the_same(
    order: list[int], again: int
) -> None:
    world, straight = World(), World()
    for number in [*order, order[again]]:
        world.handle(quarantined(number))
    for number in range(8):
        straight.handle(quarantined(number))
    world.pass_time()
    straight.pass_time()
    (mail,), (expected,) = world.email.sent, straight.email.sent
    assert (mail.subject, mail.lines, mail.facts) == (
        expected.subject,
        expected.lines,
        expected.facts,
    )


@given(st.permutations(range(6)))
def test_whatever_the_order_a_digest_says_the_same(order: list[int]) -> None:
    said = set()
    for numbers in (order, range(6)):
        world = World()
        for number in numbers:
            world.handle(elsewhere(number) if number % 2 else quarantined(number))
        world.pass_time()
        (mail,) = world.email.sent
        said.add((mail.subject, mail.lines))
    assert len(said) == 1


def test_a_digest_names_the_gravest_first_and_then_goes_by_site() -> None:
    world = World()
    for number in (3, 1, 2):
        world.handle(elsewhere(number))
    world.handle(sample("site_silent", recovered=True))
    world.pass_time()
    (mail,) = world.email.sent
    first_lines = [each.splitlines()[0] for each in mail.lines]
    assert first_lines == [
        *(f"Warning: File quarantined at site site-{number}: empty." for number in (1, 2, 3)),
        "Site east sends again.",
    ]


def test_what_is_routine_is_kept_for_the_review_of_the_day_and_sent_to_nobody() -> None:
    world = World()
    for kind in ("data_withdrawn", "config_accepted", "retrain_started"):
        path = Path(__file__).parents[2] / f"events/solar.{kind}.v1.json"
        world.handle(messages.read(path.read_text()))
    world.pass_time(timedelta(days=1), 3)
    assert world.email.sent == world.slack.sent == []
    assert len(list(world.notices.since(START))) == 3


def test_a_review_that_was_written_is_told_through_every_channel_once() -> None:
    review = ReviewWorld()
    review.reviewing.tell(Span.DAY)
    world = World()
    world.files.kept = review.files.kept
    for _ in range(2):
        world.handle(review.inbox.sent[0])
    (mail,), (post,) = world.email.sent, world.slack.sent
    assert mail.kind == post.kind == "daily"


def test_what_nobody_expects_is_no_notice_but_an_error() -> None:
    stray = ObjectChanged("b", "raw/x.csv", "1", "e", 1, "1", removed=False, occurred_at=START)
    for each in (ServiceEvent("1", "aws.sagemaker", "x", START, {}), stray):
        with pytest.raises(InvalidMessageError, match="does not expect"):
            World().handle(each)


def test_a_budget_is_told_with_the_time_at_which_it_was_heard() -> None:
    world = World()
    world.handle(BudgetExceeded("Costs are high"))
    assert world.email.sent[0].happened_at == START


def test_an_alarm_and_its_end_are_told_and_its_beginning_is_not() -> None:
    world = World()
    world.handle(alarm(0, state="OK", previous_state="INSUFFICIENT_DATA"))
    world.handle(alarm(0, state="INSUFFICIENT_DATA", previous_state="OK"))
    assert world.email.sent == []
    world.handle(alarm(0))
    over = an_alarm(
        name="solar-0",
        state="OK",
        previous_state="ALARM",
        occurred_at=START + timedelta(minutes=72),
    )
    world.handle(over)
    world.pass_time()
    rings, ends = world.email.sent
    assert rings.severity is Severity.CRITICAL
    assert ends.severity is Severity.INFO
    assert ends.subject == "Alarm solar-0 is over after 1 h 12 min"


@pytest.mark.parametrize(("length", "kept"), [(82, True), (83, False)])
def test_a_subject_of_ninety_nine_characters_is_not_cut(length: int, *, kept: bool) -> None:
    subject = a_notice("x" * length).email_subject()
    assert len(subject) == 99
    assert subject.endswith("...") is not kept


def test_the_sweep_itself_says_nothing() -> None:
    world = World()
    world.handle(sweep())
    assert world.email.sent == world.timer.delays == []
