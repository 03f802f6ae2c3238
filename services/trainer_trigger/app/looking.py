"""What is known about a model at this moment: gathered once for every decision."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile

from services.trainer_trigger.domain import history, identity, poison
from services.trainer_trigger.domain.datasets import dataset_id_of
from services.trainer_trigger.domain.model_state import Champion, ModelState
from services.trainer_trigger.domain.run import Run
from services.trainer_trigger.ports import Configuration, Datasets, Memory, Registry
from shared.clock import Clock
from shared.dataset import Exclusion
from shared.model_config import ModelConfig


@dataclass(frozen=True, slots=True)
class Looking:
    """Gathers the state of a model from memory, bucket and registry."""

    configuration: Configuration
    datasets: Datasets
    registry: Registry
    memory: Memory
    image_uri: str
    maximum_runs: int
    clock: Clock

    def state(self, model_id: str, config: ModelConfig) -> ModelState:
        """Gather all that a decision about a model depends on."""
        files = self.memory.files(model_id)
        exclusions = self.configuration.exclusions(model_id)
        champion = self.champion(model_id, exclusions)
        runs = self.memory.runs(model_id)
        last = history.last_finished(runs)
        dataset_id = dataset_id_of(config, tuple(known.file for known in files), exclusions)
        version = champion.version if champion else None
        recipe = identity.recipe_id(dataset_id, config, self.image_uri, version)
        consumed: frozenset[str] = frozenset()
        if last is not None:
            consumed = self.datasets.file_ids(model_id, last.dataset_id)
        notes, places = self.memory.notes(model_id), self.memory.places()
        ahead = takewhile(lambda waiting: waiting != model_id, places.waiting)
        return ModelState(
            files=files,
            consumed=consumed,
            config_id=identity.config_id(config),
            champion=champion,
            in_flight=notes.in_flight,
            last_run=history.finished(last) if last else None,
            request=notes.request,
            recipe=history.recipe_history(runs, recipe),
            spent_usd=history.spent_usd(runs, self.clock()),
            places=self.maximum_runs - places.running,
            ahead=tuple(ahead),
            is_queued=model_id in places.waiting,
            degraded=notes.degraded,
            exclusions_id=self._exclusions_id(model_id, last, exclusions),
            unsuccessful_since=history.unsuccessful_since(runs),
        )

    def champion(self, model_id: str, exclusions: tuple[Exclusion, ...]) -> Champion | None:
        """Return the newest approved version that was not trained on excluded data."""
        return poison.newest_clean(
            self.registry.approved(model_id),
            lambda version: bool(self.touched(model_id, version, exclusions)),
        )

    def touched(
        self, model_id: str, version: Champion, exclusions: tuple[Exclusion, ...]
    ) -> tuple[Exclusion, ...]:
        """Return the exclusions that a version was trained on nevertheless."""
        if not exclusions or version.dataset_id is None:
            return ()
        trained_on = self.datasets.coverage(model_id, version.dataset_id)
        return poison.touched(trained_on, exclusions) if trained_on else ()

    def _exclusions_id(
        self, model_id: str, last: Run | None, exclusions: tuple[Exclusion, ...]
    ) -> str:
        """Return the name of what is excluded; the last run's where no row of its data is in or out now.

        A range of next month, or of before the first file, is no reason to train the same rows again.
        """
        name = identity.exclusions_id(exclusions)
        if last is None or last.exclusions_id == name:
            return name
        had = self.datasets.coverage(model_id, last.dataset_id)
        if had is None:
            return name
        before, now = (
            identity.exclusions_id(filter(had.touches, each))
            for each in (had.exclusions, exclusions)
        )
        return last.exclusions_id if before == now else name

    def excluded_meanwhile(self, run: Run) -> tuple[Exclusion, ...]:
        """Return what a person excluded while a run trained on it."""
        exclusions = self.configuration.exclusions(run.model_id)
        trained_on = self.datasets.coverage(run.model_id, run.dataset_id) if exclusions else None
        return poison.touched(trained_on, exclusions) if trained_on else ()
