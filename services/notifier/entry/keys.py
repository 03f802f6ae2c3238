"""Replaces the key that signs links; `{"revoke": true}` ends all links that were sent."""

from __future__ import annotations

from functools import cache
from typing import Any

from services.notifier.adapters.links import KeyRotation
from services.notifier.composition import rotation
from services.notifier.settings import KeySettings
from shared import observability

logger = observability.logger("notifier")


@cache
def service() -> KeyRotation:
    """Wire the service, once per process."""
    return rotation(KeySettings.from_environment())


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Replace the key once, or twice where every link that was sent is to end."""
    times = 2 if event.get("revoke") is True else 1
    for _ in range(times):
        service().rotate()
    return {"rotated": times}
