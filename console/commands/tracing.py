"""`solar trace`: the way of one file, run or version through all services, from their logs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from console import output, times, trainer
from console.client import ledger, trails
from console.client.trails import Line
from console.commands.local import JsonOption
from console.commands.runs import ModelOption, find_run
from console.datasets import file_id_of, frozen, holding
from console.errors import ConsoleError
from console.state import state
from shared import layout, trail

_KEPT = timedelta(days=30)  # that logs are kept by default
_BEFORE = timedelta(hours=1)  # what caused a run, and clocks that differ
_SHOWN = (  # of a line's fields, in this order
    "caused_by",
    "key",
    "rows",
    "reason_code",
    "model_id",
    "run_id",
    "model_package_version",
    "approval",
    "state",
    "stage",
    "cause",
    "seconds",
)


@dataclass(slots=True)
class Subject:
    """What is followed: under which ids it is in the logs, since when, and what else is known of it."""

    title: str
    ids: list[str]
    since: datetime
    note: str = ""


def trace(
    what: Annotated[
        str, typer.Argument(help="A key (or its end), a run (its beginning), or a version.")
    ],
    model: ModelOption = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            parser=times.moment,
            metavar="TIME",
            help=f"Read the logs from here; without it from when it began. {times.HELP}",
        ),
    ] = None,
    *,
    json: JsonOption = False,
) -> None:
    """Follow one file, run or version through all services with times, from their logs.

    Examples: solar trace power_2012-03.csv
              solar trace 2 --model golden
    """
    subject = _of_key(what) if _is_key(what) else _of_run(find_run(what, model))
    begin = times.in_utc(since) if since else subject.since
    lines = trails.follow(state.system, subject.ids, begin, datetime.now(UTC))
    if json:
        output.as_json(
            {
                "subject": subject.title,
                "correlation_ids": subject.ids,
                "since": begin.isoformat(),
                "note": subject.note,
                "lines": [each.as_data() for each in lines],
            }
        )
        return
    rows = [
        (
            f"{each.at:%Y-%m-%d %H:%M:%S}.{each.at.microsecond // 1000:03d}",
            each.service,
            _said(each),
        )
        for each in lines
    ]
    empty = (
        f"no line since {begin:%Y-%m-%d %H:%M} UTC tells of {subject.title}: logs are kept for as "
        "long as the deployment says (30 days), and arrive within a minute"
    )
    output.table(subject.title, ["at (UTC)", "service", "what"], rows, empty)
    if subject.note:
        output.say_plainly(subject.note)


def _is_key(what: str) -> bool:
    return "/" in what or "." in what


def _of_key(ending: str) -> Subject:
    """Return a file with the run that first trained on it."""
    if ending.startswith(layout.CONFIG):
        return Subject(ending, [ending], datetime.now(UTC) - _KEPT)
    files = _fitting(ending)
    keys = sorted({each["key"] for each in files})
    if ending in keys:
        keys = [ending]
    if not keys:
        raise ConsoleError(f"no uploaded file ends in {ending!r}; see `solar files`")
    if len(keys) > 1:
        some = ", ".join(keys[:5]) + (", …" if len(keys) > 5 else "")  # noqa: PLR2004 - shown
        raise ConsoleError(f"{len(keys)} files end in {ending!r}: {some}; name more of the key")
    versions = [each for each in files if each["key"] == keys[0]]
    file_ids = {file_id_of(each) for each in versions} - {""}
    begun = min((_time(each["uploaded_at"]) for each in versions), default=None)
    subject = Subject(keys[0], [keys[0], *sorted(file_ids)], _since(begun))
    runs = _trained_on(file_ids)
    if runs:
        subject.ids += _ids_of_run(runs[0])
        later = output.counted(len(runs) - 1, "later run")
        more = f", and on in {later}; see `solar lineage`" if len(runs) > 1 else ""
        subject.note = f"First trained on in run {output.short_run(runs[0]['run_id'])}{more}."
    else:
        subject.note = "No run has trained on it."
    return subject


def _fitting(ending: str) -> list[dict[str, Any]]:
    """Return the files of the ledger that can be meant; a whole key is asked for alone."""
    if ending.startswith(layout.RAW):
        return ledger.versions_of(state.system, ending)
    found = state.system.ask_all("data_watcher", "files", contains=ending, limit=500)
    return [each for each in found if each["key"].endswith(ending)]


def _trained_on(file_ids: set[str]) -> list[dict[str, Any]]:
    """Return the runs whose dataset holds one of these files, the oldest first."""
    held = holding(state.system, frozen(state.system)) if file_ids else {}
    names = {run_id for each in file_ids for one in held.get(each, []) for run_id in one["run_ids"]}
    runs = [each for each in trainer.runs(state.system) if each["run_id"] in names]
    return sorted(runs, key=lambda each: str(each["started_at"]))


def _of_run(run_id: str) -> Subject:
    """Return a run, with the version that it registered."""
    (run,) = (each for each in trainer.runs(state.system) if each["run_id"] == run_id)
    number = run["model_package_version"]
    title = f"Run {output.short_run(run_id)} of model {run['model_id']}"
    subject = Subject(title, _ids_of_run(run), _since(_time(run["started_at"])))
    if number is not None:
        subject.title += f", version {number}"
    return subject


def _ids_of_run(run: dict[str, Any]) -> list[str]:
    number = run["model_package_version"]
    return [
        run["run_id"],
        *([trail.version(run["model_id"], number)] if number is not None else []),
    ]


def _since(begun: datetime | None) -> datetime:
    return (begun - _BEFORE) if begun else datetime.now(UTC) - _KEPT


def _time(text: str) -> datetime:
    return times.in_utc(datetime.fromisoformat(text))


def _said(line: Line) -> str:
    told = [f"{name} {line.fields[name]}" for name in _SHOWN if name in line.fields]
    said = f"{line.message}: {', '.join(told)}" if told else line.message
    return said if line.level in {"INFO", ""} else f"{line.level} {said}"
