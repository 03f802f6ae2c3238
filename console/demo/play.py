"""Plays a story of the demo on a platform of its own; everything it starts, it ends."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from console import people
from console.demo import tomorrow
from console.demo.plant import Plant, PlantFile
from console.demo.stage import CONFIG, Stage
from console.demo.story import MODEL, MODEL_YAML, SITE_YAML, THRESHOLD, Story
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
from shared.clock import utc_now

_MARKER = "this-is-a-demo"
_MARKED = "`solar demo` made this folder and empties it each time it starts.\n"


def play(
    tell: Teller, home: Path, port: int, *, of_forecasts: bool = False, keep_running: bool
) -> dict[str, Any]:
    """Play a whole story; return its facts.

    Raises
    ------
    ConsoleError
        The folder is not the demo's, the deployment failed, or something did not happen in time.
    """
    told = _of_forecasts if of_forecasts else _of_measurements
    try:
        _start(tell, home, port or _free_port())
        return told(tell, home)
    except DeployError as error:
        raise ConsoleError(f"the deployment failed: {error}. {_log(home)}") from error
    except WaitedInVainError as error:
        raise ConsoleError(f"{error}. {_log(home)}") from error
    finally:
        if not keep_running and _is_demo(home):
            tell.say("stopping the platform")
            control.down(home)
            tell.say("the platform is down, nothing is left running")


def _start(tell: Teller, home: Path, port: int) -> None:
    tell.chapter("The platform starts, the stacks are deployed")
    _empty(home)
    info = control.up(home, port, progress=tell.say)
    os.environ.update({**info.environment(), "SOLAR_HOME": str(home)})
    state.use(connect("local"))
    people.keep_slack_webhook(state.system)
    options = Options(notification_email=people.EMAIL, slack_secret_name=people.SLACK_SECRET)
    Deployment(target.find(os.environ), options, _stacks_only(tell)).deploy()


def _of_measurements(tell: Teller, home: Path) -> dict[str, Any]:
    stage = Stage(tell, home, MODEL)
    story = Story(tell, stage, Plant())
    story.onboard()
    story.first_upload()
    story.own_threshold()
    story.six_more_months()
    story.score_a_week()
    story.predict_a_day()
    return stage.sum_up()


def _of_forecasts(tell: Teller, home: Path) -> dict[str, Any]:
    stage = Stage(tell, home, tomorrow.MODEL)
    story = tomorrow.Tomorrow(tell, stage, tomorrow.sites(Plant(), utc_now()))
    story.onboard()
    story.history()
    story.days_come()
    story.look_ahead()
    story.an_issue_is_missing()
    return stage.sum_up()


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
    names = _write_all(folder, Plant().months(0, months))
    _say_written(
        folder,
        [SITE_YAML, MODEL_YAML, *names],
        f"{len(names)} files of {months} months, {SITE_YAML} and {MODEL_YAML} are in {folder}",
        json=json,
    )


def write_forecast_files(folder: Path, *, json: bool) -> None:
    """Write the files of the second story: of each site its history and its days, and the YAML."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [tomorrow.MODEL_YAML]
    shutil.copy(CONFIG / tomorrow.MODEL_YAML, folder)
    for site_id, plant in tomorrow.sites(Plant(), utc_now()).items():
        text = tomorrow.site_yaml(site_id)
        (folder / f"{site_id}.yaml").write_text(text, encoding="utf-8")
        names.append(f"{site_id}.yaml")
        for part, files in (
            ("history", tomorrow.history_of(plant)),
            ("days", tomorrow.days_of(plant)),
        ):
            place = folder / site_id / part
            place.mkdir(parents=True, exist_ok=True)
            names += [f"{site_id}/{part}/{name}" for name in _write_all(place, files)]
    _say_written(
        folder,
        names,
        f"{len(names)} files are in {folder}: two sites, one model, power that was measured, and forecasts "
        "that are MADE UP",
        json=json,
    )


def _write_all(folder: Path, files: Iterable[PlantFile]) -> list[str]:
    names = []
    for file in files:
        (folder / file.name).write_bytes(file.body)
        names.append(file.name)
    return names


def _say_written(folder: Path, names: list[str], said: str, *, json: bool) -> None:
    if json:
        print_json({"folder": str(folder), "files": names})
    else:
        screen.print(said)


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
