"""`solar local …`: the platform on this machine."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from console import output
from infra.local import control

app = typer.Typer(
    no_args_is_help=True,
    help="The platform on this machine: no AWS, no Docker.\n\nExample: solar local up --port 4566",
)
JsonOption = Annotated[bool, typer.Option("--json", help="JSON for machines.")]


@app.command()
def up(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = control.DEFAULT_PORT,
    *,
    foreground: Annotated[bool, typer.Option(help="Stay until Ctrl-C.")] = False,
    json: JsonOption = False,
) -> None:
    """Start the platform in the background; one that runs is left as it is.

    Example: solar local up --port 4566
    """
    progress = output.errors.print if json else output.people.print
    info = control.up(port=port, foreground=foreground, progress=progress)
    if json:
        output.as_json(asdict(info))
    elif not foreground:
        output.say("Point other tools at it:")
        for name, value in info.environment().items():
            output.say(f"  export {name}={value}")


@app.command()
def down(*, json: JsonOption = False) -> None:
    """Stop the platform; its state is kept for the next `up`.

    Example: solar local down
    """
    progress = output.errors.print if json else output.people.print
    stopped = control.down(progress=progress)
    if json:
        output.as_json({"stopped": stopped})
    else:
        output.say("stopped" if stopped else "no platform was running")


@app.command()
def status(*, json: JsonOption = False) -> None:
    """Say whether the platform runs, and where; exit code 1 where it does not.

    Example: solar local status --json
    """
    info = control.status()
    if json:
        output.as_json(asdict(info) if info else None)
    elif info:
        # `started` tells this process from a later one of the same number, and is no time for people.
        shown = {name: value for name, value in asdict(info).items() if name != "started"}
        output.facts(
            "The local platform runs", shown | {"since": f"{control.since():%Y-%m-%d %H:%M:%S} UTC"}
        )
    else:
        output.say(f"No platform runs in {control.default_home()}; start it with `solar local up`.")
    if info is None:
        raise typer.Exit(1)


@app.command()
def explain(*, json: JsonOption = False) -> None:
    """Say what behaves otherwise here than on AWS, and why.

    Example: solar local explain
    """
    found = control.explain()
    if json:
        output.as_json([asdict(each) for each in found])
        return
    rows = [(each.feature, each.behaviour, each.why) for each in found]
    output.table("Otherwise than on AWS", ["what", "how it behaves here", "why"], rows, "nothing")
