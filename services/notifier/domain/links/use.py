"""The use of an acting link: who, why and when, and the command that it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.notifier.domain.links.grant import Grant
from services.notifier.domain.offer import Verb
from shared.messages import DecisionRequested, HoldRequested, RollbackRequested

Command = DecisionRequested | HoldRequested | RollbackRequested


@dataclass(frozen=True, slots=True)
class Use:
    """Who used a link; `is_done` says that the command was sent."""

    nonce: str
    name: str
    reason: str
    at: datetime
    is_done: bool = False


def command(grant: Grant, use: Use) -> Command:
    """Return what deployer is asked to do; the same use is the same message."""
    model_id, version = grant.about["model_id"], int(grant.about["version"])
    common: dict[str, Any] = {
        "subject": (grant.verb, grant.nonce),
        "occurred_at": use.at,
        "correlation_id": f"link to {grant.recipient}",
        "model_id": model_id,
        "reason": use.reason,
        "requested_by": f"{use.name} (by the link sent to {grant.recipient})",
    }
    match grant.verb:
        case Verb.APPROVE | Verb.REJECT:
            return DecisionRequested.of(
                **common, model_package_version=version, approve=grant.verb is Verb.APPROVE
            )
        case Verb.ROLLBACK:
            return RollbackRequested.of(**common, seen_version=version)
        case _:
            return HoldRequested.of(**common, hold=True)


def is_over(grant: Grant, said: Mapping[str, Any]) -> str:
    """Return why a link has nothing to act on any more; '' where it has.

    Parameters
    ----------
    said
        deployer's answer: versions that wait (`pending`), or what serves (`served`).
    """
    model_id, version = grant.about["model_id"], int(grant.about["version"])
    if grant.verb in {Verb.APPROVE, Verb.REJECT}:
        waiting = [each["version"] for each in said.get("pending", {}).get(model_id, ())]
        if version not in waiting:
            return (
                f"Version {version} of model {model_id} waits no longer: somebody decided already."
            )
        return ""
    serves = (said.get("served", {}).get(model_id) or {}).get("version")
    if serves != version:
        return f"Version {version} of model {model_id} serves no longer; version {serves} does."
    return ""
