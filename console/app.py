"""The `solar` command: options before the verb, the verbs, and errors in words."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError

from console import output, target
from console.commands import (
    data,
    decisions,
    drafts,
    exclusions,
    files,
    history,
    local,
    predict,
    runs,
    system,
    versions,
)
from console.demo.command import demo
from console.errors import ConsoleError
from console.state import state
from console.target import Kind
from infra.local.control import PlatformError

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Automated retraining for solar power models. Exit codes: 0 done, 1 not done or unwell, "
    "2 wrong call, 130 interrupted.",
)


@app.callback()
def options(
    endpoint: Annotated[
        Kind | None,
        typer.Option(
            envvar="SOLAR_ENDPOINT",
            help="local or aws; without it the local platform where one runs. Where none runs, verbs that "
            "only read turn to AWS and say so; verbs that change something want to be told.",
        ),
    ] = None,
) -> None:
    """Keep what the options before the verb say."""
    state.endpoint = endpoint


app.add_typer(local.app, name="local")
app.command("deploy", context_settings=system.PASS_ON)(system.deploy)
app.command("destroy", context_settings=system.PASS_ON)(system.destroy)
data.sites_app.command("draft")(drafts.draft_site)
app.add_typer(data.sites_app, name="sites")
app.command()(data.upload)
app.add_typer(files.files_app, name="files")
app.command()(files.sweep)
app.command()(exclusions.exclude)
app.command()(exclusions.include)
app.command()(exclusions.exclusions)
app.command()(decisions.why)
app.command()(runs.retrain)
app.command()(history.datasets)
app.command()(history.lineage)
app.command()(history.replay)
app.command()(runs.runs)
app.command("models")(versions.models)
app.command()(runs.report)
app.command()(versions.approve)
app.command()(versions.reject)
app.command()(versions.rollback)
app.command("served-at")(versions.served_at)
app.command()(predict.predict)
app.command()(system.status)
app.command()(system.outbox)
app.command()(demo)


def main() -> None:
    """Run the command line; whatever a person can mend is said in one line."""
    try:
        app(prog_name="solar")
    except (ConsoleError, PlatformError) as error:
        output.complain(str(error))
        sys.exit(1)
    except (ClientError, BotoCoreError) as error:
        output.complain(target.explain(error))
        sys.exit(1)
    except BrokenPipeError:
        _leave_quietly()
    except OSError as error:
        output.complain(str(error))
        sys.exit(1)


def _leave_quietly() -> None:
    """End as a reader like `head` expects it that has read enough."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(1)
