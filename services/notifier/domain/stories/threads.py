"""Which facts about a model belong to one story: a retrain up to what serves, a rollback, another change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from shared.messages import (
    ChallengerRegistered,
    ChallengerRejected,
    DeploymentFailed,
    DeploymentRolledBack,
    DeploymentStarted,
    Message,
    ModelDeployed,
    ModelHeld,
    RetrainFailed,
    RetrainStarted,
    RollbackRequested,
    VersionDecided,
)

Told = TypeVar("Told", bound=Message)

RETRAIN, ROLLBACK, CHANGE = "retrain", "rollback", "change"
_DAY = timedelta(days=1)
_OF_A_RUN = (RetrainStarted, ChallengerRegistered, ChallengerRejected, RetrainFailed)
_OF_A_DEPLOYMENT = (DeploymentStarted, ModelDeployed, DeploymentRolledBack, DeploymentFailed)


@dataclass(frozen=True, slots=True)
class Thread:
    """The facts of one story, in the order in which they happened."""

    model_id: str
    kind: str
    key: str
    facts: tuple[Any, ...]
    heard: Mapping[str, datetime] = field(default_factory=dict)

    def heard_at(self, fact: Any) -> datetime:
        """Return when a fact came here: what is late waits as long for others as what is not."""
        return self.heard.get(fact.id, fact.occurred_at)

    @property
    def name(self) -> str:
        """Return what names the story."""
        return f"{self.model_id} {self.kind} {self.key}"

    def all(self, kind: type[Told]) -> list[Told]:
        """Return the facts of a kind, the oldest first."""
        return [each for each in self.facts if isinstance(each, kind)]

    def last(self, kind: type[Told]) -> Told | None:
        """Return the newest fact of a kind."""
        found = self.all(kind)
        return found[-1] if found else None


def belongs(message: Any) -> bool:
    """Whether a fact is told as a part of a story; what is no step of one is told by itself."""
    match message:
        case ModelHeld():
            return bool(message.taken_back)
        case DeploymentStarted() | ModelDeployed():
            return not message.settings
        case DeploymentFailed():
            return not message.will_retry
    if isinstance(message, VersionDecided):
        return message.run_id is not None or message.serves
    return isinstance(message, (*_OF_A_RUN, *_OF_A_DEPLOYMENT, RollbackRequested))


def threads(facts: Iterable[Any], heard: Mapping[str, datetime] | None = None) -> list[Thread]:
    """Return the stories that a model's facts tell, whatever their order and however often each came.

    Parameters
    ----------
    heard
        When each fact came here, by its id; where that is not known, it came when it happened.
    """
    known = {each.id: each for each in facts}
    ordered = sorted(known.values(), key=_in_time)
    runs = _runs(ordered)
    backs = _rollbacks(ordered)
    found: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for each in ordered:
        found[_place(each, runs, backs)].append(each)
    return [
        Thread(facts[0].model_id, kind, key, tuple(facts), heard or {})
        for (kind, key), facts in found.items()
    ]


def _in_time(fact: Any) -> tuple[datetime, bool, str]:
    """Order facts by time; a hold carries the time of the request that it follows."""
    return fact.occurred_at, isinstance(fact, ModelHeld), fact.id


@dataclass(frozen=True, slots=True)
class _Back:
    """A rollback that somebody asked for: when, by which request, and to which version."""

    at: datetime
    requests: frozenset[str]
    targets: frozenset[int]


def _runs(ordered: list[Any]) -> dict[int, str]:
    """Return the run that each version came from."""
    return {
        each.model_package_version: each.run_id
        for each in ordered
        if isinstance(each, (ChallengerRegistered, *_OF_A_DEPLOYMENT)) and each.run_id
    }


def _rollbacks(ordered: list[Any]) -> list[_Back]:
    """Return the rollbacks; a request and the hold that follows from it carry the same time."""
    found: dict[datetime, _Back] = {}
    for each in ordered:
        match each:
            case RollbackRequested():
                requests, target = frozenset({each.id}), each.to_version
            case ModelHeld():
                requests, target = frozenset(), each.serves
            case VersionDecided(serves=True):
                requests, target = frozenset(), None
            case _:
                continue
        known = found.get(each.occurred_at, _Back(each.occurred_at, frozenset(), frozenset()))
        targets = frozenset() if target is None else frozenset({target})
        found[each.occurred_at] = _Back(
            known.at, known.requests | requests, known.targets | targets
        )
    return list(found.values())


def _place(fact: Any, runs: dict[int, str], backs: list[_Back]) -> tuple[str, str]:
    if isinstance(fact, VersionDecided) and fact.serves:
        return ROLLBACK, fact.occurred_at.isoformat()
    if isinstance(fact, (*_OF_A_RUN, VersionDecided)):
        return RETRAIN, str(fact.run_id)
    if isinstance(fact, RollbackRequested | ModelHeld):
        return ROLLBACK, fact.occurred_at.isoformat()
    back = _rollback_of(fact, backs)
    if back is not None:
        return ROLLBACK, back.at.isoformat()
    run = fact.run_id or runs.get(fact.model_package_version)
    if run is not None and not _goes_back(fact):
        return RETRAIN, run
    return CHANGE, f"{fact.model_package_version} {fact.previous_version}"


def _rollback_of(fact: Any, backs: list[_Back]) -> _Back | None:
    """Return the rollback that a deployment belongs to: the last one before it that it can be of."""
    if isinstance(fact, DeploymentFailed):
        asked = [each for each in backs if fact.correlation_id in each.requests]
        if asked:
            return asked[0]
    if not _goes_back(fact):
        return None
    return max(
        (
            each
            for each in backs
            if each.at <= fact.occurred_at < each.at + _DAY
            and (not each.targets or fact.model_package_version in each.targets)
        ),
        key=lambda each: each.at,
        default=None,
    )


def _goes_back(fact: Any) -> bool:
    if getattr(fact, "goes_back", False):
        return True
    if isinstance(fact, DeploymentRolledBack):
        return False
    return fact.previous_version is not None and fact.model_package_version < fact.previous_version
