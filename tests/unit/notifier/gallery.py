"""Every notice that people can get, as its e-mail; run as a program it writes docs/notices.md."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from services.notifier.domain import grouping
from services.notifier.domain.grouping import Group
from services.notifier.domain.notice import Notice, Severity
from services.notifier.domain.refusals import Case
from services.notifier.domain.rendering import data, render
from services.notifier.domain.review import words
from services.notifier.domain.review.facts import Review, Span
from services.notifier.domain.stories import mails, threads
from services.notifier.domain.stories.mails import Patience
from shared import inbox, messages
from shared.ids import content_id
from tests.unit.notifier.review_world import ReviewWorld, busy, line

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/notices.md"
EVENTS = ROOT / "tests/events"
NOW = datetime(2024, 7, 1, 7, tzinfo=UTC)
HEAD = """\
# Notices
Every e-mail that the system sends, word for word; Slack gets the same text as blocks. The values are samples
(`tests/events/`). A test compares this page with what is sent; `make notices` writes it anew.
"""
BUDGET = "AWS Budget Notification July 1, 2024\nBudget solar has exceeded 80 % of 50 USD\n"


def sample(kind: str, /, **changed: Any) -> Any:
    """Return a sample message, with something different."""
    found = messages.read((EVENTS / f"solar.{kind}.v1.json").read_text())
    return found.model_copy(update=changed)


def an_alarm(**changed: Any) -> Any:
    """Return a sample alarm, with something different."""
    (found,) = inbox.read((EVENTS / "cloudwatch.alarm.json").read_text())
    return replace(found, **changed)  # type: ignore[type-var]


def _after_deployment() -> Iterator[tuple[str, Any]]:
    yield "Accuracy degraded", sample("accuracy_degraded")
    season = {
        "cause": "season",
        "why": "the plant gives a tenth less since 2024-06-26: the model has never seen this time of year",
        "retrain_helps": True,
    }
    yield "Accuracy degraded, and a retrain helps", sample("accuracy_degraded", **season)
    data = {
        "kind": "data",
        "cause": "stuck_irradiance",
        "why": "irradiance stood still on 5 of the last 6 days, since 2024-06-26",
        "nmae": None,
        "energy_ratio": None,
    }
    yield "The data of a site cannot be scored", sample("accuracy_degraded", **data)
    over = {"recovered": True, "why": "the last 5 days are as promised"}
    yield "A site is as good as promised again", sample("accuracy_degraded", **over)
    yield "The data of a site can be scored again", sample("accuracy_degraded", **data | over)


def incoming() -> Iterator[tuple[str, Any]]:
    """Yield what happened, in words and as the service hears of it."""
    yield "A file is quarantined", sample("file_quarantined")
    yield (
        "A file in no site's folder is quarantined",
        sample("file_quarantined", site_id="(unknown)"),
    )
    yield "Rows no longer count (daily summary only)", sample("data_withdrawn")
    yield "A site's configuration is in force", sample("config_accepted", kind="site")
    yield (
        "A model's configuration is in force",
        sample("config_accepted", kind="model", name="fleet"),
    )
    yield "Excluded times changed", sample("config_accepted", kind="exclusions")
    yield "A configuration is refused at a line", sample("config_rejected", line=7)
    yield "A configuration is refused as a whole", sample("config_rejected", line=None)
    yield "A site is silent", sample("site_silent", recovered=False)
    yield "A site sends again", sample("site_silent", recovered=True)
    yield "A source is suspect", sample("source_suspect")
    trusted = "ada trusts the accepted files: the meter was changed in May"
    yield "A source is trusted", sample("source_suspect", standing="trusted", reason=trusted)
    yield "A source is no longer suspect", sample("source_suspect", standing="cleared")
    yield "A retrain started", sample("retrain_started")
    yield (
        "A retrain started, without an estimate",
        sample("retrain_started", estimated_cost_usd=None),
    )
    yield "A challenger is registered", sample("challenger_registered")
    yield "The first one is registered", sample("challenger_registered", champion_r2=None)
    waits = sample("challenger_registered", approval="PendingManualApproval", cost_usd=None)
    yield "A challenger waits for a person", waits
    yield "A challenger is rejected", sample("challenger_rejected")
    bare = {
        "r2": None,
        "unmasked_r2": None,
        "champion_r2": None,
        "what_would_help": (),
        "cost_usd": 0.004,
    }
    yield "A challenger without a score is rejected", sample("challenger_rejected", **bare)
    yield "A retrain failed", sample("retrain_failed", cost_usd=0.01)
    yield "A rollback is requested", sample("rollback_requested", to_version=None)
    yield "A rollback to a version is requested", sample("rollback_requested", to_version=2)
    yield from _after_deployment()
    yield "Tomorrow's energy, for who wants it", sample("tomorrow_forecast")
    yield "The first deployment started", sample("deployment_started", previous_version=None)
    yield "A deployment started", sample("deployment_started", previous_version=3)
    yield "A version serves", sample("model_deployed", previous_version=3)
    first = {"previous_version": None, "run_id": None, "dataset_id": None}
    yield "The first version serves, registered by hand", sample("model_deployed", **first)
    yield "A version was taken back", sample("deployment_rolled_back", previous_version=3)
    yield (
        "The first version was taken back",
        sample("deployment_rolled_back", previous_version=None),
    )
    yield "A deployment failed", sample("deployment_failed", cause="no capacity", next_step="Wait!")
    yield (
        "AWS could not deploy; it is tried again",
        sample("deployment_failed", cause="AWS could not do it: no capacity", will_retry=True),
    )
    yield "A version that served before comes back", sample("deployment_started", goes_back=True)
    yield (
        "A version without an evaluation serves",
        sample("model_deployed", tested="plausible", run_id=None, dataset_id=None),
    )
    yield "A person took a version back", sample("model_held")
    yield "A person holds a model", sample("model_held", taken_back=[], serves=4)
    yield "A person released a model", sample("model_released")
    yield "A decision by a link came too late", sample("decision_overtaken")
    yield "An alarm goes off", an_alarm()
    plain = "Something is wrong."
    yield "An alarm without a runbook goes off", an_alarm(description=plain)
    yield "An alarm is over", an_alarm(state="OK", previous_state="ALARM")
    yield "Costs pass a limit", inbox.read(BUDGET)[0]


def told() -> Iterator[tuple[str, Notice]]:
    """Yield every notice with what happened, digests and the daily summary last."""
    for what, happened in incoming():
        if threads.belongs(happened):
            yield from _ends(what, [happened])
        else:
            yield what, _given(render(happened, NOW))
    yield from _ends("A retrain whose version serves", _retrain())
    yield from _ends("A rollback", _rollback())
    files = [_file(number) for number in range(40)]
    yield "Many files with one fault", grouping.told([gathered(files)], NOW)
    others = gathered([_given(render(sample("site_silent", recovered=False), NOW))])
    yield "Several things that came together", grouping.told([others, gathered(files[:3])], NOW)
    settled = Case("east", "wrong_unit", 40, {"accepted": 25, "removed by ben": 1})
    yield "Some of them need nobody any more", data.settled(sample("data_accepted"), settled)
    settled = settled.with_end("dismissed by ada")
    yield (
        "All of them are settled",
        data.settled(sample("file_settled"), replace(settled, refused=27)),
    )
    one = Case("east", "wrong_unit", 1, {"dismissed by ada": 1})
    yield "A single refused file is dismissed", data.settled(sample("file_settled"), one)
    for what, review in reviews():
        yield what, words.notice(review, content_id(what))


def _ends(what: str, facts: list[Any]) -> Iterator[tuple[str, Notice]]:
    """Yield what is told of a story; of many a fact nothing is, until its story ends."""
    for thread in threads.threads(facts):
        for each in mails.mails(thread, Patience()):
            yield what, each.notice


def _retrain() -> list[Any]:
    later = NOW + timedelta(minutes=9)
    return [
        sample("retrain_started"),
        sample("challenger_registered", cost_usd=0.31),
        sample("model_deployed", previous_version=3, occurred_at=later),
    ]


def _rollback() -> list[Any]:
    back = {"model_package_version": 3, "previous_version": 4, "goes_back": True}
    return [
        sample("rollback_requested", to_version=None),
        sample("model_held"),
        sample("model_deployed", **back, occurred_at=NOW + timedelta(minutes=6)),
    ]


def gathered(notices: list[Notice]) -> Group:
    """Return the group of notices of one cause."""
    group = Group.of(notices[0].cause, notices[0], NOW)
    for each in notices[1:]:
        group = group.joined_by(each, NOW)
    return group


def _file(number: int) -> Notice:
    key = f"raw/east/power-2024-06-{number:02}.csv"
    return _given(render(sample("file_quarantined", id=key, key=key), NOW))


def _given(notice: Notice | None) -> Notice:
    assert notice is not None
    return notice


def reviews() -> Iterator[tuple[str, Review]]:
    """Yield a day on which nothing needs anybody, one on which much does, and a week."""
    yield "A day on which nothing needs anybody", ReviewWorld().reviewing.review(Span.DAY)
    world = busy()
    yield "A day that needs a person", world.reviewing.review(Span.DAY)
    world.answer("deployer", "weeks", lines=[line("2024-W26", nmae=0.034), line("2024-W27")])
    yield "A week", world.reviewing.review(Span.WEEK)


def page() -> str:
    """Return the page of all notices."""
    parts = [HEAD]
    for what, notice in told():
        severity = Severity(notice.severity).name.lower()
        text = _wrapped(f"Subject: {notice.email_subject()}\n\n{notice.email_text()}")
        parts.append(f"## {what}\n{severity}, `{notice.id}`\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


def _wrapped(text: str) -> str:
    """Fold long lines as a mail program does."""
    return "\n".join(textwrap.fill(line, 100, break_long_words=False) for line in text.split("\n"))


if __name__ == "__main__":
    PAGE.write_text(page())
