"""On which instances an attempt is trained: spot ones cost a third, and AWS may take them away."""

from __future__ import annotations

from typing import Literal

from shared.model_config import RetrainPolicy

Capacity = Literal["spot", "on_demand"]


def capacity_of(policy: RetrainPolicy, *, failed_before: bool) -> tuple[Capacity, str]:
    """Return the instances of an attempt at a recipe, and why where that is not the usual.

    Parameters
    ----------
    failed_before
        Whether the attempt before failed. Why it failed decides nothing, for AWS says so only in words: the
        next one runs no risk of losing its instance.
    """
    match policy.spot:
        case "never":
            return "on_demand", ""
        case "prefer" if failed_before:
            return "on_demand", "it is trained on demand, because the attempt before failed"
        case _:
            return "spot", ""
