"""Which of a site's time does not count, and why: masked, refused, suspect, or excluded by a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, TypedDict

from console import trainer
from console.client import excluding, ledger, objects
from console.target import System
from shared import layout
from shared.masked import MASKS, MaskedStretches

Kind = Literal["masked", "refused", "suspect", "excluded"]
MOST_RUNS = 5  # in which to look for what the checks found; those that failed early left nothing


class LeftOut(TypedDict):
    """A stretch of time that does not count.

    `begin` and `end` are None for a refused file whose stamps nobody could read. `about` is the file's key,
    who excluded the time, or the run whose checks masked it.
    """

    kind: Kind
    begin: str | None
    end: str | None
    why: str
    about: str


class Masks(TypedDict):
    """What the checks masked at a site, and in which run; no run where none said it."""

    run_id: str | None
    stretches: list[LeftOut]


def masks(system: System, model: str | None, site: str) -> Masks:
    """Return what the newest run that says it masked at a site."""
    known = trainer.runs(system, model) if model else []
    for run in known[::-1][:MOST_RUNS]:
        body = objects.bytes_at(system, layout.masked_stretches(run["run_id"], site))
        if body is not None:
            found = MaskedStretches.model_validate_json(body).stretches
            return {
                "run_id": run["run_id"],
                "stretches": [
                    {
                        "kind": "masked",
                        "begin": _text(each.start),
                        "end": _text(each.end),
                        "why": f"{each.reason.replace('_', ' ')}: {MASKS.get(each.reason, 'a check')}",
                        "about": run["run_id"],
                    }
                    for each in found
                ],
            }
    return {"run_id": None, "stretches": []}


def of_site(
    system: System, model: str | None, site: str, begin: datetime, end: datetime
) -> tuple[list[LeftOut], str | None]:
    """Return all that does not count at a site in [begin, end), and the run that said what was masked."""
    files, _ = ledger.covering(system, site, begin, end)
    refused = ledger.all_files(system, site, "quarantined")
    masked = masks(system, model, site)
    exclusions = excluding.in_force(system, site)["exclusions"]
    found = together(masked, [*files, *without_time(refused)], exclusions, begin, end)
    return found, masked["run_id"]


def without_time(files: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the refused files whose stamps nobody could read; those of a time are found by it."""
    return [each for each in files if each["state"] == "quarantined" and not each["window_start"]]


def together(
    masked: Masks,
    files: Iterable[Mapping[str, Any]],
    exclusions: Iterable[Mapping[str, Any]],
    begin: datetime,
    end: datetime,
) -> list[LeftOut]:
    """Return all that does not count in [begin, end), in the order of time.

    Refused files whose time nobody could read come last: they may be of this time.
    """
    found = [*masked["stretches"], *_of_files(files), *_excluded(exclusions)]
    inside = [each for each in found if _is_of(each, begin, end)]
    return sorted(inside, key=lambda each: (each["begin"] or "~", each["kind"], each["about"]))


def _of_files(files: Iterable[Mapping[str, Any]]) -> Iterator[LeftOut]:
    for each in files:
        if each["state"] == "quarantined":
            yield _of_file("refused", each, each["reason"])
        elif each["state"] == "accepted" and each["suspect"]:
            yield _of_file("suspect", each, each["suspect"])


def _of_file(kind: Kind, file: Mapping[str, Any], why: str) -> LeftOut:
    return {
        "kind": kind,
        "begin": file["window_start"],
        "end": file["window_end"],
        "why": why,
        "about": file["key"],
    }


def _excluded(exclusions: Iterable[Mapping[str, Any]]) -> Iterator[LeftOut]:
    for each in exclusions:
        begin, end = (_text(datetime.fromisoformat(each[name])) for name in ("start", "end"))
        yield {
            "kind": "excluded",
            "begin": begin,
            "end": end,
            "why": each["reason"],
            "about": each["excluded_by"],
        }


def _is_of(each: LeftOut, begin: datetime, end: datetime) -> bool:
    if each["begin"] is None or each["end"] is None:
        return True
    return each["begin"] < _text(end) and each["end"] > _text(begin)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
