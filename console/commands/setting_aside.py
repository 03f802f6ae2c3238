"""`solar files remove` and `solar files dismiss`: what a person decides about single files."""

from __future__ import annotations

import getpass
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from console import output
from console.commands.data import all_files, show_files
from console.commands.local import JsonOption
from console.errors import ConsoleError
from console.state import changing, state
from shared import layout
from shared.messages import DismissRequested, RemoveRequested

WAIT_SECONDS = 60
File = dict[str, Any]
KeysArgument = Annotated[list[str], typer.Argument(help="Keys below raw/, with or without it.")]
ReasonOption = Annotated[str, typer.Option(help="Why; the ledger keeps it.")]
WaitOption = Annotated[bool, typer.Option(help="Wait until the ledger says so.")]
_COUNTS = {
    "accepted",
    "quarantined",
    "duplicate",
    "pending",
}  # what the current version of a key is


@changing
def remove(
    keys: KeysArgument, reason: ReasonOption, *, wait: WaitOption = True, json: JsonOption = False
) -> None:
    """Take files out: their rows enter no further dataset. S3 keeps the bytes, the ledger who and why.

    `solar files release KEY` takes a file in again; a new upload of the key is another file.

    Example: solar files remove golden/power_2024-06.csv --reason "it is another plant's"

    Exit code 1 where the ledger does not say so within a minute.
    """
    found = [_known(key) for key in _full(keys)]
    todo = [each for each in found if each["state"] in _COUNTS]
    for each in found:
        if each not in todo and not each["removed_by"]:
            raise ConsoleError(
                f"no version of {each['key']} counts: it is {each['state']} ({each['reason']})"
            )
    _refuse_copies(todo)
    _ask(todo, RemoveRequested, "remove", reason)
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
    found = [_known(key) for key in _full(keys)]
    for each in found:
        if each["state"] != "quarantined":
            raise ConsoleError(
                f"{each['key']} is {each['state']}; only a refused file can be dismissed. To take out one "
                "that counts, use `solar files remove`"
            )
    _ask([each for each in found if not each["dismissed"]], DismissRequested, "dismiss", reason)
    _answer(found, lambda each: each["dismissed"] is not None, wait=wait, json=json)


def _full(keys: Sequence[str]) -> list[str]:
    return [f"{layout.RAW}{key.removeprefix(layout.RAW)}" for key in dict.fromkeys(keys)]


def _known(key: str) -> File:
    """Return the version of a key that counts; without one, the newest.

    Raises
    ------
    ConsoleError
        The ledger does not know the key.
    """
    versions = [each for each in _of_site(key) if each["key"] == key]
    if not versions:
        site = layout.raw_site(key)
        raise ConsoleError(f"no file {key} in the ledger; `solar files --site {site}` lists them")
    current = [each for each in versions if each["state"] in _COUNTS]
    taken_out = [each for each in versions if each["removed_by"]]
    return (current or taken_out or versions)[-1]


def _of_site(key: str) -> list[File]:
    return all_files(layout.raw_site(key) or None)


def _refuse_copies(files: Sequence[File]) -> None:
    """Refuse to remove a file whose rows would go on counting under another key."""
    named = {each["key"] for each in files}
    for each in files:
        copies = [
            other["key"]
            for other in (_of_site(each["key"]) if each["sha256"] else [])
            if other["sha256"] == each["sha256"]
            and other["state"] in {"accepted", "duplicate"}
            and other["key"] not in named
        ]
        if copies:
            raise ConsoleError(
                f"the bytes of {each['key']} are also at {', '.join(copies)}, and its rows would count from "
                "there; name these keys too"
            )


def _ask(
    files: Sequence[File],
    kind: type[RemoveRequested | DismissRequested],
    verb: str,
    reason: str,
) -> None:
    if not reason.strip():
        raise ConsoleError("--reason is empty; say why, the ledger keeps it")
    now = datetime.now(UTC)
    for each in files:
        message = kind.of(
            subject=(each["key"], each["version_id"], now),
            occurred_at=now,
            correlation_id=f"solar files {verb}",
            site_id=each["site_id"],
            key=each["key"],
            version_id=each["version_id"],
            reason=reason,
            requested_by=getpass.getuser(),
        )
        state.system.send("data_watcher", message.model_dump_json())


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
