"""`solar deploy` and `solar destroy`: scripts/deploy.py, pointed at the system that was chosen."""

from __future__ import annotations

import os

import typer

from console import people, target
from console.errors import ConsoleError, wants_json
from console.state import state
from infra.deploy import command
from infra.local import control

_STDERR = "stderr says what is wrong"


def deploy(context: typer.Context) -> None:
    """Deploy to AWS or to the local platform; takes the options of scripts/deploy.py.

    On the local platform e-mails and Slack messages go into its outbox without further options.
    """
    _run_deployment(context, context.args)


def destroy(context: typer.Context) -> None:
    """Delete what was deployed; data are kept unless --delete-data."""
    _run_deployment(context, ["--destroy", *context.args])


def _run_deployment(context: typer.Context, arguments: list[str]) -> None:
    """Run the deployment in this process, pointed at the chosen system."""
    only_asks = bool({"--help", "-h"} & set(arguments))
    if not only_asks:
        state.require_choice()
    if state.endpoint != "aws" and (info := control.status()) is not None:
        os.environ.update(info.environment(state.region))
        if not only_asks and "--destroy" not in arguments:
            people.keep_slack_webhook(state.system)
            arguments = [*arguments, *people.options(arguments)]
    elif state.endpoint == "local":
        raise ConsoleError(f"{target.no_platform()}; start it with `solar local up`")
    try:
        code = command.main(arguments)
    except SystemExit as ended:
        if ended.code and wants_json(arguments):
            raise typer.BadParameter(f"wrong options; {_STDERR}", context) from ended
        raise
    if code == 1 and wants_json(arguments):
        raise ConsoleError(f"not done; {_STDERR}")
    raise typer.Exit(code)
