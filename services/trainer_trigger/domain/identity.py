"""Names of runs: the same data with the same settings against the same champion is the same recipe."""

from __future__ import annotations

from collections.abc import Iterable

from shared.dataset import Exclusion
from shared.ids import content_id
from shared.model_config import ModelConfig


def config_id(config: ModelConfig) -> str:
    """Return the name of those settings whose change is worth a retrain.

    What was not named from the beginning is named where it is not the default: old runs keep their names.
    """
    later = config.model_dump(
        mode="json",
        include={"test_fraction", "margins", "inputs", "floor_lead"},
        exclude_defaults=True,
    )
    return content_id(
        config.accuracy_threshold,
        config.model_type,
        config.instance_type,
        config.step_minutes,
        *([later] if later else []),
    )


def exclusions_id(exclusions: Iterable[Exclusion]) -> str:
    """Return the name of what is excluded; empty where nothing is."""
    said = [exclusion.model_dump(mode="json") for exclusion in exclusions]
    return content_id(said) if said else ""


def recipe_id(
    dataset_id: str, config: ModelConfig, image_uri: str, champion_version: int | None
) -> str:
    """Return the name of everything that determines a run's result."""
    return content_id(
        dataset_id,
        config.accuracy_threshold,
        config.model_type,
        config.instance_type,
        image_uri.rpartition("@")[2],
        champion_version,
    )


def run_id(recipe: str, attempt: int) -> str:
    """Return the name of one attempt at a recipe; attempts count from one."""
    return f"{recipe}-{attempt}"


def execution_name(run: str) -> str:
    """Return the state machine execution's name: at most 80 characters, the same for the same run."""
    return f"run-{run}"


def request_token(run: str) -> str:
    """Return the pipeline's ClientRequestToken (32-128 characters): a repeated start is one execution."""
    return content_id("pipeline", run) + content_id("token", run)
