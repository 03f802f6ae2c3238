"""Handling one batch of SQS records: each record fails alone, and nothing fails silently."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger

from shared import inbox
from shared.inbox import Incoming


def process(
    event: dict[str, Any], handle: Callable[[Incoming], None], logger: Logger
) -> dict[str, Any]:
    """Handle every record of a batch and name those that must come again.

    A record that fails returns to the queue and ends in the dead-letter queue, where an alarm watches.

    Parameters
    ----------
    event
        The Lambda event of an SQS event source mapping.
    handle
        Called once per thing that a record carries.
    """
    failures = []
    for record in event["Records"]:
        logger.append_keys(message_id=record["messageId"])
        try:
            for incoming in inbox.read(record["body"]):
                handle(incoming)
        except Exception:  # the border of the process: whatever happened, this record comes again
            logger.exception("record failed and goes back to its queue")
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}
