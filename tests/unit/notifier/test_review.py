"""A day and a week are told in one message: what needs a person first, and one line where nothing does."""

from __future__ import annotations

import html
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.notifier.domain.notice import Entry, Notice, Severity, Standing
from services.notifier.domain.review import page, words
from services.notifier.domain.review.facts import Files, Review, Span
from services.notifier.domain.routing import Rule
from services.notifier.ports import Reader, Unanswered
from shared.errors import NotFoundError, RetryableError
from shared.messages import ReviewWritten
from shared.notifications import Recipient
from tests.unit.notifier.fakes import FakeMail
from tests.unit.notifier.fakes import World as People
from tests.unit.notifier.review_world import (
    MORNING,
    YESTERDAY,
    ReviewWorld,
    busy,
    decision,
    line,
)


def text_of(world: ReviewWorld, span: Span = Span.DAY) -> str:
    return words.text(world.reviewing.review(span))


def told(world: ReviewWorld, subject: str, severity: Severity, hours: int, kind: str = "x") -> None:
    """People were told something some hours before the review."""
    at = MORNING - timedelta(hours=hours)
    notice = Notice(f"{kind}-{subject}", kind, severity, subject, (), at)
    world.notices.open(Entry(notice, Standing.SENT, at))


def test_a_good_day_is_one_line() -> None:
    assert text_of(ReviewWorld()) == (
        "Monday, 1 July 2024: nothing waits for you\n\n"
        "Nothing needs you. 148 kWh measured, 145 kWh predicted, error 2.1% of capacity, energy -0.9%. "
        "1 of 1 site sent something."
    )


def test_yesterday_is_asked_about_and_no_more_than_the_worst_ten_sites() -> None:
    world = ReviewWorld()
    world.reviewing.review(Span.DAY)
    (card,) = (each for each in world.services.asked if each.query == "scorecard")
    assert card.about == {
        "model_id": "golden",
        "days": 1,
        "last": "2024-07-01",
        "by": "site",
        "order": "error",
        "limit": 10,
    }


def test_what_waits_for_a_person_comes_first_with_the_command_that_answers_it() -> None:
    world = ReviewWorld()
    since = "2024-06-28T10:00:00+00:00"
    world.answer("deployer", "pending", pending={"golden": [{"version": 3, "since": since}]})
    hold = {"by": "ada", "reason": "new inverters", "since": since}
    world.answer("deployer", "holds", holds={"golden": hold})
    world.answer(
        "data_watcher",
        "overview",
        suspects=[
            {"site_id": "east", "model_id": "golden", "source": "power", "cause": "wrong_unit"}
        ],
        refused=[{"key": "config/sites/west.yaml", "line": 7, "reason": "tilt: no number"}],
    )
    review = world.reviewing.review(Span.DAY)
    first = words.sections(review)[0]
    assert words.subject(review).endswith("4 things wait for you")
    assert first.title == "What waits for a person"
    assert first.lines == (
        "version 3 of model golden waits for approval since 2024-06-28 (solar approve 3 golden)",
        "model golden is held by ada since 2024-06-28: new inverters (solar release golden)",
        "source power of site east is suspect (wrong_unit), so that its files enter no dataset "
        "(solar sites list)",
        "config/sites/west.yaml was refused at line 7: tilt: no number (solar sites check west.yaml)",
    )


def test_the_worst_sites_of_all_models_are_named_with_the_likely_cause() -> None:
    world = ReviewWorld()
    lines = [line(f"s{number}", nmae=number / 100) for number in range(12)]
    world.answer("deployer", "scorecard", lines=[*lines, line("night", nmae=None)])
    standing = {"site_id": "s11", "why": "snow lies on the array", "since": "2024-06-20"}
    world.answer("deployer", "live", live={"golden": {"standing": [standing], "more_standing": 2}})
    review = world.reviewing.review(Span.DAY)
    assert [each.site_id for each in review.worst] == [f"s{number}" for number in range(11, 1, -1)]
    text = words.text(review)
    assert (
        "s11 (golden): error 11.0% of capacity, energy -0.9%; snow lies on the array (since 2024-06-20)"
        in text
    )
    assert "3 sites worse than promised" in words.subject(review)


