"""Replaces the key that signs links; `{"revoke": true}` ends all links that were sent.

A schedule may come twice, and a second new key would end links that were sent just before: the key is
replaced once for each time that the schedule says. To end all links, it is replaced twice.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from services.notifier.adapters.links import KeyRotation
from services.notifier.composition import rotation
from services.notifier.settings import KeySettings
from shared import observability
from shared.ids import content_id

logger = observability.logger("notifier")


@cache
def service() -> KeyRotation:
    """Wire the service, once per process."""
    return rotation(KeySettings.from_environment())


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Replace the key once, or twice where every link that was sent is to end."""
    times = 2 if event.get("revoke") is True else 1
    due = event.get("due") or context.aws_request_id
    for number in range(times):
        service().rotate(content_id("key", due, number))
    return {"rotated": times}
