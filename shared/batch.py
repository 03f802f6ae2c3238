"""Handling one batch of SQS records: each record fails alone, and nothing fails silently."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


def process_together(
    event: dict[str, Any],
    group_of: Callable[[Incoming], str],
    handle: Callable[[str, Sequence[Incoming]], None],
    logger: Logger,
) -> dict[str, Any]:
    """Handle what belongs together at once, and name the records that must come again: of a group, all.

    Parameters
    ----------
    event
        The Lambda event of an SQS event source mapping.
    group_of
        What a thing belongs to.
    handle
        Called once per group, with all that the records carry of it.
    """
    groups: dict[str, list[Incoming]] = {}
    records: dict[str, list[str]] = {}
    failed: list[str] = []
    for record in event["Records"]:
        try:
            for incoming in inbox.read(record["body"]):
                group = group_of(incoming)
                groups.setdefault(group, []).append(incoming)
                records.setdefault(group, []).append(record["messageId"])
        except Exception:  # as below: this record alone comes again
            logger.exception("record cannot be read and goes back to its queue")
            failed.append(record["messageId"])
    for group, incoming_of in groups.items():
        logger.append_keys(group=group)
        try:
            handle(group, incoming_of)
        except Exception:  # the border of the process: whatever happened, these records come again
            logger.exception("records failed and go back to their queue")
            failed += records[group]
    return {"batchItemFailures": [{"itemIdentifier": each} for each in dict.fromkeys(failed)]}
