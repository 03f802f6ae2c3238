"""Makes what is remembered of a model's files equal to what is in the bucket."""

from __future__ import annotations

from dataclasses import dataclass

from services.trainer_trigger.domain.model_state import KnownFile
from services.trainer_trigger.ports import CanonicalFiles, Configuration, FileMemory
from shared.clock import Clock


@dataclass(frozen=True, slots=True)
class Correcting:
    """Compares memory with the truth: messages may be lost, late or out of order."""

    configuration: Configuration
    canonical: CanonicalFiles
    memory: FileMemory
    clock: Clock

    def correct(self, model_id: str) -> None:
        """Correct what is remembered of a model's files."""
        self.corrected(model_id, self.memory.files(model_id))

    def corrected(self, model_id: str, files: tuple[KnownFile, ...]) -> bool:
        """Correct what is remembered where it differs from the bucket; return whether it did.

        Only differences are written, and writing one again changes nothing: files that were read a
        moment ago are as good as those of now.
        """
        known = {each.file.key: each.file.file_id for each in files}
        counting = {
            key
            for site in self.configuration.sites(model_id)
            for key in self.canonical.of_site(site.site_id)
        }
        for key in known.keys() - counting:
            self.memory.remove_file(model_id, known[key])
        for key in counting - known.keys():
            self.memory.add_file(model_id, self.canonical.describe(key), self.clock())
        return known.keys() != counting
