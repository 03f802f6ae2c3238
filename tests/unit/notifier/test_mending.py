"""When refused files need nobody any more, people hear so once for each cause, and of other files nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.refusals import Case
from shared.messages import FileSettled
from tests.unit.notifier.fakes import START, World, quarantined
from tests.unit.notifier.gallery import sample

LATER = START + timedelta(hours=1)


def accepted(number: int, **more: Any) -> Any:
    key = f"raw/east/{number}.csv"
    return sample("data_accepted", **{"id": f"a{number}", "key": key, "occurred_at": LATER} | more)


def settled(number: int, outcome: str = "dismissed", by: str = "ada", **more: Any) -> FileSettled:
    return FileSettled.of(
        subject=(number, outcome, by),
        correlation_id="key",
        **{
            "occurred_at": LATER,
            "site_id": "east",
            "key": f"raw/east/{number}.csv",
            "version_id": "v",
            "outcome": outcome,
            "reason": "a test of the logger",
            "requested_by": by,
        }
        | more,
    )


def refused(count: int, world: World | None = None) -> World:
    """Return a world in which people were told of so many files with one fault."""
    world = world or World()
    for number in range(count):
        world.handle(quarantined(number))
    world.pass_time()
    return world


def last(world: World) -> Any:
    return world.email.sent[-1]


def test_forty_refused_files_that_are_accepted_are_one_short_mail() -> None:
    world = refused(40)
    for number in range(60):
        world.handle(accepted(number))
    world.pass_time()

    assert len(world.email.sent) == 2
    assert (
        last(world).subject
        == "All 40 files of site east that were refused as empty are accepted now"
    )


def test_one_mail_says_how_many_were_settled_how_and_by_whom() -> None:
    world = refused(6)
    world.handle(
        *map(accepted, range(3)),
        settled(3, "removed", "ben"),
        settled(4),
        settled(5, "deleted", ""),
    )
    world.pass_time()

    assert len(world.email.sent) == 2
    assert last(world).subject == "All 6 files of site east that were refused as empty are settled"
    assert last(world).lines[0] == (
        "What became of them: 3 accepted, 1 deleted from S3, 1 dismissed by ada, 1 removed by ben."
    )
    assert "- raw/east/4.csv" in last(world).lines[-1]


def test_what_is_left_is_counted_and_the_next_mail_goes_on_counting() -> None:
    world = refused(5)
    world.handle(accepted(0), settled(1))
    world.pass_time()
    assert last(world).subject == "2 of 5 files of site east that were refused as empty are settled"
    assert last(world).lines[1] == (
        "3 still wait for somebody: solar files --site east --state quarantined"
    )

    world.handle(*map(settled, (2, 3, 4)))
    world.pass_time()
    assert last(world).subject == "All 5 files of site east that were refused as empty are settled"
    assert last(world).lines[0] == "What became of them: 4 dismissed by ada, 1 accepted."


@pytest.mark.parametrize(
    ("message", "subject", "why"),
    [
        (accepted(0), "that was refused is accepted now", "rows count from now on"),
        (settled(0), "that was refused was dismissed by ada", "a test of the logger"),
        (
            settled(0, "removed", "ben"),
            "that was refused was removed by ben",
            "a test of the logger",
        ),
        (settled(0, "deleted", "", reason=""), "was deleted from S3", "was refused as empty"),
        (
            settled(0, "duplicate", "", reason="its bytes count at raw/east/z.csv"),
            "is the same as another file",
            "its bytes count at raw/east/z.csv",
        ),
    ],
)
def test_of_a_single_file_the_mail_says_what_became_of_it(
    message: Any, subject: str, why: str
) -> None:
    world = refused(1)
    world.handle(message)
    world.pass_time()

    assert subject in last(world).subject
    assert why in " ".join(last(world).lines)


def test_after_all_are_settled_a_new_refusal_begins_anew() -> None:
    world = refused(3)
    world.handle(*map(settled, range(3)))
    world.pass_time()
    world.handle(quarantined(7), settled(7))
    world.pass_time()

    assert "A file of site east that was refused was dismissed by ada" in {
        each.subject for each in world.notices.entries.values() for each in [each.notice]
    }


def test_a_file_that_was_never_refused_is_no_news() -> None:
    world = World()
    world.handle(accepted(1), settled(2, "duplicate", ""))
    world.pass_time()

    assert world.email.sent == []
    assert world.notices.entries == {}


def test_a_file_that_was_refused_after_that_is_not_settled() -> None:
    world = refused(1)
    world.handle(accepted(0, occurred_at=START - timedelta(minutes=1)))
    world.pass_time()

    assert len(world.email.sent) == 1
    assert world.refusals.find("raw/east/0.csv") is not None


def test_a_repeated_event_changes_nothing() -> None:
    world = refused(2)
    for _ in range(3):
        world.handle(quarantined(0), settled(0), quarantined(0))
        world.pass_time()

    assert len(world.email.sent) == 2
    assert world.refusals.case("east", "empty") == Case(
        "east", "empty", 2, {"dismissed by ada": 1}, revision=3
    )


def test_a_file_that_is_refused_for_another_reason_changes_its_case() -> None:
    world = refused(2)
    other = quarantined(0).model_copy(
        update={"id": "other", "reason_code": "wrong_unit", "occurred_at": LATER}
    )
    world.handle(other, settled(1))
    world.pass_time()

    assert world.refusals.case("east", "empty").left == 0
    assert world.refusals.case("east", "wrong_unit").left == 1


@pytest.mark.parametrize("dies_after", ["keep", "tell"])
def test_who_dies_in_between_tells_it_once_and_counts_it_once(dies_after: str) -> None:
    world = refused(2)
    tell = world.notifier.mending.tell_people
    mending = world.notifier.mending

    def die(notice: Any) -> None:
        if dies_after == "tell":
            tell(notice)
        raise KeyboardInterrupt

    object.__setattr__(mending, "tell_people", die)
    with pytest.raises(KeyboardInterrupt):
        world.handle(settled(0))
    object.__setattr__(mending, "tell_people", tell)
    world.handle(settled(0))
    world.pass_time()

    assert len(world.email.sent) == 2
    assert world.refusals.case("east", "empty").ends == {"dismissed by ada": 1}
    assert world.refusals.find("raw/east/0.csv") is None


def test_what_a_person_wrote_can_neither_link_nor_hide() -> None:
    world = refused(1)
    world.handle(settled(0, by="ada\u202e", reason="see\u0007 <https://evil.example|here>"))
    world.pass_time()

    assert "\u202e" not in last(world).subject
    assert "\u0007" not in last(world).lines[-1]


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.sampled_from(["refuse", "accept", "dismiss", "remove"])),
        max_size=20,
    )
)
def test_a_case_never_counts_more_ends_than_refusals(steps: list[tuple[int, str]]) -> None:
    world = World()
    open_files: set[int] = set()
    for at, (number, step) in enumerate(steps):
        when = {"occurred_at": START + timedelta(minutes=at), "id": f"{at}"}
        match step:
            case "refuse":
                world.handle(quarantined(number).model_copy(update=when))
                open_files.add(number)
            case "accept":
                world.handle(accepted(number, **when))
                open_files.discard(number)
            case verb:
                outcome = {"dismiss": "dismissed", "remove": "removed"}[verb]
                world.handle(settled(number, outcome).model_copy(update=when))
                open_files.discard(number)

    assert world.refusals.case("east", "empty").left == len(open_files)
