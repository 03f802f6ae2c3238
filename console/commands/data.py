"""Sites, uploads and files."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore.exceptions import ClientError
from rich.progress import track

from console import output
from console.commands import configuring
from console.commands.local import JsonOption
from console.errors import ConsoleError
from console.state import changing, state
from shared import layout
from shared.aws import error_code

sites_app = typer.Typer(no_args_is_help=True, help="Plants: add, list, show.")
SETTLE_SECONDS = 120
NAME = re.compile(r"[a-z0-9-]{1,32}")


@sites_app.command("add")
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
    placed = {key: path for path in files for key in [_config_key(path)]}
    s3 = state.system.client("s3")
    versions = {
        key: s3.put_object(Bucket=state.system.bucket, Key=key, Body=path.read_bytes()).get(
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


@sites_app.command("list")
def list_sites(*, json: JsonOption = False) -> None:
    """List configurations in force or refused, with the reason."""
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
            "" if each["state"] == "accepted" else configuring.why(each),
        )
        for each in found
    ]
    columns = ["kind", "name", "model", "state", "uploaded (UTC)", "why it is refused"]
    output.table("Configuration", columns, rows, "no site yet; `solar sites add FILE`")


@sites_app.command("show")
def show_site(site_id: str, *, json: JsonOption = False) -> None:
    """Show a site's configuration in force."""
    found = active(layout.active_site(site_id))
    if found is None:
        raise ConsoleError(f"site {site_id} has no configuration in force; `solar sites list`")
    if json:
        output.as_json(found)
    else:
        output.people.print_json(data=found)


@changing
def upload(
    site_id: Annotated[str, typer.Argument(help="The site's folder below raw/.")],
    files: Annotated[list[Path], typer.Argument(help="Files as the plant sends them.")],
    *,
    wait: Annotated[bool, typer.Option(help="Wait for the verdicts.")] = True,
    json: JsonOption = False,
) -> None:
    """Upload a plant's files and wait for the verdicts.

    Example: solar upload golden data/power_2024-*.csv

    Exit code 1 where a file was quarantined.
    """
    missing = [str(path) for path in files if not path.is_file()]
    if missing:
        raise ConsoleError(f"no such file: {', '.join(missing)}")
    s3, bucket = state.system.client("s3"), state.system.bucket
    sent: dict[str, str] = {}
    for path in track(files, "uploading", console=output.errors, transient=True):
        key = f"{layout.RAW}{site_id}/{path.name}"
        done = s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())
        sent[key] = done["VersionId"]
    found = _settled(site_id, sent) if wait else []
    if json:
        output.as_json(found or [{"key": key, "version_id": v} for key, v in sent.items()])
    else:
        show_files(found, f"{output.counted(len(sent), 'file')} uploaded")
    if any(each["state"] == "quarantined" for each in found):
        raise typer.Exit(1)


def all_files(site: str | None = None, file_state: str | None = None) -> list[dict[str, Any]]:
    """Return the ledger, page by page."""
    ledger = state.system.ask_all(
        "data_watcher", "files", site_id=site, state=file_state, limit=500
    )
    return list(ledger)


def balance(site: str | None = None) -> dict[str, Any]:
    """Return how S3's listing and the ledger compare."""
    return state.system.ask("data_watcher", "balance", site_id=site)


def _settled(site_id: str, sent: dict[str, str]) -> list[dict[str, Any]]:
    """Wait until every sent version has a verdict, or time is up; then say what is known."""
    deadline = time.monotonic() + SETTLE_SECONDS
    with output.errors.status("waiting for the verdicts"):
        while True:
            known = [f for f in all_files(site_id) if sent.get(f["key"]) == f["version_id"]]
            pending = [each for each in known if each["state"] == "pending"]
            if len(known) == len(sent) and not pending:
                return known
            if time.monotonic() > deadline:
                late = len(sent) - len(known) + len(pending)
                waiting = output.counted(late, "file")
                output.errors.print(f"no verdict on {waiting} yet; see `solar files` later")
                return known
            time.sleep(1)


def show_files(found: list[dict[str, Any]], title: str) -> None:
    """Print what became of files."""
    rows = [
        (
            each["key"].removeprefix(layout.RAW),
            each["state"],
            each["rows"],
            each["rows_masked"] or "",
            output.sentences(each["reason"], each["remedy"]),
        )
        for each in found
    ]
    output.table(
        title, ["file", "state", "rows", "masked", "why, and what to do"], rows, "no files"
    )


def active(key: str) -> dict[str, Any] | None:
    """Return a configuration in force, or None where there is none."""
    import json as json_module  # noqa: PLC0415 - `json` names an option here

    s3 = state.system.client("s3")
    try:
        body = s3.get_object(Bucket=state.system.bucket, Key=key)["Body"].read()
    except ClientError as error:
        if error_code(error) == "NoSuchKey":
            return None
        raise
    return dict(json_module.loads(body))


def _config_key(path: Path) -> str:
    """Return where a YAML belongs: one that names a site is a site's, else a model's."""
    import yaml  # noqa: PLC0415 - only this command reads YAML

    if not path.is_file():
        raise ConsoleError(f"no such file: {path}")
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConsoleError(f"{path} is no YAML: {error}") from error
    if not isinstance(said, dict) or not {"site_id", "model_id"} & said.keys():
        raise ConsoleError(f"{path} names neither site_id nor model_id")
    field = "site_id" if "site_id" in said else "model_id"
    name = str(said[field])
    if not NAME.fullmatch(name):  # it would be part of a key
        raise ConsoleError(
            f"{path}: {field} is {name[:40]!r}; a name has 1 to 32 of a-z, 0-9 and -"
        )
    return layout.site_config(name) if field == "site_id" else layout.model_config(name)
