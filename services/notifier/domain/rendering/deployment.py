"""What deployer says: which version serves, and which was taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.notifier.domain.notice import Notice, Severity
from services.notifier.domain.rendering import offers
from services.notifier.domain.rendering.pieces import (
    Facts,
    compared,
    listed,
    notice,
    score,
    sentence,
)
from shared import messages

_TESTED = {
    "evaluation": "It predicts the reference rows as its evaluation did.",
    "plausible": "It was NOT tested against an evaluation, because it has none; its answers are plausible.",
    "nothing": "It was NOT tested: neither it nor another version has an evaluation to ask for.",
}


def _deployment(message: Any) -> Facts:
    return (
        ("Endpoint", message.endpoint_name),
        ("Version", str(message.model_package_version)),
        ("Previous version", str(message.previous_version or "none")),
    )


def _deployment_started(message: messages.DeploymentStarted) -> Notice:
    if message.settings:
        return notice(
            message,
            Severity.INFO,
            f"The endpoint of model {message.model_id} gets other instances",
            f"Its settings in the model's YAML were changed. Version {message.model_package_version} goes on "
            "serving meanwhile.",
            facts=_deployment(message),
            quiet=True,  # as asked
        )
    if message.goes_back:
        return notice(
            message,
            Severity.INFO,
            f"Model {message.model_id} goes back to version {message.model_package_version}",
            "It served before, so it takes all requests at once.",
            facts=_deployment(message),
        )
    return notice(
        message,
        Severity.INFO,
        f"Deployment of model {message.model_id} version {message.model_package_version} started",
        _guarded(message)
        if message.previous_version
        else "It is the first to serve: its endpoint is created, and it serves once it has answered a "
        "smoke test. There is no version to go back to; if it fails, you are told what to do.",
        facts=_deployment(message),
        quiet=not message.ignores,  # its end is told, whatever it is
    )


def _guarded(message: messages.DeploymentStarted) -> str:
    said = "A part of the requests goes to it first; alarms bring the previous version back."
    if not message.ignores:
        return said
    return (
        f"{said} These ring already and do not, because {message.decided_by} decided so: "
        f"{', '.join(message.ignores)}."
    )


def _model_deployed(message: messages.ModelDeployed) -> Notice:
    if message.settings:
        return notice(
            message,
            Severity.INFO,
            f"The endpoint of model {message.model_id} has its other instances",
            f"Version {message.model_package_version} served meanwhile, and goes on.",
            facts=_deployment(message),
            quiet=True,  # as asked
        )
    return notice(
        message,
        Severity.INFO,
        f"Model {message.model_id} version {message.model_package_version} serves"
        + (f", R2 {score(message.r2)}" if message.r2 is not None else ""),
        f"It takes all requests. {_TESTED[message.tested]}",
        listed("Why it was chosen:", message.reasons),
        _begun(message.compared),
        _begun(message.lived),
        f"Back to the version before: solar rollback {message.model_id}."
        if message.previous_version
        else _no_forecaster(message),
        facts=(
            *_deployment(message),
            *_scores(message),
            ("Run", message.run_id or ""),
            ("Dataset", message.dataset_id or ""),
            ("Report", f"solar report {message.run_id}" if message.run_id else ""),
            ("How it does from now on", f"solar scorecard {message.model_id}"),
        ),
        offers=(
            *offers.report(message.run_id),
            *offers.way_back(
                message.model_id,
                message.model_package_version,
                message.run_id,
                has_before=message.previous_version is not None,
            ),
        ),
    )


def _begun(text: str) -> str:
    """Return words of another service as a sentence."""
    return sentence(text[:1].upper() + text[1:]) if text else ""


def _no_forecaster(message: messages.ModelDeployed) -> str:
    """Say once, of the first version, what a model of measured weather is not made for."""
    if message.inputs == "forecast" or message.blind_r2 is None:
        return ""
    return (
        "It was trained for measured weather and is no forecast model: asked with a forecast alone it lacks "
        f"its irradiance, and without that its R2 is {score(message.blind_r2)}. For the power of tomorrow "
        "train a model with `inputs: forecast`."
    )


def _scores(message: messages.ModelDeployed) -> Facts:
    if message.r2 is None or message.accuracy_threshold is None:
        return ()
    worst = ", ".join(f"{name} {score(r2)}" for name, r2 in message.worst_sites.items())
    return (
        ("R2 on the test rows", f"{score(message.r2)} (floor {message.accuracy_threshold:g})"),
        ("R2 of the champion", compared(message.champion_r2) if message.champion_r2 else ""),
        ("Lowest R2 of a site", worst),
    )


def _deployment_rolled_back(message: messages.DeploymentRolledBack) -> Notice:
    return notice(
        message,
        Severity.CRITICAL,
        f"Model {message.model_id} version {message.model_package_version} was taken back",
        sentence(f"Why: {message.reason}"),
        f"Version {message.previous_version} serves. The version that was taken back is barred and "
        "will not be deployed again by itself."
        if message.previous_version
        else "There was no version before it; look at the endpoint.",
        facts=_deployment(message),
        offers=offers.report(message.run_id),
    )


def _model_held(message: messages.ModelHeld) -> Notice:
    back = ", ".join(map(str, message.taken_back))
    several = "s" if len(message.taken_back) > 1 else ""
    return notice(
        message,
        Severity.WARNING,
        f"Model {message.model_id} was taken back to version {message.serves} by {message.requested_by}"
        if message.taken_back
        else f"Model {message.model_id} is held by {message.requested_by}",
        sentence(f"Why: {message.reason}"),
        f"Version{several} {back} will not serve again by itself." if back else "",
        "Nothing newer is deployed by itself; runs still train and register. That ends with "
        f"solar release {message.model_id}, or when a person approves a version.",
        facts=(
            ("Serves", str(message.serves or "nothing")),
            ("Taken back", back or "none"),
            ("Held since", f"{message.occurred_at:%Y-%m-%d %H:%M} UTC"),
        ),
    )


def _version_decided(message: messages.VersionDecided) -> Notice:
    version, model = message.model_package_version, message.model_id
    if message.approved:
        return notice(
            message,
            Severity.INFO,
            f"Version {version} of model {model} was approved by {message.requested_by}",
            sentence(f"Why: {message.reason}"),
            "It is deployed now, step by step, with a way back; you are told when it serves.",
            facts=(("Run", message.run_id or ""),),
            quiet=True,  # that it serves, or does not, is told
        )
    return notice(
        message,
        Severity.INFO,
        f"Version {version} of model {model} was rejected by {message.requested_by}",
        sentence(f"Why: {message.reason}"),
        "It serves until the newest version that is approved takes its place."
        if message.serves
        else "It is not deployed; what serves is not touched.",
        facts=(("Run", message.run_id or ""),),
    )


def _decision_overtaken(message: messages.DecisionOvertaken) -> Notice:
    version, model = message.model_package_version, message.model_id
    verb, done = ("approve", "approved") if message.approve else ("reject", "rejected")
    return notice(
        message,
        Severity.WARNING,
        f"Version {version} of model {model} was not {done}: it was too late",
        sentence(f"{message.requested_by} wanted to {verb} it: {message.reason}"),
        sentence(f"Nothing was changed, because {message.stands}"),
        f"To decide otherwise: solar {verb} {version} {model} --reason …",
        facts=(("Asked by", message.requested_by),),
    )


def _model_released(message: messages.ModelReleased) -> Notice:
    return notice(
        message,
        Severity.INFO,
        f"Model {message.model_id} was released by {message.requested_by}",
        sentence(f"Why: {message.reason}"),
        "Approved versions are deployed by themselves again.",
    )


def _deployment_failed(message: messages.DeploymentFailed) -> Notice:
    what = "waits" if message.will_retry else "failed"
    return notice(
        message,
        Severity.WARNING if message.will_retry else Severity.CRITICAL,
        f"Deployment of model {message.model_id} version {message.model_package_version} {what}",
        sentence(f"Cause: {message.cause}"),
        sentence(f"What next: {message.next_step}"),
        facts=_deployment(message),
    )


RENDERERS: dict[type[Any], Callable[[Any], Notice]] = {
    messages.DeploymentStarted: _deployment_started,
    messages.ModelDeployed: _model_deployed,
    messages.DeploymentRolledBack: _deployment_rolled_back,
    messages.DeploymentFailed: _deployment_failed,
    messages.ModelHeld: _model_held,
    messages.ModelReleased: _model_released,
    messages.VersionDecided: _version_decided,
    messages.DecisionOvertaken: _decision_overtaken,
}
