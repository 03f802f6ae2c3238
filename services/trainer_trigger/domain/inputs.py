"""Which files a model may learn from: one of measured weather learns from no forecast."""

from __future__ import annotations

from dataclasses import dataclass

from services.trainer_trigger.domain.model_state import KnownFile
from shared.model_config import ModelConfig


@dataclass(frozen=True, slots=True)
class Inputs:
    """A model's files, and what is missing among them; empty where nothing is."""

    files: tuple[KnownFile, ...]
    lacks: str = ""


def inputs_of(config: ModelConfig, files: tuple[KnownFile, ...]) -> Inputs:
    """Return the files that are of use for what a model is asked with."""
    if config.inputs == "measured":
        return Inputs(tuple(each for each in files if not each.file.provider))
    if any(each.file.provider for each in files):
        return Inputs(files)
    lacks = (
        "no accepted forecast yet: a model with `inputs: forecast` needs files of a source with "
        "`kind: forecast` in a site's YAML"
    )
    return Inputs(files, lacks if files else "")