def test_decisions_taken_and_not_taken_have_one_reason_each() -> None:
    world = ReviewWorld()
    made = [
        decision("retrain", "30 new days of data", 11),
        decision("wait", "the quiet period ends at 12:00", 8),
        decision("idle", "no new data", 6),
        {**decision("retrain", "long ago"), "at": "2024-06-30T23:59:00+00:00"},
        {**decision("retrain", "this morning"), "at": "2024-07-02T00:01:00+00:00"},
    ]
    world.answer("trainer_trigger", "decisions", decisions={"golden": made})
    text = text_of(world)
    assert "- golden: retrain at 2024-07-01 11:00 UTC, because 30 new days of data" in text
    assert "- golden: waits with a retrain: the quiet period ends at 12:00" in text
    assert "long ago" not in text
    assert "this morning" not in text


def test_who_is_silent_whose_forecast_is_late_and_who_sent_is_said() -> None:
    world = ReviewWorld()
    world.answer(
        "data_watcher",
        "overview",
        sites={"golden": 3},
        last_upload_at={
            "golden": MORNING.isoformat(),
            "west": (MORNING - timedelta(days=3)).isoformat(),
        },
        silent=[{"site_id": "west", "model_id": "golden", "since": "2024-06-29T06:00:00+00:00"}],
    )
    feeds = [{"provider": "icon", "late": False}, {"provider": "gfs", "late": True}]
    world.answer("deployer", "forecasts", sites=[{"site_id": "east", "feeds": feeds}])
    text = text_of(world)
    assert "- 1 of 3 sites sent something within 24 hours" in text
    assert "- silent: west since 2024-06-29 06:00 UTC" in text
    assert "- the next forecast is late for east" in text


def test_the_months_cost_stands_beside_the_budget() -> None:
    world = ReviewWorld()
    known = {
        "model_id": "golden",
        "spent_usd": 5.0,
        "config": {"policy": {"monthly_budget_usd": 5}},
    }
    world.answer("trainer_trigger", "models", models=[known])
    assert "- golden: 5.00 of 5.00 USD, no more is started" in text_of(world)


def test_what_people_were_told_that_day_is_listed_the_gravest_first() -> None:
    world = ReviewWorld()
    told(world, "a file was refused", Severity.WARNING, hours=20)
    told(world, "an alarm rang", Severity.CRITICAL, hours=10)
    told(world, "this morning", Severity.CRITICAL, hours=1)
    told(world, "two days ago", Severity.CRITICAL, hours=40)
    told(world, "the last review", Severity.INFO, hours=23, kind="daily")
    review = world.reviewing.review(Span.DAY)
    assert [each.subject for each in review.told] == ["an alarm rang", "a file was refused"]
    assert "- Critical: an alarm rang" in words.text(review)


def test_a_service_that_does_not_answer_is_said_and_hides_nothing_else() -> None:
    world = ReviewWorld()
    world.services.answers["deployer", "scorecard"] = Unanswered("it cannot be reached")
    world.services.answers["data_watcher", "overview"] = Unanswered("AWS refused")
    text = text_of(world)
    assert "- overview of data_watcher: AWS refused" in text
    assert "- scorecard of model golden: it cannot be reached" in text
    assert "- golden: no retrain: no new data" in text


def test_what_was_predicted_afterwards_is_no_score_of_the_day() -> None:
    world = ReviewWorld()
    late = line("hindsight", inputs="hindsight", nmae=0.9, days={"scored": 5})
    world.answer("deployer", "scorecard", total=[late, line()], lines=[late])
    review = world.reviewing.review(Span.DAY)
    assert review.models[0].figures.nmae == 0.021
    assert review.worst == ()


def told_by(world: ReviewWorld, message: object, *readers: Reader) -> People:
    """Let people be told of a review that was written."""
    people = People()
    people.files = world.files
    people.readers[:] = readers or people.readers
    recounting = replace(people.notifier.recounting, reviews=world.files)
    people.notifier = replace(people.notifier, recounting=recounting)
    people.handle(message)
    return people


