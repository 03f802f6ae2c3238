"""Does what was not possible when a file came, and what a lost message did not tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from services.deployer.app.alone import Alone
from services.deployer.app.live.recording import Recording
from services.deployer.ports import Meter, Waitings
from shared.clock import Clock
from shared.errors import NotReadyError
from shared.messages import SweepDue

MOST_AT_ONCE = 200  # files of a model; the next sweep takes the next


@dataclass(frozen=True, slots=True)
class CatchingUp:
    """Looks at files that wait."""

    recording: Recording
    waitings: Waitings
    alone: Alone
    meter: Meter
    models: Callable[[], Iterable[str]]
    clock: Clock

    def sweep(self, _: SweepDue) -> None:
        """Look at what waits, model by model; one that another worker has is looked at by the next sweep."""
        for model_id in sorted(self.models()):
            try:
                with self.alone.with_model(model_id):
                    self.waiting(model_id)
            except NotReadyError:
                continue

    def waiting(self, model_id: str) -> None:
        """Try the files of a model that wait; give up those that waited for too long, and say so."""
        found = self.waitings.waiting(model_id, MOST_AT_ONCE)
        over = [each.file for each in found if each.is_over(self.clock())]
        if over:
            self.meter.tell(model_id, {"FilesGivenUp": len(over)})
            self.waitings.end_waiting(model_id, over)
        files = [each.file for each in found if each.file not in over]
        if files:
            self.recording.record(model_id, files, known=files)
