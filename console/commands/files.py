"""The file ledger: what became of each upload, looking again, and reading refused files again."""

from __future__ import annotations

import getpass
import json as json_module
import time
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import typer

from console import datasets, output, second_names
from console.client import ledger
from console.commands import setting_aside
from console.commands.data import all_files, balance, show_files
from console.commands.local import JsonOption
from console.errors import ConsoleError
from console.state import changing, state
from shared import layout
from shared.messages import SweepDue

files_app = typer.Typer(
    invoke_without_command=True,
    help="What became of each upload, why, and what to do.\n\n"
    "Example: solar files --site golden --state quarantined",
)
SWEEP_SECONDS = 900
FileState = Literal["accepted", "quarantined", "duplicate", "superseded", "pending", "removed"]
ReasonOption = Annotated[str, typer.Option(help="Why; the ledger keeps it.")]
SiteOption = Annotated[str | None, typer.Option(help="Only of this site.")]


@files_app.callback()
def files(
    context: typer.Context,
    site: SiteOption = None,
    state_: Annotated[FileState | None, typer.Option("--state", help="Only in this state.")] = None,
    *,
    check: Annotated[bool, typer.Option(help="Compare the ledger with S3's listing.")] = False,
    reasons_: Annotated[
        bool, typer.Option("--reasons", help="Count masked rows and refused files.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """List every version that was uploaded, what became of it, why, and what to do."""
    if context.invoked_subcommand is not None:
        return
    if check:
        _check(site, json=json)
        return
    if reasons_:
        _reasons(site, json=json)
        return
    found = all_files(site, state_)
    if site is not None and not found:
        ledger.check_site(state.system, site)
    if site is not None and state_ is None:
        for line in _alone(site, found):
            output.complain(line)
    if json:
        output.as_json(_with_datasets(found))
    else:
        show_files(found, "Files")


def _alone(site_id: str, found: list[dict[str, Any]]) -> list[str]:
    """Say which files of a site lack one of their two names."""
    gone = {"removed", "superseded"}
    names = {each["key"].rpartition("/")[2] for each in found if each["state"] not in gone}
    return second_names.of_files(site_id, names)


@files_app.command("release")
@changing
def release(
    reason: ReasonOption,
    key: Annotated[str | None, typer.Argument(help="Key below raw/, with or without it.")] = None,
    *,
    site: Annotated[str | None, typer.Option(help="All refused files of this site.")] = None,
    json: JsonOption = False,
) -> None:
    """Read refused or removed files again, by the configuration in force; no new upload is needed.

    Correcting a site's YAML does this by itself where the correction touches the reading. With --site,
    files that were dismissed or removed stay as they are.

    Example: solar files release golden/power_2024-06.csv --reason "took a bigger function"
    """
    if (key is None) == (site is None):
        raise ConsoleError("name either one KEY or --site SITE")
    full = ledger.full_key(key) if key else None
    if full is not None:
        ledger.versions_of(state.system, full)
    elif site is not None:
        ledger.check_site(state.system, site)
    message = ledger.release(state.system, reason, getpass.getuser(), key=full, site=site)
    if json:
        output.as_json({"id": message.id, "site_id": message.site_id, "key": full})
    else:
        output.say("asked; see `solar files --state quarantined` for what is still refused")


files_app.command("remove")(setting_aside.remove)
files_app.command("dismiss")(setting_aside.dismiss)


@changing
def sweep(
    site: Annotated[str | None, typer.Option(help="Only this site's files.")] = None,
    *,
    wait: Annotated[bool, typer.Option(help="Wait until ledger and listing agree.")] = False,
    json: JsonOption = False,
) -> None:
    """Compare S3's listing with the ledger now, and re-drive whatever was missed.

    Example: solar sweep --site golden --wait

    Exit code 1 where they do not agree in time.
    """
    now = datetime.now(UTC)
    cursor = json_module.dumps({"prefix": f"{layout.RAW}{site}/"}) if site else None
    due = SweepDue.of(
        subject=(site, now),
        occurred_at=now,
        correlation_id="solar sweep",
        scope="full",
        cursor=cursor,
    )
    state.system.send("data_watcher", due.model_dump_json())
    found = _agreed(site) if wait else {"id": due.id}
    if json:
        output.as_json(found)
    elif wait:
        output.facts("Ledger and listing", _counts(found))
    else:
        output.say("asked; `solar files --check` compares")
    if wait and not _agrees(found):
        raise typer.Exit(1)


def _agreed(site: str | None) -> dict[str, Any]:
    deadline = time.monotonic() + SWEEP_SECONDS
    with output.errors.status("sweeping"):
        while True:
            found = balance(site)
            if _agrees(found) or time.monotonic() > deadline:
                return found
            time.sleep(2)


def _agrees(found: dict[str, Any]) -> bool:
    return bool(found["balanced"]) and not found["pending"]


def _counts(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name != "by_site"}


def _check(site: str | None, *, json: bool) -> None:
    found = balance(site)
    if json:
        output.as_json(found)
    else:
        output.facts("Ledger and listing", _counts(found))
    if not found["balanced"]:
        raise typer.Exit(1)


def _reasons(site: str | None, *, json: bool) -> None:
    if site is not None:
        ledger.check_site(state.system, site)
    found = state.system.ask("data_watcher", "reasons", site_id=site)
    if json:
        output.as_json(found)
        return
    share = found["rows_masked"] / found["rows"] if found["rows"] else 0.0
    files, rows_read = (output.counted(found[f"{each}s"], each) for each in ("file", "row"))
    output.say(f"{files}, {rows_read}, {share:.2%} of them masked")
    rows = [("masked rows", *each) for each in found["masks"].items()]
    rows += [("refused files", *each) for each in found["quarantined"].items()]
    rows += [("dismissed files", *each) for each in found.get("dismissed", {}).items()]
    from services.data_watcher.domain import reasons  # noqa: PLC0415 - for this answer only

    explained = [(*row, reasons.meaning(row[1])) for row in rows]
    columns = ["what", "reason", "count", "what it means; docs/files.md has examples"]
    output.table("Why", columns, explained, "nothing was masked or refused")


def _with_datasets(files: list[dict[str, Any]]) -> list[dict[str, Any]]:
    holding = datasets.holding(state.system, datasets.frozen(state.system))
    return [
        {**file, "dataset_ids": [each["dataset_id"] for each in holding.get(file_id, [])]}
        for file in files
        for file_id in [datasets.file_id_of(file)]
    ]
