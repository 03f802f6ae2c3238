"""Plays the demo's story on a platform of its own; everything it starts, it ends."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path
from typing import Any

from console import people
from console.demo.plant import Plant
from console.demo.story import CONFIG, MODEL_YAML, SITE_YAML, THRESHOLD, Story
from console.demo.telling import Teller, WaitedInVainError
from console.errors import ConsoleError
from console.output import as_json as print_json
from console.output import people as screen
from console.state import state
from console.target import connect
from infra.deploy import target
from infra.deploy.errors import DeployError
from infra.deploy.main import Deployment, Options
from infra.local import control
from infra.local.home import Home

_MARKER = "this-is-a-demo"
_MARKED = "`solar demo` made this folder and empties it each time it starts.\n"


def play(tell: Teller, home: Path, port: int, *, keep_running: bool) -> dict[str, Any]:
    """Play the whole story; return its facts.

    Raises
    ------
    ConsoleError
        The folder is not the demo's, the deployment failed, or something did not happen in time.
    """
    try:
        return _story(tell, home, port or _free_port())
    except DeployError as error:
        raise ConsoleError(f"the deployment failed: {error}. {_log(home)}") from error
    except WaitedInVainError as error:
        raise ConsoleError(f"{error}. {_log(home)}") from error
    finally:
        if not keep_running and _is_demo(home):
            tell.say("stopping the platform")
            control.down(home)
            tell.say("the platform is down, nothing is left running")


def _story(tell: Teller, home: Path, port: int) -> dict[str, Any]:
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
    story.score_a_week()
    story.predict_a_day()
    return story.sum_up()


def _empty(home: Path) -> None:
    """Make a demo's folder empty; refuse one that is something else's, and leave it alone."""
    if home.exists() and not home.is_dir():
        raise ConsoleError(f"{home} is no folder; choose another --home")
    if home.is_dir() and any(home.iterdir()) and not _is_demo(home):
        raise ConsoleError(
            f"{home} is not empty and no demo made it ({_MARKER} is not in it); remove it yourself, "
            "or choose another --home"
        )
    control.down(home)
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True, exist_ok=True)
    (home / _MARKER).write_text(_MARKED, encoding="utf-8")


def _is_demo(home: Path) -> bool:
    return (home / _MARKER).is_file()


def _log(home: Path) -> str:
    return f"The platform's log is {Home(home).log}"


def write_files(folder: Path, months: int, *, json: bool) -> None:
    """Write the plant's files as it sends them, and the YAML of its site and of its model."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(CONFIG / SITE_YAML, folder)
    model = (CONFIG / MODEL_YAML).read_text(encoding="utf-8")
    own = f"{model}accuracy_threshold: {THRESHOLD}  # with weather from a satellite 0.95 is out of reach\n"
    (folder / MODEL_YAML).write_text(own, encoding="utf-8")
    files = Plant().months(0, months)
    for file in files:
        (folder / file.name).write_bytes(file.body)
    if json:
        print_json(
            {
                "folder": str(folder),
                "files": [SITE_YAML, MODEL_YAML, *(file.name for file in files)],
            }
        )
    else:
        screen.print(
            f"{len(files)} files of {months} months, {SITE_YAML} and {MODEL_YAML} are in {folder}"
        )


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
