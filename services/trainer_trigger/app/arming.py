"""Arms one evaluation of a model for many messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from services.trainer_trigger.ports import ArmMemory, Configuration, PlaceMemory, Timer
from shared.clock import Clock

LONGEST_DELAY = timedelta(seconds=900)  # of an SQS message
SLACK = timedelta(seconds=60)  # after which an armed evaluation counts as lost
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Arming:
    """Whoever arms an evaluation sends the one delayed message.

    This process remembers what it knows to be armed and asks nobody then. It remembers for less than the
    quiet period, so the last upload is always followed by an evaluation.
    """

    configuration: Configuration
    arms: ArmMemory
    places: PlaceMemory
    timer: Timer
    maximum_runs: int
    clock: Clock
    armed: dict[str, datetime] = field(default_factory=dict)

    def soon(self, model_id: str) -> None:
        """Let a model be evaluated once its quiet period may be over."""
        if self.clock() < self.armed.get(model_id, _LONG_AGO):
            return
        quiet = self.configuration.model(model_id).policy.quiet_period
        delay = min(quiet, LONGEST_DELAY)
        self.within(model_id, delay)
        self.armed[model_id] = self.clock() + delay / 2

    def within(self, model_id: str, delay: timedelta) -> None:
        """Let a model be evaluated after a delay, or after the longest one that a message may have."""
        now = self.clock()
        delay = max(min(delay, LONGEST_DELAY), timedelta(seconds=1))
        if self.arms.arm(model_id, now, now + delay + SLACK):
            self.timer.evaluate_later(model_id, now, int(delay.total_seconds()) + 1)

    def wake_waiting(self) -> None:
        """Let those who wait longest for a place be evaluated; a place has become free."""
        places = self.places.places()
        for model_id in places.waiting[: max(0, self.maximum_runs - places.running)]:
            self.arms.disarm(model_id)
            self.within(model_id, timedelta(seconds=1))
