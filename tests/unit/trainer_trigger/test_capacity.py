"""Spot instances are preferred, and whoever lost one is not sent to them again."""

from __future__ import annotations

import pytest

from services.trainer_trigger.domain.capacity import capacity_of
from shared.model_config import RetrainPolicy


@pytest.mark.parametrize(
    ("spot", "failed_before", "capacity"),
    [
        ("prefer", False, "spot"),
        ("prefer", True, "on_demand"),
        ("require", True, "spot"),
        ("never", False, "on_demand"),
    ],
)
def test_the_policy_and_a_failure_decide(
    spot: str,
    failed_before: bool,  # noqa: FBT001
    capacity: str,
) -> None:
    policy = RetrainPolicy.model_validate({"spot": spot})
    assert capacity_of(policy, failed_before=failed_before)[0] == capacity


def test_what_is_unusual_says_why() -> None:
    assert "attempt before failed" in capacity_of(RetrainPolicy(), failed_before=True)[1]
    assert capacity_of(RetrainPolicy(), failed_before=False)[1] == ""
