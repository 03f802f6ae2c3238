"""What trainer_trigger says: retrains, their outcome and its cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.notifier.domain.notice import Notice, Severity
from services.notifier.domain.rendering import offers
from services.notifier.domain.rendering.pieces import (
    Facts,
    compared,
    cost,
    listed,
    notice,
    score,
    sentence,
    unmasked,
)
from shared import messages


def _retrain_started(message: messages.RetrainStarted) -> Notice:
    return notice(
        message,
        Severity.INFO,
        f"Retrain of model {message.model_id} started",
        listed("Why:", message.reasons),
        f"{_kind(message.model_type)} is trained on {message.files} files; it must reach an R2 of "
        f"{message.accuracy_threshold:g} and be no worse than the model that serves.",
        facts=(
            ("Run", message.run_id),
            ("Dataset", message.dataset_id),
            ("Instance", message.instance_type),
            ("Estimated cost", cost(message.estimated_cost_usd)),
        ),
        quiet=True,  # its end is told, whatever it is
    )


def _kind(model_type: str) -> str:
    return f"{'An' if model_type[0] in 'aeiou' else 'A'} `{model_type}` model"


Outcome = messages.ChallengerRegistered | messages.ChallengerRejected


def _floor(message: Outcome) -> tuple[str, str]:
    return "R2 on the test rows", f"{score(message.r2)} (floor {message.accuracy_threshold:g})"


def _run(message: Outcome) -> Facts:
    return (
        ("Cost", cost(message.cost_usd)),
        ("Run", message.run_id),
        ("Dataset", message.dataset_id),
        ("Shown by", f"solar report {message.run_id}"),
    )


def _challenger_registered(message: messages.ChallengerRegistered) -> Notice:
    waits = message.approval == "PendingManualApproval"
    version = message.model_package_version
    follow = (
        f"It waits for a person: solar approve {version} {message.model_id}, or reject it."
        if waits
        else "It is approved and will be deployed now, step by step, with a way back."
    )
    return notice(
        message,
        Severity.WARNING if waits else Severity.INFO,
        f"Model {message.model_id} version {version} registered, R2 {score(message.r2)}"
        + (", waits for approval" if waits else ""),
        listed("Why:", message.reasons),
        follow,
        facts=(
            _floor(message),
            ("R2 with the masked rows", unmasked(message.unmasked_r2)),
            ("R2 of the champion", compared(message.champion_r2)),
            *_run(message),
        ),
        quiet=not waits,  # that it serves, or does not, is told with these figures
        offers=(
            *(offers.approval(message.model_id, version, message.run_id) if waits else ()),
            *offers.report(message.run_id),
        ),
    )


def _challenger_rejected(message: messages.ChallengerRejected) -> Notice:
    return notice(
        message,
        Severity.WARNING,
        f"Challenger for model {message.model_id} rejected, R2 {score(message.r2)}",
        listed("Why:", message.reasons),
        listed("What would help:", message.what_would_help),
        "The model that serves, if there is one, is not touched. New data or a changed configuration "
        "bring the next attempt.",
        facts=(
            _floor(message),
            ("R2 with the masked rows", unmasked(message.unmasked_r2)),
            ("R2 of the champion", compared(message.champion_r2)),
            *_run(message),
        ),
        offers=offers.report(message.run_id),
    )


def _retrain_failed(message: messages.RetrainFailed) -> Notice:
    return notice(
        message,
        Severity.CRITICAL,
        f"Retrain of model {message.model_id} failed at {message.stage}",
        sentence(f"Cause: {message.cause}"),
        sentence(f"What next: {message.next_step}"),
        "The model that serves, if there is one, is not touched.",
        facts=(
            ("Run", message.run_id),
            ("Stage", message.stage),
            ("Cost so far", cost(message.cost_usd)),
        ),
        offers=offers.run(message.model_id, message.run_id),
    )


def _rollback_requested(message: messages.RollbackRequested) -> Notice:
    to = f"version {message.to_version}" if message.to_version else "the version before"
    return notice(
        message,
        Severity.WARNING,
        f"Rollback of model {message.model_id} to {to} requested",
        sentence(f"{message.requested_by} asked for it: {message.reason}"),
        "Another notice follows once the earlier version serves.",
        facts=(("Model", message.model_id), ("Requested by", message.requested_by)),
    )


RENDERERS: dict[type[Any], Callable[[Any], Notice]] = {
    messages.RetrainStarted: _retrain_started,
    messages.ChallengerRegistered: _challenger_registered,
    messages.ChallengerRejected: _challenger_rejected,
    messages.RetrainFailed: _retrain_failed,
    messages.RollbackRequested: _rollback_requested,
}