def test_people_are_told_once_however_often_the_schedule_comes() -> None:
    world = ReviewWorld()
    for _ in range(2):
        world.reviewing.answer({"span": "day", "tell": True})
    first, second = world.inbox.sent
    assert isinstance(first, ReviewWritten)
    assert first.id == second.id
    assert set(world.files.kept) == {"reviews/day/2024-07-01.json", "reviews/day/2024-07-01.html"}

    people = told_by(world, first)
    people.handle(first)
    (notice,) = people.email.sent
    assert (notice.kind, notice.id) == ("daily", first.id)
    assert notice.lines[0].startswith("Nothing needs you.")


def test_whoever_only_asks_writes_and_sends_nothing() -> None:
    world = ReviewWorld()
    answer = world.reviewing.answer({"span": "week"})
    assert answer["text"].startswith("Week 2024-W27 (to 1 July 2024)")
    assert (world.files.kept, world.inbox.sent) == ({}, [])


def test_a_system_without_models_and_news_is_silent() -> None:
    world = ReviewWorld()
    world.answer("trainer_trigger", "models", models=[])
    world.answer("data_watcher", "overview", sites={}, last_upload_at={})
    world.reviewing.answer({"span": "day", "tell": True})
    assert told_by(world, world.inbox.sent[0]).email.sent == []


def test_a_review_that_is_gone_comes_again_as_a_message_rather_than_vanishing() -> None:
    world = ReviewWorld()
    world.reviewing.tell(Span.DAY)
    world.files.kept.clear()
    with pytest.raises(NotFoundError):
        told_by(world, world.inbox.sent[0])


@pytest.mark.parametrize(
    "event", [{"span": "year"}, {}, {"span": "day", "last": "soon"}, {"span": "day", "by": 1}]
)
def test_an_order_that_makes_no_sense_is_answered_so(event: dict[str, object]) -> None:
    assert set(ReviewWorld().reviewing.answer(event)) == {"error"}


def a_week() -> Review:
    world = ReviewWorld()
    world.now = MORNING.replace(day=1)  # a Monday
    weeks = [line(f"2024-W{number}", nmae=number / 1000) for number in range(19, 27)]
    world.answer("deployer", "weeks", lines=weeks)
    runs = [
        {"started_at": "2024-06-25T08:00:00+00:00", "cost_usd": 0.5},
        {"started_at": "2024-06-26T08:00:00+00:00", "cost_usd": None},
        {"started_at": "2024-07-01T08:00:00+00:00", "cost_usd": 9.0},
    ]
    world.answer("trainer_trigger", "runs", runs=runs)
    return world.reviewing.review(Span.WEEK)


def test_a_week_has_the_trends_of_eight_weeks_and_what_they_cost() -> None:
    review = a_week()
    assert (review.name, review.first, review.last) == (
        "2024-W26",
        date(2024, 6, 24),
        date(2024, 6, 30),
    )
    trends = review.models[0].trends
    assert [each.week for each in trends] == [f"2024-W{number}" for number in range(19, 27)]
    assert (trends[-1].runs, trends[-1].cost_usd) == (2, 0.5)
    assert (trends[-1].figures.nmae, trends[0].figures.nmae) == (0.026, 0.019)


def test_a_young_model_has_the_weeks_since_it_began_and_a_gap_is_a_week_too() -> None:
    world = ReviewWorld()
    world.now = MORNING.replace(day=1)
    weeks = [line("2024-W23"), line("2024-W26")]
    world.answer("deployer", "weeks", lines=weeks)
    trends = world.reviewing.review(Span.WEEK).models[0].trends
    assert [(each.week[-2:], each.figures.scored) for each in trends] == [
        ("23", 1),
        ("24", 0),
        ("25", 0),
        ("26", 1),
    ]


def test_a_day_has_no_trends() -> None:
    assert ReviewWorld().reviewing.review(Span.DAY).models[0].trends == ()


