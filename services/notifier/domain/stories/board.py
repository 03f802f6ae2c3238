"""A story as one message that grows: its steps, and at the end what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.notifier.domain.notice import Notice, Severity
from services.notifier.domain.stories.mails import Patience, mails, render
from services.notifier.domain.stories.threads import RETRAIN, ROLLBACK, Thread
from shared.ids import content_id
from shared.messages import (
    ChallengerRegistered,
    ChallengerRejected,
    DeploymentFailed,
    DeploymentRolledBack,
    DeploymentStarted,
    ModelDeployed,
    ModelHeld,
    RetrainFailed,
    RetrainStarted,
    RollbackRequested,
    VersionDecided,
)


def board(thread: Thread, patience: Patience) -> Notice:
    """Return the message that shows a story as far as it is known; the same facts give the same message."""
    ends = [each for each in mails(thread, patience) if each.notice.on_board]
    steps = "\n".join(_step(each) for each in thread.facts)
    first = thread.facts[0]
    has_ended = thread.kind != ROLLBACK or any(_is_end(each) for each in thread.facts)
    if ends and has_ended:
        end = max(ends, key=lambda each: (each.notice.happened_at, each.notice.id)).notice
        end = _as_decided(thread, end)
        return replace(end, id=_name(thread), lines=(steps, *end.lines))
    return Notice(
        id=_name(thread),
        kind=thread.kind,
        severity=Severity.INFO,
        subject=_title(thread),
        lines=(steps,),
        happened_at=thread.facts[-1].occurred_at,
        model=first.model_id,
    )


def _as_decided(thread: Thread, end: Notice) -> Notice:
    """Return what was decided of a version in the place of what asks for that: nobody has to any more."""
    decided = thread.last(VersionDecided)
    if decided is None or decided.serves or decided.occurred_at < end.happened_at:
        return end
    notice = render(decided)
    return replace(
        notice, facts=(*end.facts, *notice.facts), quiet=False, outcome=True, on_board=True
    )


def _name(thread: Thread) -> str:
    return content_id("story", thread.name)


def _is_end(fact: Any) -> bool:
    return isinstance(fact, ModelDeployed | DeploymentFailed)


def _title(thread: Thread) -> str:
    titles = {
        RETRAIN: f"Retrain of model {thread.model_id}",
        ROLLBACK: f"Rollback of model {thread.model_id}",
    }
    return titles.get(thread.kind, f"Model {thread.model_id} gets another version")


def _step(fact: Any) -> str:
    return f"{_clock(fact.occurred_at)} {_what(fact)}"


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M}"


def _what(fact: Any) -> str:
    """Say a step in a few words."""
    for kind, say in _STEPS.items():
        if isinstance(fact, kind):
            return say(fact)
    return "deployment failed"


def _registered(fact: ChallengerRegistered) -> str:
    waits = fact.approval == "PendingManualApproval"
    said = "waits for a person" if waits else "approved"
    return f"registered as version {fact.model_package_version}, {said}"


def _decided(fact: VersionDecided) -> str:
    return f"{'approved' if fact.approved else 'rejected'} by {fact.requested_by}: {fact.reason}"


def _held(fact: ModelHeld) -> str:
    back = ", ".join(map(str, fact.taken_back))
    return f"held by {fact.requested_by}; version {back} taken back"


_STEPS: dict[type[Any], Callable[[Any], str]] = {
    RetrainStarted: lambda fact: f"started on {fact.files} files: {'; '.join(fact.reasons)}",
    ChallengerRegistered: _registered,
    ChallengerRejected: lambda _: "rejected",
    RetrainFailed: lambda fact: f"failed at {fact.stage}",
    RollbackRequested: lambda fact: f"{fact.requested_by} asked for a rollback",
    ModelHeld: _held,
    VersionDecided: _decided,
    DeploymentStarted: lambda fact: f"deployment of version {fact.model_package_version} started",
    ModelDeployed: lambda fact: f"version {fact.model_package_version} serves",
    DeploymentRolledBack: lambda fact: f"version {fact.model_package_version} was taken back",
}
