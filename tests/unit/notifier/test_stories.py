"""A retrain, a rollback and a canary are one story each: one mail, and one Slack message that grows."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifier.domain.stories.mails import Patience
from services.notifier.domain.stories.threads import threads
from tests.unit.notifier.fakes import START, World
from tests.unit.notifier.gallery import sample

RUN = "run-7"


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def fact(kind: str, minutes: float, /, **changed: Any) -> Any:
    name = f"{kind} {minutes} {sorted(changed.items())}"
    return sample(kind, id=name, occurred_at=at(minutes), **changed)


def of_run(run: str = RUN, version: int = 7, begins: float = 0) -> list[Any]:
    """A retrain whose version serves in the end."""
    deployed = {"model_package_version": version, "previous_version": version - 1}
    return [
        fact("retrain_started", begins, run_id=run),
        fact(
            "challenger_registered",
            begins + 2,
            run_id=run,
            model_package_version=version,
            cost_usd=0.31,
        ),
        fact("deployment_started", begins + 2.1, run_id=run, **deployed, ignores=[]),
        fact("model_deployed", begins + 3, run_id=run, **deployed),
    ]


def rollback(begins: float = 10, serves: int = 6, back: int = 7) -> list[Any]:
    """A rollback that a person asked for."""
    deployed = {"model_package_version": serves, "previous_version": back, "goes_back": True}
    return [
        fact("rollback_requested", begins, to_version=None, seen_version=back),
        fact("model_held", begins, serves=serves, taken_back=[back]),
        fact("deployment_started", begins + 0.5, **deployed, ignores=[], run_id="run-6"),
        fact("model_deployed", begins + 1, **deployed, run_id="run-6"),
    ]


def play(world: World, facts: list[Any]) -> None:
    """Let facts arrive one after the other, each at its time."""
    for each in facts:
        world.now = max(world.now, each.occurred_at)
        world.handle(each)
    world.pass_time(timedelta(minutes=30), 6)


def test_a_retrain_is_one_mail_at_its_end_with_scores_cost_and_who_must_do_what() -> None:
    world = World()
    play(world, of_run())
    (mail,) = world.email.sent
    assert mail.subject == "Model fleet version 7 serves, R2 0.962"
    text = mail.email_text()
    for part in (
        "0.962 (floor 0.95)",
        "R2 of the champion: 0.957",
        "Cost: 0.31 USD",
        "east 0.931, west-2 0.944, north 0.951",
        "Nobody has to do anything.",
    ):
        assert part in text
    assert [each.subject for each in world.slack.sent] == [mail.subject]


def test_with_a_bot_a_retrain_is_one_slack_message_that_grows() -> None:
    world = World(bot=True)
    said = []
    for each in of_run():
        world.now = each.occurred_at
        world.handle(each)
        (message,) = world.slack.posts.values()
        said.append((message.subject, len(message.lines[0].splitlines())))
    assert said == [
        ("Retrain of model fleet", 1),
        ("Retrain of model fleet", 2),
        ("Retrain of model fleet", 3),
        ("Model fleet version 7 serves, R2 0.962", 4),
    ]
    assert world.slack.sent == [], "no second message"
    assert len(world.email.sent) == 1


def test_a_message_that_somebody_deleted_in_slack_is_posted_anew() -> None:
    world = World(bot=True)
    started, registered, *_ = of_run()
    world.handle(started)
    world.slack.posts.clear()
    world.handle(registered)
    assert len(world.slack.posts) == 1


def test_a_slack_that_fails_shows_the_story_later_and_holds_up_no_mail() -> None:
    world = World(bot=True)
    world.slack.trouble = [OSError("no route")]
    *before, deployed = of_run()
    for each in before:
        world.handle(each)
    assert world.slack.posts == {}, "it is left alone for a minute"
    world.handle(deployed)
    assert len(world.email.sent) == 1
    world.pass_time()
    (message,) = world.slack.posts.values()
    assert message.subject == "Model fleet version 7 serves, R2 0.962"


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_whatever_the_order_a_retrain_is_one_mail_and_one_message(order: tuple[int, ...]) -> None:
    world = World(bot=True)
    facts = of_run()
    world.now = at(3)
    for index in order:
        world.handle(facts[index])
        world.handle(facts[index])
    world.pass_time(timedelta(minutes=20), 5)
    (mail,) = world.email.sent
    assert "Cost: 0.31 USD" in mail.email_text()
    (message,) = world.slack.posts.values()
    assert len(message.lines[0].splitlines()) == 4


@given(st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_whatever_the_order_and_repetition_stories_are_the_same(random: Any) -> None:
    facts = [
        *of_run("run-6", 6, begins=0),
        *of_run("run-7", 7, begins=10),
        *rollback(20),
        fact("challenger_rejected", 30, run_id="run-8"),
        fact("deployment_failed", 40, model_package_version=9, run_id="run-9"),
    ]
    straight = {each.name: each for each in threads(facts)}
    mixed = [*facts, *random.sample(facts, 4)]
    random.shuffle(mixed)
    assert {each.name: each for each in threads(mixed)} == straight
    assert len(straight) == 5

    world = World()
    world.now = at(41)
    for each in mixed:
        world.handle(each)
    world.pass_time(timedelta(minutes=30), 6)
    assert sorted(each.subject for each in world.email.sent) == [
        "Challenger for model fleet rejected, R2 0.881",
        "Deployment of model fleet version 9 failed",
        "Model fleet is back at version 6: operator@example.org took version 7 back",
        "Model fleet version 6 serves, R2 0.962",
        "Model fleet version 7 serves, R2 0.962",
    ]


def test_a_version_whose_registration_never_comes_is_told_after_two_minutes() -> None:
    world = World()
    deployed = of_run()[-1]
    world.now = deployed.occurred_at
    world.handle(deployed)
    assert world.email.sent == []
    assert world.timer.delays == [timedelta(minutes=2)]
    world.pass_time(timedelta(minutes=2))
    assert [each.subject for each in world.email.sent] == ["Model fleet version 7 serves, R2 0.962"]
    world.handle(of_run()[1])
    assert len(world.email.sent) == 1


def test_who_waits_for_approval_is_told_at_once_and_its_end_later() -> None:
    world = World()
    _, registered, started, deployed = of_run()
    waits = registered.model_copy(update={"approval": "PendingManualApproval"})
    play(world, [waits, started, deployed])
    first, second = world.email.sent
    assert "waits for approval" in first.subject
    assert "Somebody has to decide" in first.email_text()
    assert second.subject == "Model fleet version 7 serves, R2 0.962"


def waiting(run: str = RUN) -> list[Any]:
    started, registered, *_ = of_run(run)
    return [started, registered.model_copy(update={"approval": "PendingManualApproval"})]


def decided(minutes: float, *, approved: bool = True, **more: Any) -> Any:
    about = {"run_id": RUN, "model_package_version": 7, "requested_by": "ada"}
    return fact("version_decided", minutes, approved=approved, **about, **more)


@pytest.mark.parametrize("bot", [True, False])
def test_where_nobody_decides_while_the_links_hold_that_is_told_once_with_new_links(
    *, bot: bool
) -> None:
    world = World(bot=bot)
    world.handle(*waiting())
    world.pass_time(timedelta(hours=71), 71)
    before = len(world.email.sent), len(world.slack.sent)
    world.pass_time(timedelta(hours=100), 100)

    assert (len(world.email.sent), len(world.slack.sent)) == (before[0] + 1, before[1] + 1)
    told = world.email.sent[-1]
    assert told.subject == "Nobody has decided about version 7 of model fleet for 3 days"
    assert [each.verb for each in told.offers][:2] == ["approve", "reject"]
    assert world.slack.sent[-1] == told, "a message of its own: nobody sees another one change"


def test_whoever_decides_in_time_hears_nothing_of_ended_links() -> None:
    world = World()
    play(world, [*waiting(), decided(60)])
    world.pass_time(timedelta(hours=100), 100)

    assert [each for each in world.email.sent if "Nobody has decided" in each.subject] == []


def test_how_long_an_answer_is_waited_for_is_a_setting() -> None:
    world = World()
    world.set_patience(Patience(answer=timedelta(hours=4), has_links=False))
    world.handle(*waiting())
    world.pass_time(timedelta(hours=6), 24)

    told = world.email.sent[-1]
    assert told.subject.endswith("for 4 hours")
    assert "links" not in told.lines[1]


@pytest.mark.parametrize("approved", [True, False])
def test_once_somebody_decided_the_message_says_so_and_has_no_buttons(*, approved: bool) -> None:
    world = World(bot=True)
    world.handle(*waiting())
    (asks,) = world.slack.posts.values()
    assert asks.offers
    world.now += timedelta(minutes=5)
    world.handle(decided(5, approved=approved))

    (message,) = world.slack.posts.values()
    done = "approved" if approved else "rejected"
    assert message.subject == f"Version 7 of model fleet was {done} by ada"
    assert message.offers == ()
    assert (
        message.lines[0].splitlines()[-1].endswith(f"{done} by ada: the shift is the new inverter")
    )


def test_an_approved_version_that_serves_ends_the_message() -> None:
    world = World(bot=True)
    *_, deployed = of_run(begins=10)
    play(world, [*waiting(), decided(5), deployed])

    (message,) = world.slack.posts.values()
    assert message.subject == "Model fleet version 7 serves, R2 0.962"


def test_who_rejects_what_serves_has_one_mail_that_says_what_serves_now() -> None:
    world = World(bot=True)
    _, _, started, deployed = rollback(10)
    play(world, [*of_run(), decided(10, approved=False, serves=True), started, deployed])

    _, mail = world.email.sent
    assert mail.subject == "Model fleet is back at version 6: ada took version 7 back"
    assert mail.lines[0] == "Why: the shift is the new inverter."
    assert mail.lines[-1].startswith("Nothing is held")
    assert len(world.slack.posts) == 2


def test_a_version_that_is_rejected_while_it_is_deployed_is_one_mail() -> None:
    world = World()
    *begins, _ = of_run()
    taken_back = fact("deployment_rolled_back", 4, model_package_version=7, run_id=RUN)
    play(world, [*begins, decided(3, approved=False), taken_back])

    (mail,) = world.email.sent
    assert mail.subject == "Model fleet version 7 was taken back"


def test_a_rollback_is_one_mail_with_who_from_to_why_since_when_and_what_is_held() -> None:
    world = World()
    play(world, rollback())
    (mail,) = world.email.sent
    assert mail.subject == (
        "Model fleet is back at version 6: operator@example.org took version 7 back"
    )
    text = mail.email_text()
    for part in (
        "Why: forecasts of site east are off by an hour.",
        "takes all requests since 2024-07-01 12:11 UTC",
        "Who: operator@example.org",
        "From version: 7",
        "To version: 6",
        "Version 7 will not serve again by itself",
        "solar release fleet",
    ):
        assert part in text


def test_a_rollback_that_does_not_end_is_told_after_a_quarter_of_an_hour() -> None:
    world = World()
    asked, held, started, deployed = rollback()
    for each in (asked, held, started):
        world.now = each.occurred_at
        world.handle(each)
    assert world.email.sent == []
    world.pass_time(timedelta(minutes=15))
    (mail,) = world.email.sent
    assert mail.subject == "Model fleet goes back to version 6: operator@example.org asked for it"
    world.handle(deployed)
    assert world.email.sent[-1].subject.startswith("Model fleet is back at version 6")


def test_a_rollback_that_cannot_be_done_is_one_mail() -> None:
    world = World()
    asked = rollback()[0]
    refused = fact("deployment_failed", 10.2, correlation_id=asked.id, previous_version=None)
    play(world, [asked, refused])
    assert [each.kind for each in world.email.sent] == ["deployment_failed"]


def test_a_canary_that_is_taken_back_is_one_mail() -> None:
    world = World()
    started, registered, deployment, _ = of_run()
    back = fact(
        "deployment_rolled_back", 4, model_package_version=7, previous_version=6, run_id=RUN
    )
    play(world, [started, registered, deployment, back])
    (mail,) = world.email.sent
    assert mail.subject == "Model fleet version 7 was taken back"
    assert "Version 6 serves." in mail.email_text()
    assert "Cost: 0.31 USD" in mail.email_text()


def test_a_hold_without_a_rollback_and_other_instances_are_no_rollback() -> None:
    world = World()
    world.handle(fact("model_held", 0, taken_back=[], serves=4))
    world.handle(fact("deployment_started", 1, settings=True))
    world.handle(fact("model_deployed", 2, settings=True))
    world.pass_time(timedelta(hours=1), 4)
    assert [each.subject for each in world.email.sent] == [
        "Model fleet is held by operator@example.org"
    ]


def test_a_version_that_is_deployed_again_later_is_told_again() -> None:
    world = World()
    play(world, of_run())
    again = fact("model_deployed", 60, run_id=RUN, model_package_version=7, previous_version=6)
    play(world, [again])
    assert len(world.email.sent) == 2


def test_who_knew_less_takes_away_no_others_promise_to_look_again() -> None:
    world = World()
    *_, started, deployed = of_run()
    world.now = deployed.occurred_at
    stale = list(world.notices.read("fleet"))
    world.handle(deployed)
    world.notices.read = lambda _: stale  # another process read the journal before
    world.handle(started)
    del world.notices.read
    world.pass_time(timedelta(minutes=3), 3)
    assert [each.subject for each in world.email.sent] == ["Model fleet version 7 serves, R2 0.962"]
    assert world.notices.looks == {}, "it is looked at no longer"
