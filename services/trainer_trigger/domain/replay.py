"""What another policy would have done with the recorded arrivals: the very same pure decision, run over time.

Every run is assumed to last and to cost as much as the recorded ones did in the middle, and to end
registered. Requests of people, failures and exclusions are not replayed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from services.trainer_trigger.domain.deciding import decide
from services.trainer_trigger.domain.decision import Outcome
from services.trainer_trigger.domain.model_state import (
    ApprovedVersion,
    FinishedRun,
    KnownFile,
    ModelState,
)
from shared.model_config import RetrainPolicy

TYPICAL_RUN = timedelta(minutes=15)
MOST_STEPS = 100_000


@dataclass(frozen=True, slots=True)
class ReplayedRun:
    """A run that the policy would have begun."""

    at: datetime
    reasons: tuple[str, ...]
    files: int


@dataclass(frozen=True, slots=True)
class PastRun:
    """A recorded run: how long it took and what it cost."""

    seconds: float
    cost_usd: float | None


def replay(
    files: Iterable[KnownFile],
    past: Iterable[PastRun],
    policy: RetrainPolicy,
    *,
    since: datetime,
    until: datetime,
) -> tuple[list[ReplayedRun], float | None]:
    """Return the runs that a policy would have begun in [since, until], and their cost [USD].

    The cost is None where no recorded run has one.
    """
    past = list(past)
    length = timedelta(seconds=median([run.seconds for run in past])) if past else TYPICAL_RUN
    prices = [run.cost_usd for run in past if run.cost_usd is not None]
    arrivals = sorted(files, key=lambda each: each.first_seen_at)
    runs = _walk(arrivals, policy, length, since, until)
    return runs, round(median(prices) * len(runs), 4) if prices else None


def _walk(
    arrivals: list[KnownFile],
    policy: RetrainPolicy,
    length: timedelta,
    since: datetime,
    until: datetime,
) -> list[ReplayedRun]:
    runs: list[ReplayedRun] = []
    consumed = frozenset(each.file.file_id for each in arrivals if each.first_seen_at < since)
    now, last, champion = since, None, None
    for _ in range(MOST_STEPS):
        if now > until:
            break
        here = tuple(each for each in arrivals if each.first_seen_at <= now)
        state = ModelState(
            files=here, consumed=consumed, config_id="", champion=champion, last_run=last
        )
        decision = decide(state, policy, now)
        if decision.outcome is Outcome.RETRAIN:
            runs.append(ReplayedRun(now, decision.reasons, len(here)))
            consumed = frozenset(each.file.file_id for each in here)
            now += length
            last = FinishedRun(f"replayed-{len(runs)}", "registered", "", now)
            champion = ApprovedVersion(len(runs), "", "", now)
            continue
        following = [each.first_seen_at for each in arrivals if each.first_seen_at > now]
        moments = [*following[:1], *([decision.until] if decision.until else [])]
        if not moments:
            break
        now = max(min(moments), now + timedelta(seconds=1))
    return runs
