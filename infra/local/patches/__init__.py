"""Where ministack differs from AWS and it matters here; each module changes one service."""

from __future__ import annotations

from infra.local.home import Home
from infra.local.patches import (
    alarms,
    callers,
    code,
    dashboards,
    disk,
    encryption,
    faults,
    functions,
    insights,
    keys,
    machine_roles,
    machines,
    metrics,
    queues,
    redrive,
    rights,
    schedules,
    stacks,
    taken,
    topics,
    urls,
)
from infra.local.sagemaker.regions import Regions
from infra.local.ticker import Ticker


def apply(home: Home, sagemaker: Regions, ticker: Ticker, port: int) -> None:
    """Change ministack; before it answers its first request.

    Raises
    ------
    PlatformError
        A part that is changed has moved.
    """
    disk.apply(home)
    keys.apply()
    code.apply(home)
    functions.apply()
    urls.apply(port)
    machine_roles.apply()
    machines.apply()
    schedules.apply()
    topics.apply(home.outbox)
    queues.apply(ticker)
    redrive.apply(ticker)
    alarms.apply(ticker)
    dashboards.apply()
    metrics.apply()
    insights.apply()
    stacks.apply(sagemaker)
    taken.apply()
    faults.apply(home)
    callers.apply()
    rights.apply(home)
    encryption.apply()
