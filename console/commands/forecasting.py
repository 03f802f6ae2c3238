"""`solar forecast`: what comes, of a site or of all sites of a model."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
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
    from shared.evaluation import Evaluation

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
    hours
        How far ahead was asked. [h]
    at
        From when on.
    left_out
        Why there is nothing of other sites of the model.
    """

    name: str
    model_id: str
    sites: Mapping[str, Mapping[str, Any]]
    series: Mapping[str, Series]
    total: Series
    alike: Mapping[str, float]
    hours: float
    at: datetime
    left_out: Mapping[str, str]


def forecast(
    name: Annotated[str, typer.Argument(metavar="SITE|MODEL")],
    *,
    hours: Annotated[float, typer.Option(help="How far ahead.", min=0.25, max=384)] = 48,
    tz: Annotated[
        str, typer.Option(help="Zone of the times: local (the site's), utc, or a name.")
    ] = "local",
    csv_file: Annotated[
        Path | None, typer.Option("--csv", help="Write the rows here; - writes nothing but them.")
    ] = None,
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
    as the sites erred for themselves in the evaluation. Other quantiles: `solar predict --quantiles`.

    Examples: solar forecast roof --hours 24
              solar forecast roof --chart --tz utc
              solar forecast fleet --csv tomorrow.csv
    """
    found = ahead(name, hours, tz, at)
    for line in (*late(found), *notes(found)):
        output.complain(line)
    if chart_file is not None:
        draw(found, chart_file)
    if csv_file is not None:
        output.write(csv_file, _as_csv(found.series, found.total))
    if json:
        output.as_json(_as_json(found))
        return
    if csv_file == output.SCREEN:
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
    now = at or utc_now()
    there: dict[str, Mapping[str, Any]] = {}
    left_out: dict[str, str] = {}
    for each in answer["sites"]:
        latest = json_at(each["key"])
        if latest is None:
            left_out[each["site_id"]] = f"{each['key']} was deleted; the next issue writes it again"
            continue
        rows = forecasts.rows_within(latest, hours, now)
        there[each["site_id"]] = {**each, "latest": latest, "rows": rows}
    if not there:
        raise ConsoleError("; ".join(left_out.values()))
    found, over = _going_on(there, now)
    one = next(iter(found.values()))["latest"]
    evaluation = _evaluation(model, one)
    if site is None and evaluation is not None:
        left_out |= _without(evaluation, answer["sites"])
    zone = _zone(tz, one["timezone"])
    series = {
        site_id: forecasts.series(each["rows"], each["latest"]["step_minutes"], zone)
        for site_id, each in found.items()
    }
    alike = _alike(evaluation)
    return Ahead(
        name,
        model,
        found,
        series,
        _total(series, alike),
        alike,
        hours,
        now,
        left_out | over,
    )


def _going_on(
    found: Mapping[str, Mapping[str, Any]], now: datetime
) -> tuple[dict[str, Mapping[str, Any]], dict[str, str]]:
    """Return sites whose forecast goes on, and why the others are left out; all where none goes on."""
    from console import forecasts  # noqa: PLC0415

    ends = {site_id: forecasts.ends_at(each["latest"]) for site_id, each in found.items()}
    if all(end <= now for end in ends.values()):
        return dict(found), {}
    return (
        {site_id: each for site_id, each in found.items() if ends[site_id] > now},
        {
            site_id: f"the newest forecast ended {forecasts.minute(end)}"
            for site_id, end in ends.items()
            if end <= now
        },
    )


def _without(evaluation: Evaluation, sites: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Say of which sites of a version there never was a forecast."""
    known = {each["site_id"] for each in sites}
    return {
        each.name: "no forecast came yet"
        for each in evaluation.challenger.by_site
        if each.name not in known
    }


def _total(series: Mapping[str, Series], alike: Mapping[str, float]) -> Series:
    from console import forecasts  # noqa: PLC0415

    if len(series) == 1:
        return next(iter(series.values()))
    total = forecasts.added(list(series.values()), alike["dependence"])
    if not total.starts:
        raise ConsoleError(
            f"the forecasts of {', '.join(series)} have no time in common; ask for one site after the other"
        )
    return total


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


def _evaluation(model: str, latest: Mapping[str, Any]) -> Evaluation | None:
    """Return the evaluation of the version that made a forecast."""
    from console.commands.comparing import evaluation_of_version  # noqa: PLC0415

    return evaluation_of_version(model, latest["rows"][0]["version"])


def _alike(evaluation: Evaluation | None) -> dict[str, float]:
    """Return how alike errors are, as the evaluation found."""
    said = evaluation.forecast if evaluation else None
    found = {
        "dependence": said.dependence if said else None,
        "day_dependence": said.day_dependence if said else None,
    }
    return {name: _ALL_TOGETHER if value is None else value for name, value in found.items()}


def notes(found: Ahead) -> list[str]:
    """Say what of that which was asked is not there: hours, and sites."""
    from console import forecasts  # noqa: PLC0415

    said = [f"{site_id}: {why}" for site_id, why in found.left_out.items()]
    if found.left_out and len(found.series) > 1:
        said.append("the sum is without these sites")
    for site_id, each in found.sites.items():
        begin, end = forecasts.starts_at(each["latest"]), forecasts.ends_at(each["latest"])
        if end <= found.at:
            said.append(
                f"{site_id}: the newest forecast ended {forecasts.minute(end)}; this is what it said. "
                "Another one comes with the next file of its source"
            )
        elif begin > found.at:
            said.append(f"{site_id}: the newest forecast begins {forecasts.minute(begin)}")
    return said


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

    series, total, alike = found.series, found.total, found.alike
    hourly = forecasts.hourly(total)
    output.say_plainly(f"{_title(found)} [kW]")
    if chart:
        for line in forecast_charts.in_terminal(hourly, output.people.width):
            output.say_plainly(line)
        shown = forecast_charts.fitting(hourly, output.people.width)
        if shown < len(hourly.starts):
            output.say_plainly(
                f"of {len(hourly.starts)} hours the first {shown} fit here; --chart-file draws all of them"
            )
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
    lost = forecasts.missing_hours(total)
    for day, energy in forecasts.energy_by_day(total, alike["day_dependence"]).items():
        part = _part(total, day) + (f" without {lost[day]:g} h" if day in lost else "")
        output.say_plainly(
            f"{day:%a %d %b}{part}: {energy.p50:,.1f} kWh (P10 {energy.p10:,.1f}, P90 {energy.p90:,.1f})"
        )
    if said := _reach(found):
        output.say_plainly(said)


def _reach(found: Ahead) -> str:
    """Say that there are fewer hours than were asked for, and which site's forecast ends first."""
    from console import forecasts  # noqa: PLC0415

    there = len(found.total.starts) * (found.total.step / forecasts.HOUR)
    if there >= found.hours:
        return ""
    ends = {name: each.starts[-1] + each.step for name, each in found.series.items()}
    first = min(ends, key=ends.__getitem__)
    which = f"that of {first} ends first," if len(ends) > 1 else "the forecast ends"
    return f"{there:g} of {found.hours:g} hours are foreseen; {which} {ends[first]:%a %d %b %H:%M}"


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
        for line in forecasts.late(each["feeds"], found.at)
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


def _as_csv(series: Mapping[str, Series], total: Series) -> str:
    """Return a line per site and interval; of several sites also their sum, named `together`."""
    named = {**series, **({"together": total} if len(series) > 1 else {})}
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\n")
    writer.writerow(["site_id", "timestamp", "local", "p10_kw", "p50_kw", "p90_kw"])
    for name, each in named.items():
        for row in _rows(each):
            writer.writerow([name, *row.values()])
    return made.getvalue()


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
        "left_out": [{"site_id": name, "why": why} for name, why in found.left_out.items()],
    }
