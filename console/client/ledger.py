"""The file ledger: what became of uploads, and what a person decides about single files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from console.client import objects, sites
from console.errors import ConsoleError, NotFoundError
from console.target import System
from shared import layout
from shared.messages import DismissRequested, ReleaseRequested, RemoveRequested

File = dict[str, Any]
COUNTS = {"accepted", "quarantined", "duplicate", "pending"}  # what a key's current version is
MOST_COVERING = 2000  # files of a time; five years of daily ones are 1,826
HEAD = 4096  # bytes of a refused file that show what is wrong with it


def all_files(system: System, site: str | None = None, state: str | None = None) -> list[File]:
    """Return the ledger, page by page."""
    return list(system.ask_all("data_watcher", "files", site_id=site, state=state, limit=500))


def page(system: System, **wanted: Any) -> dict[str, Any]:
    """Return a page of the ledger, `{files, next}`, and where the next begins.

    Parameters
    ----------
    wanted
        `site_id`, `state`, `reason_code`, `contains`, `since`, `begin`, `end`, `limit`, `reads` and `next`.
    """
    return system.ask("data_watcher", "files", **wanted)


def covering(
    system: System, site: str, begin: datetime, end: datetime, most: int = MOST_COVERING
) -> tuple[list[File], bool]:
    """Return a site's files with rows in [begin, end), and whether there are more than so many."""
    found: list[File] = []
    following: str | None = None
    while True:
        answer = page(
            system,
            site_id=site,
            begin=begin.isoformat(),
            end=end.isoformat(),
            limit=500,
            next=following,
        )
        found += answer["files"]
        following = answer["next"]
        if following is None or len(found) >= most:
            return found[:most], following is not None or len(found) > most


def balance(system: System, site: str | None = None) -> dict[str, Any]:
    """Return how S3's listing and the ledger compare.

    Raises
    ------
    NotFoundError
        Neither they nor the configurations know the site.
    """
    found = system.ask("data_watcher", "balance", site_id=site)
    if site and not found["by_site"]:
        sites.named(system, site)
    return found


def check_site(system: System, site: str) -> None:
    """Refuse a site that nobody knows: it is no site without files.

    Raises
    ------
    NotFoundError
        It has neither files nor a configuration.
    """
    if not page(system, site_id=site, limit=1)["files"]:
        sites.named(system, site)


def full_key(key: str) -> str:
    """Return a key that was written with or without `raw/`."""
    return f"{layout.RAW}{key.removeprefix(layout.RAW)}"


def versions_of(system: System, key: str) -> list[File]:
    """Return all versions of a key, the oldest first.

    Raises
    ------
    ConsoleError
        The ledger does not know the key.
    """
    site = layout.raw_site(key)
    found = system.ask_all("data_watcher", "files", site_id=site or None, contains=key, limit=500)
    versions = [each for each in found if each["key"] == key]
    if not versions and not site:
        raise NotFoundError(f"{key} names no site; write SITE/FILE, as `solar files` does")
    if not versions:
        raise NotFoundError(f"no file {key} in the ledger; `solar files --site {site}` lists them")
    return versions


def current(system: System, key: str) -> File:
    """Return the version of a key that counts; without one, the newest.

    Raises
    ------
    ConsoleError
        The ledger does not know the key.
    """
    return chosen(versions_of(system, key))


def chosen(versions: Sequence[File]) -> File:
    """Return of a key's versions the one that counts; without one, the newest."""
    counting = [each for each in versions if each["state"] in COUNTS]
    taken_out = [each for each in versions if each["removed_by"]]
    return (counting or taken_out or versions)[-1]


def head(system: System, file: File) -> str | None:
    """Return the beginning of a file as text; None where it is no text, or gone."""
    found = objects.bytes_at(
        system, file["key"], VersionId=file["version_id"], Range=f"bytes=0-{HEAD - 1}"
    )
    if found is None or b"\0" in found:
        return None
    return found.decode("utf-8", errors="replace")


