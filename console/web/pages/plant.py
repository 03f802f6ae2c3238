"""Site: measured and predicted power over any time, its files, its exclusions, its YAML."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml
from starlette.requests import Request
from starlette.responses import Response

from console.client import excluding, ledger, log, objects, standing
from console.errors import ConsoleError
from console.target import System
from console.web.cards import ask, asked
from console.web.charts import Chart
from console.web.pages.common import moment, of

USUAL = timedelta(days=7)
QUARTERS = timedelta(days=45)  # a longer time is shown day by day
MOST_DAYS = 398  # with the days at both ends, what a scorecard holds
MOST_ROWS = 20_000
FILES = 20
READS = 4


def plant(request: Request) -> Response:
    """Show a site."""
    site = of(request)
    system, name = site.system, request.path_params["site"]
    known = _configuration(system, name)
    model = known["model_id"]
    begin, end = _range(system, model, name, moment(request, "from"), moment(request, "to"))
    is_fine = end - begin <= QUARTERS
    cards = asked(
        chart=lambda: (
            _quarters(system, known, begin, end)
            if is_fine
            else _energies(system, model, name, begin, end)
        ),
        days=lambda: _days(system, model, name, begin, end),
        exclusions=lambda: excluding.in_force(system, name)["exclusions"],
        files=lambda: ledger.page(system, site_id=name, limit=FILES, reads=READS)["files"],
        refused=lambda: ledger.page(
            system, site_id=name, state="quarantined", limit=FILES, reads=READS
        )["files"],
        counts=lambda: system.ask("data_watcher", "counts", site_ids=[name])["counts"][name],
        waiting=lambda: log.ask(system, model, name, begin, end)["waiting"] if model else [],
    )
    if cards["chart"].value and cards["exclusions"].value:
        for each in cards["exclusions"].value:
            if each["start"] < end.isoformat() and each["end"] > begin.isoformat():
                label = f"excluded: {each['reason']}"
                cards["chart"].value.stretch(each["start"], each["end"], "excluded", label)
    text = ask(
        lambda: (
            yaml.safe_dump(_stated(known["config"]), sort_keys=False, allow_unicode=True)
            if known["config"]
            else ""
        )
    )
    return site.page(
        request,
        "site.html",
        name=name,
        known=known,
        cards=cards,
        begin=begin,
        end=end,
        zoom=_zooms(begin, end),
        yaml=text,
    )


def _configuration(system: System, name: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = system.ask("data_watcher", "sites", site_id=name)["sites"]
    for each in found:
        if each["kind"] == "site":
            return each
    raise ConsoleError(f"no site {name}; the fleet shows which there are")


def _stated(config: Any) -> Any:
    """Return a configuration without what nobody stated."""
    if isinstance(config, dict):
        return {name: _stated(value) for name, value in config.items() if value not in (None, {})}
    return [_stated(each) for each in config] if isinstance(config, list) else config


def _range(
    system: System, model: str | None, name: str, begin: datetime | None, end: datetime | None
) -> tuple[datetime, datetime]:
    """Return the time to show: what the link says, else the last week that was predicted."""
    if begin and end:
        if begin >= end:
            raise ConsoleError("the end must come after the beginning")
        return begin, min(end, begin + timedelta(days=MOST_DAYS))
    if begin or end:
        return (begin, begin + USUAL) if begin else ((end or begin) - USUAL, end)  # type: ignore[operator, return-value]
    made = log.ask(system, model, name, None, None)["predictions"] if model else []
    last = max((datetime.fromisoformat(each["window_end"]) for each in made), default=None)
    last = last or datetime.now(UTC)
    return last - USUAL, last


def _quarters(system: System, known: Mapping[str, Any], begin: datetime, end: datetime) -> Chart:
    model, name = known["model_id"], known["name"]
    chart = Chart("Measured and predicted power", "kW", zooms=True, excludes=name)
    made = log.ask(system, model, name, begin, end)["predictions"] if model else []
    rows = log.rows(system, made, begin, end)[:MOST_ROWS]
    best = list({row["timestamp"]: row for row in sorted(rows, key=_rank)}.values())
    best.sort(key=lambda row: str(row["timestamp"]))
    if best:
        low, high, middle = (
            [(row["timestamp"], row[of]) for row in best] for of in ("p10", "p90", "power_ac")
        )
        chart.band("P10 to P90", low, high)
        chart.line("predicted", middle, "main")
    zone = _summer_clock(system, model, name, known["config"])
    power = log.measured(system, name, begin, end, summer_clock=zone)
    if zone and power:
        chart.notes.append("the plant's clock follows summer time; the measured line is corrected")
    if power:
        points = [(at.isoformat().replace("+00:00", "Z"), value) for at, value in power]
        chart.line("measured", points, "measured")
    return chart


def _summer_clock(
    system: System, model: str | None, name: str, config: Mapping[str, Any] | None
) -> str | None:
    """Return the zone whose summer time a site's clock follows, as the version in service found."""
    served = system.ask("deployer", "served", model_id=model)["served"] if model else {}
    entry = served.get(model)
    if not config or not entry or not entry["run_id"]:
        return None
    corrected = objects.evaluation_of(system, entry["run_id"]).corrected_clocks
    return str(config["timezone"]) if name in corrected else None


def _rank(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return not row["hindsight"], row["inputs"] == "measured", row["version"]


def _energies(
    system: System, model: str | None, name: str, begin: datetime, end: datetime
) -> Chart:
    chart = Chart("Measured and predicted energy per day", "kWh", zooms=True, excludes=name)
    lines = [each for each in _days(system, model, name, begin, end) if each["n"]]
    chart.line("predicted", [(each["name"], each["predicted_kwh"]) for each in lines], "main")
    chart.line("measured", [(each["name"], each["measured_kwh"]) for each in lines], "measured")
    return chart


def _days(
    system: System, model: str | None, name: str, begin: datetime, end: datetime
) -> list[dict[str, Any]]:
    if not model:
        return []
    answer = system.ask(
        "deployer",
        "scorecard",
        model_id=model,
        site_id=name,
        first=begin.date().isoformat(),
        last=end.date().isoformat(),
        days=min((end.date() - begin.date()).days + 1, MOST_DAYS),
        by="day",
    )
    return standing.of_one_kind(answer["lines"])


def _zooms(begin: datetime, end: datetime) -> list[tuple[str, datetime, datetime]]:
    """Return links to other stretches of time: earlier, later, shorter, longer."""
    length = end - begin
    middle = begin + length / 2
    found = [("← earlier", begin - length, begin), ("later →", end, end + length)]
    for label, days in (("day", 1), ("week", 7), ("month", 30), ("year", 365)):
        half = timedelta(days=days) / 2
        found.append((label, middle - half, middle + half))
    return found
