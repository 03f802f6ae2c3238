"""What became of an uploaded YAML: the verdict, and what is in force now."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from console import output
from console.errors import ConsoleError
from console.state import state
from shared import layout

VERDICT_SECONDS = 30.0
_NAME = re.compile(r"[a-z0-9-]{1,32}")
Configuration = dict[str, Any]


def config_key(path: Path) -> str:
    """Return where a YAML belongs: one that names a site is a site's, else a model's.

    One with recipients says who is told what.

    Raises
    ------
    ConsoleError
        It is no file, no YAML, or names nothing.
    """
    import yaml  # noqa: PLC0415 - few commands read YAML

    if not path.is_file():
        what = f"{path} is a folder; name its files" if path.is_dir() else f"no such file: {path}"
        raise ConsoleError(what)
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConsoleError(_unread(path, error)) from error
    if isinstance(said, dict) and "recipients" in said:
        return layout.notifications_config()
    if not isinstance(said, dict) or not {"site_id", "model_id"} & said.keys():
        raise ConsoleError(
            f"{path.name} names neither site_id nor model_id (nor recipients); `solar sites draft` "
            "proposes a site's YAML from sample files"
        )
    field = "site_id" if "site_id" in said else "model_id"
    if said[field] is None:
        raise ConsoleError(f"{path.name}: {field} is empty; fill it in")
    name = str(said[field])
    if not _NAME.fullmatch(name):  # it would be part of a key
        raise ConsoleError(
            f"{path.name}: {field} is {name[:40]!r}; a name has 1 to 32 of a-z, 0-9 and -"
        )
    return layout.site_config(name) if field == "site_id" else layout.model_config(name)


def _unread(path: Path, error: Exception) -> str:
    """Say why a file is no YAML, and what to look at."""
    if isinstance(error, UnicodeDecodeError):
        return f"{path.name}: it is no UTF-8 text; name a site's or a model's YAML, saved as UTF-8"
    mark = getattr(error, "problem_mark", None)
    line = f"line {mark.line + 1}: " if mark else ""
    problem = getattr(error, "problem", None) or "it is no YAML"
    return f"{path.name}: {line}{problem}; check indentation, colons and quotes there"


def all_configurations() -> list[Configuration]:
    """Return the configurations that are in force or were refused."""
    found: list[Configuration] = state.system.ask("data_watcher", "sites")["sites"]
    return found


def verdicts(versions: dict[str, str | None]) -> dict[str, Configuration]:
    """Wait for what is said of uploaded versions; what has no verdict in time is left out.

    Parameters
    ----------
    versions
        The version that was uploaded, by key.
    """
    uploads = {
        key: (version or "null", _uploaded_at(key, version)) for key, version in versions.items()
    }
    deadline = time.monotonic() + VERDICT_SECONDS
    with output.errors.status("waiting for the verdicts"):
        while True:
            found = {
                each["key"]: each
                for each in all_configurations()
                if each["key"] in uploads and _is_of(each, *uploads[each["key"]])
            }
            if len(found) == len(uploads) or time.monotonic() > deadline:
                return found
            time.sleep(0.5)


def shown(verdict: Configuration | None) -> dict[str, Any]:
    """Return a verdict for machines; state None where there is none yet."""
    names = ("state", "line", "reason", "config_version")
    return {name: verdict[name] if verdict else None for name in names}


def told(verdict: Configuration | None) -> str:
    """Return a verdict in words."""
    if verdict is None:
        return f"no verdict within {VERDICT_SECONDS:.0f} s; see `solar sites list` later"
    if verdict["state"] == "accepted":
        return "accepted, it is in force"
    return f"refused: {why(verdict)}"


def wrong(each: Configuration) -> str:
    """Return why a configuration is refused, and which sources are suspect; '' where all is well."""
    suspect = [f"source {one['source']} is suspect, see below" for one in _suspects(each)]
    return " ".join([*([] if each["state"] == "accepted" else [why(each)]), *suspect])


def doubts(found: Sequence[Configuration]) -> Iterator[str]:
    """Yield why sources are suspect, and what to do: a paragraph each, as names of files are long."""
    for each in found:
        for one in _suspects(each):
            why_so = output.sentences(one["reason"], one["remedy"])
            yield f"Source {one['source']} of site {each['name']} is suspect: {why_so}"


def _suspects(each: Configuration) -> list[dict[str, Any]]:
    return [one for one in each.get("suspects", []) if one["standing"] == "suspect"]


def why(each: Configuration) -> str:
    """Return why a configuration is refused, and what is in force instead."""
    if each["state"] == "deleted":
        return str(each["reason"])  # which says what is in force
    line = f"line {each['line']}: " if each["line"] else ""
    instead = (
        f"The version of before ({output.short(each['config_version'], 8)}) stays in force"
        if each["config_version"]
        else "Nothing is in force"
    )
    return output.sentences(f"{line}{each['reason']}", instead)


def _uploaded_at(key: str, version_id: str | None) -> datetime:
    """Return when S3 took a version, as its listing says it: a verdict names the same time."""
    s3 = state.system.client("s3")
    listed = s3.list_object_versions(Bucket=state.system.bucket, Prefix=key)["Versions"]
    times: list[datetime] = [
        each["LastModified"]
        for each in listed
        if each["Key"] == key and (version_id is None or each["VersionId"] == version_id)
    ]
    return max(times)


def _is_of(each: Configuration, version: str, uploaded_at: datetime) -> bool:
    """Whether a verdict is of an upload, or of one that came after it and took its place."""
    if each.get("version_id") == version:
        return True
    known = each["uploaded_at"]
    return known is not None and datetime.fromisoformat(known) > uploaded_at
