"""From a decision to a run: freezes the dataset and opens the run."""

from __future__ import annotations

from dataclasses import dataclass

from services.trainer_trigger.app.leaving_out import LeavingOut
from services.trainer_trigger.app.lineage import Lineage
from services.trainer_trigger.domain import identity
from services.trainer_trigger.domain.capacity import capacity_of
from services.trainer_trigger.domain.datasets import dataset_of
from services.trainer_trigger.domain.decision import Decision
from services.trainer_trigger.domain.model_state import ModelState
from services.trainer_trigger.domain.run import Run
from services.trainer_trigger.ports import Configuration, Datasets, RunMemory
from shared.clock import Clock
from shared.model_config import ModelConfig


@dataclass(frozen=True, slots=True)
class Opening:
    """Opens a run before anything is started, so that whatever dies is taken up again."""

    configuration: Configuration
    lineage: Lineage
    leaving_out: LeavingOut
    datasets: Datasets
    runs: RunMemory
    image_uri: str
    maximum_runs: int
    clock: Clock

    def open(
        self,
        model_id: str,
        config: ModelConfig,
        state: ModelState,
        decision: Decision,
        execution: str | None = None,
    ) -> Run | None:
        """Open a run of the files that were decided about; None where another evaluation comes first.

        A file that came meanwhile is new to the next decision, which follows when this run is closed.
        """
        divided = self.leaving_out.divide(model_id, state.files)
        if divided.left_out or (divided.due_since and not state.sources_due_since):
            return (
                None  # what the decision knew of the sources is no longer so; another one follows
            )
        files = tuple(known.file for known in divided.usable)
        exclusions = self.configuration.exclusions(model_id)
        sites = self.configuration.sites(model_id)
        dataset = dataset_of(model_id, config, sites, files, exclusions)
        champion = self.lineage.champion(model_id, exclusions)
        version = champion.version if champion else None
        recipe = identity.recipe_id(dataset.dataset_id, config, self.image_uri, version)
        before = [run for run in self.runs.runs(model_id) if run.recipe_id == recipe]
        attempt = 1 + len(before)
        latest = max(before, key=lambda run: run.attempt, default=None)
        run_id, now = identity.run_id(recipe, attempt), self.clock()
        capacity, unusual = capacity_of(
            config.policy, failed_before=latest is not None and latest.status == "failed"
        )
        self.datasets.freeze(dataset)
        run = Run(
            run_id=run_id,
            model_id=model_id,
            recipe_id=recipe,
            config_id=identity.config_id(config),
            dataset_id=dataset.dataset_id,
            attempt=attempt,
            model_type=config.model_type,
            accuracy_threshold=config.accuracy_threshold,
            instance_type=config.instance_type,
            approval=config.policy.approval,
            champion_version=version,
            execution=execution or identity.execution_name(run_id),
            reasons=(*decision.reasons, *([unusual] if unusual else [])),
            files=len(files),
            correlation_id=files[-1].key,
            started_at=now,
            deadline=now + config.policy.maximum_run,
            exclusions_id=identity.exclusions_id(exclusions),
            preprocess_instances=config.preprocess_instances,
            capacity=capacity,
            image_uri=self.image_uri,
        )
        return run if self.runs.open_run(run, self.maximum_runs) else None
