"""What people were told about a site, and what is to be told next: each change once, and its end."""

from __future__ import annotations

from collections.abc import Mapping
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


@dataclass(frozen=True, slots=True)
class Ended:
    """A change that people were told of, and the day on which it was over."""

    told: Told
    until: date


def ended(
    before: Mapping[str, Told], after: Mapping[str, Told], recovered: Mapping[str, date]
) -> list[Ended]:
    """Return the changes that stood before and are over: nothing stands there now, or something else.

    Parameters
    ----------
    recovered
        The day on which it was over, by site; of what gave way to something else, that began then.
    """
    found = []
    for site_id, each in before.items():
        now = after.get(site_id)
        if now is None or now.status != each.status:
            until = now.since if now is not None and now.since else recovered.get(site_id)
            found.append(Ended(each, until or each.since or date.min))
    return found


def standing(before: Told | None, site_id: str, version: int, verdict: Verdict) -> Told | None:
    """Return what stands after a verdict; None where nothing does.

    What days that say nothing leave open stands as before.
    """
    if verdict.status == "not_measured":
        return before
    if verdict.status not in _STANDING:
        return None
    return Told(
        site_id,
        version,
        verdict.status,
        verdict.cause,
        verdict.since,
        verdict.why,
        verdict.retrain_helps,
    )


def is_news(before: Told | None, now: Told) -> bool:
    """Whether people are to be told of what stands.

    The likely cause of a young change may still be named otherwise tomorrow. That alone is no news, unless a
    retrain is now thought to help.
    """
    if before is None or before.status != now.status:
        return True
    return now.retrain_helps and not before.retrain_helps
