"""The charts of a site's page: power by the quarter hour, energy by the day, and the weather below them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from console.client import log, measurements, objects, standing
from console.client.left_out import LeftOut
from console.target import System
from console.web.charts import Chart
from shared.solar.site import CANONICAL_UNITS
from shared.solar.zones import tzinfo_of

QUARTERS = timedelta(days=45)  # a longer time is shown day by day
CARD_DAYS = 398  # with the days at both ends, what a scorecard holds
MOST_ROWS = 20_000
MOST_SHADED = 300  # stretches of a chart; the table below has more
ROLES = ("main", "second", "third", "fourth")
TITLES = {
    "W/m2": "Irradiance",
    "C": "Temperature",
    "m/s": "Wind speed",
    "%": "Relative humidity",
    "hPa": "Air pressure",
}
NAMES = {
    "ghi": "global horizontal",
    "dni": "direct normal",
    "dhi": "diffuse horizontal",
    "poa_global": "on the modules",
    "temp_air": "air",
    "temp_module": "modules",
    "wind_speed": "wind speed",
    "relative_humidity": "relative humidity",
    "pressure": "air pressure",
}  # of the measured quantities, below the title of their chart
UNITS = {"W/m2": "W/m²", "C": "°C"}  # as people write them


@dataclass(frozen=True, slots=True)
class Shown:
    """A site, the files of the ledger that may have rows of a time, and that time: [begin, end)."""

    system: System
    known: Mapping[str, Any]
    files: Sequence[Mapping[str, Any]]
    begin: datetime
    end: datetime

    @property
    def is_fine(self) -> bool:
        """Whether the time is short enough for each quarter of an hour."""
        return self.end - self.begin <= QUARTERS

    def day(self, moment: datetime) -> str:
        """Return the site's day of a moment."""
        config = self.known["config"]
        zone = tzinfo_of(config["timezone"]) if config else UTC
        return f"{moment.astimezone(zone):%Y-%m-%d}"

    def power(self, clock: str | None) -> list[tuple[datetime, float]]:
        """Return the measured power, corrected where a clock follows summer time. [kW]"""
        return measurements.power(self.system, self.files, self.begin, self.end, summer_clock=clock)

    def summer_clock(self) -> str | None:
        """Return the zone whose summer time the site's clock follows, as the version in service found."""
        model, config = self.known["model_id"], self.known["config"]
        entry = (
            self.system.ask("deployer", "served", model_id=model)["served"].get(model)
            if model
            else None
        )
        if not config or not entry or not entry["run_id"]:
            return None
        corrected = objects.evaluation_of(self.system, entry["run_id"]).corrected_clocks
        return str(config["timezone"]) if self.known["name"] in corrected else None

    def chart(self, title: str, unit: str) -> Chart:
        """Return a chart of the time, still empty."""
        config = self.known["config"]
        zone = config["timezone"] if config else "UTC"
        clock = "times in UTC" if self.is_fine else f"days of the site's clock, {zone}"
        span = (_text(self.begin), _text(self.end))
        return Chart(title, unit, zooms=True, span=span, clock=clock)

    def main_chart(self, title: str, unit: str) -> Chart:
        """Return the chart over which a stretch can be excluded."""
        chart = self.chart(title, unit)
        chart.excludes = self.known["name"]
        if unread := measurements.too_many(self.files, self.begin, self.end):
            chart.notes.append(
                f"{unread} earlier uploads of this time are not drawn; choose a shorter time"
            )
        return chart


