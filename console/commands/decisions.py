"""Decisions about a model: why it is trained, or not yet."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from console import output, times, trainer
from console.client import deciding
from console.commands import live
from console.commands.local import JsonOption
from console.state import state


def why(
    model: str,
    at: Annotated[
        datetime | None,
        typer.Option(parser=times.moment, metavar="TIME", help=f"As known then. {times.HELP}"),
    ] = None,
    limit: Annotated[int, typer.Option(help="How many decisions.")] = 5,
    *,
    json: JsonOption = False,
) -> None:
    """Explain the latest decisions about a model: what, why, and when it is looked at again.

    Example: solar why golden --at 2026-05-04T09:00
    """
    trainer.require_model(state.system, model)
    moment = times.in_utc(at).isoformat() if at else None
    answer = state.system.ask(
        "trainer_trigger", "decisions", model_id=model, limit=limit, at=moment
    )
    found = answer["decisions"][model]
    if json:
        output.as_json(found)
        return
    rows = [
        (
            output.when(each["at"]),
            each["outcome"],
            "; ".join(each["reasons"]),
            output.when(each["until"]),
        )
        for each in found
    ]
    columns = ["at (UTC)", "decided", "because", "is looked at again at"]
    output.table(f"Decisions about {model}", columns, rows, "nothing was decided yet")
    _say_what_waits(answer["waiting"].get(model))
    for line in live.in_words(model, live.how_they_do(model).get(model)):
        output.say_plainly(line)
    if found:
        rules = [
            ("decided" if each["decided"] else "", each["rule"], each["says"], each["reason"])
            for each in deciding.rules(found[0])
        ]
        output.table("Rules of the latest", ["", "rule", "says", "because"], rows=rules, empty="")


def _say_what_waits(waiting: dict[str, Any] | None) -> None:
    """Say which files came after the latest decision: many uploads are looked at together, a little later."""
    if waiting and waiting["files"]:
        by = waiting["looked_at_by"]
        when = f"by {output.when(by)} UTC" if by else "by the next sweep, within five minutes"
        output.say(
            f"Since then came {output.counted(waiting['files'], 'file')} of "
            f"{output.counted(waiting['rows'], 'row')}; looked at {when}.\n"
        )
