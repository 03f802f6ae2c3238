"""Ends a deployment: confirmed, taken back, failed, or set back by AWS."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from services.deployer.app.chronicle import Chronicle
from services.deployer.app.comparing import Comparing
from services.deployer.app.trial import Trial
from services.deployer.domain import blame, deployment
from services.deployer.domain.deployment import Endpoint, InProgress
from services.deployer.ports import (
    Configuration,
    Endpoints,
    FaultLog,
    Progress,
    Registry,
    Setbacks,
)
from shared import names
from shared.clock import Clock
from shared.errors import NotReadyError, OperatorFaultError

# Lines of a log come some seconds late; what made an alarm ring is minutes old when AWS has gone back.
LOG_ARRIVES = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Ending:
    """The ways in which a deployment ends.

    A version is barred only for what it did itself: its smoke test, or an alarm that began after its canary
    did. People are told before a deployment is forgotten, so that a death in between loses nothing.
    """

    trial: Trial
    comparing: Comparing
    registry: Registry
    endpoints: Endpoints
    configuration: Configuration
    progress: Progress
    setbacks: Setbacks
    faults: FaultLog
    chronicle: Chronicle
    clock: Clock

    def try_out(self, model_id: str, progress: InProgress) -> None:
        """Test a version that nobody is given yet, and give it all requests; or take it away again.

        Raises
        ------
        NotReadyError
            It does not answer yet, or not to everything.
        OperatorFaultError
            AWS cannot give it the requests, whatever the version.
        """
        version = self.registry.version(model_id, progress.version)
        if version is not None and not version.is_approved:
            self.take_back(model_id, progress, deployment.why_not(version))
            return
        fault, _ = self.trial.smoke_test(model_id, progress.version, candidate=True)
        if fault is not None and progress.configuration:
            reason = f"served in the way that the YAML says, the smoke test failed: {fault}"
            self.set_back(model_id, progress, reason)
            return
        if fault is None:
            fault, _ = self.comparing.finish(model_id, progress, candidate=True)
        else:
            fault = f"the smoke test failed: {fault}"
        if fault is not None:
            self.take_back(model_id, progress, fault)
            return
        self.endpoints.switch(model_id)

    def never_answered(self, model_id: str, progress: InProgress, why: str) -> None:
        """A version beside what serves could not be asked for hours: what serves stays, it is tried again."""
        reason = f"version {progress.version} could not be asked for hours: {why}"
        self.set_back(model_id, progress, reason)

    def confirm(self, model_id: str, endpoint: Endpoint, progress: InProgress) -> None:
        """Smoke test a version that is in service; it counts as deployed only if it answers rightly.

        Raises
        ------
        NotReadyError
            The endpoint does not answer yet.
        """
        version = self.registry.version(model_id, progress.version)
        if version is not None and not version.is_approved:
            self.take_back(model_id, progress, deployment.why_not(version))
            return
        fault, tested = self.trial.smoke_test(model_id, progress.version)
        if fault is not None and progress.configuration:
            self._call_for_settings(model_id, progress, fault)
            return
        if fault is not None:
            self.take_back(model_id, progress, f"the smoke test failed: {fault}")
            return
        fault, compared = self.comparing.finish(model_id, progress)
        if fault is not None:
            self.take_back(model_id, progress, fault)
            return
        self._keep_scaling(model_id)
        self.chronicle.deployed(model_id, progress, version, tested, compared)
        setback = self.setbacks.setback(model_id)
        if setback is not None and setback.version <= progress.version:
            self.setbacks.forget(model_id)  # of a newer one it still holds
        self.endpoints.tidy(model_id, endpoint.configuration)  # first: what is left over may cost
        self.progress.finish(model_id, progress)

    def taken_back(self, model_id: str, endpoint: Endpoint, progress: InProgress) -> bool:
        """AWS went back to the version from before: because of this one, or because it could not do it.

        Returns
        -------
        bool
            Whether something else may be due at once.
        """
        version = self.registry.version(model_id, progress.version)
        if version is not None and not version.is_approved:
            self.take_back(model_id, progress, deployment.why_not(version))
            return True
        judged = self._judged(model_id, endpoint, progress)
        if judged is not None and judged.is_to_blame:
            self.take_back(model_id, progress, judged.why)
            return True
        silence = self.chronicle.silence(model_id, progress)
        if judged is not None and silence is None:
            self.set_back(model_id, progress, judged.why, by_what_serves=True)
            return False
        said = endpoint.failure_reason or "AWS ended the update without a reason"
        self.set_back(model_id, progress, silence or said)
        return False

    def _judged(
        self, model_id: str, endpoint: Endpoint, progress: InProgress
    ) -> blame.Judgement | None:
        """Return what ended a deployment, where that was a version; None where AWS did.

        Raises
        ------
        NotReadyError
            The endpoint's log may not say yet which version it was.
        """
        said = endpoint.failure_reason
        if progress.configuration:
            return None  # the version served well on other instances
        if deployment.is_of_the_version(said):
            return blame.Judgement(is_to_blame=True, why=said)
        judged = self._by_alarms(model_id, progress, said)
        if judged is not None and judged.may_change and self._log_may_grow(endpoint):
            message = "the endpoint's log may not say yet which version its alarm rang for"
            raise NotReadyError(message)
        return judged

    def _log_may_grow(self, endpoint: Endpoint) -> bool:
        ended = endpoint.changed_at
        return ended is not None and self.clock() - ended < LOG_ARRIVES

    def alarms_since(self, model_id: str, progress: InProgress, said: str) -> str | None:
        """Return which alarms went off since a version's canary began, or None for none.

        An alarm that rang only for what served before speaks against no new version.
        """
        judged = self._by_alarms(model_id, progress, said)
        return judged.why if judged is not None and judged.is_to_blame else None

    def _by_alarms(self, model_id: str, progress: InProgress, said: str) -> blame.Judgement | None:
        if progress.goes_back or progress.mode != "realtime":
            return None  # no alarm watched it
        rang = [
            each
            for each in self.endpoints.rang_since(model_id, progress.started_at)
            if each not in progress.ignores
        ]
        if not rang:
            return None
        faults = self.faults.faults(model_id, progress.started_at)
        judged = blame.judge(progress, rang, faults, model_id)
        return replace(judged, why=f"{judged.why} ({said})") if said else judged

    def take_back(self, model_id: str, progress: InProgress, reason: str) -> None:
        """Bar the version of a deployment, and say why.

        A first version's endpoint goes with it: it would answer wrongly, and its alarms would ring for as
        long as somebody asks, so that no better version could begin.
        """
        version = self.registry.version(model_id, progress.version)
        if version is not None and version.is_approved:
            self.registry.bar(version, reason)
        if progress.previous is None:
            self.chronicle.failed(
                model_id,
                progress,
                reason,
                "Nothing served before, so nothing can be rolled back to. The version is barred and its "
                "endpoint deleted; `solar retrain` a better one, or approve an older one.",
            )
            serving = self.endpoints.describe(model_id)
            if serving is not None and serving.version == progress.version:
                self.endpoints.delete(model_id)
        else:
            self.chronicle.rolled_back(model_id, progress, version, reason)
            self._keep_scaling(model_id)
        self.endpoints.drop(model_id)
        self.progress.finish(model_id, progress)

    def set_back(
        self,
        model_id: str,
        progress: InProgress | None,
        reason: str,
        *,
        by_what_serves: bool = False,
    ) -> None:
        """AWS could not do it, or what serves was in the way: ask again later, tell once, bar nothing."""
        if progress is None:
            return
        self.put_off(model_id, progress, reason, by_what_serves=by_what_serves)
        if progress.previous is not None:
            self._keep_scaling(model_id)
        self.endpoints.drop(model_id)
        self.progress.finish(model_id, progress)

    def put_off(
        self, model_id: str, progress: InProgress, reason: str, *, by_what_serves: bool = False
    ) -> None:
        """Remember when to ask AWS again, and tell people the first time."""
        before = self.setbacks.setback(model_id)
        instead = (
            before is not None
            and progress.previous is None
            and progress.version < before.version
            and before.version in self.registry.approved(model_id)
        )
        now = deployment.set_back(before, progress.version, self.clock(), instead=instead)
        if now.times == 1:
            self.chronicle.set_back(model_id, progress, reason, by_what_serves=by_what_serves)
        self.setbacks.remember(model_id, now)

    def replace(self, model_id: str, endpoint: Endpoint, progress: InProgress | None) -> None:
        """Delete a failed endpoint, which AWS cannot update; a version that failed by itself is barred."""
        begun = endpoint.changed_at or self.clock()
        failed = progress or InProgress(endpoint.version or 0, None, begun)
        try:
            self.endpoints.check_ours(model_id)
        except OperatorFaultError as error:
            self.put_off(model_id, self._wanted(model_id, failed), str(error))
            return
        if not deployment.is_of_the_version(endpoint.failure_reason):
            self.set_back(model_id, failed, endpoint.failure_reason or "the endpoint failed")
            self.endpoints.delete(model_id)
            return
        version = self.registry.version(model_id, failed.version)
        if version is not None and version.is_approved:
            self.registry.bar(version, f"its endpoint failed: {endpoint.failure_reason}")
        self.chronicle.failed(
            model_id,
            failed,
            endpoint.failure_reason,
            f"Look into the log group /aws/sagemaker/Endpoints/{names.endpoint(model_id)}; the endpoint "
            "is deleted and the newest other approved version deployed.",
        )
        self.endpoints.delete(model_id)
        self.progress.finish(model_id, failed)

    def _wanted(self, model_id: str, failed: InProgress) -> InProgress:
        """Return what cannot be deployed while somebody else's endpoint has the name."""
        newest = self.registry.approved(model_id)[:1]
        return replace(failed, version=newest[0] if newest else failed.version)

    def gone(self, model_id: str, progress: InProgress) -> None:
        """Somebody deleted the endpoint during a deployment; it is created anew."""
        self.progress.finish(model_id, progress)

    def call_people(self, model_id: str, endpoint: Endpoint, progress: InProgress | None) -> None:
        """After a failed rollback the fleet is mixed; only a person can end that."""
        if progress is None:
            return
        version = self.registry.version(model_id, progress.version)
        judged = self._judged(model_id, endpoint, progress)
        is_to_blame = judged is not None and judged.is_to_blame
        if judged is not None and is_to_blame and version is not None and version.is_approved:
            self.registry.bar(version, judged.why)  # else it would be the one that is created anew
        self.chronicle.failed(
            model_id,
            progress,
            f"the rollback failed: {endpoint.failure_reason}",
            "The fleet may be mixed. Delete the endpoint; it is created anew from the newest approved "
            "version (docs/runbooks/deployer.md#rollback-failed).",
        )
        self.progress.finish(model_id, progress)

    def _call_for_settings(self, model_id: str, progress: InProgress, fault: str) -> None:
        """A version that served well fails on other instances: they are to blame, and who chose them."""
        self.chronicle.failed(
            model_id,
            progress,
            f"on its new instances the smoke test failed: {fault}",
            "It goes on serving there, and is not barred. Put the `endpoint` of the model's YAML back to "
            "what it was, or roll the version back.",
        )
        self._keep_scaling(model_id)
        self.progress.finish(model_id, progress)

    def _keep_scaling(self, model_id: str) -> None:
        """Scaling pauses during an update; whatever came of it, the fleet follows its load again."""
        self.endpoints.keep_scaling(model_id, self.configuration.endpoint(model_id))
