"""Who changed what in the account is recorded once: AWS bills each further record of the same events."""

from __future__ import annotations

import re
from typing import Any

_OURS = re.compile(r"([a-z0-9]+-)?solar-trail-[a-z0-9-]+")


def scope(cloudtrail: Any, own: str) -> str:
    """Return what a system's trail is to record.

    Parameters
    ----------
    own
        The name of the system's trail.

    Returns
    -------
    str
        `account`: changes in the whole account, and writes to the data bucket; `bucket`: only these, because
        another system's trail, of whatever stage and Region, records the account already.
    """
    seen = cloudtrail.describe_trails(includeShadowTrails=True)["trailList"]
    others = [
        trail
        for trail in seen
        if trail.get("IsMultiRegionTrail")
        and trail["Name"] != own
        and _OURS.fullmatch(trail["Name"])
    ]
    return "bucket" if others else "account"
