"""People are told each thing once, through every channel, and never in a flood."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from services.notifier.app.telling import LEASE
from services.notifier.domain import digest
from services.notifier.domain.digest import MOST_IN_A_WINDOW
from services.notifier.domain.notice import Entry, Notice, Severity, Standing
from services.notifier.domain.review.facts import Span
from shared import messages
from shared.errors import InvalidMessageError, NotReadyError, PermanentError, RetryableError
from shared.inbox import AlarmChanged, BudgetExceeded, ObjectChanged, ServiceEvent
from shared.messages import SweepDue
from tests.unit.notifier.fakes import START, World, elsewhere, quarantined
from tests.unit.notifier.review_world import ReviewWorld


def sweep(scope: str = "quick") -> SweepDue:
    return SweepDue(id="sweep", occurred_at=START, correlation_id="sweep", scope=scope)


def alarm(number: int = 0, state: str = "ALARM", previous: str = "OK") -> AlarmChanged:
    return AlarmChanged(
        name=f"solar-{number}",
        description="Something is wrong. Runbook: docs/runbooks/x.md#it",
        state=state,
        previous_state=previous,
        reason="Threshold crossed",
        occurred_at=START,
    )


def a_notice(subject: str) -> Notice:
    return Notice(subject, "alarm", Severity.INFO, subject, (), START)


def test_a_fact_goes_through_every_channel() -> None:
    world = World()
    world.notifier.handle(quarantined())

    assert len(world.email.sent) == len(world.slack.sent) == 1
    (entry,) = world.notices.entries.values()
    assert entry.standing is Standing.SENT
    assert len(entry.sent) == 2


def test_a_repeated_message_is_told_once() -> None:
    world = World()
    for _ in range(3):
        world.notifier.handle(quarantined())

    assert len(world.email.sent) == len(world.slack.sent) == 1


def test_when_slack_fails_the_email_is_not_sent_again() -> None:
    world = World()
    world.slack.trouble = [RetryableError("busy")]
    with pytest.raises(RetryableError):
        world.notifier.handle(quarantined())

    world.now += LEASE * 2
    world.notifier.handle(quarantined())

    assert len(world.email.sent) == len(world.slack.sent) == 1


@pytest.mark.parametrize(
    "trouble", [RetryableError("slow"), OSError("no route"), PermanentError("no")]
)
def test_when_email_never_takes_a_notice_slack_has_it_once(trouble: Exception) -> None:
    world = World()
    for _ in range(3):
        world.email.trouble = [trouble]
        with pytest.raises(type(trouble)):
            world.notifier.handle(quarantined())
        world.now += LEASE * 2

    assert (world.email.sent, len(world.slack.sent)) == ([], 1)


def test_a_death_between_sending_and_noting_tells_again_rather_than_never() -> None:
    world = World()
    entry_id = quarantined().id
    world.slack.trouble = [PermanentError("died")]
    with pytest.raises(PermanentError):
        world.notifier.handle(quarantined())
    assert world.notices.entries[entry_id].standing is Standing.SENDING

    world.now += LEASE * 2
    world.notifier.handle(quarantined())

    assert world.notices.entries[entry_id].standing is Standing.SENT


def test_two_processes_do_not_send_the_same_notice_at_once() -> None:
    world = World()
    world.email.trouble = [RetryableError("slow")]
    with pytest.raises(RetryableError):
        world.notifier.handle(quarantined())

    with pytest.raises(NotReadyError):
        world.notifier.handle(quarantined())

    assert world.email.sent == []


def test_a_storm_comes_as_one_digest() -> None:
    world = World()
    for number in range(200):
        world.notifier.handle(elsewhere(number))
    assert len(world.email.sent) == MOST_IN_A_WINDOW
    assert len(world.timer.delays) == 1

    world.now += world.timer.delays[0]
    world.notifier.handle(sweep())

    *_, summary = world.email.sent
    assert len(world.email.sent) == MOST_IN_A_WINDOW + 1
    assert str(200 - MOST_IN_A_WINDOW) in summary.subject
    assert ("file quarantined", str(200 - MOST_IN_A_WINDOW)) in summary.facts
    assert not list(world.notices.waiting())


def test_files_with_one_cause_at_a_site_are_one_mail_and_then_one_of_all_others() -> None:
    world = World()
    for number in range(40):
        world.notifier.handle(quarantined(number))
    (first,) = world.email.sent
    assert first.subject == "File quarantined at site east: empty"
    assert world.timer.delays == [timedelta(minutes=11)]

    world.now += world.timer.delays[0]
    for _ in range(3):
        world.notifier.handle(sweep())

    _, others = world.email.sent
    assert others.subject == "39 more: File quarantined at site east: empty"
    assert "What to do: upload it again." in others.lines
    named = others.lines[-1].splitlines()
    assert named[:2] == ["File:", "- raw/east/1.csv"]
    assert named[-1] == "- and 19 more"
    assert ("Site", "east") in others.facts
    assert not list(world.notices.waiting())
    assert [each.subject for each in world.slack.sent] == [
        each.subject for each in world.email.sent
    ]


def test_another_cause_at_the_site_is_told_at_once() -> None:
    world = World()
    world.notifier.handle(quarantined(1))
    other = quarantined(2).model_copy(update={"reason_code": "wrong_unit"})
    world.notifier.handle(other)
    world.notifier.handle(quarantined(3, "west"))
    assert len(world.email.sent) == 3


def test_a_second_file_alone_is_told_as_itself() -> None:
    world = World()
    world.notifier.handle(quarantined(1))
    world.notifier.handle(quarantined(2))
    world.now += timedelta(minutes=11)
    world.notifier.handle(sweep())
    assert [each.subject for each in world.email.sent] == [
        "File quarantined at site east: empty",
        "File quarantined at site east: empty",
    ]
    assert ("File", "raw/east/2.csv") in world.email.sent[-1].facts


def test_what_comes_after_ten_minutes_is_told_at_once_again() -> None:
    world = World()
    world.notifier.handle(quarantined(1))
    world.now += timedelta(minutes=20)
    world.notifier.handle(quarantined(2))
    assert len(world.email.sent) == 2


def test_many_sites_that_fall_silent_together_are_two_mails() -> None:
    world = World()
    for number in range(30):
        world.notifier.handle(
            messages.SiteSilent.of(
                subject=(number,),
                occurred_at=START,
                correlation_id="x",
                site_id=f"site-{number}",
                last_upload_at=START - timedelta(hours=50),
                silent_hours=50.0,
            )
        )
    world.now += timedelta(minutes=11)
    world.notifier.handle(sweep())
    first, others = world.email.sent
    assert first.subject == "Site site-0 has sent nothing for 50 hours"
    assert others.subject.startswith("29 more: ")
    assert "- site-2" in others.lines[-1]


def test_a_digest_is_sent_once_however_often_the_sweep_comes() -> None:
    world = World()
    for number in range(30):
        world.notifier.handle(elsewhere(number))
    world.now += timedelta(minutes=5)
    world.slack.trouble = [RetryableError("busy")]
    with pytest.raises(RetryableError):
        world.notifier.handle(sweep())
    world.now += LEASE * 2
    for _ in range(3):
        world.notifier.handle(sweep())

    assert len([each for each in world.email.sent if each.kind == "digest"]) == 1
    assert len([each for each in world.slack.sent if each.kind == "digest"]) == 1


def test_a_notice_that_came_late_to_its_digest_is_told_by_another() -> None:
    world = World()
    for number in range(MOST_IN_A_WINDOW + 2):
        world.notifier.handle(elsewhere(number))
    late = list(world.notices.waiting())[-1]
    del world.notices.entries[late.notice.id]
    world.now += timedelta(minutes=5)
    world.notifier.handle(sweep())
    world.notices.entries[late.notice.id] = late
    world.notifier.handle(sweep())

    first, second = world.email.sent[MOST_IN_A_WINDOW:]
    assert first.id != second.id
    assert second.subject == late.notice.subject


def test_a_digest_of_one_is_the_notice_itself_told_once() -> None:
    world = World()
    for number in range(MOST_IN_A_WINDOW + 1):
        world.notifier.handle(elsewhere(number))
    (alone,) = world.notices.waiting()
    world.now += timedelta(minutes=5)
    for _ in range(3):
        world.notifier.handle(sweep())

    assert len(world.email.sent) == MOST_IN_A_WINDOW + 1
    told = world.email.sent[-1]
    assert (told.subject, told.lines, told.kind) == (
        alone.notice.subject,
        alone.notice.lines,
        "file_quarantined",
    )


def test_a_digest_waits_until_its_minute_is_over() -> None:
    world = World()
    for number in range(MOST_IN_A_WINDOW + 1):
        world.notifier.handle(elsewhere(number))
    world.notifier.handle(sweep())

    assert len(world.email.sent) == MOST_IN_A_WINDOW
    assert len(world.timer.delays) == 2


def test_the_gravest_stands_first_in_a_digest() -> None:
    world = World()
    for number in range(MOST_IN_A_WINDOW + 5):
        world.notifier.handle(elsewhere(number))
    world.notifier.handle(alarm())
    world.now += timedelta(minutes=5)
    world.notifier.handle(sweep())

    summary = world.email.sent[-1]
    assert summary.severity is Severity.CRITICAL
    assert summary.lines[1].startswith("- Critical: Alarm solar-0")


def test_an_alarm_and_its_end_are_told_and_its_beginning_is_not() -> None:
    world = World()
    world.notifier.handle(alarm(state="OK", previous="INSUFFICIENT_DATA"))
    world.notifier.handle(alarm(state="INSUFFICIENT_DATA", previous="OK"))
    assert world.email.sent == []

    world.notifier.handle(alarm())
    world.notifier.handle(alarm(state="OK", previous="ALARM"))

    rings, over = world.email.sent
    assert rings.severity is Severity.CRITICAL
    assert "docs/runbooks/x.md#it" in rings.email_text()
    assert over.severity is Severity.INFO
    assert "is over" in over.subject


def test_what_is_routine_is_kept_for_the_review_of_the_day_and_sent_to_nobody() -> None:
    world = World()
    sample = Path(__file__).parents[2] / "events/solar.data_withdrawn.v1.json"
    world.notifier.handle(messages.read(sample.read_text()))
    assert world.email.sent == world.slack.sent == []
    (kept,) = world.notices.since(START)
    assert (kept.standing, kept.notice.subject) == (
        Standing.SENT,
        "Data of site east no longer counts",
    )


def test_a_review_that_was_written_is_told_through_every_channel_once() -> None:
    review = ReviewWorld()
    review.reviewing.tell(Span.DAY)
    world = World()
    world.files.kept = review.files.kept
    for _ in range(2):
        world.notifier.handle(review.inbox.sent[0])
    (mail,), (post,) = world.email.sent, world.slack.sent
    assert mail.kind == post.kind == "daily"


def test_what_nobody_expects_is_no_notice_but_an_error() -> None:
    world = World()
    event = ServiceEvent("1", "aws.sagemaker", "x", START, {})

    with pytest.raises(InvalidMessageError):
        world.notifier.handle(event)


@pytest.mark.parametrize(("seconds", "over"), [(89, False), (90, True)])
def test_a_window_ends_half_a_window_late_for_clocks_that_differ(
    seconds: int, *, over: bool
) -> None:
    window = digest.window_of(START)
    assert digest.window_is_over(window, START + timedelta(seconds=seconds)) is over


def test_a_storm_wakes_the_service_once_after_its_minute() -> None:
    world = World()
    for number in range(MOST_IN_A_WINDOW + 5):
        world.notifier.handle(elsewhere(number))
    assert world.timer.delays == [timedelta(minutes=2)]
    world.notifier.handle(sweep("quick"))
    assert world.timer.delays == [timedelta(minutes=2)] * 2, "the minute is not over"


def test_digests_of_one_minute_are_told_apart() -> None:
    waiting = [Entry(a_notice(each), Standing.WAITING, START) for each in ("one", "two")]
    first, late = (digest.digest("minute", number, waiting, START).id for number in (0, 1))
    other = digest.digest("another minute", 0, waiting, START).id
    assert len({first, late, other}) == 3


def test_a_long_list_ends_with_how_many_more_there_are() -> None:
    def listed(count: int) -> str:
        waiting = [Entry(a_notice(str(n)), Standing.WAITING, START) for n in range(count)]
        return digest.digest("minute", 0, waiting, START).email_text()

    assert "more;" not in listed(digest.MOST_LISTED)
    assert "and 2 more;" in listed(digest.MOST_LISTED + 2)


@pytest.mark.parametrize(("length", "kept"), [(91, True), (92, False)])
def test_a_subject_of_ninety_nine_characters_is_not_cut(length: int, *, kept: bool) -> None:
    subject = a_notice("x" * length).email_subject()
    assert len(subject) == 99
    assert subject.endswith("...") is not kept


def test_a_message_that_another_process_began_to_send_is_not_looked_up_by_another_name() -> None:
    world = World()
    entry = Entry(a_notice("n"), Standing.SENT, START)
    world.notices.entries["n"] = entry
    world.notifier.telling.tell(entry.notice)
    assert world.email.sent == []


def test_when_each_channel_took_a_notice_is_kept() -> None:
    world = World()
    world.notifier.handle(quarantined())
    (entry,) = world.notices.entries.values()
    assert set(entry.sent.values()) == {START}


def test_what_nobody_expects_is_refused_by_its_kind() -> None:
    stray = ObjectChanged("b", "raw/x.csv", "1", "e", 1, "1", removed=False, occurred_at=START)
    with pytest.raises(InvalidMessageError, match="does not expect ObjectChanged"):
        World().notifier.handle(stray)


def test_a_budget_is_told_with_the_time_at_which_it_was_heard() -> None:
    world = World()
    world.notifier.handle(BudgetExceeded("Costs are high"))
    assert world.email.sent[0].happened_at == START
