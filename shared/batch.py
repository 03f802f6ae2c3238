"""Handling one batch of SQS records: each record fails alone, and nothing fails silently."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from aws_lambda_powertools import Logger

from shared import inbox, trail
from shared.inbox import Incoming


def process(
    event: dict[str, Any],
    handle: Callable[[Incoming], None],
    logger: Logger,
    prepare: Callable[[Sequence[Incoming]], None] | None = None,
) -> dict[str, Any]:
    """Handle every record of a batch and name those that must come again.

    A record that fails returns to the queue and ends in the dead-letter queue, where an alarm watches.

    Parameters
    ----------
    event
        The Lambda event of an SQS event source mapping.
    handle
        Called once per thing that a record carries.
    prepare
        Called once, before, with all things of records that were never tried before.
    """
    failures = []
    read: list[tuple[dict[str, Any], list[Incoming]]] = []
    for record in event["Records"]:
        found = _read(record, logger)
        if found is None:
            failures.append({"itemIdentifier": record["messageId"]})
        else:
            read.append((record, found))
    if prepare is not None:
        prepare([each for record, found in read if _is_first_try(record) for each in found])
    for record, found in read:
        try:
            for incoming in found:
                logger.append_keys(
                    message_id=record["messageId"],
                    correlation_id=trail.about(incoming)["correlation_id"],
                )
                handle(incoming)
        except Exception:  # the border of the process: whatever happened, this record comes again
            logger.exception("record failed and goes back to its queue")
            failures.append({"itemIdentifier": record["messageId"]})
    logger.remove_keys(["message_id", "correlation_id"])
    return {"batchItemFailures": failures}


def _read(
    record: dict[str, Any], logger: Logger, understand: Callable[[Incoming], object] = trail.about
) -> list[Incoming] | None:
    """Return what a record carries, and log that it came; None where nobody can read or understand it."""
    try:
        found = inbox.read(record["body"])
        for incoming in found:
            understand(incoming)
            trail.received(incoming, logger)
    except Exception:  # the border of the process: whatever happened, this record comes again
        logger.exception(
            "record cannot be read and goes back to its queue",
            extra={"message_id": record["messageId"]},
        )
        return None
    return found


def _is_first_try(record: dict[str, Any]) -> bool:
    return int(record.get("attributes", {}).get("ApproximateReceiveCount", 1)) <= 1


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
        found = _read(record, logger, group_of)
        if found is None:
            failed.append(record["messageId"])
        for incoming in found or []:
            groups.setdefault(group_of(incoming), []).append(incoming)
            records.setdefault(group_of(incoming), []).append(record["messageId"])
    for group, incoming_of in groups.items():
        logger.append_keys(group=group)
        try:
            handle(group, incoming_of)
        except Exception:  # the border of the process: whatever happened, these records come again
            logger.exception("records failed and go back to their queue")
            failed += records[group]
    return {"batchItemFailures": [{"itemIdentifier": each} for each in dict.fromkeys(failed)]}
