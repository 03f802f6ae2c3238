"""`solar forecast`: what comes, of a site or of all sites of a model."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import UTC, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfoNotFoundError

import typer

from console import output, trainer
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
    json: JsonOption = False,
) -> None:
    """Show the newest forecast of a site, or of all sites of a model and their sum.

    P10 and P90 enclose eight of ten cases. The band of a sum is narrower than the sum of the bands, as far
    as the sites erred for themselves in the evaluation.

    Examples: solar forecast roof --hours 24
              solar forecast roof --chart --tz utc
              solar forecast fleet --csv tomorrow.csv
    """
    from console import forecasts  # noqa: PLC0415 - loads numpy

    model, site = _meant(name)
    answer = state.system.ask("deployer", "forecasts", model_id=model, site_id=site)
    if not answer["sites"]:
        raise ConsoleError(_why_none(name, model))
    now = utc_now()
    found = {}
    for each in answer["sites"]:
        latest = json_at(each["key"])
        if latest is None:
            output.complain(f"{each['key']} was deleted; the next issue writes it again")
            continue
        rows = forecasts.rows_within(latest, hours, now)
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
    if csv_file is not None:
        _write_csv(csv_file, series, total)
    if chart_file is not None:
        from console import forecast_charts  # noqa: PLC0415 - loads matplotlib

        forecast_charts.to_file(total, _title(name, found), chart_file)
    if json:
        output.as_json(_as_json(model, found, series, total, alike))
        return
    _show(name, found, series, total, alike=alike, chart=chart)


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


def _title(name: str, found: Mapping[str, Mapping[str, Any]]) -> str:
    feeds = [feed for each in found.values() for feed in each["feeds"]]
    newest = max(feeds, key=lambda each: each["issued_at"])
    return f"{name}: {newest['provider']}, issued {newest['issued_at'][:16].replace('T', ' ')} UTC"


def _show(
    name: str,
    found: Mapping[str, Mapping[str, Any]],
    series: Mapping[str, Series],
    total: Series,
    *,
    alike: Mapping[str, float],
    chart: bool,
) -> None:
    from console import forecast_charts, forecasts  # noqa: PLC0415

    for site_id, each in found.items():
        for line in forecasts.late(each["feeds"]):
            output.complain(f"{site_id}: {line}")
    hourly = forecasts.hourly(total)
    output.say_plainly(f"{_title(name, found)} [kW]")
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
        output.say_plainly(
            f"{day:%a %d %b}: {energy.p50:,.1f} kWh (P10 {energy.p10:,.1f}, P90 {energy.p90:,.1f})"
        )


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


def _as_json(
    model: str,
    found: Mapping[str, Mapping[str, Any]],
    series: Mapping[str, Series],
    total: Series,
    alike: Mapping[str, float],
) -> dict[str, Any]:
    return {
        "model_id": model,
        **alike,
        "sites": [
            {
                "site_id": site_id,
                "feeds": each["feeds"],
                "ac_capacity_kw": each["latest"]["ac_capacity_kw"],
                "step_minutes": each["latest"]["step_minutes"],
                "rows": each["rows"],
            }
            for site_id, each in found.items()
        ],
        "together": _rows(total) if len(series) > 1 else None,
    }
