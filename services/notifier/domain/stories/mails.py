"""What people are told of a story, and when: each of its ends once, with what the other facts know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from services.notifier.domain.notice import Notice, Severity
from services.notifier.domain.rendering import deployment, training
from services.notifier.domain.rendering.pieces import cost, sentence
from services.notifier.domain.stories.threads import ROLLBACK, Thread
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
    RollbackRequested,
    VersionDecided,
)

Asked = (
    RollbackRequested | ModelHeld | VersionDecided
)  # who rejects what serves asks for the one before
_RENDERERS: dict[type[Any], Any] = {**training.RENDERERS, **deployment.RENDERERS}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a story waits for what belongs to it.

    `figures` is for the registration of a version that serves already: it knows what the run cost.
    `rollback` is for the version that shall serve again. `answer` is for who is to decide about a version,
    as long as the links about it are honoured; `has_links` says whether there are any.
    """

    figures: timedelta = timedelta(minutes=2)
    rollback: timedelta = timedelta(minutes=15)
    answer: timedelta = timedelta(hours=72)
    has_links: bool = True


@dataclass(frozen=True, slots=True)
class Mail:
    """An end of a story, and from when on it is told."""

    notice: Notice
    due_at: datetime


def mails(thread: Thread, patience: Patience) -> list[Mail]:
    """Return what people are told of a story, each with the time from which on it is told."""
    told = _of_rollback if thread.kind == ROLLBACK else _of_retrain
    return list(told(thread, patience))


def _of_retrain(thread: Thread, patience: Patience) -> Iterator[Mail]:
    registered = thread.last(ChallengerRegistered)
    for fact in thread.facts:
        match fact:
            case (
                ChallengerRejected() | RetrainFailed() | DeploymentRolledBack() | DeploymentFailed()
            ):
                yield Mail(_end(thread, fact), thread.heard_at(fact))
            case ChallengerRegistered(approval="PendingManualApproval"):
                yield Mail(_end(thread, fact), thread.heard_at(fact))
                if not _is_answered(thread):
                    due_at = thread.heard_at(fact) + patience.answer
                    yield Mail(_unanswered(thread, fact, due_at, patience), due_at)
            case VersionDecided(approved=False) if not thread.all(DeploymentStarted):
                # Of one that was being deployed its way back is told, with the reason.
                yield Mail(_end(thread, fact), thread.heard_at(fact))
            case ModelDeployed():
                complete = registered is not None or not fact.run_id
                wait = timedelta(0) if complete else patience.figures
                yield Mail(_end(thread, fact), thread.heard_at(fact) + wait)


def render(fact: Any) -> Notice:
    """Return what a fact of a story says by itself."""
    notice: Notice = _RENDERERS[type(fact)](fact)
    return notice


def _end(thread: Thread, fact: Any) -> Notice:
    """Return an end of a story with what else is known of it."""
    notice = render(fact)
    registered = thread.last(ChallengerRegistered)
    facts = list(notice.facts)
    labels = {label for label, _ in facts}
    if registered is not None and not isinstance(fact, ChallengerRegistered):
        known = {
            "R2 on the test rows": f"{registered.r2:.3f} (floor {registered.accuracy_threshold:g})",
            "Cost": cost(registered.cost_usd),
        }
        facts += [(label, said) for label, said in known.items() if label not in labels]
    return replace(
        notice,
        id=content_id("story", fact.id),
        lines=(*notice.lines, _who_does_what(fact)),
        facts=tuple(facts),
        quiet=False,
        outcome=True,
        on_board=True,
    )


def _is_answered(thread: Thread) -> bool:
    """Whether somebody decided about a version that waited: it is deployed only then."""
    return any(
        isinstance(each, VersionDecided | DeploymentStarted | ModelDeployed | DeploymentFailed)
        for each in thread.facts
    )


def _unanswered(
    thread: Thread, fact: ChallengerRegistered, at: datetime, patience: Patience
) -> Notice:
    """Return what is told, once, where nobody decided while the links could be used; it has new ones.

    It is a message of its own everywhere: who did not see the first one does not see it change either.
    """
    version, model = fact.model_package_version, fact.model_id
    waited = _spelled_out(patience.answer)
    ended = (
        "The links of the message about that have ended; those of this one work as long again."
        if patience.has_links
        else ""
    )
    return replace(
        _end(thread, fact),
        id=content_id("story", fact.id, "unanswered"),
        severity=Severity.WARNING,
        subject=f"Nobody has decided about version {version} of model {model} for {waited}",
        lines=_spoken(
            f"It was registered at {fact.occurred_at:%Y-%m-%d %H:%M} UTC and waits for a person.",
            ended,
            f"Until somebody decides, what serves goes on. To decide at a terminal: solar approve {version} "
            f"{model} --reason …, or solar reject {version} {model} --reason …",
            "This is said once; the daily message goes on to say what waits.",
        ),
        happened_at=at,
        on_board=False,
    )


