"""`solar demo`: the whole story on this machine; everything it starts, it ends."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path
from typing import Annotated, Any

import typer

from console import people
from console.commands.local import JsonOption
from console.demo.plant import Plant
from console.demo.story import Story, as_json
from console.demo.telling import Teller
from console.errors import ConsoleError
from console.output import errors
from console.output import people as screen
from console.state import state
from console.target import connect
from infra.deploy import target
from infra.deploy.errors import DeployError
from infra.deploy.main import Deployment, Options
from infra.local import control

INTERRUPTED = 130


def demo(
    home: Annotated[
        Path, typer.Option(help="Folder of the demo's platform; emptied first, kept after.")
    ] = Path(".solar/demo"),
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    *,
    keep_running: Annotated[bool, typer.Option(help="Leave the platform up afterwards.")] = False,
    json: JsonOption = False,
) -> None:
    """Show the whole way of a measurement on real data, in about two minutes.

    Exit code 0 only if every expectation of the story held; nothing is left running.
    """
    tell = Teller(errors if json else screen)
    place = home.absolute()
    facts: dict[str, Any] = {}
    try:
        facts = _play(tell, place, port or _free_port())
    except KeyboardInterrupt:
        tell.say("interrupted")
        raise typer.Exit(INTERRUPTED) from None
    except DeployError as error:
        raise ConsoleError(f"the deployment failed: {error}") from error
    finally:
        if not keep_running:
            control.down(place)
            tell.say("the platform is down, nothing is left running")
    if json:
        print(as_json(tell.summary(), facts))
    held = sum(holds for _, holds in tell.expectations)
    tell.say(f"{held} of {len(tell.expectations)} expectations held, {tell.elapsed:.0f} s")
    if keep_running:
        tell.say(
            f"it goes on running: export SOLAR_HOME={place}; then `solar status`, `solar models`, …"
        )
    if not tell.all_hold:
        raise typer.Exit(1)


def _play(tell: Teller, home: Path, port: int) -> dict[str, Any]:
    tell.chapter("The platform starts, the stacks are deployed")
    _empty(home)
    info = control.up(home, port, progress=tell.say)
    os.environ.update({**info.environment(), "SOLAR_HOME": str(home)})
    state.use(connect("local"))
    people.keep_slack_webhook(state.system)
    options = Options(notification_email=people.EMAIL, slack_secret_name=people.SLACK_SECRET)
    Deployment(target.find(os.environ), options, _stacks_only(tell)).deploy()
    story = Story(tell, Plant(), home)
    story.onboard()
    story.first_upload()
    story.own_threshold()
    story.six_more_months()
    story.predict_a_day()
    return story.sum_up()


def _empty(home: Path) -> None:
    """Empty a demo's folder; refuse one that is something else's."""
    control.down(home)
    if home.exists() and any(home.iterdir()) and not (home / "platform.log").exists():
        raise ConsoleError(f"{home} is not empty and is no demo's folder; choose another --home")
    shutil.rmtree(home, ignore_errors=True)


def _stacks_only(tell: Teller) -> Any:
    """Return a way to tell of a deployment that leaves out the single resources."""

    def say(line: str) -> None:
        if not line.startswith("  "):
            tell.say(line)

    return say


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
