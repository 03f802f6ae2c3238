"""`solar sites …`: plants, from a draft of their YAML to what is in force."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from console import output
from console.bucket import json_at
from console.client import configurations
from console.commands import checks, configuring, drafts, site_history, trusting
from console.commands.local import JsonOption
from console.errors import ConsoleError
from console.state import changing, state
from shared import layout

app = typer.Typer(
    no_args_is_help=True,
    help="Plants: draft, check, add, list, show, history, left-out, trust.\n\n"
    "Example: solar sites check golden.yaml power_*.csv",
)
app.command("draft")(drafts.draft_site)
app.command("check")(checks.check_site)
app.command("trust")(trusting.trust_source)
app.command("history")(site_history.history)
app.command("left-out")(site_history.left_out)


@app.command("add")
@changing
def add_site(
    files: Annotated[list[Path], typer.Argument(help="YAML files of sites (or of models).")],
    *,
    wait: Annotated[bool, typer.Option(help="Wait for the verdicts.")] = True,
    json: JsonOption = False,
) -> None:
    """Upload site (or model) YAML, and wait until the system says whether it is in force.

    Example: solar sites add golden.yaml golden-model.yaml

    Exit code 1 where one was refused, or has no verdict after half a minute.
    """
    placed = {key: path for path in files for key in [configuring.config_key(path)]}
    s3 = state.system.client("s3")
    bucket, signed = state.system.bucket, configurations.signed(getpass.getuser())
    versions = {
        key: s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes(), Metadata=signed).get(
            "VersionId"
        )
        for key, path in placed.items()
    }
    verdicts = configuring.verdicts(versions) if wait else {}
    answers = [
        {"key": key, "version_id": version, **configuring.shown(verdicts.get(key))}
        for key, version in versions.items()
    ]
    if json:
        output.as_json(answers)
    else:
        for key, path in placed.items():
            said = (
                configuring.told(verdicts.get(key)) if wait else "uploaded; see `solar sites list`"
            )
            output.say_plainly(f"{path.name} -> {key}: {said}")
    if wait and any(each["state"] != "accepted" for each in answers):
        raise typer.Exit(1)


@app.command("list")
def list_sites(*, json: JsonOption = False) -> None:
    """List configurations in force or refused, with the reason, and sources that are suspect.

    Example: solar sites list --json
    """
    found = configuring.all_configurations()
    if json:
        output.as_json(found)
        return
    rows = [
        (
            each["kind"],
            each["name"],
            each["model_id"],
            each["state"],
            output.when(each["uploaded_at"]),
            configuring.wrong(each),
        )
        for each in found
    ]
    columns = ["kind", "name", "model", "state", "uploaded (UTC)", "what is wrong"]
    output.table("Configuration", columns, rows, "no site yet; `solar sites add FILE`")
    for line in configuring.doubts(found):
        output.say_folded(line)


@app.command("show")
def show_site(site_id: str, *, json: JsonOption = False) -> None:
    """Show a site's configuration in force.

    Example: solar sites show golden
    """
    found = json_at(layout.active_site(site_id))
    if found is None:
        raise ConsoleError(f"site {site_id} has no configuration in force; `solar sites list`")
    if json:
        output.as_json(found)
    else:
        output.people.print_json(data=found)
