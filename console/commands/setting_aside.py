"""`solar files remove` and `solar files dismiss`: what a person decides about single files."""

from __future__ import annotations

import getpass
import time
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from console import output
from console.client import ledger
from console.commands.data import all_files, show_files
from console.commands.local import JsonOption
from console.state import changing, state
from shared import layout

WAIT_SECONDS = 60
File = dict[str, Any]
KeysArgument = Annotated[list[str], typer.Argument(help="Keys below raw/, with or without it.")]
ReasonOption = Annotated[str, typer.Option(help="Why; the ledger keeps it.")]
WaitOption = Annotated[bool, typer.Option(help="Wait until the ledger says so.")]


@changing
def remove(
    keys: KeysArgument, reason: ReasonOption, *, wait: WaitOption = True, json: JsonOption = False
) -> None:
    """Take files out: their rows enter no further dataset. S3 keeps the bytes, the ledger who and why.

    `solar files release KEY` takes a file in again; a new upload of the key is another file.

    Example: solar files remove golden/power_2024-06.csv --reason "it is another plant's"

    Exit code 1 where the ledger does not say so within a minute.
    """
    found = ledger.removable(state.system, _full(keys))
    ledger.remove(state.system, found, reason, getpass.getuser())
    _answer(found, lambda each: each["state"] == "removed", wait=wait, json=json)


@changing
def dismiss(
    keys: KeysArgument, reason: ReasonOption, *, wait: WaitOption = True, json: JsonOption = False
) -> None:
    """Take refused files that nobody will correct off the list of open work; they stay refused.

    They no longer count when the other files of their source are judged. `solar files release KEY` reads one
    again.

    Example: solar files dismiss golden/2019-01.csv golden/2019-02.csv --reason "the old logger is gone"

    Exit code 1 where the ledger does not say so within a minute.
    """
    found = ledger.dismissable(state.system, _full(keys))
    ledger.dismiss(state.system, found, reason, getpass.getuser())
    _answer(found, lambda each: each["dismissed"] is not None, wait=wait, json=json)


def _full(keys: Sequence[str]) -> list[str]:
    return [ledger.full_key(key) for key in dict.fromkeys(keys)]


def _answer(
    files: Sequence[File], is_done: Callable[[File], bool], *, wait: bool, json: bool
) -> None:
    """Show what the ledger says of the files; wait for it where asked to."""
    named = {(each["key"], each["version_id"]) for each in files}
    sites = {layout.raw_site(each["key"]) for each in files}
    deadline = time.monotonic() + (WAIT_SECONDS if wait else 0)
    with output.errors.status("waiting for the ledger"):
        while True:
            found = [
                each
                for site in sorted(sites)
                for each in all_files(site or None)
                if (each["key"], each["version_id"]) in named
            ]
            if all(map(is_done, found)) or time.monotonic() > deadline:
                break
            time.sleep(1)
    if json:
        output.as_json(found)
    else:
        show_files(found, "Files")
    if wait and not all(map(is_done, found)):
        output.complain(f"the ledger does not say so after {WAIT_SECONDS} s; see `solar files`")
        raise typer.Exit(1)