def test_a_week_that_needs_a_person_says_how_it_differs_from_the_week_before() -> None:
    review = a_week()
    worse = review.models[0].model_copy(update={"standing": 1})
    text = words.text(review.model_copy(update={"models": (worse,)}))
    assert "- golden: error 2.6% after 2.5% of capacity, R² 0.958 after 0.958" in text


def test_the_page_of_a_week_shows_a_chart_with_its_figures_in_words() -> None:
    shown = page.page(a_week())
    assert 'aria-label="Error (share of capacity): 2.6%; from 1.9% to 2.6%"' in shown
    assert shown.count("<svg") == 6
    assert "<script" not in shown


def test_names_from_outside_cannot_change_the_page() -> None:
    attack = "<img src=x onerror=alert(1)>&\"'"
    review = a_week()
    evil = review.models[0].model_copy(update={"model_id": attack, "standing": 1})
    shown = page.page(review.model_copy(update={"models": (evil,), "unanswered": (attack,)}))
    assert "<img" not in shown
    assert html.escape(attack) in shown


def test_a_review_survives_being_written_and_read() -> None:
    review = a_week()
    assert Review.model_validate_json(review.model_dump_json()) == review


def test_a_long_list_is_cut_and_says_how_much_more_there_is() -> None:
    world = ReviewWorld()
    names = [f"m{number:03}" for number in range(50)]
    world.answer("trainer_trigger", "models", models=[{"model_id": name} for name in names])
    review = world.reviewing.review(Span.DAY)
    worse = tuple(replace_standing(each) for each in review.models)
    sections = words.sections(review.model_copy(update={"models": worse}))
    models = next(each for each in sections if each.title == "Models")
    assert len(models.lines) == words.MOST_LINES + 1
    assert models.lines[-1] == "and 30 more models"


def replace_standing(model: object) -> object:
    return model.model_copy(update={"standing": 1})  # type: ignore[attr-defined]


def test_the_last_day_may_be_another_one() -> None:
    assert ReviewWorld().reviewing.review(Span.DAY, YESTERDAY - timedelta(days=3)).name == (
        "2024-06-28"
    )


def test_a_notice_that_was_told_within_another_is_told_by_that_one() -> None:
    world = ReviewWorld()
    told(world, "part", Severity.INFO, hours=10)
    (entry,) = world.notices.entries.values()
    whole = replace(entry.notice, id="digest", subject="2 notices")
    world.notices.settle(entry.notice.id, Standing.WITHIN)
    world.notices.open(Entry(whole, Standing.SENT, entry.created_at))
    assert [each.subject for each in world.reviewing.review(Span.DAY).told] == ["2 notices"]


# --- files ----------------------------------------------------------------------------------------


def test_a_day_says_how_many_files_came_and_how_many_were_refused() -> None:
    world = busy()
    review = world.reviewing.review(Span.DAY)
    assert review.files == Files(accepted=40, refused=3)
    assert "- 40 files accepted, 3 refused" in words.text(review)
    assert review.file_weeks == ()


def test_a_week_shows_the_trend_of_files_beside_the_week_before() -> None:
    world = busy()
    world.now = MORNING.replace(day=1)  # a Monday
    review = world.reviewing.review(Span.WEEK)
    assert [(each.week, each.accepted, each.refused) for each in review.file_weeks] == [
        ("2024-W25", 357, 12),
        ("2024-W26", 308, 0),
    ]
    assert "- 308 files accepted, 0 refused; 357 and 12 the week before" in words.text(review)
    shown = page.page(review)
    assert "<h2>Files, 2024-W25 to 2024-W26</h2>" in shown
    assert 'aria-label="Files refused: 0; from 0 to 12"' in shown


def test_counts_that_cannot_be_read_are_said_and_hide_nothing_else() -> None:
    world = ReviewWorld()
    world.counts.trouble = RetryableError("AWS refused with AccessDenied")
    text = text_of(world)
    assert "- counts of files: AWS refused with AccessDenied" in text
    assert "- golden: no retrain: no new data" in text


