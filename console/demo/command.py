"""`solar demo`: the whole story on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console import output
from console.commands.local import JsonOption

INTERRUPTED = 130
_ALL_MONTHS = 26


def demo(
    home: Annotated[
        Path, typer.Option(help="Folder of the demo's platform; emptied first, kept after.")
    ] = Path(".solar/demo"),
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    *,
    forecast: Annotated[
        bool,
        typer.Option("--forecast", help="The story of tomorrow's power, from made-up forecasts."),
    ] = False,
    keep_running: Annotated[bool, typer.Option(help="Leave the platform up afterwards.")] = False,
    write_files: Annotated[
        Path | None,
        typer.Option(
            help="Only write the plant's monthly files and YAML into this folder.", file_okay=False
        ),
    ] = None,
    months: Annotated[
        int, typer.Option(help="With --write-files: how many.", min=1, max=_ALL_MONTHS)
    ] = _ALL_MONTHS,
    json: JsonOption = False,
) -> None:
    """Show the whole way of a measurement on real data, in about two minutes.

    Exit code 0 only if every expectation of the story held; nothing is left running.

    Examples: solar demo --forecast
              solar demo --write-files plant             # files to try by hand
              solar demo --forecast --write-files plants
    """
    from console.demo import play, stage  # noqa: PLC0415 - with pandas, which help need not load
    from console.demo.telling import Teller  # noqa: PLC0415

    if write_files is not None:
        if forecast:
            play.write_forecast_files(write_files, json=json)
        else:
            play.write_files(write_files, months, json=json)
        return
    tell = Teller(output.errors if json else output.people)
    place = home.absolute()
    try:
        facts = play.play(tell, place, port, of_forecasts=forecast, keep_running=keep_running)
    except KeyboardInterrupt:
        tell.say("interrupted")
        raise typer.Exit(INTERRUPTED) from None
    if json:
        print(stage.as_json(tell.summary(), facts))
    held = sum(holds for _, holds in tell.expectations)
    tell.say(f"{held} of {len(tell.expectations)} expectations held, {tell.elapsed:.0f} s")
    if keep_running:
        tell.say(
            f"it goes on running: export SOLAR_HOME={place}; then `solar status`, `solar models`, …"
        )
        tell.say(f"its pages: SOLAR_HOME={place} solar console --open")
    if not tell.all_hold:
        raise typer.Exit(1)
