"""A model that is not retrained now waits for a time or for a place."""

from __future__ import annotations

from dataclasses import dataclass

from services.trainer_trigger.app.arming import Arming
from services.trainer_trigger.domain.deciding import is_answered, lacks_only_a_place
from services.trainer_trigger.domain.decision import Decision
from services.trainer_trigger.domain.model_state import ModelState
from services.trainer_trigger.ports import NoteMemory, PlaceMemory
from shared.clock import Clock


@dataclass(frozen=True, slots=True)
class Waiting:
    """A model waits in the account's queue only while a place is all that it lacks."""

    places: PlaceMemory
    notes: NoteMemory
    arming: Arming
    clock: Clock

    def wait(self, model_id: str, state: ModelState, decision: Decision) -> None:
        """Queue a model or take it from the queue, arm its next evaluation, drop an answered request."""
        if lacks_only_a_place(decision):
            self.places.enqueue(model_id, self.clock())
        elif state.is_queued:
            self.places.dequeue(model_id)
        if decision.until is not None:
            self.arming.within(model_id, decision.until - self.clock())
        if is_answered(state, decision):
            self.notes.drop_request(model_id)
