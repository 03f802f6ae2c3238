"""A burst of 100,000 messages on a simulated clock: how many mails it makes, how soon what matters is out.

Run as a program it prints the figures (`make bench-notices`).
"""

from __future__ import annotations

import heapq
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from services.notifier.domain.notice import Standing
from shared.inbox import AlarmChanged
from tests.unit.notifier.fakes import START, World, sweep
from tests.unit.notifier.gallery import an_alarm, sample

# What a message takes on AWS, a little more than measured: a few calls of DynamoDB; a mail or a post.
HANDLING = timedelta(milliseconds=30)
SENDING = timedelta(milliseconds=300)
WORKERS = 2  # of each inbox, as the template says
CODES, SITES = 20, 300
URGENT = ("retrain_failed", "deployment_rolled_back", "challenger_rejected", "deployment_failed")
CRITICAL_OF_A_THOUSAND = 2


@dataclass(frozen=True)
class Outcome:
    """What a burst came to."""

    messages: int
    mails: int
    posts: int
    slowest: timedelta  # until the last critical message was out
    lasted: timedelta
    found: int

    def __str__(self) -> str:
        return (
            f"{self.messages:,} messages: {self.mails} mails, {self.posts} Slack messages, the slowest "
            f"critical one out after {self.slowest.total_seconds():.0f} s, all handled after "
            f"{self.lasted.total_seconds() / 60:.0f} min, {self.found:,} facts found in the table"
        )


def noise(count: int) -> Iterator[Any]:
    """Yield what a fleet says on its worst day: 36 kinds of trouble at 300 sites."""
    for number in range(count):
        site, name = f"site-{number % SITES}", f"n{number}"
        match number % 36:
            case kind if kind < CODES:
                key = f"raw/{site}/{number}.csv"
                code = f"reason_{kind}"
                yield sample("file_quarantined", id=name, site_id=site, key=key, reason_code=code)
            case kind if kind < 28:
                yield sample("accuracy_degraded", id=name, site_id=site, cause=f"cause {kind}")
            case kind if kind < 31:
                yield sample("site_silent", id=name, site_id=site, recovered=kind == 30)
            case kind if kind < 33:
                yield sample("source_suspect", id=name, site_id=site)
            case 33:
                yield sample("config_rejected", id=name, key=f"config/sites/{site}.yaml")
            case _:
                yield sample("data_withdrawn", id=name, site_id=site)


def urgent(count: int) -> list[Any]:
    """Return what is critical, or an end that people wait for."""
    made: list[Any] = []
    for number in range(count):
        if number % 5 == 4:
            made.append(an_alarm(name=f"solar-{number}", occurred_at=START))
        else:
            kind = URGENT[number % 5]
            model = {"model_id": f"m{number}", "run_id": f"r{number}", "id": f"u{number}"}
            made.append(sample(kind, **model, occurred_at=START))
    return made


def burst(count: int) -> Outcome:
    """Let a burst arrive in one moment, what is critical last, and handle it as two inboxes are."""
    grave = urgent(int(count * CRITICAL_OF_A_THOUSAND / 1000))
    world = World()
    queues = {"inbox": noise(count - len(grave)), "urgent": iter(grave)}
    events: list[tuple[Any, int, str]] = [(START, 0, "inbox"), (START, 1, "urgent")]
    serial, handled, lasted = 2, 0, START
    while events:
        begun, _, what = heapq.heappop(events)
        sent = len(world.email.sent)
        world.now = begun
        message = sweep() if what == "wake" else next(queues[what], None)
        if message is None:
            continue
        world.handle(message)
        busy = HANDLING + SENDING * (len(world.email.sent) - sent)
        for delay in world.timer.delays:
            heapq.heappush(events, (begun + delay + timedelta(seconds=1), serial, "wake"))
            serial += 1
        world.timer.delays = world.timer.delays[:0]
        if what != "wake":
            handled, lasted = handled + 1, max(lasted, begun)
            heapq.heappush(events, (begun + busy / WORKERS, serial, what))
            serial += 1
    entries = world.notices.entries.values()
    critical = {each.id for each in grave if not isinstance(each, AlarmChanged)}
    out = [
        each.sent["email"] - START
        for each in entries
        if each.notice.stands_alone and each.standing is Standing.SENT
    ]
    assert critical <= set(world.notices.entries)
    facts = [each for each in entries if not each.includes and each.notice.kind != "digest"]
    return Outcome(
        handled,
        len(world.email.sent),
        len(world.slack.sent),
        max(out),
        lasted - START,
        len({each.notice.id for each in facts if each.message or not each.notice.outcome}),
    )


if __name__ == "__main__":
    print(burst(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