def release(
    system: System, reason: str, by: str, *, key: str | None = None, site: str | None = None
) -> ReleaseRequested:
    """Ask for refused or removed files to be read again: one key, or all refused ones of a site."""
    now = datetime.now(UTC)
    message = ReleaseRequested.of(
        subject=(site, key, now),
        occurred_at=now,
        correlation_id="solar files release",
        site_id=site or layout.raw_site(str(key)),
        key=key,
        reason=_said(reason),
        requested_by=by,
    )
    system.send("data_watcher", message.model_dump_json())
    return message


def removable(system: System, keys: Sequence[str]) -> list[File]:
    """Return the versions of keys that a removal is about, those that are removed already too.

    Raises
    ------
    ConsoleError
        One does not count, or its rows would go on counting under another key.
    """
    found = [current(system, key) for key in keys]
    for each in found:
        if each["state"] not in COUNTS and not each["removed_by"]:
            raise ConsoleError(
                f"no version of {each['key']} counts: it is {each['state']} ({each['reason']})"
            )
    _refuse_copies(system, [each for each in found if each["state"] in COUNTS])
    return found


def remove(system: System, files: Sequence[File], reason: str, by: str) -> None:
    """Ask for files to be taken out: their rows enter no further dataset."""
    todo = [each for each in files if each["state"] in COUNTS]
    _ask(system, todo, RemoveRequested, "remove", reason=reason, by=by)


def dismissable(system: System, keys: Sequence[str]) -> list[File]:
    """Return the versions of keys that may be dismissed.

    Raises
    ------
    ConsoleError
        One is not refused.
    """
    found = [current(system, key) for key in keys]
    for each in found:
        if each["state"] != "quarantined":
            raise ConsoleError(
                f"{each['key']} is {each['state']}; only a refused file can be dismissed. To take out one "
                "that counts, use `solar files remove`"
            )
    return found


def dismiss(system: System, files: Sequence[File], reason: str, by: str) -> None:
    """Ask for refused files to be taken off the list of open work; they stay refused."""
    todo = [each for each in files if not each["dismissed"]]
    _ask(system, todo, DismissRequested, "dismiss", reason=reason, by=by)


def _refuse_copies(system: System, files: Sequence[File]) -> None:
    """Refuse to remove a file whose rows would go on counting under another key."""
    named = {each["key"] for each in files}
    for each in files:
        copies = [
            other["key"]
            for other in (_of_site(system, each["key"]) if each["sha256"] else [])
            if other["sha256"] == each["sha256"]
            and other.get("provider") == each.get("provider")
            and other["state"] in {"accepted", "duplicate"}
            and other["key"] not in named
        ]
        if copies and each["state"] == "duplicate":
            raise ConsoleError(
                f"{each['key']} is a duplicate: its rows count once, by {', '.join(copies)}, so that nothing "
                "need be done about it; to take out these rows, name both"
            )
        if copies:
            raise ConsoleError(
                f"the bytes of {each['key']} are also at {', '.join(copies)}, and its rows would count from "
                "there; name these keys too"
            )


def _of_site(system: System, key: str) -> list[File]:
    return all_files(system, layout.raw_site(key) or None)


def _ask(
    system: System,
    files: Sequence[File],
    kind: type[RemoveRequested | DismissRequested],
    verb: str,
    *,
    reason: str,
    by: str,
) -> None:
    said, now = _said(reason), datetime.now(UTC)
    for each in files:
        message = kind.of(
            subject=(each["key"], each["version_id"], now),
            occurred_at=now,
            correlation_id=f"solar files {verb}",
            site_id=each["site_id"],
            key=each["key"],
            version_id=each["version_id"],
            reason=said,
            requested_by=by,
        )
        system.send("data_watcher", message.model_dump_json())


def _said(reason: str) -> str:
    if not reason.strip():
        raise ConsoleError("--reason is empty; say why, the ledger keeps it")
    return reason
