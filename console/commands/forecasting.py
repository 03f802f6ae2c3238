"""`solar forecast`: what comes, of a site or of all sites of a model."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfoNotFoundError

import typer

from console import output, times, trainer
from console.bucket import json_at
from console.commands.local import JsonOption
from console.errors import ConsoleError
from console.plants import active_site
from console.state import state
from shared.clock import utc_now
from shared.solar.zones import tzinfo_of

if TYPE_CHECKING:
    from console.forecasts import Series

_ALL_TOGETHER = 1.0  # how alike errors are taken to be where nobody measured it: the widest band
_ISSUES_NAMED = 2


@dataclass(frozen=True, slots=True)
class Ahead:
    """What comes, of one site or of several.

    Attributes
    ----------
    sites
        Each with its `feeds`, its `latest` object, and the `rows` of the hours that were asked for.
    series
        The same rows of each site as power.
    total
        Of one site its own power, of several their sum.
    alike
        `dependence` of the errors of two sites, `day_dependence` of two intervals of a day. [unitless]
    """

    name: str
    model_id: str
    sites: Mapping[str, Mapping[str, Any]]
    series: Mapping[str, Series]
    total: Series
    alike: Mapping[str, float]


def forecast(
    name: Annotated[str, typer.Argument(metavar="SITE|MODEL")],
    *,
    hours: Annotated[float, typer.Option(help="How far ahead.", min=0.25, max=384)] = 48,
    tz: Annotated[
        str, typer.Option(help="Zone of the times: local (the site's), utc, or a name.")
    ] = "local",
    csv_file: Annotated[Path | None, typer.Option("--csv", help="Write the rows here.")] = None,
    chart: Annotated[bool, typer.Option("--chart", help="Draw it in the terminal.")] = False,
    chart_file: Annotated[
        Path | None, typer.Option(help="Draw it into a file: .png, .svg or .html.")
    ] = None,
    at: Annotated[
        datetime | None,
        typer.Option(
            parser=times.moment,
            metavar="TIME",
            help=f"From then on, and what would be late then if nothing came. {times.HELP}",
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show the newest forecast of a site, or of all sites of a model and their sum.

    P10 and P90 enclose eight of ten cases. The band of a sum is narrower than the sum of the bands, as far
    as the sites erred for themselves in the evaluation.

    Examples: solar forecast roof --hours 24
              solar forecast roof --chart --tz utc
              solar forecast fleet --csv tomorrow.csv
    """
    found = ahead(name, hours, tz, at)
    if csv_file is not None:
        _write_csv(csv_file, found.series, found.total)
    if chart_file is not None:
        draw(found, chart_file)
    if json:
        output.as_json(_as_json(found))
        return
    _show(found, chart=chart)
    for path in filter(None, (csv_file, chart_file)):
        output.say_plainly(f"written: {path}")


def ahead(name: str, hours: float = 48, tz: str = "local", at: datetime | None = None) -> Ahead:
    """Return the newest forecast of a site, or of all sites of a model and their sum.

    Parameters
    ----------
    hours
        How far ahead. [h]
    tz
        Zone of its times: local, utc or a name.
    at
        From when on, and by when an issue counts as late; now where None.

    Raises
    ------
    ConsoleError
        There is no such site or model, no forecast of it, or no such zone.
    """
    from console import forecasts  # noqa: PLC0415 - loads numpy

    model, site = _meant(name)
    then = {"at": at.isoformat()} if at else {}
    answer = state.system.ask("deployer", "forecasts", model_id=model, site_id=site, **then)
    if not answer["sites"]:
        raise ConsoleError(_why_none(name, model))
    found = {}
    for each in answer["sites"]:
        latest = json_at(each["key"])
        if latest is None:
            output.complain(f"{each['key']} was deleted; the next issue writes it again")
            continue
        rows = forecasts.rows_within(latest, hours, at or utc_now())
        if rows:
            found[each["site_id"]] = {**each, "latest": latest, "rows": rows}
    if not found:
        raise ConsoleError(f"no forecast of {name} reaches into the next {hours:g} hours")
    one = next(iter(found.values()))["latest"]
    zone = _zone(tz, one["timezone"])
    series = {
        site_id: forecasts.series(each["rows"], each["latest"]["step_minutes"], zone)
        for site_id, each in found.items()
    }
    alike = _alike(model, one)
    total = (
        next(iter(series.values()))
        if len(series) == 1
        else forecasts.added(list(series.values()), alike["dependence"])
    )
    return Ahead(name, model, found, series, total, alike)


def draw(found: Ahead, path: Path) -> None:
    """Draw what comes into a file: .png, .svg or .html."""
    from console import forecast_charts  # noqa: PLC0415 - loads matplotlib

    forecast_charts.to_file(found.total, _title(found), path)


def _meant(name: str) -> tuple[str, str | None]:
    """Return the model and the site that a name means: a site, else a model with all its sites."""
    try:
        return active_site(name).model_id, name
    except ConsoleError:
        if name not in trainer.models(state.system):
            raise ConsoleError(
                f"there is no site and no model {name}; see `solar sites list` and `solar models`"
            ) from None
        return name, None


def _why_none(name: str, model: str) -> str:
    return (
        f"there is no forecast of {name} yet: it takes a version of {model} with `inputs: forecast` that "
        "serves, and a file of a source with `kind: forecast` that came since; see `solar why "
        f"{model}` and `solar files`"
    )