def _spelled_out(length: timedelta) -> str:
    hours = int(length / timedelta(hours=1))
    number, unit = (hours // 24, "day") if hours % 24 == 0 else (hours, "hour")
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def _who_does_what(fact: Any) -> str:
    match fact:
        case ChallengerRegistered():
            return "Somebody has to decide: until then what serves goes on."
        case ModelDeployed() | ChallengerRejected() | VersionDecided():
            return "Nobody has to do anything."
        case DeploymentRolledBack():
            return (
                "Nobody has to act at once. Before the next retrain: look at what the reason names, "
                f"solar report {fact.run_id}."
                if fact.run_id
                else "Nobody has to act at once. Look at what the reason names."
            )
    return "Somebody has to look at it: what next is said above."


def _of_rollback(thread: Thread, patience: Patience) -> Iterator[Mail]:
    for failed in thread.all(DeploymentFailed):
        yield Mail(_end(thread, failed), thread.heard_at(failed))
    asked = _asked(thread)
    if asked is None:
        return
    for deployed in thread.all(ModelDeployed):
        yield Mail(_back(thread, asked, deployed), thread.heard_at(deployed))
    if not thread.all(ModelDeployed) and not thread.all(DeploymentFailed):
        nothing_serves = isinstance(asked, ModelHeld) and asked.serves is None
        wait = timedelta(0) if nothing_serves else patience.rollback
        yield Mail(_under_way(thread, asked), thread.heard_at(asked) + wait)


def _asked(thread: Thread) -> Asked | None:
    return thread.last(RollbackRequested) or thread.last(ModelHeld) or thread.last(VersionDecided)


def _back(thread: Thread, asked: Asked, deployed: ModelDeployed) -> Notice:
    model, version = deployed.model_id, deployed.model_package_version
    lines = (
        sentence(f"Why: {asked.reason}"),
        f"Version {version} takes all requests since {deployed.occurred_at:%Y-%m-%d %H:%M} UTC. "
        f"{_asked_at(asked)}",
        _what_is_held(thread, model),
    )
    return Notice(
        id=content_id("story", deployed.id),
        kind="rollback",
        severity=Severity.WARNING,
        subject=f"Model {model} is back at version {version}: {asked.requested_by} took "
        f"{_taken_back(thread, deployed)} back",
        lines=_spoken(*lines),
        happened_at=deployed.occurred_at,
        outcome=True,
        on_board=True,
        model=model,
        facts=_rollback_facts(thread, asked, str(version)),
    )


def _under_way(thread: Thread, asked: Asked) -> Notice:
    held = thread.last(ModelHeld)
    goal = held.serves if held else getattr(asked, "to_version", None)
    to = f"version {goal}" if goal else "the version before"
    return Notice(
        id=content_id("story", asked.model_id, asked.occurred_at, "under way"),
        kind="rollback",
        severity=Severity.WARNING,
        subject=f"Model {asked.model_id} goes back to {to}: {asked.requested_by} asked for it",
        lines=_spoken(
            sentence(f"Why: {asked.reason}"),
            f"Nothing has said yet that {to} serves. Look at solar status; another message follows "
            "once it serves.",
            _what_is_held(thread, asked.model_id),
        ),
        happened_at=asked.occurred_at,
        outcome=True,
        on_board=True,
        model=asked.model_id,
        facts=_rollback_facts(thread, asked, str(goal or "")),
    )


def _spoken(*lines: str) -> tuple[str, ...]:
    return tuple(filter(None, lines))


def _asked_at(asked: Asked) -> str:
    return f"It was asked for at {asked.occurred_at:%H:%M}."


def _taken_back(thread: Thread, deployed: ModelDeployed) -> str:
    held = thread.last(ModelHeld)
    numbers = list(held.taken_back) if held else [deployed.previous_version]
    known = [str(each) for each in numbers if each is not None]
    if not known:
        return "what served"
    return f"version{'s' if len(known) > 1 else ''} {', '.join(known)}"


def _what_is_held(thread: Thread, model: str) -> str:
    held = thread.last(ModelHeld)
    if held is None:
        by_machine = any(each.by_machine for each in thread.all(RollbackRequested))
        if not by_machine and not thread.all(VersionDecided):
            return ""
        return "Nothing is held: a newer version that is approved is deployed by itself."
    back = ", ".join(map(str, held.taken_back))
    several = "s" if len(held.taken_back) > 1 else ""
    return (
        f"Version{several} {back} will not serve again by itself, and nothing newer is deployed by itself; "
        f"runs still train and register. That ends with solar release {model}, or when a person approves a "
        "version."
    )


def _rollback_facts(thread: Thread, asked: Asked, to: str) -> tuple[tuple[str, str], ...]:
    deployed = thread.last(ModelDeployed)
    before = [each.previous_version for each in (deployed,) if each is not None]
    facts = (
        ("Model", asked.model_id),
        ("Who", asked.requested_by),
        ("From version", str(before[0] or "") if before else ""),
        ("To version", to),
        ("How it does from now on", f"solar scorecard {asked.model_id}"),
    )
    return tuple((label, value) for label, value in facts if value)
