"""One renderer per thing that people care about: what happened, why, what next, what it cost."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from datetime import datetime
from typing import Any

from services.notifier.domain import Notice, Severity
from shared import messages
from shared.ids import content_id
from shared.inbox import AlarmChanged, BudgetExceeded, Incoming

# What is told to machines only: commands, timers, and the single files that a retrain sums up.
SILENT: frozenset[type[Any]] = frozenset(
    {
        messages.DataAccepted,
        messages.ReleaseRequested,
        messages.RetrainRequested,
        messages.EvaluationDue,
        messages.DeploymentCheckDue,
        messages.SweepDue,
    }
)

CENT = 0.01  # [USD]
NO_SITE = "(unknown)"  # what data_watcher calls the site of a key that names none

Facts = tuple[tuple[str, str], ...]


def render(incoming: Incoming, now: datetime) -> Notice | None:
    """Return what people are told of something, or None where they need not be.

    Parameters
    ----------
    incoming
        A message, an alarm or a budget.
    now
        When it came, for what carries no time of its own.
    """
    if isinstance(incoming, AlarmChanged):
        return _alarm(incoming)
    if isinstance(incoming, BudgetExceeded):
        return _budget(incoming, now)
    renderer = RENDERERS.get(type(incoming))
    return renderer(incoming) if renderer else None


def _notice(
    message: messages.Message,
    severity: Severity,
    subject: str,
    *lines: str,
    facts: Facts = (),
    quiet: bool = False,
) -> Notice:
    kind = str(type(message).model_fields["type"].default).removeprefix("solar.")
    return Notice(
        id=message.id,
        kind=kind,
        severity=severity,
        subject=subject,
        lines=tuple(line for line in lines if line),
        happened_at=message.occurred_at,
        facts=tuple((label, value) for label, value in facts if value),
        quiet=quiet,
    )


def _cost(usd: float | None) -> str:
    if usd is None:
        return "not known yet"
    return f"{usd:.2f} USD" if usd >= CENT else "less than 0.01 USD"


def _list(title: str, items: tuple[str, ...]) -> str:
    return "\n".join([title, *(f"- {item}" for item in items)]) if items else ""


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _score(r2: float | None) -> str:
    return "unknown" if r2 is None else f"{r2:.3f}"


def _known(r2: float | None) -> str:
    return "" if r2 is None else f"{r2:.3f} on the same rows"


# --- data -------------------------------------------------------------------------------------------


def _data_withdrawn(message: messages.DataWithdrawn) -> Notice:
    return _notice(
        message,
        Severity.INFO,
        f"Data of site {message.site_id} no longer counts",
        _sentence(f"Rows of {message.correlation_id} were withdrawn: {message.reason}"),
        f"Model {message.model_id} will not be trained on them again.",
        facts=(("Site", message.site_id), ("Rows", message.canonical_uri)),
        quiet=True,  # a plant that sends a growing file withdraws its rows with every upload
    )


def _file_quarantined(message: messages.FileQuarantined) -> Notice:
    site = "" if message.site_id == NO_SITE else message.site_id
    where = f"at site {site}" if site else "at no known site"
    chosen = f" --site {shlex.quote(site)}" if site else ""
    return _notice(
        message,
        Severity.WARNING,
        f"File quarantined {where}: {message.reason_code}",
        _sentence(f"{message.key} was not read: {message.reason}"),
        _sentence(f"What to do: {message.remedy}"),
        "No model is trained on this file until then; all others are not affected.",
        facts=(
            ("Site", site),
            ("File", message.key),
            ("Reason code", message.reason_code),
            ("More", f"solar files{chosen} --state quarantined"),
        ),
    )


def _config_accepted(message: messages.ConfigAccepted) -> Notice:
    what = (
        f"Files of site {message.name} are read by it from now on. Files that came before are read again "
        "where it changes how they are read."
        if message.kind == "site"
        else f"Model {message.name} is looked at again; a retrain follows if its recipe changed."
    )
    return _notice(
        message,
        Severity.INFO,
        f"Configuration of {message.kind} {message.name} is in force",
        what,
        facts=(("Version", message.config_version), ("Model", message.model_id)),
    )


def _config_rejected(message: messages.ConfigRejected) -> Notice:
    line = f" line {message.line}" if message.line else ""
    return _notice(
        message,
        Severity.WARNING,
        f"Configuration refused: {message.key}{line}",
        _sentence(f"{message.key}{',' + line if line else ''}: {message.reason}"),
        "The last good configuration, if there was one, stays in force. "
        "Correct the file and upload it again.",
        facts=(("File", message.key), ("Line", str(message.line or ""))),
    )


def _site_silent(message: messages.SiteSilent) -> Notice:
    if message.recovered:
        return _notice(
            message,
            Severity.INFO,
            f"Site {message.site_id} sends again",
            f"It had sent nothing for {message.silent_hours:.0f} hours.",
        )
    return _notice(
        message,
        Severity.WARNING,
        f"Site {message.site_id} has sent nothing for {message.silent_hours:.0f} hours",
        f"Its last upload came at {message.last_upload_at:%Y-%m-%d %H:%M} UTC.",
        "Look at the plant's logger and its upload; models go on with what they have.",
        facts=(("Site", message.site_id),),
    )


# --- training ---------------------------------------------------------------------------------------


def _retrain_started(message: messages.RetrainStarted) -> Notice:
    return _notice(
        message,
        Severity.INFO,
        f"Retrain of model {message.model_id} started",
        _list("Why:", message.reasons),
        f"A {message.model_type} is trained on {message.files} files; it must reach an R2 of "
        f"{message.accuracy_threshold:g} and be no worse than the model that serves.",
        facts=(
            ("Run", message.run_id),
            ("Dataset", message.dataset_id),
            ("Instance", message.instance_type),
            ("Estimated cost", _cost(message.estimated_cost_usd)),
        ),
    )


def _challenger_registered(message: messages.ChallengerRegistered) -> Notice:
    waits = message.approval == "PendingManualApproval"
    version = message.model_package_version
    follow = (
        f"It waits for a person: solar approve {version} {message.model_id}, or reject it."
        if waits
        else "It is approved and will be deployed now, step by step, with a way back."
    )
    return _notice(
        message,
        Severity.WARNING if waits else Severity.INFO,
        f"Model {message.model_id} version {version} registered, R2 {_score(message.r2)}"
        + (", waits for approval" if waits else ""),
        _list("Why:", message.reasons),
        follow,
        facts=(
            ("R2 on the test rows", f"{_score(message.r2)} (floor {message.accuracy_threshold:g})"),
            ("R2 of the champion", _known(message.champion_r2)),
            ("Cost", _cost(message.cost_usd)),
            ("Run", message.run_id),
            ("Dataset", message.dataset_id),
            ("Report", message.report_uri),
            ("Shown by", f"solar report {message.run_id}"),
        ),
    )


def _challenger_rejected(message: messages.ChallengerRejected) -> Notice:
    return _notice(
        message,
        Severity.WARNING,
        f"Challenger for model {message.model_id} rejected, R2 {_score(message.r2)}",
        _list("Why:", message.reasons),
        _list("What would help:", message.what_would_help),
        "The model that serves, if there is one, is not touched. New data or a changed configuration "
        "bring the next attempt.",
        facts=(
            ("R2 on the test rows", f"{_score(message.r2)} (floor {message.accuracy_threshold:g})"),
            ("R2 of the champion", _known(message.champion_r2)),
            ("Cost", _cost(message.cost_usd)),
            ("Run", message.run_id),
            ("Dataset", message.dataset_id),
            ("Report", message.report_uri),
            ("Shown by", f"solar report {message.run_id}"),
        ),
    )


def _retrain_failed(message: messages.RetrainFailed) -> Notice:
    return _notice(
        message,
        Severity.CRITICAL,
        f"Retrain of model {message.model_id} failed at {message.stage}",
        _sentence(f"Cause: {message.cause}"),
        _sentence(f"What next: {message.next_step}"),
        "The model that serves, if there is one, is not touched.",
        facts=(
            ("Run", message.run_id),
            ("Stage", message.stage),
            ("Cost so far", _cost(message.cost_usd)),
        ),
    )


def _rollback_requested(message: messages.RollbackRequested) -> Notice:
    to = f"version {message.to_version}" if message.to_version else "the version before"
    return _notice(
        message,
        Severity.WARNING,
        f"Rollback of model {message.model_id} to {to} requested",
        _sentence(f"{message.requested_by} asked for it: {message.reason}"),
        "Another notice follows once the earlier version serves.",
        facts=(("Model", message.model_id), ("Requested by", message.requested_by)),
    )


def _accuracy_degraded(message: messages.AccuracyDegraded) -> Notice:
    return _notice(
        message,
        Severity.CRITICAL,
        f"Model {message.model_id} has become worse at site {message.site_id}",
        f"For {message.days} days version {message.model_package_version} misses by "
        f"{message.nmae:.1%} of capacity in the mean; {message.expected_nmae:.1%} was promised.",
        "A retrain is considered. Look whether the site has a fault first: soiling, an inverter that "
        "is off, a sensor that drifts.",
        facts=(
            ("Model", message.model_id),
            ("Site", message.site_id),
            ("Version", str(message.model_package_version)),
        ),
    )


# --- deployment -------------------------------------------------------------------------------------


def _deployment(message: Any) -> Facts:
    return (
        ("Endpoint", message.endpoint_name),
        ("Version", str(message.model_package_version)),
        ("Previous version", str(message.previous_version or "none")),
    )


def _deployment_started(message: messages.DeploymentStarted) -> Notice:
    return _notice(
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
    return _notice(
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
    return _notice(
        message,
        Severity.CRITICAL,
        f"Model {message.model_id} version {message.model_package_version} was taken back",
        _sentence(f"Why: {message.reason}"),
        f"Version {message.previous_version} serves. The version that was taken back is barred and "
        "will not be deployed again by itself."
        if message.previous_version
        else "There was no version before it; look at the endpoint.",
        facts=_deployment(message),
    )


def _deployment_failed(message: messages.DeploymentFailed) -> Notice:
    return _notice(
        message,
        Severity.CRITICAL,
        f"Deployment of model {message.model_id} version {message.model_package_version} failed",
        _sentence(f"Cause: {message.cause}"),
        _sentence(f"What next: {message.next_step}"),
        facts=_deployment(message),
    )


# --- what AWS says ----------------------------------------------------------------------------------


def _alarm(alarm: AlarmChanged) -> Notice | None:
    """Tell an alarm and its end; that a metric was not there yet is no news."""
    if alarm.state == "INSUFFICIENT_DATA" or (
        alarm.state == "OK" and alarm.previous_state != "ALARM"
    ):
        return None
    rings = alarm.state == "ALARM"
    what, _, runbook = alarm.description.partition("Runbook:")
    return Notice(
        id=content_id("alarm", alarm.name, alarm.state, alarm.occurred_at),
        kind="alarm",
        severity=Severity.CRITICAL if rings else Severity.INFO,
        subject=f"Alarm {alarm.name}" if rings else f"Alarm {alarm.name} is over",
        lines=tuple(
            line
            for line in (
                what.strip(),
                f"CloudWatch says: {alarm.reason}" if rings else "",
                f"What to do: {runbook.strip()}" if rings and runbook else "",
            )
            if line
        ),
        happened_at=alarm.occurred_at,
        facts=(("Alarm", alarm.name), ("State", f"{alarm.previous_state} to {alarm.state}")),
    )


def _budget(budget: BudgetExceeded, now: datetime) -> Notice:
    return Notice(
        id=content_id("budget", budget.text),
        kind="budget",
        severity=Severity.WARNING,
        subject="Costs pass a limit of the budget",
        lines=(
            budget.text.strip(),
            "A model's monthly_budget_usd limits its retrains; `solar runs` shows what each cost.",
        ),
        happened_at=now,
    )


RENDERERS: dict[type[Any], Callable[[Any], Notice]] = {
    messages.DataWithdrawn: _data_withdrawn,
    messages.FileQuarantined: _file_quarantined,
    messages.ConfigAccepted: _config_accepted,
    messages.ConfigRejected: _config_rejected,
    messages.SiteSilent: _site_silent,
    messages.RetrainStarted: _retrain_started,
    messages.ChallengerRegistered: _challenger_registered,
    messages.ChallengerRejected: _challenger_rejected,
    messages.RetrainFailed: _retrain_failed,
    messages.RollbackRequested: _rollback_requested,
    messages.AccuracyDegraded: _accuracy_degraded,
    messages.DeploymentStarted: _deployment_started,
    messages.ModelDeployed: _model_deployed,
    messages.DeploymentRolledBack: _deployment_rolled_back,
    messages.DeploymentFailed: _deployment_failed,
}
