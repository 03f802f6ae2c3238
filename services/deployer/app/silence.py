"""What is done about a version that is in service and that nobody could ask for hours.

A container that does not answer is named by AWS (`ModelError`), or rings an alarm: that speaks against the
version. All else, an outage or a right that is missing, does not: what served before comes back, and the
version is tried again later.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from services.deployer.app.chronicle import Chronicle
from services.deployer.app.ending import Ending
from services.deployer.domain import deployment
from services.deployer.domain.deployment import InProgress, Version
from services.deployer.ports import Configuration, Endpoints, Progress, Registry
from shared.clock import Clock
from shared.errors import OperatorFaultError

# A canary bakes for at most an hour, and its fleet needs time to start.
PATIENCE = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Silence:
    """Ends the wait for a version that does not answer."""

    registry: Registry
    configuration: Configuration
    endpoints: Endpoints
    progress: Progress
    ending: Ending
    chronicle: Chronicle
    clock: Clock

    def is_long(self, progress: InProgress) -> bool:
        """Whether a deployment has been waited for long enough."""
        return self.clock() - progress.started_at > PATIENCE

    def end(self, model_id: str, progress: InProgress, why: str) -> bool:
        """Let what served before come back; return whether something else may be due at once.

        A version that served before itself, or on other instances, stays: no other is better known.
        """
        evidence = self.ending.alarms_since(model_id, progress, why)
        if evidence is not None:
            self.ending.take_back(model_id, progress, evidence)
            return True
        reason = f"version {progress.version} could not be asked for hours: {why}"
        if progress.goes_back:
            next_step = "It served before, so it stays in service. It is asked again every quarter of an hour"
            self.chronicle.unanswered(model_id, progress, reason, next_step)
            return False
        proven = self._proven(model_id)
        if proven is None:
            self._take_away(model_id, progress, reason)
        else:
            self._go_back(model_id, progress, proven, reason)
        return False

    def _proven(self, model_id: str) -> Version | None:
        """Return the newest version that is approved and served before; the silent one never did."""
        for number in self.registry.approved(model_id):
            if self.chronicle.has_served(model_id, number):
                return self.registry.version(model_id, number)
        return None

    def _take_away(self, model_id: str, progress: InProgress, reason: str) -> None:
        """Delete the endpoint: an untested version must not be the one that serves."""
        self.ending.put_off(model_id, replace(progress, previous=None), reason)
        self.endpoints.delete(model_id)
        self.progress.finish(model_id, progress)

    def _go_back(self, model_id: str, progress: InProgress, proven: Version, reason: str) -> None:
        """Ask AWS for the proven version. The deployment ends once it serves, so nothing is forgotten."""
        self.chronicle.note_silence(model_id, progress, reason)
        serving = self.endpoints.describe(model_id)
        config = deployment.in_mode_of(self.configuration.endpoint(model_id), serving)
        try:
            self.endpoints.update(proven, config, goes_back=True)
        except OperatorFaultError as error:
            reason = f"{reason}; version {proven.number} cannot come back: {error}"
            next_step = "AWS is asked again every quarter of an hour"
            self.chronicle.unanswered(model_id, progress, reason, next_step)
