"""What deployer says: which version serves, and which was taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.notifier.domain.notice import Notice, Severity
from services.notifier.domain.rendering.pieces import Facts, notice, sentence
from shared import messages


def _deployment(message: Any) -> Facts:
    return (
        ("Endpoint", message.endpoint_name),
        ("Version", str(message.model_package_version)),
        ("Previous version", str(message.previous_version or "none")),
    )


def _deployment_started(message: messages.DeploymentStarted) -> Notice:
    return notice(
        message,
        Severity.INFO,
        f"Deployment of model {message.model_id} version {message.model_package_version} started",
        "A part of the requests goes to it first; alarms bring the previous version back."
        if message.previous_version
        else "It is the first to serve: its endpoint is created, and it serves once it has answered a "
        "smoke test. There is no version to go back to; if it fails, you are told what to do.",
        facts=_deployment(message),
    )


def _model_deployed(message: messages.ModelDeployed) -> Notice:
    return notice(
        message,
        Severity.INFO,
        f"Model {message.model_id} version {message.model_package_version} serves",
        "It answered its smoke test and takes all requests.",
        f"Back to the version before: solar rollback {message.model_id}."
        if message.previous_version
        else "",
        facts=(
            *_deployment(message),
            ("Run", message.run_id or ""),
            ("Dataset", message.dataset_id or ""),
        ),
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
    )


def _deployment_failed(message: messages.DeploymentFailed) -> Notice:
    return notice(
        message,
        Severity.CRITICAL,
        f"Deployment of model {message.model_id} version {message.model_package_version} failed",
        sentence(f"Cause: {message.cause}"),
        sentence(f"What next: {message.next_step}"),
        facts=_deployment(message),
    )


RENDERERS: dict[type[Any], Callable[[Any], Notice]] = {
    messages.DeploymentStarted: _deployment_started,
    messages.ModelDeployed: _model_deployed,
    messages.DeploymentRolledBack: _deployment_rolled_back,
    messages.DeploymentFailed: _deployment_failed,
}
