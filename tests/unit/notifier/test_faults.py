"""The process dies at the n-th call of any port, before or after it: nothing is lost, little told twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from services.notifier.domain.delivery import LEASE
from tests.unit.notifier.fakes import World, quarantined
from tests.unit.notifier.gallery import an_alarm, sample
from tests.unit.notifier.test_stories import at, fact, of_run, rollback, waiting

BETWEEN_SEND_AND_MARK = {True: {"send", "post"}, False: {"mark", "show"}}  # died after, or before


class DiedError(BaseException):
    """The process ended; nothing in the product may catch it."""


@dataclass
class Death:
    """Counts the calls of all ports, and dies at one of them."""

    at: int
    after: bool
    calls: int = 0
    died_in: str = ""
    ports: list[Any] = field(default_factory=list)

    def guard(self, port: Any) -> None:
        """Let a port's calls be counted."""
        for name in dir(type(port)):
            if not name.startswith("_") and callable(getattr(port, name)):
                setattr(port, name, self._counted(name, getattr(port, name)))

    def _counted(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            self.calls += 1
            dies = self.calls == self.at
            if dies and not self.after:
                self.died_in = name
                raise DiedError
            answer = call(*arguments, **named)
            if dies:
                self.died_in = name
                raise DiedError
            return answer

        return counted


def what_happens() -> list[Any]:
    over = an_alarm(state="OK", previous_state="ALARM")
    return [
        *(quarantined(number) for number in range(3)),
        *of_run(),
        an_alarm(),
        sample("source_suspect"),
        *rollback(),
        over,
        sample("data_accepted", key="raw/east/1.csv", occurred_at=at(20)),
        sample("file_settled", key="raw/east/2.csv", occurred_at=at(20)),
        *waiting("run-w"),
        fact("version_decided", 25, approved=False, run_id="run-w", requested_by="ada"),
        sample("data_withdrawn"),
    ]


def play(world: World) -> None:
    """Deliver everything as a queue does: what failed comes again, later."""
    for each in what_happens():
        world.now = max(world.now, getattr(each, "occurred_at", world.now))
        while True:
            try:
                world.handle(each)
            except DiedError:
                world.now += LEASE * 3
                continue
            break
    for _ in range(40):
        try:
            world.pass_time(timedelta(minutes=1))
        except DiedError:
            world.now += LEASE * 3


def played(death: Death, *, bot: bool) -> World:
    world = World(bot=bot)
    for port in (world.notices, world.refusals, world.email, world.slack, world.timer):
        death.guard(port)
    play(world)
    return world


def mails(world: World) -> Counter[str]:
    return Counter(each.subject for each in world.email.sent)


@pytest.mark.parametrize("bot", [False, True])
@pytest.mark.parametrize("after", [False, True])
def test_a_death_at_any_call_loses_nothing_and_doubles_only_between_send_and_mark(
    *, after: bool, bot: bool
) -> None:
    nothing_happens = Death(0, after=after)
    expected = played(nothing_happens, bot=bot)
    doubled = []
    for number in range(1, nothing_happens.calls + 1):
        death = Death(number, after=after)
        world = played(death, bot=bot)
        assert death.died_in
        assert _named(world) >= _named(expected), f"lost at call {number} ({death.died_in})"
        case = world.refusals.case("east", "empty")
        assert (case.refused, case.ends) == (3, {"accepted": 1, "dismissed by ada": 1}), number
        # A death costs minutes, in which a group may close and another open; what is no group is the same.
        lost = {each for each in mails(expected) if "more thing" not in each} - set(mails(world))
        assert all("file" in each for each in lost), f"lost at call {number} ({death.died_in})"
        if _told_twice(world, len(getattr(expected.slack, "posts", {}))):
            doubled.append(death.died_in)
    assert doubled, "the window between a send and its mark cannot be closed"
    assert set(doubled) <= BETWEEN_SEND_AND_MARK[after]


def _told_twice(world: World, posts: int) -> bool:
    ids = [Counter(each.id for each in courier.sent) for courier in (world.email, world.slack)]
    twice = any(max(each.values(), default=0) > 1 for each in ids)
    return twice or len(getattr(world.slack, "posts", {})) > posts


def _named(world: World) -> set[str]:
    """Return which files and alarms people were told of."""
    text = "\n".join(each.email_text() for each in world.email.sent)
    names = [f"raw/east/{number}.csv" for number in range(3)]
    return {
        each
        for each in (
            *names,
            "is over",
            "serves",
            "is back at",
            "Suspect",
            "settled",
            "rejected by ada",
        )
        if each in text
    }