def _zone(tz: str, local: str) -> tzinfo:
    wanted = {"local": local, "utc": "UTC"}.get(tz.lower(), tz)
    try:
        return tzinfo_of(wanted)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConsoleError(
            f"{tz!r} is no time zone; use local, utc, or a name like Europe/Berlin"
        ) from error


def _alike(model: str, latest: Mapping[str, Any]) -> dict[str, float]:
    """Return how alike errors are, as the evaluation of the version found that made the forecast."""
    from console.commands.comparing import evaluation_of_version  # noqa: PLC0415

    evaluation = evaluation_of_version(model, latest["rows"][0]["version"])
    said = evaluation.forecast if evaluation else None
    found = {
        "dependence": said.dependence if said else None,
        "day_dependence": said.day_dependence if said else None,
    }
    return {name: _ALL_TOGETHER if value is None else value for name, value in found.items()}


def _title(found: Ahead) -> str:
    """Name the issues that the hours come from, in the order of the hours."""
    rows = [row for each in found.sites.values() for row in each["rows"]]
    rows.sort(key=lambda row: str(row["timestamp"]))
    issues = list(dict.fromkeys((row["provider"], row["issued_at"]) for row in rows))
    said = [
        f"{provider}, issued {datetime.fromisoformat(issued):%Y-%m-%d %H:%M} UTC"
        for provider, issued in issues[:_ISSUES_NAMED]
    ]
    if more := len(issues) - len(said):
        said.append(f"{more} more")
    return f"{found.name}: {'; then '.join(said)}"


def _show(found: Ahead, *, chart: bool) -> None:
    from console import forecast_charts, forecasts  # noqa: PLC0415

    for line in late(found):
        output.complain(line)
    series, total, alike = found.series, found.total, found.alike
    hourly = forecasts.hourly(total)
    output.say_plainly(f"{_title(found)} [kW]")
    if chart:
        for line in forecast_charts.in_terminal(hourly, output.people.width):
            output.say_plainly(line)
    elif len(series) == 1:
        rows = [
            (f"{start:%a %d %b %H:%M}", *(round(float(value), 3) for value in values))
            for start, *values in zip(
                hourly.starts, hourly.p10, hourly.p50, hourly.p90, strict=True
            )
        ]
        zone = hourly.starts[0].tzname() or "UTC"
        output.table("", [f"from ({zone})", "P10", "P50", "P90"], rows, "no rows")
    else:
        _show_sites(series, total, alike)
    for day, energy in forecasts.energy_by_day(total, alike["day_dependence"]).items():
        part = _part(total, day)
        output.say_plainly(
            f"{day:%a %d %b}{part}: {energy.p50:,.1f} kWh (P10 {energy.p10:,.1f}, P90 {energy.p90:,.1f})"
        )


def _part(found: Series, day: date) -> str:
    """Say which part of a day a forecast holds, where it is not the whole day."""
    of_day = [start for start in found.starts if start.date() == day]
    first, end = of_day[0], of_day[-1] + found.step
    begins = f" from {first:%H:%M}" if first.date() == (first - found.step).date() else ""
    return begins + (f" until {end:%H:%M}" if end.date() == day else "")


def late(found: Ahead) -> list[str]:
    """Say of which sites and providers the next issue is late."""
    from console import forecasts  # noqa: PLC0415

    return [
        f"{site_id}: {line}"
        for site_id, each in found.sites.items()
        for line in forecasts.late(each["feeds"])
    ]


def _show_sites(series: Mapping[str, Series], total: Series, alike: Mapping[str, float]) -> None:
    rows = [
        (site_id, *_in_all(each, alike)) for site_id, each in (*series.items(), ("together", total))
    ]
    columns = ["site", "until", "kWh P10", "kWh P50", "kWh P90", "highest kW"]
    output.table("", columns, rows, "no rows")


def _in_all(found: Series, alike: Mapping[str, float]) -> tuple[Any, ...]:
    from console import forecasts  # noqa: PLC0415

    days = forecasts.energy_by_day(found, alike["day_dependence"]).values()
    until = (found.starts[-1] + found.step).strftime("%a %d %b %H:%M")
    sums = [sum(getattr(each, name) for each in days) for name in ("p10", "p50", "p90")]
    return (until, *(f"{each:,.1f}" for each in sums), f"{float(found.p50.max()):,.1f}")


def _write_csv(path: Path, series: Mapping[str, Series], total: Series) -> None:
    """Write a line per site and interval; of several sites also their sum, named `together`."""
    named = {**series, **({"together": total} if len(series) > 1 else {})}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["site_id", "timestamp", "local", "p10_kw", "p50_kw", "p90_kw"])
        for name, each in named.items():
            for row in _rows(each):
                writer.writerow([name, *row.values()])


def _rows(found: Series) -> list[dict[str, Any]]:
    return [
        {
            "timestamp": start.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "local": start.isoformat(),
            "p10": round(float(p10), 4),
            "p50": round(float(p50), 4),
            "p90": round(float(p90), 4),
        }
        for start, p10, p50, p90 in zip(found.starts, found.p10, found.p50, found.p90, strict=True)
    ]


def _as_json(found: Ahead) -> dict[str, Any]:
    return {
        "model_id": found.model_id,
        **found.alike,
        "sites": [
            {
                "site_id": site_id,
                "feeds": each["feeds"],
                "ac_capacity_kw": each["latest"]["ac_capacity_kw"],
                "step_minutes": each["latest"]["step_minutes"],
                "rows": each["rows"],
            }
            for site_id, each in found.sites.items()
        ],
        "together": _rows(found.total) if len(found.series) > 1 else None,
    }
