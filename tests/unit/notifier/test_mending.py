"""When refused files are accepted after all, people hear so once, and of other files nothing."""

from __future__ import annotations

from tests.unit.notifier.fakes import START, World, quarantined
from tests.unit.notifier.gallery import sample


def accepted(number: int, **more: object) -> object:
    key = f"raw/east/{number}.csv"
    return sample("data_accepted", id=f"a{number}", key=key, occurred_at=START, **more)


def test_forty_refused_files_that_are_accepted_are_one_short_mail() -> None:
    world = World()
    for number in range(40):
        world.handle(quarantined(number))
    world.pass_time()
    for number in range(60):
        world.handle(accepted(number))
    world.pass_time()
    _, closes = world.email.sent
    assert closes.subject == "40 files of site east that were refused as empty are accepted now"


def test_a_file_that_was_never_refused_is_no_news() -> None:
    world = World()
    world.handle(accepted(1))
    world.pass_time()
    assert world.email.sent == []
    assert world.notices.entries == {}


def test_a_repeated_event_changes_nothing() -> None:
    world = World()
    world.handle(quarantined(1))
    world.pass_time()
    for _ in range(3):
        world.handle(accepted(1))
        world.pass_time()
    assert len(world.email.sent) == 2


def test_who_dies_after_telling_tells_nothing_twice() -> None:
    world = World()
    world.handle(quarantined(1))
    world.handle(accepted(1))
    world.notices.remember("raw/east/1.csv", "empty", START)  # it died before it forgot the file
    world.handle(accepted(1))
    world.pass_time()
    (mail,) = world.email.sent
    assert mail.subject.startswith("File quarantined at site east: empty, and 1 more thing")
