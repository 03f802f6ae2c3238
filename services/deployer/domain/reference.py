"""Whether an endpoint predicts what its evaluation predicted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Reference:
    """Rows that the evaluation predicted, and what it predicted [kW]: the endpoint must say the same."""

    request: dict[str, Any]
    expected_kw: tuple[float, ...]
    tolerance_kw: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What an endpoint answered, and which version did."""

    version: int | None
    power_kw: tuple[float, ...]


def agrees(reference: Reference, power_kw: tuple[float, ...]) -> bool:
    """Whether an endpoint predicts all reference rows, each to within the tolerance."""
    return len(power_kw) == len(reference.expected_kw) and all(
        abs(said - expected) <= reference.tolerance_kw
        for said, expected in zip(power_kw, reference.expected_kw, strict=True)
    )


def fault(reference: Reference, answer: Answer, version: int) -> str | None:
    """Return why a version fails its smoke test, or None where it passes."""
    if answer.version != version:
        return f"version {answer.version} answered instead of {version}"
    if not agrees(reference, answer.power_kw):
        return "it predicts the reference rows differently than its evaluation did"
    return None
