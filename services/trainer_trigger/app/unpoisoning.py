"""Asks for a rollback where the version that serves was trained on data that is now excluded."""

from __future__ import annotations

from dataclasses import dataclass

from services.trainer_trigger.app.lineage import Lineage
from services.trainer_trigger.domain import poison
from services.trainer_trigger.ports import Configuration, Measures, Publisher
from shared.clock import Clock
from shared.messages import RollbackRequested


@dataclass(frozen=True, slots=True)
class Unpoisoning:
    """Finds the last clean version. The retrain itself follows from the changed exclusions."""

    configuration: Configuration
    lineage: Lineage
    publisher: Publisher
    measures: Measures
    clock: Clock

    def unpoison(self, model_id: str) -> None:
        """Ask for the last clean version, where the one that serves is not; one message says it all."""
        exclusions = self.configuration.exclusions(model_id)
        serving = next(self.lineage.candidates(model_id), None)
        touched = self.lineage.touched(model_id, serving, exclusions) if serving else ()
        if serving is None or not touched:
            return
        clean = self.lineage.clean(model_id, exclusions)
        story = poison.story(serving, touched, clean)
        if clean is None:
            self.measures.warn(story)
            return
        self.publisher.publish(
            RollbackRequested.of(
                subject=(model_id, serving.version, [each.model_dump_json() for each in touched]),
                occurred_at=self.clock(),
                correlation_id=f"exclusions of {model_id}",
                model_id=model_id,
                to_version=clean.version,
                seen_version=serving.version,
                by_machine=True,
                reason=story,
                requested_by="an exclusion",
            )
        )
