"""Tables of SageMaker's resources, and what of them survives a restart."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable
from typing import Any

Record = dict[str, Any]
"""A resource by SageMaker's own member names; members that begin with `_` are ours and never shown."""

TABLES = (
    "pipelines",
    "executions",
    "package_groups",
    "packages",
    "models",
    "endpoint_configs",
    "endpoints",
    "training_jobs",
    "processing_jobs",
    "scalable_targets",
    "scaling_policies",
    "scheduled_actions",
    "inert",
)


class Store:
    """All tables; each maps a resource's name (or ARN) to its record."""

    def __init__(self, account_id: str, region: str) -> None:
        self.account_id = account_id
        self.region = region
        self.lock = threading.RLock()
        self.tables: dict[str, dict[str, Record]] = {name: {} for name in TABLES}
        self.tags: dict[str, dict[str, str]] = {}

    def __getitem__(self, table: str) -> dict[str, Record]:
        return self.tables[table]

    def arn(self, kind: str, name: str) -> str:
        """Return a SageMaker resource's ARN; SageMaker writes names in lower case there."""
        return f"arn:aws:sagemaker:{self.region}:{self.account_id}:{kind}/{name}"

    def tag(self, arn: str, tags: list[dict[str, str]] | None) -> None:
        """Add tags to a resource."""
        with self.lock:
            self.tags.setdefault(arn, {}).update(
                {each["Key"]: each["Value"] for each in tags or []}
            )

    def forget(self, table: str, name: str, arn: str) -> None:
        """Remove a resource and its tags."""
        with self.lock:
            self.tables[table].pop(name, None)
            self.tags.pop(arn, None)

    def snapshot(self) -> dict[str, Any]:
        """Return a copy of everything, as JSON can hold it."""
        with self.lock:
            return copy.deepcopy({"tables": self.tables, "tags": self.tags})

    def restore(self, snapshot: dict[str, Any]) -> None:
        """Take over what an earlier process kept."""
        with self.lock:
            for name, rows in snapshot.get("tables", {}).items():
                self.tables.setdefault(name, {}).update(rows)
            self.tags.update(snapshot.get("tags", {}))

    def clear(self) -> None:
        """Forget everything."""
        with self.lock:
            for rows in self.tables.values():
                rows.clear()
            self.tags.clear()


def now() -> float:
    """Return the current time as SageMaker's JSON writes it: seconds since 1970."""
    return round(time.time(), 3)


def page(
    records: list[Record], request: Record, *, key: Callable[[Record], Any], descending: bool
) -> tuple[list[Record], Record]:
    """Return one page of records in order, and the part of the answer that points to the next.

    `MaxResults`, `NextToken` and `SortOrder` of the request are honoured.
    """
    order = request.get("SortOrder")
    ordered = sorted(
        records, key=key, reverse=descending if order is None else order == "Descending"
    )
    start = int(request.get("NextToken") or 0)
    size = int(request.get("MaxResults") or 100)
    rest = {"NextToken": str(start + size)} if start + size < len(ordered) else {}
    return ordered[start : start + size], rest
