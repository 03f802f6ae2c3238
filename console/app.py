"""The `solar` command: options before the verb, the verbs, and errors in words."""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer
from typer.exceptions import TyperException

from console import plain_text
from console.errors import ConsoleError, for_machines, wants_json
from console.verbs import Verbs
from infra.local.errors import PlatformError

_PROJECT = Path(__file__).parents[1] / "pyproject.toml"

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Automated retraining for solar power models. Exit codes: 0 done, 1 not done or unwell, "
    "2 wrong call, 130 interrupted.",
)


@app.callback()
def options(
    endpoint: Annotated[
        Literal["local", "aws"] | None,
        typer.Option(
            envvar="SOLAR_ENDPOINT",
            help="local or aws; without it the local platform where one runs. Where none runs, verbs that "
            "only read turn to AWS and say so; verbs that change something want to be told.",
        ),
    ] = None,
    stage: Annotated[
        str | None,
        typer.Option(
            envvar="SOLAR_STAGE",
            metavar="NAME",
            help="which of several systems in one account; without it the one whose stage has no name.",
        ),
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(
            metavar="REGION",
            help="which Region of the account; without it AWS_REGION, AWS_DEFAULT_REGION or the profile's, "
            "and of the local platform the one it was started in.",
        ),
    ] = None,
    *,
    version: Annotated[  # noqa: ARG001 - its callback ends the program
        bool,
        typer.Option(
            "--version",
            help="Say which version this is.",
            is_eager=True,
            callback=lambda asked: _say_version(asked=asked),
        ),
    ] = False,
) -> None:
    """Keep what the options before the verb say."""
    if stage is not None:
        _choose_stage(stage)
    if region is not None:
        _choose_region(region)
    if endpoint is not None:
        from console.state import state  # noqa: PLC0415 - help needs no system

        state.endpoint = endpoint


def _choose_stage(stage: str) -> None:
    from shared import names  # noqa: PLC0415 - help needs no names

    try:
        os.environ[names.VARIABLE] = names.prefix_of(stage)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--stage") from error
    os.environ["SOLAR_STAGE"] = stage  # solar deploy reads it, as scripts/deploy.py does


def _choose_region(region: str) -> None:
    from console.state import state  # noqa: PLC0415 - help needs no system

    state.region = region
    os.environ["AWS_REGION"] = region  # solar deploy reads it, as scripts/deploy.py does


def _say_version(*, asked: bool) -> None:
    """Say the version of this checkout, and end."""
    if asked:
        project = tomllib.loads(_PROJECT.read_text(encoding="utf-8"))
        print(f"solar {project['project']['version']}")
        raise typer.Exit


def main() -> None:
    """Run the command line; whatever a person can mend is said in a line, or in JSON where that is asked."""
    plain_text.prepare()
    try:
        try:
            _run()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        _leave_quietly()


def _run() -> None:
    is_json = wants_json(sys.argv[1:])
    try:
        # Typer would say in words what is wrong with a call.
        code = app(prog_name="solar", standalone_mode=not is_json)
        sys.exit(code if isinstance(code, int) else 0)
    except TyperException as error:
        _fail(error, error.format_message(), is_json=is_json, code=error.exit_code)
    except (ConsoleError, PlatformError) as error:
        _fail(error, str(error), is_json=is_json)
    except BrokenPipeError:
        raise
    except OSError as error:
        _fail(error, _of_a_file(error), is_json=is_json)
    except Exception as error:
        said = _of_aws(error)
        if said is None:
            if is_json:
                _say_in_json(error, f"{type(error).__name__}: {error}")
            raise
        _fail(error, said, is_json=is_json)


def _of_a_file(error: OSError) -> str:
    """Return what is wrong with which file, without the number that the operating system gives it."""
    if error.filename is None or error.strerror is None:
        return str(error)
    return f"{error.filename}: {error.strerror[0].lower()}{error.strerror[1:]}"


def _of_aws(error: Exception) -> str | None:
    """Return what an error of AWS means for a person, or None for any other error."""
    if "botocore" not in sys.modules:
        return None
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - loaded already

    from console import target  # noqa: PLC0415 - the verb has loaded it

    return target.explain(error) if isinstance(error, (ClientError, BotoCoreError)) else None


def _fail(error: Exception, said: str, *, is_json: bool, code: int = 1) -> NoReturn:
    from console import output  # noqa: PLC0415 - help prints without it

    if is_json:
        _say_in_json(error, said)
    else:
        output.complain(said)
    sys.exit(code)


def _say_in_json(error: Exception, said: str) -> None:
    from console import output  # noqa: PLC0415 - help prints without it

    output.as_json(for_machines(error, said))


def _leave_quietly() -> None:
    """End as a reader like `head` expects it that has read enough."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(1)
