"""What people were told, whom it reached, and sending again what it did not."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, Any

import typer

from console import output
from console.client.notices import state_in_words
from console.commands.local import JsonOption
from console.state import state
from shared.messages import RedriveRequested

UNDELIVERED, WITHIN = "undelivered", "within"


def notices(
    *,
    limit: Annotated[int, typer.Option(help="How many.", min=1)] = 30,
    undelivered: Annotated[
        bool, typer.Option("--undelivered", help="Only what somebody did not get, and why.")
    ] = False,
    every: Annotated[
        bool, typer.Option("--every", help="Also the facts that were told within another notice.")
    ] = False,
    redrive: Annotated[
        bool, typer.Option("--redrive", help="Send again what was given up; nobody gets it twice.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """List what people were told and whom it reached; send again what it did not.

    The newest comes first.

    Examples: solar notices
              solar notices --every --limit 200
              solar notices --undelivered
              solar notices --redrive
    """
    if redrive:
        _redrive(json=json)
        return
    found = (
        each
        for each in state.system.ask_all("notifier", "notices")
        if (each["state"] == UNDELIVERED if undelivered else every or each["state"] != WITHIN)
    )
    shown = list(islice(found, limit))
    if json:
        output.as_json(shown)
        return
    rows = [
        (
            output.when(each["created_at"]),
            each["severity"],
            state_in_words(each["state"]),
            each["subject"],
            _recipients(each["recipients"]),
        )
        for each in shown
    ]
    empty = "everything reached everybody" if undelivered else "nobody was told anything"
    output.table("Notices", ["at (UTC)", "severity", "state", "what", "who"], rows, empty)


def _recipients(recipients: dict[str, dict[str, Any]]) -> str:
    """Say what became of a notice for each recipient."""
    return "; ".join(f"{name} {_became(each)}" for name, each in sorted(recipients.items()))


def _became(delivery: dict[str, Any]) -> str:
    if delivery["sent_at"]:
        return "has it"
    if delivery["gave_up_at"]:
        return f"did not get it ({delivery['why']})"
    return f"gets it at {output.when(delivery['next_try_at'])} ({delivery['why']})"


def _redrive(*, json: bool) -> None:
    state.require_choice()
    now, by = datetime.now(UTC), getpass.getuser()
    message = RedriveRequested.of(
        subject=(by, now), occurred_at=now, correlation_id=f"redrive {by}", requested_by=by
    )
    state.system.send("notifier", message.model_dump_json())
    if json:
        output.as_json({"asked": message.id})
    else:
        output.say("asked; `solar notices --undelivered` shows what is left")
