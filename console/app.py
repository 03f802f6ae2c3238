"""The `solar` command: options before the verb, the verbs, and errors in words."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Literal

import typer

from console.errors import ConsoleError
from console.verbs import Verbs
from infra.local.errors import PlatformError

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
) -> None:
    """Keep what the options before the verb say."""
    if endpoint is not None:
        from console.state import state  # noqa: PLC0415 - help needs no system

        state.endpoint = endpoint


def main() -> None:
    """Run the command line; whatever a person can mend is said in one line."""
    try:
        app(prog_name="solar")
    except (ConsoleError, PlatformError) as error:
        _fail(str(error))
    except BrokenPipeError:
        _leave_quietly()
    except OSError as error:
        _fail(str(error))
    except Exception as error:
        if (said := _of_aws(error)) is None:
            raise
        _fail(said)


def _of_aws(error: Exception) -> str | None:
    """Return what an error of AWS means for a person, or None for any other error."""
    if "botocore" not in sys.modules:
        return None
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - loaded already

    from console import target  # noqa: PLC0415 - the verb has loaded it

    return target.explain(error) if isinstance(error, (ClientError, BotoCoreError)) else None


def _fail(reason: str) -> None:
    from console import output  # noqa: PLC0415 - help prints without it

    output.complain(reason)
    sys.exit(1)


def _leave_quietly() -> None:
    """End as a reader like `head` expects it that has read enough."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(1)
