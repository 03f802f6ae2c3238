"""Whether an endpoint predicts what its evaluation predicted."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

Tested = Literal["evaluation", "plausible", "nothing"]
MOST_OF_KNOWN = 1.5  # of the highest power that a tested version predicted for the same rows


@dataclass(frozen=True, slots=True)
class Reference:
    """Rows that an evaluation predicted, and what it predicted [kW].

    `is_own` says that it is the version's own evaluation, of which the endpoint must say the same; otherwise
    an answer must only be one that a plant could give.
    """

    request: dict[str, Any]
    expected_kw: tuple[float, ...]
    tolerance_kw: tuple[float, ...]
    is_own: bool = True

    @property
    def sites(self) -> tuple[str, ...]:
        """The sites that the rows are of."""
        whole = self.request.get("site_id")
        found = {row.get("site_id", whole) for row in self.request.get("rows", ())}
        return tuple(sorted(each for each in found if isinstance(each, str)))


@dataclass(frozen=True, slots=True)
class Answer:
    """What an endpoint answered, and which version did; `error` where the version could not answer.

    `is_refused` says that the error is the question's (4xx): a site that it does not know, for example.
    """

    version: int | None
    power_kw: tuple[float, ...]
    error: str | None = None
    seconds: float = 0.0
    is_refused: bool = False


def plausible(reference: Reference) -> Reference:
    """Return the rows of another version's evaluation for one that has none."""
    return replace(reference, is_own=False)


def agrees(reference: Reference, power_kw: tuple[float, ...]) -> bool:
    """Whether an endpoint predicts all reference rows, each to within the tolerance."""
    return len(power_kw) == len(reference.expected_kw) and all(
        abs(said - expected) <= tolerance
        for said, expected, tolerance in zip(
            power_kw, reference.expected_kw, reference.tolerance_kw, strict=True
        )
    )


def fault(reference: Reference, answer: Answer, version: int) -> str | None:
    """Return why a version fails its smoke test, or None where it passes."""
    if answer.error is not None and answer.version in {None, version}:
        return f"it answers with an error: {answer.error}"
    if answer.version != version:
        return f"version {answer.version} answered instead of {version}"
    return _no_answer(reference, answer.power_kw) or _wrong(reference, answer.power_kw)


def _no_answer(reference: Reference, power_kw: tuple[float, ...]) -> str | None:
    if len(power_kw) != len(reference.expected_kw):
        return f"it answers {len(power_kw)} of {len(reference.expected_kw)} rows"
    return None if all(map(math.isfinite, power_kw)) else "it predicts what is no number"


def _wrong(reference: Reference, power_kw: tuple[float, ...]) -> str | None:
    if not reference.is_own:
        return _implausible(reference, power_kw)
    if not agrees(reference, power_kw):
        return "it predicts the reference rows differently than its evaluation did"
    return None


def _implausible(reference: Reference, power_kw: tuple[float, ...]) -> str | None:
    """Return why no plant would give this power in the weather of known rows."""
    known = max(reference.expected_kw)
    highest, lowest = max(power_kw), min(power_kw)
    if highest > known * MOST_OF_KNOWN or lowest < -known * MOST_OF_KNOWN:
        return f"it predicts up to {highest:.4g} kW, where a tested version predicts {known:.4g} kW"
    if len(power_kw) > 1 and highest == lowest and len(set(reference.expected_kw)) > 1:
        return f"it predicts the same {highest:.4g} kW for all rows"
    return None
