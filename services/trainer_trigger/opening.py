"""From a decision to a run: freezes the dataset, opens the run, starts its sequence and tells it."""

from __future__ import annotations

from dataclasses import dataclass

from services.trainer_trigger import identity
from services.trainer_trigger.costs import estimate_usd
from services.trainer_trigger.domain import Decision, ModelState
from services.trainer_trigger.ports import Publisher, RetrainSequence, Run
from services.trainer_trigger.view import View, dataset_id_of, ordered
from shared.dataset import Dataset, DatasetFile, Exclusion, Split
from shared.messages import RetrainStarted
from shared.model_config import ModelConfig

TYPICAL_RUN_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Opening:
    """Opens and starts runs of what a view sees."""

    view: View
    sequence: RetrainSequence
    publisher: Publisher

    def open(
        self,
        model_id: str,
        config: ModelConfig,
        state: ModelState,
        decision: Decision,
        execution: str | None = None,
    ) -> Run | None:
        """Open a run of the files that were decided about; None where another evaluation came first.

        A file that came meanwhile is new to the next decision, which follows when this run is closed.
        """
        files = tuple(known.file for known in state.files)
        exclusions = self.view.configuration.exclusions(model_id)
        dataset = self._dataset(model_id, config, files, exclusions)
        champion = self.view.champion(model_id, exclusions)
        version = champion.version if champion else None
        recipe = identity.recipe_id(dataset.dataset_id, config, self.view.image_uri, version)
        attempt = 1 + sum(run.recipe_id == recipe for run in self.view.memory.runs(model_id))
        run_id, now = identity.run_id(recipe, attempt), self.view.clock()
        self.view.datasets.freeze(dataset)
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
            reasons=decision.reasons,
            files=len(files),
            correlation_id=files[-1].key,
            started_at=now,
            deadline=now + config.policy.maximum_run,
            exclusions_id=identity.exclusions_id(exclusions),
            preprocess_instances=config.preprocess_instances,
        )
        return run if self.view.memory.open_run(run, self.view.maximum_runs) else None

    def launch(self, run: Run) -> None:
        """Start an opened run; repeating it starts nothing twice."""
        self._prepare(run)
        self.sequence.start(run)
        self._tell(run)

    def announce(self, run: Run) -> None:
        """Prepare and tell a run whose sequence a person started."""
        self._prepare(run)
        self._tell(run)

    def _prepare(self, run: Run) -> None:
        self.view.registry.ensure_group(run.model_id)
        self.view.registry.lend_champion(run)

    def _tell(self, run: Run) -> None:
        self.publisher.publish(
            RetrainStarted.of(
                subject=(run.run_id,),
                occurred_at=run.started_at,
                correlation_id=run.correlation_id,
                model_id=run.model_id,
                run_id=run.run_id,
                dataset_id=run.dataset_id,
                reasons=run.reasons,
                model_type=run.model_type,
                accuracy_threshold=run.accuracy_threshold,
                instance_type=run.instance_type,
                files=run.files,
                estimated_cost_usd=estimate_usd(run.instance_type, TYPICAL_RUN_SECONDS),
            )
        )
        self.view.memory.mark_started(run)

    def _dataset(
        self,
        model_id: str,
        config: ModelConfig,
        files: tuple[DatasetFile, ...],
        exclusions: tuple[Exclusion, ...],
    ) -> Dataset:
        return Dataset(
            dataset_id=dataset_id_of(config, files, exclusions),
            model_id=model_id,
            step_minutes=config.step_minutes,
            split=Split(test_fraction=config.test_fraction),
            margins=config.margins,
            sites=self.view.configuration.sites(model_id),
            files=ordered(files),
            exclusions=exclusions,
        )
