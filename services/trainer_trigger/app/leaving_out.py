"""Leaves out the files of suspect sources, as data_watcher publishes them at this moment."""

from __future__ import annotations

from dataclasses import dataclass

from services.trainer_trigger.domain import suspects
from services.trainer_trigger.domain.model_state import KnownFile
from services.trainer_trigger.domain.suspects import Divided
from services.trainer_trigger.ports import Configuration


@dataclass(frozen=True, slots=True)
class LeavingOut:
    """Asked when a retrain is decided, and again when the dataset is frozen."""

    configuration: Configuration

    def divide(self, model_id: str, files: tuple[KnownFile, ...]) -> Divided:
        """Return a model's files: those that may be trained on, and those that may not."""
        sites = {each.file.site_id for each in files}
        found = [each for each in self.configuration.suspects() if each.site_id in sites]
        if not found:
            return Divided(files)
        return suspects.divide(files, self.configuration.sites(model_id), found)
