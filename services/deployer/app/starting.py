"""Starts a deployment, once, whatever dies in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.deployer.app.chronicle import Chronicle
from services.deployer.domain.deployment import Endpoint, InProgress, Version
from services.deployer.ports import Configuration, Endpoints, Progress
from shared.clock import Clock


@dataclass(frozen=True, slots=True)
class Starting:
    """Remembers a deployment before AWS is asked for it, so that a crash is taken up again."""

    configuration: Configuration
    endpoints: Endpoints
    progress: Progress
    chronicle: Chronicle
    clock: Clock

    def create(self, version: Version) -> None:
        """Start the first deployment of a model."""
        self._begin(version, None, self.endpoints.create)

    def update(self, version: Version, endpoint: Endpoint) -> None:
        """Start the replacement of the version that serves."""
        self._begin(version, endpoint.version, self.endpoints.update)

    def was_taken(self, model_id: str, progress: InProgress) -> None:
        """AWS took the request, and whoever asked died before writing so."""
        self.progress.mark_called(model_id, progress)
        self.chronicle.started(model_id, progress)

    def _begin(
        self, version: Version, previous: int | None, call: Callable[[Version, Any], None]
    ) -> None:
        begun = InProgress(version.number, previous, self.clock())
        if not self.progress.begin(version.model_id, begun):
            known = self.progress.in_progress(version.model_id)
            if known is None or known.version != version.number:
                return  # another deployment was begun meanwhile; its events lead here again
            begun = known
        call(version, self.configuration.endpoint(version.model_id))
        self.was_taken(version.model_id, begun)
