"""Site: measured and predicted power over any time, what does not count, its files, its weather, its YAML."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from console.client import configurations, excluding, ledger, left_out, log, sites
from console.errors import ConsoleError
from console.target import System
from console.web import strips
from console.web.cards import Card, asked
from console.web.pages import plant_charts
from console.web.pages.common import moment, of, only, whole

USUAL = timedelta(days=7)
LONGEST = timedelta(days=3653)  # ten years
FILES = 50
READS = 4
VERSIONS = 10  # of the YAML


def plant(request: Request) -> Response:
    """Show a site."""
    site = of(request)
    system, name = site.system, request.path_params["site"]
    known = sites.named(system, name)
    model = known["model_id"]
    begin, end = _range(system, model, name, moment(request, "from"), moment(request, "to"))
    cards = dict(
        asked(
            files=lambda: ledger.covering(system, name, begin, end),
            refused=lambda: ledger.page(
                system, site_id=name, state="quarantined", limit=FILES, reads=READS
            )["files"],
            exclusions=lambda: excluding.in_force(system, name)["exclusions"],
            masks=lambda: left_out.masks(system, model, name),
            days=lambda: plant_charts.days(system, model, name, begin, end),
            counts=lambda: system.ask("data_watcher", "counts", site_ids=[name])["counts"][name],
            waiting=lambda: log.ask(system, model, name, begin, end)["waiting"] if model else [],
            history=lambda: configurations.history(system, name, VERSIONS),
        )
    )
    files, more_files = cards["files"].value or ([], False)
    refused = sorted(cards["refused"].value or [], key=lambda each: bool(each["dismissed"]))
    shown = plant_charts.Shown(system, known, files, begin, end)
    drawn = asked(
        chart=lambda: (
            plant_charts.quarters(shown)
            if shown.is_fine
            else plant_charts.energies(shown, _found(cards["days"]))
        ),
        weather=lambda: plant_charts.weather(shown),
    )
    gone = left_out.together(
        cards["masks"].value or left_out.Masks(run_id=None, stretches=[]),
        [*files, *left_out.without_time(refused)],
        cards["exclusions"].value or [],
        begin,
        end,
    )
    if drawn["chart"].value:
        plant_charts.shade(drawn["chart"].value, gone)
    return site.page(
        request,
        "site.html",
        name=name,
        known=known,
        cards={**cards, **drawn},
        gone=gone,
        refused=refused,
        strip=strips.of_files(files, begin, end),
        files=files,
        more_files=more_files,
        most_files=FILES,
        begin=begin,
        end=end,
        zoom=_zooms(begin, end),
        yaml=_yaml(known, cards["history"]),
    )


def history(request: Request) -> Response:
    """Show how two configurations of a site differ; without numbers the newest two."""
    site = of(request)
    name = request.path_params["site"]
    only(request, "first", "second")
    sites.named(site.system, name)
    found = configurations.history(site.system, name)
    newest = max((each["number"] for each in found), default=1)
    numbers = whole(request, "first", max(newest - 1, 1)), whole(request, "second", newest)
    older, newer = (configurations.numbered(found, each) for each in numbers)
    lines = configurations.difference(older, newer)
    return site.page(
        request,
        "site_history.html",
        name=name,
        is_alone=len(found) == 1,
        older=older,
        newer=newer,
        lines=lines,
    )


def _yaml(known: dict[str, Any], history: Card) -> str:
    """Return the YAML in force as it was uploaded, else as the ledger knows what it says."""
    newest = (history.value or [None])[0]
    if newest is not None and newest["config_version"] == known["config_version"]:
        return str(newest["text"])
    return configurations.written(known["config"]) if known["config"] else ""


def _found(card: Card) -> Any:
    if card.error:
        raise ConsoleError(card.error)
    return card.value


def _range(
    system: System, model: str | None, name: str, begin: datetime | None, end: datetime | None
) -> tuple[datetime, datetime]:
    """Return the time to show: what the link says, else the last week that was predicted, or waits to be."""
    if begin and end:
        if begin >= end:
            raise ConsoleError("the end must come after the beginning")
        return begin, min(end, begin + LONGEST)
    if begin or end:
        return (begin, begin + USUAL) if begin else ((end or begin) - USUAL, end)  # type: ignore[operator, return-value]
    made = log.ask(system, model, name, None, None) if model else {"predictions": [], "waiting": []}
    ends = [each["window_end"] for each in made["predictions"] or made["waiting"]]
    last = max((datetime.fromisoformat(each) for each in ends if each), default=datetime.now(UTC))
    return last - USUAL, last


def _zooms(begin: datetime, end: datetime) -> list[tuple[str, datetime, datetime]]:
    """Return links to other stretches of time: earlier, later, shorter, longer; none beyond the calendar."""
    length = end - begin
    steps = [("← earlier", begin, -length), ("later →", end, length)]
    for label, days in (("day", 1), ("week", 7), ("month", 30), ("year", 365), ("5 years", 1826)):
        half = timedelta(days=days) / 2
        with suppress(OverflowError):
            steps.append((label, begin + length / 2 - half, 2 * half))
    found = []
    for label, start, step in steps:
        with suppress(OverflowError):
            first, last = sorted((start, start + step))
            found.append((label, first, last))
    return found
