"""Which versions failed requests, by the log of their endpoint."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from services.deployer.inference.faults import MARK
from shared import names

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

_GROUP = "/aws/sagemaker/Endpoints/"
_MOST_PAGES = 10


@dataclass(frozen=True, slots=True)
class EndpointLog:
    """Reads the lines that `inference/faults.py` writes."""

    logs: CloudWatchLogsClient

    def faulty(self, model_id: str, since: datetime) -> frozenset[int] | None:
        """Return the versions that failed requests, or were slow, since a time; None if none can be told."""
        pages = self.logs.get_paginator("filter_log_events").paginate(
            logGroupName=f"{_GROUP}{names.endpoint(model_id)}",
            startTime=int(since.timestamp() * 1000),
            filterPattern=f'"{MARK}"',
        )
        try:
            events = [event for page in islice(pages, _MOST_PAGES) for event in page["events"]]
        except (ClientError, BotoCoreError):
            return None
        said = (_version(event.get("message", "")) for event in events)
        return frozenset(version for version in said if version is not None)


def _version(line: str) -> int | None:
    """Return which version a line of the log speaks of; None for a line of something else."""
    start = line.find("{")
    if MARK not in line or start < 0:
        return None
    try:
        said = json.loads(line[start:])
    except ValueError:
        return None
    version = said.get("model_package_version") if isinstance(said, dict) else None
    return version if isinstance(version, int) else None
