"""What a training job has already learnt: a spot instance may go at any time, and the job starts again.

SageMaker copies the folder to S3 while the job runs and brings it back. All in it is arrays of numbers;
what was written by other code or for other data is not used.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """Finished pieces of a fit, by name.

    Attributes
    ----------
    folder
        Where SageMaker keeps what is to survive an interruption.
    fingerprint
        Names data, settings and code; a piece of another fingerprint is not found.
    """

    folder: Path
    fingerprint: str

    def find(self, name: str) -> dict[str, NDArray[Any]] | None:
        """Return a finished piece, or None where it has to be fitted."""
        path = self._path(name)
        if not path.is_file():
            return None
        try:
            with np.load(path, allow_pickle=False) as stored:
                found = {key: stored[key] for key in stored.files}
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            print(f"checkpoint {path.name} cannot be read and is fitted again: {error}", flush=True)
            return None
        print(f"checkpoint {name} is taken over from an interrupted attempt", flush=True)
        return found

    def keep(self, name: str, arrays: Arrays) -> None:
        """Store a finished piece; it is there whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self._path(name)
        unfinished = path.with_suffix(".part")
        with unfinished.open("wb") as file:
            np.savez(file, allow_pickle=False, **dict[str, Any](arrays))
        unfinished.replace(path)

    def _path(self, name: str) -> Path:
        return self.folder / f"{self.fingerprint}-{name}.npz"
