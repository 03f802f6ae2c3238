"""The verbs of `solar`, each imported only when it is called.

A verb needs some of pandas, botocore and pydantic, and `solar --help` none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from console.wrong_calls import in_plain_words

PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


@dataclass(frozen=True, slots=True)
class Verb:
    """Where a verb is, and the one line that says what it does.

    `passes_on` gives all options to another program, `--help` too.
    """

    module: str
    name: str
    help: str
    passes_on: bool = False

    def load(self, called: str) -> Any:
        """Import the verb, and return its command."""
        target = getattr(import_module(f"console.{self.module}"), self.name)
        if isinstance(target, typer.Typer):
            return _flowing(typer.main.get_group(target))
        settings = PASS_ON if self.passes_on else None
        return _flowing(_command(called, target, settings))


VERBS = {
    "local": Verb("commands.local", "app", "The platform on this machine: no AWS, no Docker."),
    "deploy": Verb(
        "commands.deployment",
        "deploy",
        "Deploy to AWS or to the local platform; takes the options of scripts/deploy.py.",
        passes_on=True,
    ),
    "destroy": Verb(
        "commands.deployment",
        "destroy",
        "Delete what was deployed; data are kept unless --delete-data.",
        passes_on=True,
    ),
    "sites": Verb(
        "commands.sites", "app", "Plants: draft, check, add, list, show, history, left-out, trust."
    ),
    "upload": Verb("commands.data", "upload", "Upload a plant's files and wait for the verdicts."),
    "files": Verb(
        "commands.files", "files_app", "What became of each upload, why, and what to do."
    ),
    "sweep": Verb(
        "commands.files",
        "sweep",
        "Compare S3's listing with the ledger now, and re-drive whatever was missed.",
    ),
    "exclude": Verb(
        "commands.exclusions",
        "exclude",
        "Take a time range of a site out of training; its models are looked at again.",
    ),
    "include": Verb(
        "commands.exclusions",
        "include",
        "Let a time range of a site be trained on again; excluded ranges are cut where they overlap it.",
    ),
    "exclusions": Verb(
        "commands.exclusions", "exclusions", "List a site's excluded time ranges in force."
    ),
    "why": Verb(
        "commands.decisions",
        "why",
        "Explain the latest decisions about a model: what, why, and when it is looked at again.",
    ),
    "retrain": Verb(
        "commands.runs",
        "retrain",
        "Ask for a retrain now; quiet period, minimum and cool-down do not hold it.",
    ),
    "datasets": Verb(
        "commands.history", "datasets", "List the frozen datasets, and the runs that used them."
    ),
    "lineage": Verb(
        "commands.history",
        "lineage",
        "Follow a file to datasets, runs, versions and deployments, or a run or a version back to its files.",
    ),
    "trace": Verb(
        "commands.tracing",
        "trace",
        "Follow one file, run or version through all services with times, from their logs.",
    ),
    "replay": Verb(
        "commands.history",
        "replay",
        "Run another policy over the recorded arrivals: how many runs, when, why, at what cost.",
    ),
    "runs": Verb(
        "commands.runs", "runs", "List runs: why they began, how they ended, what they cost."
    ),
    "models": Verb(
        "commands.versions",
        "models",
        "List registered versions, their approval, scores, and which serves.",
    ),
    "logs": Verb(
        "commands.logs",
        "logs",
        "Show the last lines of what a run's stage wrote, from CloudWatch Logs.",
    ),
    "report": Verb(
        "commands.runs",
        "report",
        "Show what a run found: verdict, reasons, scores; the report with charts by --save.",
    ),
    "approve": Verb(
        "commands.versions", "approve", "Approve a version; it is tested, and then serves."
    ),
    "reject": Verb(
        "commands.versions",
        "reject",
        "Reject a version: it is not deployed; one that serves is taken back where another can serve.",
    ),
    "rollback": Verb(
        "commands.versions",
        "rollback",
        "Take back the version that serves; it is barred, with the reason, and the one before serves.",
    ),
    "hold": Verb(
        "commands.versions",
        "hold",
        "Hold a model: nothing newer is deployed by itself until you release it, or approve a version.",
    ),
    "release": Verb(
        "commands.versions",
        "release",
        "Release a held model: the newest approved version is deployed again.",
    ),
    "deployments": Verb(
        "commands.versions",
        "deployments",
        "List what happened to versions on their way to the endpoint, and why; the newest last.",
    ),
    "served-at": Verb(
        "commands.versions",
        "served_at",
        "Say which version of which data served at a time, and what was predicted for it; without one, now.",
    ),
    "scorecard": Verb(
        "commands.live",
        "scorecard",
        "Show how the served model does on what came in since, against what was measured.",
    ),
    "degradations": Verb(
        "commands.live",
        "degradations",
        "List where a model did worse than promised, or could not be scored: since when, until when, why.",
    ),
    "compare": Verb(
        "commands.comparing",
        "compare",
        "Put two versions side by side: what their evaluations promised, and how they did live.",
    ),
    "predictions": Verb(
        "commands.live",
        "predictions",
        "Show what was predicted for a site, by which version, from which weather, made when.",
    ),
    "forecast": Verb(
        "commands.forecasting",
        "forecast",
        "Show the newest forecast of a site, or of all sites of a model and their sum.",
    ),
    "predict": Verb(
        "commands.predict",
        "predict",
        "Predict a site's power from a weather file by what serves the model, with P10 and P90.",
    ),
    "notices": Verb(
        "commands.notices",
        "notices",
        "List what people were told and whom it reached; send again what it did not.",
    ),
    "watch": Verb(
        "commands.watching",
        "watch",
        "Follow a run to its verdict, or a model until its next version serves.",
    ),
    "story": Verb(
        "commands.telling",
        "story",
        "Tell what a day or a week brought, and what waits for a person.",
    ),
    "costs": Verb(
        "commands.telling",
        "costs",
        "Show what the retrains of a month cost, by model or run, against the budgets.",
    ),
    "status": Verb(
        "commands.system",
        "status",
        "Show the health of all services, queues, schedules, alarms, runs and endpoints; exit code 1 if unwell.",
    ),
    "dead-letters": Verb(
        "commands.dead_letters",
        "app",
        "Messages that a service could not handle: what they are; send them back.",
    ),
    "dashboard": Verb(
        "commands.dashboard",
        "dashboard",
        "Show what the CloudWatch dashboard shows: every widget, its series and the alarms.",
    ),
    "outbox": Verb(
        "commands.system",
        "outbox",
        "Show the e-mails and Slack messages that the local platform kept.",
    ),
    "console": Verb(
        "web.command",
        "console",
        "Serve the pages of the system on 127.0.0.1, with your own identity; Ctrl-C ends it.",
    ),
    "demo": Verb(
        "demo.command",
        "demo",
        "Show the whole way of a measurement on real data, in about two minutes.",
    ),
}


class Verbs(TyperGroup):
    """A group that knows its verbs by name and line, and imports the one that is called."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = {name: TyperCommand(name, help=verb.help) for name, verb in VERBS.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the verb that is called, imported."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, VERBS[name].load(name) if name in VERBS else command, rest

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the options before the verb."""
        with in_plain_words():
            return list(super().parse_args(ctx, args))

    def invoke(self, ctx: Any) -> Any:
        """Call the verb."""
        with in_plain_words():
            return super().invoke(ctx)


def _command(name: str, function: Callable[..., Any], settings: Any) -> Any:
    alone = typer.Typer(add_completion=False)
    alone.command(name, context_settings=settings)(function)
    return typer.main.get_command(alone)


def _flowing(command: Any) -> Any:
    """Let the help of a command, and of those below it, be folded at the width of the screen alone."""
    command.help = flowing(command.help) if command.help else command.help
    for each in getattr(command, "commands", {}).values():
        _flowing(each)
    return command


def flowing(text: str) -> str:
    """Return paragraphs on one line each; an example after the first keeps the line of its own."""
    joined: list[str] = []
    for line in text.splitlines():
        is_example = line.lstrip().startswith("solar ") and line.startswith(" ")
        if line.strip() and joined and joined[-1].strip() and not is_example:
            joined[-1] += f" {line.strip()}"
        else:
            joined.append(line.rstrip())
    return "\n".join(joined)