def quarters(shown: Shown) -> Chart:
    """Return measured and predicted power as they are kept."""
    model, name = shown.known["model_id"], shown.known["name"]
    chart = shown.main_chart("Measured and predicted power", "kW")
    asked = (shown.begin, shown.end)
    made = log.ask(shown.system, model, name, *asked)["predictions"] if model else []
    rows = log.rows(shown.system, made, *asked)[:MOST_ROWS]
    best = list({row["timestamp"]: row for row in sorted(rows, key=_rank)}.values())
    best.sort(key=lambda row: str(row["timestamp"]))
    if best:
        low, high, middle = (
            [(row["timestamp"], row[of]) for row in best] for of in ("p10", "p90", "power_ac")
        )
        chart.band("P10 to P90", low, high)
        chart.line("predicted", middle, "main")
    clock = shown.summer_clock()
    power = shown.power(clock)
    if power and clock:
        chart.notes.append("the plant's clock follows summer time; the measured line is corrected")
    if power:
        chart.line("measured", [(_text(at), value) for at, value in power], "measured")
    return chart


def energies(shown: Shown, days: Iterable[Mapping[str, Any]]) -> Chart:
    """Return energy by the day: of the rows that were scored, and what was measured on other days."""
    chart = shown.main_chart("Measured and predicted energy per day", "kWh")
    lines = [each for each in days if each["n"]]
    chart.line("predicted", [(each["name"], each["predicted_kwh"]) for each in lines], "main")
    chart.line("measured", [(each["name"], each["measured_kwh"]) for each in lines], "measured")
    scored = {each["name"] for each in lines}
    measured = measurements.energies(shown.power(shown.summer_clock()), shown.day)
    others = [each for each in measured if each[0] not in scored]
    chart.line("measured, without a score", others, "soft")
    return chart


def weather(shown: Shown) -> list[Chart]:
    """Return the measured weather, a chart for each unit; of a long time each day's mean."""
    found = measurements.weather(shown.system, shown.files, shown.begin, shown.end)
    by_unit: dict[str, list[str]] = {}
    for name in found:
        by_unit.setdefault(CANONICAL_UNITS[name], []).append(name)
    charts = []
    for unit, names in by_unit.items():
        title = TITLES[unit] if shown.is_fine else f"{TITLES[unit]}, mean of each day"
        chart = shown.chart(title, UNITS.get(unit, unit))
        chart.is_low = True
        for name, role in zip(names, ROLES, strict=False):
            points: Sequence[tuple[str, float]] = (
                [(_text(at), value) for at, value in found[name]]
                if shown.is_fine
                else measurements.means(found[name], shown.day)
            )
            chart.line(NAMES[name], points, role)
        charts.append(chart)
    return charts


def days(
    system: System, model: str | None, name: str, begin: datetime, end: datetime
) -> list[dict[str, Any]]:
    """Return the scorecard by day; of years piece by piece, for one holds little more than a year."""
    if not model:
        return []
    first, last = begin.date(), end.date()
    found: list[dict[str, Any]] = []
    while first <= last:
        until = min(first + timedelta(days=CARD_DAYS - 1), last)
        found += _card(system, model, name, first, until)
        first = until + timedelta(days=1)
    return standing.of_one_kind(found)


def shade(chart: Chart, left_out: Iterable[LeftOut]) -> None:
    """Shade what does not count, and say so where it is too much to be drawn."""
    known = [each for each in left_out if each["begin"] and each["end"]]
    for each in known[:MOST_SHADED]:
        label = f"{each['kind']}: {each['why']}"
        chart.stretch(str(each["begin"]), str(each["end"]), each["kind"], label, note=False)
    if len(known) > MOST_SHADED:
        chart.notes.append(
            f"only the first {MOST_SHADED} of {len(known)} stretches are shaded; choose a shorter time"
        )


def _card(system: System, model: str, name: str, first: date, last: date) -> list[dict[str, Any]]:
    answer = system.ask(
        "deployer",
        "scorecard",
        model_id=model,
        site_id=name,
        first=first.isoformat(),
        last=last.isoformat(),
        days=(last - first).days + 1,
        by="day",
    )
    return list(answer["lines"])


def _rank(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return not row["hindsight"], row["inputs"] == "measured", row["version"]


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
