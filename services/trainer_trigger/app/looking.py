"""What is known about a model at this moment: gathered once for every decision."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile

from services.trainer_trigger.app.leaving_out import LeavingOut
from services.trainer_trigger.app.lineage import Lineage
from services.trainer_trigger.domain import history, identity
from services.trainer_trigger.domain.datasets import dataset_id_of
from services.trainer_trigger.domain.inputs import inputs_of
from services.trainer_trigger.domain.model_state import ModelState
from services.trainer_trigger.ports import (
    Configuration,
    FileMemory,
    NoteMemory,
    PlaceMemory,
    RunMemory,
)
from shared.clock import Clock
from shared.model_config import ModelConfig


@dataclass(frozen=True, slots=True)
class Looking:
    """Gathers the state of a model from memory, bucket and registry."""

    configuration: Configuration
    files: FileMemory
    runs: RunMemory
    notes: NoteMemory
    places: PlaceMemory
    lineage: Lineage
    leaving_out: LeavingOut
    image_uri: str
    maximum_runs: int
    clock: Clock

    def state(self, model_id: str, config: ModelConfig) -> ModelState:
        """Gather all that a decision about a model depends on."""
        inputs = inputs_of(config, self.files.files(model_id))
        divided = self.leaving_out.divide(model_id, inputs.files)
        files = divided.usable
        exclusions = self.configuration.exclusions(model_id)
        champion = self.lineage.champion(model_id, exclusions)
        runs = self.runs.runs(model_id)
        last = history.last_finished(runs)
        dataset_id = dataset_id_of(config, tuple(known.file for known in files), exclusions)
        version = champion.version if champion else None
        recipe = identity.recipe_id(dataset_id, config, self.image_uri, version)
        notes, places = self.notes.notes(model_id), self.places.places()
        return ModelState(
            files=files,
            consumed=self.lineage.files_of(last),
            config_id=identity.config_id(config),
            champion=champion,
            in_flight=notes.in_flight,
            last_run=history.finished(last) if last else None,
            request=notes.request,
            recipe=history.recipe_history(runs, recipe),
            spent_usd=history.spent_usd(runs, self.clock()),
            places=self.maximum_runs - places.running,
            ahead=tuple(takewhile(lambda waiting: waiting != model_id, places.waiting)),
            is_queued=model_id in places.waiting,
            degraded=notes.degraded,
            exclusions_id=self.lineage.exclusions_id(last, exclusions),
            unsuccessful_since=history.unsuccessful_since(runs),
            left_out=divided.left_out,
            suspects=divided.suspects,
            sources_due_since=divided.due_since,
            lacks=inputs.lacks,
        )
