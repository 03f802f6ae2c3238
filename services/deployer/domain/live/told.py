"""What people were told about a site, and what is to be told next: each change once, and its end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the function that answers reads what was told, and judges nothing
    from services.deployer.domain.live.degradation import Verdict

_STANDING = {"degraded", "data_fault"}


@dataclass(frozen=True, slots=True)
class Told:
    """A change that people were told of and that is not over."""

    site_id: str
    version: int
    status: str
    cause: str
    since: date | None
    why: str
    retrain_helps: bool = False


def news(before: Told | None, site_id: str, version: int, verdict: Verdict) -> Told | None:
    """Return what stands after a verdict; the same as before where there is nothing to be told.

    A change that only goes on, or of which the days say nothing now, is no news. None where nothing stands.
    """
    if verdict.status == "not_measured":
        return before
    if verdict.status not in _STANDING:
        return None
    same = before is not None and (before.status, before.cause) == (verdict.status, verdict.cause)
    if same:
        return before
    return Told(
        site_id,
        version,
        verdict.status,
        verdict.cause,
        verdict.since,
        verdict.why,
        verdict.retrain_helps,
    )
