"""What one batch has read, so that no object is read twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from services.deployer.domain.live.book import FileRef
from services.deployer.domain.live.predicted import Predicted, Weather
from services.deployer.domain.live.unseen import Place
from services.deployer.ports import CanonicalRows, PredictionLog


@dataclass(frozen=True, slots=True)
class Shelf:
    """Canonical objects and predictions, each read at most once and many at a time."""

    canonical: CanonicalRows
    log: PredictionLog
    _files: dict[str, bytes | None] = field(default_factory=dict)
    _predicted: dict[str, Predicted | None] = field(default_factory=dict)
    _merged: dict[tuple[object, ...], Weather] = field(default_factory=dict)

    def fetch_files(self, files: Iterable[FileRef]) -> None:
        """Read what of these files was not read yet."""
        wanted = sorted({each.key for each in files} - self._files.keys())
        self._files.update(dict.fromkeys(wanted) | self.canonical.contents(wanted))

    def fetch_predictions(self, keys: dict[str, str]) -> None:
        """Read what of these predictions was not read yet, given the site of each key."""
        wanted = {key: site for key, site in keys.items() if key not in self._predicted}
        self._predicted.update(dict.fromkeys(wanted) | self.log.read(wanted))

    def put(self, predicted: dict[str, Predicted]) -> None:
        """Lay predictions down that were just made."""
        self._predicted.update(predicted)

    def predictions(self, keys: Iterable[str]) -> list[Predicted]:
        """Return those of the predictions that are still there."""
        found = (self._predicted.get(key) for key in keys)
        return [each for each in found if each is not None]

    def on_step(
        self, site_id: str, files: Iterable[FileRef], step_minutes: int, wanted: frozenset[str]
    ) -> Weather:
        """Return what files that were read say together; those that are gone say nothing.

        The days of a long file ask for the same again and again; it is put together once.
        """
        bodies = [(file, self._files.get(file.key)) for file in files]
        known = [(file, body) for file, body in bodies if body is not None]
        asked = (site_id, *(file.key for file, _ in known), step_minutes, wanted)
        if asked not in self._merged:
            self._merged[asked] = self.canonical.on_step(site_id, known, step_minutes, wanted)
        return self._merged[asked]

    def issues(self, files: Iterable[FileRef], place: Place, step_minutes: int) -> Weather | None:
        """Return the forecasts of one provider's files that were read; None where all of them are gone."""
        bodies = [(file, self._files.get(file.key)) for file in files]
        known = [(file, body) for file, body in bodies if body is not None]
        if not known:
            return None
        asked = ("issues", *(file.key for file, _ in known), step_minutes)
        if asked not in self._merged:
            self._merged[asked] = self.canonical.issues(known, place, step_minutes)
        return self._merged[asked]