# --- each recipient their own -----------------------------------------------------------------------


def reader(name: str, **rule: Any) -> Reader:
    recipient = Recipient(name=name, email_topic=f"solar-notices-{name}", **rule)
    return Reader(FakeMail(name), Rule(recipient))


def a_busy_day() -> ReviewWorld:
    world = busy()
    at = MORNING - timedelta(hours=15)
    for kind, site in (("file_quarantined", "west"), ("site_silent", "north")):
        notice = Notice(kind, kind, Severity.WARNING, f"{kind} at {site}", (), at, site=site)
        world.notices.open(Entry(notice, Standing.SENT, at))
    world.reviewing.tell(Span.DAY)
    return world


def text_for(world: ReviewWorld, one: Reader) -> str:
    people = told_by(world, world.inbox.sent[0], one, reader("other"))
    assert people.readers[0] is one
    sent = one.courier.sent  # type: ignore[attr-defined]
    assert len(sent) <= 1
    return sent[0].email_text() if sent else ""


def test_a_recipient_of_some_sites_reads_only_of_these() -> None:
    text = text_for(a_busy_day(), reader("north", sites=["north*"]))
    assert "silent: north" in text
    assert "site_silent at north" in text
    for foreign in ("west", "source power of site east", "sites sent something", "files accepted"):
        assert foreign not in text


def test_a_recipient_of_another_model_reads_of_no_foreign_model() -> None:
    assert text_for(a_busy_day(), reader("other-fleet", models=["fleet-*"], sites=["fleet-*"]))
    text = text_for(a_busy_day(), reader("other-fleet", models=["fleet-*"], sites=["fleet-*"]))
    assert "golden (version" not in text
    assert "approve 3 golden" not in text


def test_what_people_were_told_is_listed_by_the_kinds_and_severities_that_one_wants() -> None:
    text = text_for(a_busy_day(), reader("files", kinds=["file_*", "daily"]))
    assert "file_quarantined at west" in text
    assert "site_silent at north" not in text
    assert "What people were told (1)" in text


@pytest.mark.parametrize("rule", [{"severities": ["critical"]}, {"kinds": ["alarm*"]}])
def test_who_wants_no_daily_message_gets_none(rule: dict[str, Any]) -> None:
    assert text_for(a_busy_day(), reader("pager", **rule)) == ""


def test_stamps_and_energies_are_written_for_who_reads_them() -> None:
    chosen = {"timezone": "Asia/Tokyo", "units": "MWh", "models": ["g*"]}
    text = text_for(a_busy_day(), reader("tokyo", **chosen))
    assert "golden: retrain at 2024-07-01 20:00 JST" in text
    assert "2024-07-02 15:00 JST" in text
    assert "kWh" not in text


def test_in_quiet_hours_the_daily_message_waits_until_they_end_and_comes_whole() -> None:
    world = a_busy_day()
    night = reader("night", quiet_hours={"begin": "11:00", "end": "14:00"}, sites=["w*"])
    people = told_by(world, world.inbox.sent[0], night, reader("other"))
    assert night.courier.sent == []  # type: ignore[attr-defined]
    people.pass_time(timedelta(hours=3), 6)
    (mail,) = night.courier.sent  # type: ignore[attr-defined]
    assert mail.kind == "daily"


def test_the_same_review_again_is_told_to_nobody_again() -> None:
    world = a_busy_day()
    east = reader("east", sites=["e*"])
    people = told_by(world, world.inbox.sent[0], east, reader("other"))
    people.handle(world.inbox.sent[0])
    people.pass_time()
    assert [len(each.courier.sent) for each in people.readers] == [1, 1]  # type: ignore[attr-defined]


def test_a_review_is_one_notice_for_all_who_leave_out_nothing() -> None:
    world = a_busy_day()
    people = told_by(world, world.inbox.sent[0], reader("a"), reader("b", timezone="Asia/Tokyo"))
    assert list(people.notices.entries) == [world.inbox.sent[0].id]
