"""How many AWS calls a sweep costs the deployer, by models and versions: `make bench-deploy`.

The real use cases and adapters run against clients that answer at once and count. A fleet at rest is what
nearly every sweep finds. Seconds are those of one core; what AWS takes for each call comes on top.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from services.deployer.adapters.endpoints import SageMakerEndpoints
from services.deployer.adapters.memory import DynamoMemory
from services.deployer.adapters.registry import SageMakerRegistry
from services.deployer.adapters.serving import ServingByMode
from services.deployer.app.reconciling import Reconciling
from shared import names

VERSIONS = 30
_LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
GOAL = 3  # calls for each model


@dataclass
class Counting:
    """Clients of SageMaker and DynamoDB for a fleet at rest."""

    calls: Counter[str] = field(default_factory=Counter)

    def get_paginator(self, operation: str) -> Counting:
        """Return what pages."""
        assert operation == "list_model_packages"
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        """Yield the one page of versions."""
        self.calls["ListModelPackages"] += 1
        found = [
            {"ModelPackageVersion": number, "CreationTime": _LONG_AGO}
            for number in range(VERSIONS, 0, -1)
        ]
        return [{"ModelPackageSummaryList": found}]

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:  # noqa: N803 - boto3's
        """Describe an endpoint on which the newest version serves."""
        self.calls["DescribeEndpoint"] += 1
        configuration = names.endpoint_configuration(
            names.model_of(EndpointName), VERSIONS, "0a1b2c3d"
        )
        return {"EndpointStatus": "InService", "EndpointConfigName": configuration}

    def get_item(self, **_: Any) -> dict[str, Any]:
        """Find nothing under way."""
        """Describe an endpoint on which the newest version serves."""
        self.calls["GetItem"] += 1
        return {}

    def __getattr__(self, operation: str) -> Any:
        def call(**_: Any) -> dict[str, Any]:
            self.calls[operation] += 1
            return {}

        return call


def main() -> None:
    """Print the figures; exit code 1 where the goal is missed."""
    missed = False
    for models in (1, 100, 1000):
        client = Counting()
        service = reconciling(client)
        began = time.perf_counter()
        for number in range(models):
            service.reconcile(f"m{number}")
        seconds = time.perf_counter() - began
        each = sum(client.calls.values()) / models
        missed |= each > GOAL
        said = ", ".join(f"{name} {count}" for name, count in client.calls.items())
        print(
            f"{models:5} models of {VERSIONS} versions: {each:.2f} calls for each model ({said}), "
            f"{seconds / models * 1e3:.2f} ms of our own for each"
        )
    print(f"goal <= {GOAL} calls for each model and sweep: {'missed' if missed else 'reached'}")
    raise SystemExit(missed)


def reconciling(client: Any) -> Reconciling:
    """Return the use case over counting clients."""
    memory = DynamoMemory.of(client, "solar-deployer")
    nothing: Any = client
    endpoints = SageMakerEndpoints(
        client, nothing, nothing, nothing, "role", "key", "bucket", "topic", (), (), nothing
    )
    return Reconciling(
        alone=nothing,
        registry=SageMakerRegistry(client),
        endpoints=ServingByMode(endpoints, memory, nothing, nothing, nothing),
        progress=memory,
        starting=nothing,
        trial=nothing,
        comparing=nothing,
        ending=nothing,
        silence=nothing,
        timer=nothing,
        clock=lambda: datetime(2026, 1, 1, tzinfo=UTC),
    )


if __name__ == "__main__":
    main()
