"""Health, and what left the system."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from console import output
from console.client import dead_letters as client_letters
from console.client import health as client_health
from console.client import schedules as client_schedules
from console.commands import live
from console.commands.dead_letters import show_queues
from console.commands.local import JsonOption
from console.state import state
from infra.local import control
from infra.local import outbox as local_outbox
from shared import names


def health() -> dict[str, Any]:
    """Return the state of everything that can be unwell."""
    return client_health.health(state.system)


def status(*, json: JsonOption = False) -> None:
    """Show the health of all services, queues, schedules, alarms, runs and endpoints; exit code 1 if unwell.

    Example: solar status --json
    """
    found = health()
    letters = client_letters.all_queues(state.system)
    schedules = client_schedules.of_all(state.system)
    if json:
        said = [each.as_data() for each in letters]
        output.as_json({**found, "dead_letters": said, "schedules": schedules})
    else:
        rows = [
            (name, each["state"], each["waiting"], each["in_work"], each["dead_letters"])
            for name, each in found["services"].items()
        ]
        columns = ["service", "function", "waiting", "in work", "dead letters"]
        output.table(f"Services ({found['endpoint']})", columns, rows, "none")
        if letters:
            show_queues(letters)
            output.say("what they are about: `solar dead-letters`")
        alarms = [(each["name"], each["reason"]) for each in found["alarms"]]
        output.table("Alarms", ["in alarm", "because"], alarms, "no alarm")
        endpoints = [(each["name"], each["status"]) for each in found["endpoints"]]
        output.table("Endpoints", ["endpoint", "status"], endpoints, "no endpoint")
        _show_schedules(schedules)
        for each in found["readers"]:
            output.say_plainly(client_health.reader_in_words(each))
        output.say(f"running: {', '.join(found['running']) or 'nothing'}")
        for model_id, summary in found["live"].items():
            for line in live.in_words(model_id, summary):
                output.say_plainly(line)
        for model_id, hold in found["held"].items():
            output.say(output.held(model_id, hold))
    if not found["healthy"]:
        raise typer.Exit(1)


def _show_schedules(schedules: list[dict[str, Any]]) -> None:
    rows = [
        (
            each["name"].removeprefix(f"{names.prefix()}-"),
            each["does"],
            f"{each['expression']} {each['zone']}",
            client_schedules.due(each)
            + (f"; {each['dead_letters']} dead letters" if each["dead_letters"] else ""),
        )
        for each in schedules
    ]
    columns = ["schedule", "what it does", "when", "next"]
    output.table("Schedules", columns, rows, "no schedule is deployed")


def outbox(
    last: Annotated[int, typer.Option(help="How many of each.")] = 20,
    *,
    full: Annotated[bool, typer.Option(help="With their texts.")] = False,
    json: JsonOption = False,
) -> None:
    """Show the e-mails and Slack messages that the local platform kept.

    Example: solar outbox --last 3 --full
    """
    home = control.default_home()
    emails = local_outbox.emails(home)[-last:]
    slack = local_outbox.slack_messages(home)[-last:]
    if json:
        output.as_json(
            {
                "emails": [
                    {
                        "sent_at": e.sent_at,
                        "to": e.to,
                        "subject": e.subject,
                        "body": e.body,
                        "file": e.path,
                    }
                    for e in emails
                ],
                "slack": [
                    {
                        "sent_at": s.sent_at,
                        "channel": s.channel,
                        "payload": s.payload,
                        "file": s.path,
                    }
                    for s in slack
                ],
            }
        )
        return
    rows = [(f"{e.sent_at:%H:%M:%S}", e.to, e.subject) for e in emails]
    output.table("E-mails", ["sent", "to", "subject"], rows, "no e-mail")
    rows = [(f"{s.sent_at:%H:%M:%S}", s.channel, s.payload.get("text", "")) for s in slack]
    output.table("Slack", ["sent", "channel", "text"], rows, "no Slack message")
    if full:
        for each in emails:
            output.people.rule(each.subject)
            output.people.print(each.body, markup=False)
    output.say(f"[dim]files: {home / 'outbox'}[/dim]")


def is_idle(service: str) -> bool:
    """Return whether a service has nothing waiting and nothing in work."""
    inbox = client_health.queue(state.system, names.inbox(service))
    return not inbox["waiting"] and not inbox["in_work"]
