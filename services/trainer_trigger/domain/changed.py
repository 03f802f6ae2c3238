"""A configuration that changed while a run trained: the verdict must hold by what is in force now."""

from __future__ import annotations

from collections.abc import Iterator

from services.trainer_trigger.domain import identity
from services.trainer_trigger.domain.run import Run
from shared.evaluation import Evaluation, Scores
from shared.model_config import ModelConfig


def doubts(run: Run, evaluation: Evaluation, config: ModelConfig) -> tuple[str, ...]:
    """Return why a challenger that passed by its run's configuration must wait for a person by today's.

    Parameters
    ----------
    config
        In force now. A threshold is applied to the scores; what needs another training or comparison cannot
        be, so that a person decides.
    """
    return tuple(_doubts(run, evaluation, config))


def _doubts(run: Run, evaluation: Evaluation, config: ModelConfig) -> Iterator[str]:
    if config.policy.approval == "manual" and run.approval != "manual":
        yield "policy.approval was set to manual while it was trained; a person approves"
    if config.accuracy_threshold != run.accuracy_threshold:
        yield from _below_new_threshold(run, evaluation, config)
    if identity.config_id(_with_threshold_of(run, config)) != run.config_id:
        yield (
            "model_type, inputs, floor_lead, step_minutes, test_fraction or margins were changed while it "
            "was trained; it was trained and judged by the former ones, a person approves"
        )


def _below_new_threshold(run: Run, evaluation: Evaluation, config: ModelConfig) -> Iterator[str]:
    threshold, found = config.accuracy_threshold, evaluation.challenger
    changed = f"accuracy_threshold was changed from {run.accuracy_threshold:g} to {threshold:g}"
    floor = config.margins.site_floor(threshold)
    weak = [site.name for site in found.by_site if _misses(site, floor)]
    if _misses(found.all, threshold):
        below = f"R² {_spelt(found.all)} is below it"
    elif found.unmasked is not None and _misses(found.unmasked, threshold):
        below = f"R² {_spelt(found.unmasked)} on every measured row is below it"
    elif weak:
        below = f"{', '.join(weak)} must reach R² {floor:g} now and does not"
    else:
        return
    yield f"{changed} while it was trained, and {below}; a person approves"


def _misses(scores: Scores, floor: float) -> bool:
    return scores.r2 is None or scores.r2 < floor


def _spelt(scores: Scores) -> str:
    return "undefined" if scores.r2 is None else f"{scores.r2:.4f}"


def _with_threshold_of(run: Run, config: ModelConfig) -> ModelConfig:
    """Return today's configuration with a run's threshold and instances, which change no training."""
    former = {"accuracy_threshold": run.accuracy_threshold, "instance_type": run.instance_type}
    return config.model_copy(update=former)
