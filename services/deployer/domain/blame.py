"""Which of two fleets an alarm rang for: both answer behind one variant; AWS's metrics know no version."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from services.deployer.domain import alarms
from services.deployer.domain.deployment import InProgress

FAILED, SLOW = "failed", "slow"
_SAID = {FAILED: "failed requests", SLOW: "was slow"}


class Fault(NamedTuple):
    """A line of the endpoint's log: what a version did, `failed` or `slow`."""

    kind: str
    version: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a new version is to blame for an end of its deployment, and why in words.

    `may_change` says that lines of the log that come late could tell otherwise.
    """

    is_to_blame: bool
    why: str
    may_change: bool = False


def judge(
    progress: InProgress, rang: Sequence[str], faults: Collection[Fault] | None, model_id: str
) -> Judgement:
    """Say whether alarms rang for a new version, by the endpoint's log; where nothing tells, they did.

    Parameters
    ----------
    rang
        The alarms, at least one. That of the reference rows looks at the new version only.
    faults
        What the log says since the canary began; None where it cannot be read.
    """
    rings = f"the alarm {', '.join(rang)} went off"
    version = progress.version
    if progress.previous is None or not is_shared(rang, model_id):
        return Judgement(is_to_blame=True, why=rings)
    if faults is None:
        nobody = "the endpoint's log cannot be read, so nothing tells for which version"
        return Judgement(is_to_blame=True, why=f"{rings}; {nobody}", may_change=True)
    own = sorted({_SAID[each.kind] for each in faults if each.version == version})
    if own:
        return Judgement(is_to_blame=True, why=f"{rings}; version {version} {' and '.join(own)}")
    kinds = {_kind(each, model_id) for each in rang}
    if not kinds <= {each.kind for each in faults}:
        nobody = "the endpoint's log names no version that it could be for"
        return Judgement(is_to_blame=True, why=f"{rings}; {nobody}", may_change=True)
    others = sorted({each.version for each in faults if each.kind in kinds})
    named = " and ".join(f"version {each}" for each in others)
    did = " and ".join(_SAID[each] for each in sorted(kinds))
    why = f"{rings} for {named}, which served before: it {did}, and version {version} did not"
    return Judgement(is_to_blame=False, why=why, may_change=True)


def is_shared(rang: Sequence[str], model_id: str) -> bool:
    """Whether all alarms may ring for what serves as well as for a new version."""
    return all(alarms.may_be_ignored(each, model_id) for each in rang)


def _kind(alarm: str, model_id: str) -> str:
    """Return which kind of fault an alarm counts."""
    return SLOW if alarm == alarms.LATENCY.alarm_name(model_id) else FAILED
