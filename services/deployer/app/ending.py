"""Ends a deployment: confirms a version that holds, takes back one that does not."""

from __future__ import annotations

from dataclasses import dataclass

from services.deployer.app.chronicle import Chronicle
from services.deployer.app.trial import Trial
from services.deployer.domain.deployment import Endpoint, InProgress
from services.deployer.ports import Configuration, Endpoints, Progress, Registry
from shared import names
from shared.clock import Clock


@dataclass(frozen=True, slots=True)
class Ending:
    """The four ways in which a deployment ends."""

    trial: Trial
    registry: Registry
    endpoints: Endpoints
    configuration: Configuration
    progress: Progress
    chronicle: Chronicle
    clock: Clock

    def confirm(self, model_id: str, endpoint: Endpoint, progress: InProgress) -> None:
        """Smoke test a version that is in service; it counts as deployed only if it answers rightly.

        Raises
        ------
        NotReadyError
            The endpoint does not answer yet.
        """
        version = self.registry.version(model_id, progress.version)
        if version is not None and not version.is_approved:
            self.take_back(model_id, progress, "it was rejected while it was being deployed")
            return
        fault = self.trial.fault(model_id, progress.version)
        if fault is not None:
            self.take_back(model_id, progress, f"the smoke test failed: {fault}")
            return
        self.endpoints.keep_scaling(model_id, self.configuration.endpoint(model_id))
        self.chronicle.deployed(model_id, progress, version)
        self.progress.finish(model_id, progress)
        self.endpoints.tidy(model_id, endpoint.configuration)

    def take_back(self, model_id: str, progress: InProgress, reason: str) -> None:
        """Bar the version of a deployment, and say why."""
        version = self.registry.version(model_id, progress.version)
        if version is not None and version.is_approved:
            self.registry.bar(version, reason)
        if progress.previous is None:
            self.chronicle.failed(
                model_id,
                progress,
                reason,
                "Nothing served before, so nothing can be rolled back to. The version is barred; "
                "`solar retrain` a better one, or approve an older one.",
            )
        else:
            self.chronicle.rolled_back(model_id, progress, version, reason)
        self.progress.finish(model_id, progress)

    def replace(self, model_id: str, endpoint: Endpoint, progress: InProgress | None) -> None:
        """Delete a failed endpoint, which AWS cannot update; its version is barred, the next one is tried."""
        failed = progress or InProgress(endpoint.version or 0, None, self.clock())
        self.chronicle.failed(
            model_id,
            failed,
            endpoint.failure_reason or "the endpoint failed without a reason",
            f"Look into the log group /aws/sagemaker/Endpoints/{names.endpoint(model_id)}; the endpoint "
            "is deleted and the newest other approved version deployed.",
        )
        version = self.registry.version(model_id, failed.version)
        if version is not None:
            self.registry.bar(version, f"its endpoint failed: {endpoint.failure_reason}")
        self.progress.finish(model_id, failed)
        self.endpoints.delete(model_id)

    def call_people(self, model_id: str, endpoint: Endpoint, progress: InProgress | None) -> None:
        """After a failed rollback the fleet is mixed; only a person can tell what may serve."""
        if progress is None:
            return
        self.chronicle.failed(
            model_id,
            progress,
            f"the rollback failed: {endpoint.failure_reason}",
            "The fleet may be mixed. Delete the endpoint; it is created anew from the newest approved "
            "version (docs/runbooks/deployer.md#rollback-failed).",
        )
        self.progress.finish(model_id, progress)
