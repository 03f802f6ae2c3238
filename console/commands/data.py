"""Uploads and files."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import track

from console import issued, output, second_names
from console.client import ledger
from console.commands.local import JsonOption
from console.given import check_names
from console.state import state
from shared import layout

SETTLE_SECONDS = 120


def upload(
    site_id: Annotated[str, typer.Argument(help="The site's folder below raw/.")],
    files: Annotated[list[Path], typer.Argument(help="Files as the plant sends them.")],
    *,
    wait: Annotated[bool, typer.Option(help="Wait for the verdicts.")] = True,
    dry_run: Annotated[
        bool, typer.Option(help="Only say what would become of them; upload nothing.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Upload a plant's files and wait for the verdicts.

    Example: solar upload golden data/power_2024-*.csv --dry-run

    Exit code 1 where a file was quarantined, or would be. A dry run reads the files here, by the site's
    configuration in force, and says what they show together; it does not know which files were uploaded
    before.
    """
    if not dry_run:
        state.require_choice()
    check_names(files, f"solar upload {site_id} {{}}/*")
    if dry_run:
        _rehearse(site_id, files, json=json)
        return
    named = second_names.of_upload(site_id, files)
    sent: dict[str, str] = {}
    try:
        _send(site_id, named, sent)
        for line in second_names.said(named):
            output.errors.print(line, markup=False, highlight=False)
        found = _settled(site_id, sent) if wait else []
    except KeyboardInterrupt:
        output.complain(_interrupted(site_id, len(sent), len(named)))
        raise
    if json:
        output.as_json(found or [{"key": key, "version_id": v} for key, v in sent.items()])
    elif wait:
        show_files(found, f"{output.counted(len(sent), 'file')} uploaded")
    else:
        uploaded = output.counted(len(sent), "file")
        output.say(f"{uploaded} uploaded; `solar files --site {site_id}` shows the verdicts")
    if any(each["state"] == "quarantined" for each in found):
        raise typer.Exit(1)


def _send(site_id: str, named: list[tuple[Path, str]], sent: dict[str, str]) -> None:
    """Upload files under their names; note the key and the version of each that is there."""
    s3, bucket = state.system.client("s3"), state.system.bucket
    for path, name in track(named, "uploading", console=output.errors, transient=True):
        key = f"{layout.RAW}{site_id}/{name}"
        done = s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())
        sent[key] = done["VersionId"]


def _interrupted(site_id: str, sent: int, of: int) -> str:
    """Say what an upload that was interrupted left behind."""
    verdicts = f"`solar files --site {site_id}` shows what becomes of them"
    if sent == of:
        return f"interrupted; all {output.counted(of, 'file')} are uploaded, {verdicts}"
    rest = f"{verdicts}; upload all again, none counts twice" if sent else "upload them again"
    return f"interrupted; {sent} of {output.counted(of, 'file')} are uploaded, {rest}"


def _rehearse(site_id: str, files: list[Path], *, json: bool) -> None:
    """Say what would become of files."""
    # With the reader, for dry runs only.
    from console.commands import checks  # noqa: PLC0415
    from console.together import look  # noqa: PLC0415
    from console.trial import try_files  # noqa: PLC0415

    site = second_names.in_force(site_id)
    trials = try_files(files, site, site_id)
    second = list(second_names.said((each.path, each.name) for each in trials))
    together = look(trials, site)
    if json:
        output.as_json(checks.files_as_plain(trials, site, together))
    else:
        checks.show(trials, site, together)
        for line in second:
            output.say_plainly(line)
        output.say("Nothing was uploaded.")
    if together.findings or any(each.fault for each in trials):
        raise typer.Exit(1)


def all_files(site: str | None = None, file_state: str | None = None) -> list[dict[str, Any]]:
    """Return the ledger, page by page."""
    return ledger.all_files(state.system, site, file_state)


def balance(site: str | None = None) -> dict[str, Any]:
    """Return how S3's listing and the ledger compare."""
    return ledger.balance(state.system, site)


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
            output.sentences(
                each["reason"], each.get("dismissed") or each.get("suspect") or each["remedy"]
            )
            or _read(each)
            or _contradicted(each),
        )
        for each in found
    ]
    columns = ["file", "state", "rows", "masked", "why, and what to do"]
    output.table(title, columns, rows, "no files", whole="file")


def _read(file: dict[str, Any]) -> str:
    """Say what a person should know of how an accepted file was read."""
    masks = ", ".join(f"{reason} {count}" for reason, count in file["masks"].items())
    forecast = issued.said(file.get("provider"), file.get("issues"))
    return "; ".join(filter(None, (forecast, file["note"], masks)))


def _contradicted(file: dict[str, Any]) -> str:
    """Return how much of a file other files contradict, in words."""
    found = file.get("overlap")
    if not found:
        return ""
    files, rows = (output.counted(found[what], what[:-1]) for what in ("files", "rows"))
    verb = "contradicts" if found["files"] == 1 else "contradict"
    return f"{files} {verb} it in {rows} ({found['share']:.0%}): {found['example']}"
