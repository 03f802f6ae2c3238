"""What is known about a model at this moment: gathered once for every decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

from services.trainer_trigger import identity, poison
from services.trainer_trigger.domain import Champion, FinishedRun, ModelState, RecipeHistory
from services.trainer_trigger.ports import Configuration, Datasets, Memory, Registry, Run
from shared.clock import Clock
from shared.dataset import Dataset, DatasetFile, Exclusion, Split
from shared.model_config import ModelConfig

FINISHED = ("registered", "rejected")


@dataclass(frozen=True, slots=True)
class View:
    """Looks at a model."""

    clock: Clock
    configuration: Configuration
    datasets: Datasets
    registry: Registry
    memory: Memory
    image_uri: str
    maximum_runs: int

    def state(self, model_id: str, config: ModelConfig) -> ModelState:
        """Gather all that a decision about a model depends on."""
        files = self.memory.files(model_id)
        exclusions = self.configuration.exclusions(model_id)
        champion = self.champion(model_id, exclusions)
        runs = self.memory.runs(model_id)
        last = max(
            (run for run in runs if run.status in FINISHED),
            key=lambda run: run.ended_at or run.started_at,
            default=None,
        )
        dataset_id = dataset_id_of(config, tuple(known.file for known in files), exclusions)
        version = champion.version if champion else None
        recipe = identity.recipe_id(dataset_id, config, self.image_uri, version)
        consumed: frozenset[str] = frozenset()
        if last is not None:
            consumed = self.datasets.file_ids(model_id, last.dataset_id)
        remembered, account = self.memory.state(model_id), self.memory.account()
        ahead = takewhile(lambda waiting: waiting != model_id, account.waiting)
        return ModelState(
            files=files,
            consumed=consumed,
            config_id=identity.config_id(config),
            champion=champion,
            in_flight=remembered.in_flight,
            last_run=_finished(last) if last else None,
            request=remembered.request,
            recipe=_history(runs, recipe),
            spent_usd=_spent(runs, self.clock()),
            places=self.maximum_runs - account.running,
            ahead=tuple(ahead),
            is_queued=model_id in account.waiting,
            degraded=remembered.degraded,
            exclusions_id=self._exclusions_id(model_id, last, exclusions),
            unsuccessful_since=_unsuccessful_since(runs),
        )

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


def dataset_id_of(
    config: ModelConfig, files: tuple[DatasetFile, ...], exclusions: tuple[Exclusion, ...]
) -> str:
    """Return the name of the dataset that these files make now."""
    split = Split(test_fraction=config.test_fraction)
    return Dataset.identify(ordered(files), exclusions, split, config.step_minutes, config.margins)


def ordered(files: tuple[DatasetFile, ...]) -> tuple[DatasetFile, ...]:
    """Sort files by upload: later ones win where they overlap."""
    return tuple(sorted(files, key=lambda file: (file.uploaded_at, file.file_id)))


def inputs(state: ModelState, config: ModelConfig) -> dict[str, Any]:
    """Return what a decision was made of, small enough to keep with every one."""
    return {
        "files": len(state.files),
        "new_files": len(state.new_files),
        "champion_version": state.champion.version if state.champion else None,
        "in_flight": state.in_flight.run_id if state.in_flight else None,
        "recipe_outcome": state.recipe.outcome,
        "spent_usd": state.spent_usd,
        "requested_by": state.request.requested_by if state.request else None,
        "requested_at": state.request.requested_at.isoformat() if state.request else None,
        "correlation_id": state.files[-1].file.key if state.files else None,
        "config": config.model_dump(mode="json", exclude={"endpoint", "margins"}),
    }


def _finished(run: Run) -> FinishedRun:
    ended = run.ended_at or run.started_at
    return FinishedRun(run.run_id, run.status, run.config_id, ended, run.exclusions_id)


def _unsuccessful_since(runs: tuple[Run, ...]) -> datetime | None:
    registered = [run.ended_at for run in runs if run.status == "registered" and run.ended_at]
    return max(registered, default=min((run.started_at for run in runs), default=None))


def _history(runs: tuple[Run, ...], recipe: str) -> RecipeHistory:
    same = [run for run in runs if run.recipe_id == recipe]
    finished = [run for run in same if run.status in FINISHED]
    failed = [run for run in same if run.status == "failed"]
    return RecipeHistory(
        outcome=finished[-1].status if finished else None,
        run_id=finished[-1].run_id if finished else None,
        failures=len(failed),
        last_failure_at=max((run.ended_at for run in failed if run.ended_at), default=None),
    )


def _spent(runs: tuple[Run, ...], now: datetime) -> float:
    return sum(
        run.cost_usd or 0.0
        for run in runs
        if (run.started_at.year, run.started_at.month) == (now.year, now.month)
    )
