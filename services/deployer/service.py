"""Brings every endpoint to the newest approved version, one step at a time.

Registry events, endpoint events, timers, requests and the sweep all end in `reconcile`, which looks at
what is there and does the one next step. Losing or repeating any of them changes only when.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from services.deployer import domain
from services.deployer.domain import Action, Endpoint, InProgress, Version
from services.deployer.ports import (
    Configuration,
    Endpoints,
    Gauge,
    LogEntry,
    Memory,
    Publisher,
    Reference,
    References,
    Registry,
    Timer,
)
from shared.clock import Clock
from shared.errors import NotReadyError
from shared.messages import (
    DeploymentFailed,
    DeploymentRolledBack,
    DeploymentStarted,
    ModelDeployed,
    RollbackRequested,
)

T = TypeVar("T")
CHECK_SECONDS = 15
PATIENCE = timedelta(
    hours=3
)  # a canary bakes for at most an hour, and its fleet needs time to start
PROBES_PER_CHECK = 4  # at half the traffic, one check misses the new version once in sixteen times


@dataclass(frozen=True, slots=True)
class Deployer:
    """Deploys what is approved, confirms it, and takes back what does not hold."""

    clock: Clock
    configuration: Configuration
    registry: Registry
    endpoints: Endpoints
    references: References
    memory: Memory
    timer: Timer
    gauge: Gauge
    publisher: Publisher

    def reconcile(self, model_id: str) -> Action:
        """Do the one next step for a model, and return which it was."""
        approved = self.registry.approved(model_id)
        desired = approved[0] if approved else None
        endpoint = self.endpoints.describe(model_id)
        progress = self.memory.in_progress(model_id)
        action = domain.next_action(desired, endpoint, progress)
        try:
            self._do(action, model_id, desired, endpoint, progress)
        except NotReadyError as error:
            self._be_patient(model_id, progress, error)
        return action

    def _do(
        self,
        action: Action,
        model_id: str,
        desired: Version | None,
        endpoint: Endpoint | None,
        progress: InProgress | None,
    ) -> None:
        steps: dict[Action, Callable[[], None]] = {
            Action.NOTHING: lambda: None,
            Action.WAIT: lambda: self._wait(model_id, progress),
            Action.CREATE: lambda: self._begin(_given(desired), None, self.endpoints.create),
            Action.UPDATE: lambda: self._begin(_given(desired), endpoint, self.endpoints.update),
            Action.CONFIRM: lambda: self._confirm(model_id, _given(endpoint), _given(progress)),
            Action.TAKE_BACK: lambda: self._take_back(model_id, _given(endpoint), _given(progress)),
            Action.REPLACE: lambda: self._replace(model_id, _given(endpoint), progress),
            Action.CALL_PEOPLE: lambda: self._call_people(model_id, _given(endpoint), progress),
        }
        steps[action]()

    def _be_patient(self, model_id: str, progress: InProgress | None, error: NotReadyError) -> None:
        """Look again soon at an endpoint that does not answer; take back a version that never does."""
        if progress is not None and self.clock() - progress.started_at > PATIENCE:
            self._reject(model_id, progress, f"it did not answer in time: {error}")
            return
        self.timer.check_later(model_id, self.clock(), CHECK_SECONDS)

    def roll_back(self, request: RollbackRequested) -> None:
        """Bar what serves (or everything newer than the wanted version), and deploy what is then newest.

        Nothing is barred where nothing else could serve; people are told instead. A repeated request
        changes nothing: it is the version that served then that somebody did not want.
        """
        approved = self.registry.approved(request.model_id)
        now_unwanted = _unwanted(approved, request.to_version)
        unwanted = self.memory.settle(request.model_id, request.id, now_unwanted)
        if not unwanted:
            self._refuse(request, approved)
            return
        for version in approved:
            if version.number in unwanted:
                reason = f"{request.requested_by} asked for a rollback: {request.reason}"
                self.registry.bar(version, reason)
        self.reconcile(request.model_id)

    def _refuse(self, request: RollbackRequested, approved: tuple[Version, ...]) -> None:
        known = ", ".join(str(version.number) for version in approved) or "none"
        goal = f"version {request.to_version}" if request.to_version else "an earlier version"
        self.publisher.publish(
            DeploymentFailed.of(
                subject=(request.id,),
                occurred_at=self.clock(),
                correlation_id=request.id,
                model_id=request.model_id,
                model_package_version=approved[0].number if approved else 0,
                previous_version=None,
                endpoint_name=domain.endpoint_name(request.model_id),
                cause=f"the rollback that {request.requested_by} asked for cannot be done: {goal} is not "
                f"approved (approved: {known})",
                next_step="Nothing was changed. Approve the version that should serve "
                "(`solar approve VERSION MODEL`), then ask again.",
            )
        )

    # --- steps ----------------------------------------------------------------------------------------

    def _begin(
        self,
        version: Version,
        endpoint: Endpoint | None,
        call: Callable[[Version, Any], None],
    ) -> None:
        config = self.configuration.endpoint(version.model_id)
        progress = InProgress(version.number, endpoint.version if endpoint else None, self.clock())
        if not self.memory.begin(version.model_id, progress):
            known = self.memory.in_progress(version.model_id)
            if known is None or known.version != version.number:
                return  # another deployment was begun meanwhile; its events lead here again
            progress = known
        call(version, config)
        self.memory.mark_called(version.model_id, progress)
        self._tell_started(version.model_id, progress)
        self.timer.check_later(version.model_id, self.clock(), CHECK_SECONDS)

    def _wait(self, model_id: str, progress: InProgress | None) -> None:
        if progress is None:
            return
        if not progress.called:
            self.memory.mark_called(model_id, progress)
            self._tell_started(model_id, progress)
        if progress.previous is not None:
            self._probe(model_id, progress)
        self.timer.check_later(model_id, self.clock(), CHECK_SECONDS)

    def _probe(self, model_id: str, progress: InProgress) -> None:
        """During the canary, send the reference rows until the new version answers, and compare."""
        reference = self._reference(model_id, progress.version)
        if reference is None:
            return
        for _ in range(PROBES_PER_CHECK):
            try:
                answer = self.endpoints.invoke(model_id, reference.request)
            except NotReadyError:
                return  # AWS watches the fleet itself; the next check asks again
            if answer.version == progress.version:
                self.gauge.mismatch(model_id, mismatched=not _agrees(reference, answer.power_kw))
                return

    def _confirm(self, model_id: str, endpoint: Endpoint, progress: InProgress) -> None:
        """Smoke test a version that is in service; only what answers rightly is deployed."""
        version = self._version(model_id, progress.version)
        if version is not None and not version.is_approved:
            self._reject(model_id, progress, "it was rejected while it was being deployed")
            return
        fault = self._smoke_test(model_id, progress.version)
        if fault is not None:
            self._reject(model_id, progress, f"the smoke test failed: {fault}")
            return
        config = self.configuration.endpoint(model_id)
        self.endpoints.keep_scaling(model_id, config)
        self._log(model_id, progress, "deployed", version=version)
        self.publisher.publish(
            ModelDeployed.of(
                subject=self._subject(model_id, progress),
                **self._facts(model_id, progress),
                dataset_id=version.dataset_id if version else None,
                run_id=version.run_id if version else None,
            )
        )
        self.memory.finish(model_id, progress)
        self.endpoints.tidy(model_id, endpoint.configuration)
        self.reconcile(model_id)  # a newer version may have been approved meanwhile

    def _take_back(self, model_id: str, endpoint: Endpoint, progress: InProgress) -> None:
        """AWS rolled back by alarm: bar the version, say so, and go on with what serves."""
        self._reject(model_id, progress, endpoint.failure_reason or "a rollback alarm went off")

    def _reject(self, model_id: str, progress: InProgress, reason: str) -> None:
        version = self._version(model_id, progress.version)
        if version is not None and version.is_approved:
            self.registry.bar(version, reason)
        if progress.previous is None:
            self._tell_failed(
                model_id,
                progress,
                reason,
                "Nothing served before, so nothing can be rolled back to. The version is barred; "
                "`solar retrain` a better one, or approve an older one.",
            )
        else:
            self._log(model_id, progress, "rolled_back", version=version, reason=reason)
            self.publisher.publish(
                DeploymentRolledBack.of(
                    subject=self._subject(model_id, progress),
                    **self._facts(model_id, progress),
                    reason=reason,
                )
            )
        self.memory.finish(model_id, progress)
        self.reconcile(model_id)

    def _replace(self, model_id: str, endpoint: Endpoint, progress: InProgress | None) -> None:
        """A failed endpoint can only be deleted; the version that failed is barred, the next one is tried."""
        failed = progress or InProgress(endpoint.version or 0, None, self.clock())
        self._tell_failed(
            model_id,
            failed,
            endpoint.failure_reason or "the endpoint failed without a reason",
            "Look into the log group /aws/sagemaker/Endpoints/solar-"
            f"{model_id}; the endpoint is deleted and the newest other approved version deployed.",
        )
        version = self._version(model_id, failed.version)
        if version is not None:
            self.registry.bar(version, f"its endpoint failed: {endpoint.failure_reason}")
        self.memory.finish(model_id, failed)
        self.endpoints.delete(model_id)
        self.timer.check_later(model_id, self.clock(), CHECK_SECONDS)

    def _call_people(self, model_id: str, endpoint: Endpoint, progress: InProgress | None) -> None:
        """After a failed rollback the fleet is mixed; only a person can tell what may serve."""
        if progress is None:
            return
        self._tell_failed(
            model_id,
            progress,
            f"the rollback failed: {endpoint.failure_reason}",
            "The fleet may be mixed. Delete the endpoint; it is created anew from the newest approved "
            "version (docs/runbooks/deployer.md#rollback-failed).",
        )
        self.memory.finish(model_id, progress)

    # --- asking the endpoint ----------------------------------------------------------------------------

    def _smoke_test(self, model_id: str, number: int) -> str | None:
        reference = self._reference(model_id, number)
        if reference is None:
            return None  # a version registered by hand has no reference rows
        answer = self.endpoints.invoke(model_id, reference.request)
        if answer.version != number:
            return f"version {answer.version} answered instead of {number}"
        if not _agrees(reference, answer.power_kw):
            return "it predicts the reference rows differently than its evaluation did"
        return None

    def _reference(self, model_id: str, number: int) -> Reference | None:
        version = self._version(model_id, number)
        if version is None or version.run_id is None:
            return None
        return self.references.of_run(version.run_id)

    def _version(self, model_id: str, number: int) -> Version | None:
        return self.registry.version(model_id, number)

    # --- telling ------------------------------------------------------------------------------------------

    def _tell_started(self, model_id: str, progress: InProgress) -> None:
        self._log(model_id, progress, "started")
        self.publisher.publish(
            DeploymentStarted.of(
                subject=self._subject(model_id, progress),
                **self._facts(model_id, replace(progress, called=True)),
            )
        )

    def _tell_failed(self, model_id: str, progress: InProgress, cause: str, next_step: str) -> None:
        self._log(model_id, progress, "failed", reason=cause)
        self.publisher.publish(
            DeploymentFailed.of(
                subject=self._subject(model_id, progress),
                **self._facts(model_id, progress),
                cause=cause,
                next_step=next_step,
            )
        )

    def _subject(self, model_id: str, progress: InProgress) -> tuple[str | int | datetime, ...]:
        return (model_id, progress.version, progress.started_at)

    def _facts(self, model_id: str, progress: InProgress) -> dict[str, Any]:
        return {
            "occurred_at": self.clock(),
            "correlation_id": f"{model_id}/{progress.version}",
            "model_id": model_id,
            "model_package_version": progress.version,
            "previous_version": progress.previous,
            "endpoint_name": domain.endpoint_name(model_id),
        }

    def _log(
        self,
        model_id: str,
        progress: InProgress,
        event: str,
        *,
        version: Version | None = None,
        reason: str | None = None,
    ) -> None:
        entry = LogEntry(
            at=self.clock(),
            event=event,
            version=progress.version,
            previous=progress.previous,
            endpoint_name=domain.endpoint_name(model_id),
            run_id=version.run_id if version else None,
            dataset_id=version.dataset_id if version else None,
            reason=reason,
        )
        self.memory.append(model_id, f"{progress.started_at.isoformat()}#{event}", entry)


def _unwanted(approved: tuple[Version, ...], to_version: int | None) -> tuple[int, ...]:
    """Return the versions that a rollback bars; none where nothing else could serve."""
    numbers = [version.number for version in approved]
    if to_version is None:
        return tuple(numbers[:1]) if len(numbers) > 1 else ()
    return tuple(each for each in numbers if each > to_version) if to_version in numbers else ()


def _agrees(reference: Reference, power_kw: tuple[float, ...]) -> bool:
    return len(power_kw) == len(reference.expected_kw) and all(
        abs(said - expected) <= reference.tolerance_kw
        for said, expected in zip(power_kw, reference.expected_kw, strict=True)
    )


def _given(value: T | None) -> T:
    """Return what an action implies to be there."""
    if value is None:
        message = "an action was chosen without what it acts on"
        raise AssertionError(message)
    return value
