"""A sweep of a fleet at rest costs AWS calls for each model, whatever its number of versions."""

from __future__ import annotations

import pytest

from bench.deploy import GOAL, Counting, reconciling
from services.deployer.domain.deployment import Action


@pytest.mark.parametrize("models", [1, 100])
def test_a_sweep_costs_three_calls_for_each_model(models: int) -> None:
    client = Counting()
    service = reconciling(client)
    assert {service.reconcile(f"m{number}") for number in range(models)} == {Action.NOTHING}
    assert sum(client.calls.values()) <= GOAL * models
