"""Writes every step of a deployment into its log, and publishes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.deployer.domain.deployment import (
    Hold,
    InProgress,
    LogEntry,
    Version,
    decision_of_person,
)
from services.deployer.domain.live.summary import Summary
from services.deployer.domain.reference import Tested
from services.deployer.ports import Log, Publisher, References
from shared import names
from shared.clock import Clock
from shared.evaluation import EVERY_IRRADIANCE
from shared.messages import (
    DeploymentFailed,
    DeploymentRolledBack,
    DeploymentStarted,
    ModelDeployed,
)

MOST_NAMED = 3  # sites that a mail names
_SILENT, _STAYS_SILENT, _SERVES_ON = "silent", "stays_silent", "serves_on"
SKEW = timedelta(minutes=1)
LONG = timedelta(minutes=15)  # that an alarm may keep a version away before people are told


@dataclass(frozen=True, slots=True)
class Chronicle:
    """What happened to a model's deployments; to write the same again changes nothing."""

    log: Log
    publisher: Publisher
    references: References
    summary: Callable[[str], Summary | None]
    clock: Clock

    def started(self, model_id: str, progress: InProgress, version: Version | None = None) -> None:
        """AWS took the request; `version` says who decided that alarms do not stop it, where somebody did."""
        decision = decision_of_person(version) if version is not None else None
        by = f"{decision.by} ({decision.reason})" if decision is not None else ""
        rings = ", ".join(progress.ignores)
        reason = f"{rings} rings and does not stop it, as {by} decided" if rings else None
        self._append(model_id, progress, "started", reason=reason)
        self.publisher.publish(
            DeploymentStarted.of(
                subject=_subject(model_id, progress),
                **self._facts(model_id, progress),
                run_id=version.run_id if version else None,
                goes_back=progress.goes_back,
                settings=bool(progress.configuration),
                ignores=list(progress.ignores),
                decided_by=by,
            )
        )

    def deployed(
        self,
        model_id: str,
        progress: InProgress,
        version: Version | None,
        tested: Tested,
        compared: str = "",
    ) -> None:
        """A version is in service and passed its smoke test; `compared` says what real rows it answered."""
        self._append(model_id, progress, "deployed", version=version, reason=compared or None)
        self.publisher.publish(
            ModelDeployed.of(
                subject=_subject(model_id, progress),
                **self._facts(model_id, progress),
                dataset_id=version.dataset_id if version else None,
                run_id=version.run_id if version else None,
                tested=tested,
                compared=compared,
                lived=self._lived(model_id, progress.previous),
                goes_back=progress.goes_back,
                settings=bool(progress.configuration),
                **self._evaluated(version),
            )
        )

    def rolled_back(
        self, model_id: str, progress: InProgress, version: Version | None, reason: str
    ) -> None:
        """A version was taken back, and the one from before serves on."""
        self._append(model_id, progress, "rolled_back", version=version, reason=reason)
        self.publisher.publish(
            DeploymentRolledBack.of(
                subject=_subject(model_id, progress),
                **self._facts(model_id, progress),
                run_id=version.run_id if version else None,
                reason=reason,
            )
        )

    def has_served(self, model_id: str, number: int) -> bool:
        """Whether a version was ever in service and passed its smoke test."""
        return any(
            each.event == "deployed" and each.version == number for each in self.log.log(model_id)
        )

    def set_back(
        self, model_id: str, progress: InProgress, reason: str, *, by_what_serves: bool = False
    ) -> None:
        """AWS could not do it, or an alarm rang for what serves; it is tried again."""
        self._append(model_id, progress, "set_back", reason=reason)
        meanwhile = (
            "what served before serves on"
            if progress.previous is not None
            else "nothing serves until then"
        )
        number = progress.version
        look = (
            f"Look at why it fails (docs/runbooks/deployer.md#endpoint-errors); if version {number} mends "
            f"that: `solar approve {number} {model_id} --now --reason …`."
            if by_what_serves
            else "Look at quotas, capacity, the role and the image (docs/runbooks/deployer.md#set-back)."
        )
        self.publisher.publish(
            DeploymentFailed.of(
                subject=(*_subject(model_id, progress), "set back"),
                **self._facts(model_id, progress),
                cause=reason if by_what_serves else f"AWS could not do it: {reason}",
                next_step="It is tried again, at growing intervals of up to two hours; the version is not "
                f"barred, and {meanwhile}. {look}",
                will_retry=True,
            )
        )

    def note_silence(self, model_id: str, progress: InProgress, reason: str) -> None:
        """A version could not be asked, so what served before comes back."""
        self._append(model_id, progress, _SILENT, reason=reason)

    def silence(self, model_id: str, progress: InProgress) -> str | None:
        """Return why a version could not be asked, where that ended its deployment."""
        found = [each for each in self._entries(model_id, progress, _SILENT) if each.reason]
        return found[0].reason if found else None

    def unanswered(self, model_id: str, progress: InProgress, cause: str, next_step: str) -> None:
        """A version that cannot be asked stays in service for now; tell people once."""
        if self._entries(model_id, progress, _STAYS_SILENT):
            return
        self.publisher.publish(
            DeploymentFailed.of(
                subject=(*_subject(model_id, progress), "unanswered"),
                **self._facts(model_id, progress),
                cause=cause,
                next_step=f"{next_step}. No version is barred. Look at the endpoint, and at the right of "
                "the function to ask it (docs/runbooks/deployer.md#silence).",
                will_retry=True,
            )
        )
        self._append(model_id, progress, _STAYS_SILENT, reason=cause)

    def _entries(self, model_id: str, progress: InProgress, event: str) -> list[LogEntry]:
        return [
            each
            for each in self.log.log(model_id)
            if each.event == event
            and each.version == progress.version
            and each.at >= progress.started_at
        ]

    def waits(self, version: Version, rings: tuple[str, ...]) -> None:
        """A version does not begin while alarms ring; tell people once, where that lasts."""
        model_id, number, now = version.model_id, version.number, self.clock()
        known = {each.event: each.at for each in self.log.log(model_id) if each.version == number}
        waiting, why = (
            InProgress(number, None, known.get("waits", now)),
            f"{', '.join(rings)} rings",
        )
        self._append(model_id, waiting, "waits", reason=why)
        if now - waiting.started_at < LONG or "still_waits" in known:
            return
        self.publisher.publish(
            DeploymentFailed.of(
                subject=(model_id, number, "waits"),
                **self._facts(model_id, waiting),
                cause=f"{why}, and version {number} would be blamed for it",
                next_step="It begins once they are silent. If they ring because of what serves, and version "
                f"{number} mends that: `solar approve {number} {model_id} --now --reason …`.",
                will_retry=True,
            )
        )
        self._append(model_id, waiting, "still_waits", reason=why)

    def has_said_serves_on(self, version: Version) -> bool:
        """Whether people were told that a version serves on although a person rejected it."""
        return bool(self._entries(version.model_id, self._decided(version), _SERVES_ON))

    def serves_on(self, version: Version, decision: Hold) -> None:
        """A person rejected the only version that can serve."""
        model_id, number, decided = version.model_id, version.number, self._decided(version)
        self.publisher.publish(
            DeploymentFailed.of(
                subject=(*_subject(model_id, decided), "serves on"),
                **self._facts(model_id, decided),
                cause=f"version {number} serves on, although {decision.by} rejected it ({decision.reason}): "
                "no other version may begin",
                next_step=f"Approve the one that should serve (`solar approve VERSION {model_id}`), or "
                f"`solar retrain {model_id}` and approve what comes of it.",
            )
        )
        self._append(model_id, decided, _SERVES_ON, reason=decision.reason)

    def _decided(self, version: Version) -> InProgress:
        """Return a decision in the registry as what the log is about; AWS's clock may be a little ahead."""
        return InProgress(version.number, None, (version.decided_at or self.clock()) - SKEW)

    def untested(self, model_id: str, number: int) -> None:
        """A version was approved that cannot be tested; tell people, once for each version."""
        if any(
            each.event == "untested" and each.version == number for each in self.log.log(model_id)
        ):
            return
        waiting = InProgress(number, None, self.clock())
        self.publisher.publish(
            DeploymentFailed.of(
                subject=(model_id, number, "untested"),
                **self._facts(model_id, waiting),
                cause=f"version {number} has no reference rows of an evaluation, so that it cannot be tested "
                "before it serves",
                next_step=f"Nothing was changed. `solar approve {number} {model_id} --unchecked --reason …` "
                "deploys it all the same, after a look at whether its answers are plausible.",
            )
        )
        self._append(model_id, waiting, "untested")

    def failed(self, model_id: str, progress: InProgress, cause: str, next_step: str) -> None:
        """A deployment ended without a version that serves."""
        self._append(model_id, progress, "failed", reason=cause)
        self.publisher.publish(
            DeploymentFailed.of(
                subject=_subject(model_id, progress),
                **self._facts(model_id, progress),
                cause=cause,
                next_step=next_step,
            )
        )

    def _lived(self, model_id: str, before: int | None) -> str:
        """Return how what served before did live, in a sentence; '' where nothing of it was scored."""
        summary = self.summary(model_id) if before is not None else None
        if summary is None or before not in summary.versions or summary.sums.r2 is None:
            return ""
        nmae = (
            f", error {summary.sums.nmae:.1%} of capacity" if summary.sums.nmae is not None else ""
        )
        return (
            f"version {before} did this live: R2 {summary.sums.r2:.3f}{nmae} "
            f"({summary.first} to {summary.last}, sites: {summary.sites_scored})"
        )

    def _evaluated(self, version: Version | None) -> dict[str, Any]:
        """Return why a version may serve, in the figures of its evaluation; nothing where it has none."""
        if version is None or version.run_id is None:
            return {}
        found = self.references.evaluation(version.run_id)
        if found is None:
            return {}
        worst = sorted(found.challenger.by_site, key=lambda site: (site.r2 or -1.0, site.name))
        return {
            "r2": found.challenger.all.r2,
            "champion_r2": found.champion.all.r2 if found.champion else None,
            "accuracy_threshold": found.accuracy_threshold,
            "reasons": found.reasons,
            "worst_sites": {site.name: site.r2 for site in worst[:MOST_NAMED]},
            "inputs": "forecast" if found.forecast else "measured",
            "blind_r2": next(
                (each.r2 for each in found.hidden if each.name == EVERY_IRRADIANCE), None
            ),
        }

    def _append(
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
            endpoint_name=names.endpoint(model_id),
            run_id=version.run_id if version else None,
            dataset_id=version.dataset_id if version else None,
            reason=reason,
        )
        self.log.append(model_id, f"{progress.started_at.isoformat()}#{event}", entry)

    def _facts(self, model_id: str, progress: InProgress) -> dict[str, Any]:
        return {
            "occurred_at": self.clock(),
            "correlation_id": f"{model_id}/{progress.version}",
            "model_id": model_id,
            "model_package_version": progress.version,
            "previous_version": progress.previous,
            "endpoint_name": names.endpoint(model_id),
        }


def _subject(model_id: str, progress: InProgress) -> tuple[str | int | datetime, ...]:
    return (model_id, progress.version, progress.started_at)
