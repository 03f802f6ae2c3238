"""What versions and runs were trained on, compared with what is excluded now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from services.trainer_trigger.domain import identity, poison
from services.trainer_trigger.domain.model_state import ApprovedVersion
from services.trainer_trigger.domain.run import Run
from services.trainer_trigger.ports import Configuration, Datasets, NoteMemory, Registry
from shared.dataset import Exclusion


@dataclass(frozen=True, slots=True)
class Lineage:
    """A version is clean if no row that it was trained on is excluded now."""

    configuration: Configuration
    registry: Registry
    datasets: Datasets
    notes: NoteMemory

    def candidates(self, model_id: str) -> Iterator[ApprovedVersion]:
        """Yield the approved versions that may serve now, newest first.

        While a person holds a model, what they decided for serves, whatever was approved by itself since.
        """
        serves = self.notes.notes(model_id).serves
        return (
            each
            for each in self.registry.approved(model_id)
            if serves is None or each.version <= serves
        )

    def champion(self, model_id: str, exclusions: tuple[Exclusion, ...]) -> ApprovedVersion | None:
        """Return what serves: the newest clean version, and where none is clean the newest one."""
        return poison.serving(
            self.candidates(model_id),
            lambda version: bool(self.touched(model_id, version, exclusions)),
        )

    def clean(self, model_id: str, exclusions: tuple[Exclusion, ...]) -> ApprovedVersion | None:
        """Return the newest approved version that was not trained on excluded data."""
        return poison.newest_clean(
            self.candidates(model_id),
            lambda version: bool(self.touched(model_id, version, exclusions)),
        )

    def touched(
        self, model_id: str, version: ApprovedVersion, exclusions: tuple[Exclusion, ...]
    ) -> tuple[Exclusion, ...]:
        """Return the exclusions that a version was trained on nevertheless."""
        if not exclusions or version.dataset_id is None:
            return ()
        trained_on = self.datasets.coverage(model_id, version.dataset_id)
        return poison.touched(trained_on, exclusions) if trained_on else ()

    def excluded_meanwhile(self, run: Run) -> tuple[Exclusion, ...]:
        """Return what a person excluded while a run trained on it."""
        exclusions = self.configuration.exclusions(run.model_id)
        trained_on = self.datasets.coverage(run.model_id, run.dataset_id) if exclusions else None
        return poison.touched(trained_on, exclusions) if trained_on else ()

    def files_of(self, run: Run | None) -> frozenset[str]:
        """Return the files that a run was trained on; none where there is no run."""
        return self.datasets.file_ids(run.model_id, run.dataset_id) if run else frozenset()

    def exclusions_id(self, last: Run | None, exclusions: tuple[Exclusion, ...]) -> str:
        """Return the name of what is excluded; the last run's where no row of its data is in or out now.

        A range of next month, or of before the first file, is no reason to train the same rows again.
        """
        name = identity.exclusions_id(exclusions)
        if last is None or last.exclusions_id == name:
            return name
        had = self.datasets.coverage(last.model_id, last.dataset_id)
        if had is None:
            return name
        before, now = (
            identity.exclusions_id(filter(had.touches, each))
            for each in (had.exclusions, exclusions)
        )
        return last.exclusions_id if before == now else name
