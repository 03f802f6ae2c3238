"""Which versions failed requests or were slow, by the log of their endpoint."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from services.deployer.domain.blame import FAILED, SLOW, Fault
from services.deployer.inference.faults import MARK
from shared import names

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

GROUP = "/aws/sagemaker/Endpoints/"
_MOST_PAGES = 10


@dataclass(frozen=True, slots=True)
class EndpointLog:
    """Reads the lines that `inference/faults.py` writes."""

    logs: CloudWatchLogsClient

    def faults(self, model_id: str, since: datetime) -> frozenset[Fault] | None:
        """Return which versions failed requests, or were slow, since a time; None if the log cannot be read.

        A log that goes on after the last page counts as not read: what is left may name another version.
        """
        pages = self.logs.get_paginator("filter_log_events").paginate(
            logGroupName=f"{GROUP}{names.endpoint(model_id)}",
            startTime=int(since.timestamp() * 1000),
            filterPattern=f'"{MARK}"',
        )
        try:
            read = list(islice(pages, _MOST_PAGES))
        except (ClientError, BotoCoreError):
            return None
        if read and read[-1].get("nextToken"):
            return None
        said = (_fault(event.get("message", "")) for page in read for event in page["events"])
        return frozenset(each for each in said if each is not None)


def _fault(line: str) -> Fault | None:
    """Return which version a line of the log speaks of, and of what; None for a line of something else."""
    start = line.find("{")
    if MARK not in line or start < 0:
        return None
    try:
        said = json.loads(line[start:])
    except ValueError:
        return None
    if not isinstance(said, dict):
        return None
    kind, version = said.get(MARK), said.get("model_package_version")
    return Fault(kind, version) if kind in {FAILED, SLOW} and isinstance(version, int) else None
