"""What a rule answers, and what a decision is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.trainer_trigger.domain.model_state import ModelState
from shared.model_config import RetrainPolicy


class Effect(StrEnum):
    """What a rule says."""

    FORBID = "forbid"
    DEMAND = "demand"
    HOLD = "hold"
    WANT = "want"
    NOTHING = "nothing"


class Outcome(StrEnum):
    """What is decided."""

    RETRAIN = "retrain"
    WAIT = "wait"
    IDLE = "idle"


@dataclass(frozen=True, slots=True)
class RuleAnswer:
    """What one rule says, with its reason in words, its figures, and when it may say otherwise."""

    effect: Effect
    reason: str
    until: datetime | None = None
    numbers: Mapping[str, float] = field(default_factory=dict)
    rule: str = ""
    is_fault: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What is decided, why, and when to look again."""

    outcome: Outcome
    reasons: tuple[str, ...]
    until: datetime | None
    verdicts: tuple[RuleAnswer, ...]

    @property
    def faults(self) -> tuple[RuleAnswer, ...]:
        """Rules that raised or hung; each counts as a wait."""
        return tuple(verdict for verdict in self.verdicts if verdict.is_fault)


Rule = Callable[[ModelState, RetrainPolicy, datetime], RuleAnswer]
