"""An operator's afternoon: much happens, and few mails say it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from services.notifier.domain.notice import Severity
from tests.unit.notifier.fakes import World, quarantined, sweep
from tests.unit.notifier.gallery import an_alarm
from tests.unit.notifier.test_stories import at, fact, of_run, rollback

MOST_MAILS = 15


def afternoon() -> Iterator[Any]:
    """Yield what happens within four hours, in order."""
    for number in range(3):
        yield fact("config_accepted", 0 + number, kind="site", name=f"new-{number}")
    for number in range(40):
        yield quarantined(number).model_copy(update={"occurred_at": at(5 + number / 30)})
    for number in range(12):
        yield fact("data_accepted", 8 + number / 60, key=f"raw/west/{number}.csv")
    yield from of_run("run-5", 5, begins=15)
    for number in range(40):
        yield fact("data_accepted", 25 + number / 60, key=f"raw/east/{number}.csv")
    yield from of_run("run-6", 6, begins=30)
    yield fact("retrain_started", 45, run_id="run-r")
    yield fact("challenger_rejected", 50, run_id="run-r")
    started, registered, deployment, deployed = of_run("run-7", 7, begins=55)
    yield started
    yield registered.model_copy(update={"approval": "PendingManualApproval"})
    for each in (deployment, deployed):
        yield each.model_copy(update={"occurred_at": at(80)})
    yield from rollback(95)
    started, registered, deployment, _ = of_run("run-8", 8, begins=110)
    yield from (started, registered, deployment)
    yield fact("deployment_rolled_back", 118, model_package_version=8, run_id="run-8")
    yield fact("site_silent", 125, site_id="west", recovered=False)
    for minute, state, before in ((130, "ALARM", "OK"), (150, "OK", "ALARM")):
        for number in range(3):
            yield an_alarm(
                name=f"solar-{number}",
                state=state,
                previous_state=before,
                occurred_at=at(minute + number / 10),
            )
    yield fact("site_silent", 170, site_id="west", recovered=True)
    for number in range(4):
        yield fact("config_accepted", 180 + number, kind="model", name="fleet")


def test_an_afternoon_is_at_most_fifteen_mails_and_each_matters() -> None:
    world = World(bot=True)
    for each in afternoon():
        while world.now < each.occurred_at:
            world.now = min(each.occurred_at, world.now + timedelta(seconds=20))
            world.handle(sweep())
        world.handle(each)
    world.pass_time(timedelta(minutes=30), 60)

    subjects = [each.subject for each in world.email.sent]
    assert subjects == [
        "40 files quarantined at site east: empty",
        "Model fleet version 5 serves, R2 0.962",
        "All 40 files of site east that were refused as empty are accepted now",
        "Model fleet version 6 serves, R2 0.962",
        "Challenger for model fleet rejected, R2 0.881",
        "Model fleet version 7 registered, R2 0.962, waits for approval",
        "Model fleet version 7 serves, R2 0.962",
        "Model fleet is back at version 6: operator@example.org took version 7 back",
        "Model fleet version 8 was taken back",
        "Site west has sent nothing for 72 hours",
        "Alarm solar-0",
        "Alarm solar-1",
        "Alarm solar-2",
        "3 alarms are over",
        "Site west sends again",
    ]
    assert len(subjects) <= MOST_MAILS
    assert len(world.slack.sent) + len(world.slack.posts) <= MOST_MAILS
    assert sum(each.severity is Severity.CRITICAL for each in world.email.sent) == 4
