"""After deployment: what was predicted, and how far off it was."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from console import output, times, trainer
from console.commands.local import JsonOption
from console.errors import ConsoleError
from console.plants import active_site, sites_of
from console.state import state
from shared.solar import leads

_SHOWN_ROWS = 24
_MOST_SITES = 20  # of which a question about a moment is answered without being asked for one
_USUAL = timedelta(days=1)
_DAYS_BEFORE = 2  # of which the day before a time in UTC is part
_COLUMNS = (
    "timestamp",
    "power_ac",
    "p10",
    "p90",
    "version",
    "inputs",
    "provider",
    "issued_at",
    "lead_hours",
    "gain",
    "made_at",
    "hindsight",
    "missing",
    "unadjusted",
)

By = Literal["site", "day", "week", "month", "lead", "provider", "version"]


def scorecard(
    model: Annotated[str | None, typer.Argument(help="The only model, where there is one.")] = None,
    *,
    site: Annotated[str | None, typer.Option(help="Only this site.")] = None,
    days: Annotated[int, typer.Option(help="How many days, until the last one.", min=1)] = 30,
    until: Annotated[
        datetime | None,
        typer.Option(parser=times.moment, metavar="DAY", help="Last day; else the last scored."),
    ] = None,
    by: Annotated[
        By,
        typer.Option(
            help="What a line is: site, day, week (of ISO 8601), month, lead, provider, version."
        ),
    ] = "site",
    version: Annotated[int | None, typer.Option(help="Only this version.")] = None,
    json: JsonOption = False,
) -> None:
    """Show how the served model does on what came in since, against what was measured.

    Examples: solar scorecard golden
              solar scorecard golden --site golden --by day --days 14
              solar scorecard fleet --by month --days 365
    """
    name = only_model(model)
    answer = state.system.ask(
        "deployer",
        "scorecard",
        model_id=name,
        site_id=site,
        days=days,
        last=until.date().isoformat() if until else None,
        by=by,
        version=version,
    )
    if json:
        output.as_json(answer)
        return
    rows = [_line(each) for each in answer["lines"]]
    title = f"{name}, {answer['first']} to {answer['last']}, by {by}"
    columns = [by, "scored", "R²", "nMAE", "bias", "in P10-P90", "skill", "kWh pred.", "kWh meas."]
    output.table(title, columns, rows, f"nothing of {name} was scored in these days")
    if answer["left_out"]:
        output.say(f"{answer['left_out']} more lines; choose fewer days, or one site by --site")
    for each in answer["total"]:
        output.say(_said_in_all(each))
    if answer["waiting"]:
        count = answer["waiting"]
        waits = (
            f"{output.counted(count, 'file')} {'waits' if count == 1 else 'wait'} to be predicted"
        )
        output.say(f"{waits}; see `solar predictions SITE`")


def predictions(
    site: str,
    *,
    begin: Annotated[
        datetime | None,
        typer.Option("--from", parser=times.moment, metavar="TIME", help=times.HELP),
    ] = None,
    end: Annotated[
        datetime | None,
        typer.Option("--to", parser=times.moment, metavar="TIME", help="Until then."),
    ] = None,
    model: Annotated[str | None, typer.Option(help="Its model; else the one of its YAML.")] = None,
    version: Annotated[int | None, typer.Option(help="Only what this version said.")] = None,
    csv_file: Annotated[Path | None, typer.Option("--csv", help="Write the rows here.")] = None,
    json: JsonOption = False,
) -> None:
    """Show what was predicted for a site, by which version, from which weather, made when.

    What was made from a forecast only after its interval was over is marked: it is no forecast.

    Without times, the last day of which something was predicted; with only one of them, a day before TO,
    a month from FROM.

    Examples: solar predictions golden
              solar predictions golden --from 2026-06-01 --to 2026-07-01 --csv june.csv
    """
    name = model or active_site(site).model_id
    answer = _ask_predictions(name, site, begin, end)
    kept = [each for each in answer["predictions"] if version in {None, each["version"]}]
    if begin is None and (end is not None or kept):
        end = end or max(datetime.fromisoformat(each["window_end"]) for each in kept)
        begin = end - _USUAL
    rows = _rows(kept, begin, end)
    if csv_file is not None:
        csv_file.write_text(_as_csv(rows), encoding="utf-8")
    if json:
        output.as_json({**answer, "predictions": kept, "rows": rows})
        return
    step = max(1, len(rows) // _SHOWN_ROWS)
    shown = [
        (
            each["timestamp"],
            each["power_ac"],
            each["p10"],
            each["p90"],
            each["version"],
            "forecast, made afterwards" if each["hindsight"] else each["inputs"],
            each["missing"],
        )
        for each in rows[::step]
    ]
    title = f"{site} by {name} [kW]" + (f", one row of {step}" if step > 1 else "")
    columns = ["time (UTC)", "power", "P10", "P90", "version", "weather", "estimated"]
    output.table(title, columns, shown, f"nothing was predicted for {site} then")
    for each in answer["waiting"]:
        output.say_plainly(
            f"waits since {output.when(each['since'])}: file {each['file_id'][:8]} "
            f"({output.when(each['window_start'])} to {output.when(each['window_end'])}): {each['reason']}"
        )


def predicted_at(model: str, site: str | None, moment: datetime) -> list[dict[str, Any]]:
    """Return what was predicted for a moment, for one site of a model or, where they are few, for each."""
    chosen = [site] if site else sites_of(model)
    if len(chosen) > _MOST_SITES:
        return []
    found = []
    for name in chosen:
        answer = _ask_predictions(model, name, moment, moment)
        rows = _rows(answer["predictions"], moment - timedelta(hours=1), moment, until=True)
        last = [each for each in rows if each["timestamp"] == rows[-1]["timestamp"]]
        found += [{"site_id": name, **_best(last)}] if last else []
    return found


def _best(rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return the row that counts of several: made in time, by the newest version and issue."""
    return max(
        rows,
        key=lambda row: (
            not row["hindsight"],
            row["version"],
            row["inputs"],
            row["issued_at"] or "",
        ),
    )


def made_from(row: Mapping[str, Any]) -> str:
    """Return from what a row of the log was predicted: whose forecast, issued when."""
    if row["inputs"] == "measured":
        return "measured weather"
    late = ", made afterwards" if row["hindsight"] else ""
    return f"forecast{' of ' * bool(row['provider'])}{row['provider']}, {output.when(row['issued_at'])}{late}"


def _ask_predictions(
    model: str, site: str, begin: datetime | None, end: datetime | None
) -> dict[str, Any]:
    first = begin.date().isoformat() if begin else None
    last = end.date().isoformat() if end else None
    return dict(
        state.system.ask(
            "deployer",
            "predictions",
            model_id=model,
            site_id=site,
            first=first,
            last=last or (_latest(begin) if begin else None),
            days=_DAYS_BEFORE if last and not first else None,
        )
    )


def _latest(begin: datetime) -> str:
    return (begin.date() + timedelta(days=31)).isoformat()  # forecasts are of days to come


def _rows(
    kept: Iterable[Mapping[str, Any]],
    begin: datetime | None,
    end: datetime | None,
    *,
    until: bool = False,
) -> list[dict[str, Any]]:
    """Return the rows of objects of the log, in the order of time; of the same time and version the best.

    Parameters
    ----------
    until
        Whether the end belongs to the interval.
    """
    import pyarrow.parquet as pq  # noqa: PLC0415 - heavy, and only needed here

    s3 = state.system.client("s3")
    found: dict[tuple[datetime, int, str, Any], dict[str, Any]] = {}
    for each in kept:
        if not each["counts"]:
            continue
        try:
            body = s3.get_object(Bucket=state.system.bucket, Key=each["key"])["Body"].read()
        except s3.exceptions.NoSuchKey:
            output.complain(
                f"{each['key']} was deleted; it is predicted again when a file of its day comes"
            )
            continue
        table = pq.read_table(io.BytesIO(body))
        about = table.schema.metadata
        step = timedelta(minutes=int(about[b"step_minutes"]))
        uploaded_at = datetime.fromisoformat(about[b"uploaded_at"].decode())
        for row in table.to_pylist():
            time = row["timestamp"]
            row["hindsight"] = row["issued_at"] is not None and leads.is_hindsight(
                time + step, row["made_at"], row["issued_at"], uploaded_at
            )
            if (begin and time < begin) or (end and (time > end if until else time >= end)):
                continue
            key = time, row["version"], row["inputs"], row["issued_at"]
            before = found.get(key)
            if before is None or _estimated(row) <= _estimated(before):
                found[key] = row
    ordered = [found[key] for key in sorted(found, key=lambda key: (*key[:3], str(key[3])))]
    return [_plain(row) for row in ordered]


def _estimated(row: Mapping[str, Any]) -> int:
    return len(row["missing"].split(",")) if row["missing"] else 0


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as JSON and CSV have it: the log's columns, and the weather it was made from."""
    weather = {name: value for name, value in row.items() if name not in _COLUMNS}
    said = {name: _text(row[name]) for name in _COLUMNS}
    return {**said, **weather}


def _text(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def _as_csv(rows: list[dict[str, Any]]) -> str:
    names = dict.fromkeys(_COLUMNS) | dict.fromkeys(name for row in rows for name in row)
    made = io.StringIO()
    writer = csv.DictWriter(made, fieldnames=list(names))
    writer.writeheader()
    writer.writerows(rows)
    return made.getvalue()


def how_they_do(model: str | None = None) -> dict[str, dict[str, Any] | None]:
    """Return how models do live, by the last daily watch; None for one that was not looked at yet."""
    return dict(state.system.ask("deployer", "live", model_id=model)["live"])


def in_words(model: str, summary: dict[str, Any] | None) -> list[str]:
    """Return a line on how a model does live, and one for each site that is worse than promised."""
    if summary is None or summary["last"] is None:
        return [f"{model} live: not measured yet; see `solar scorecard {model}`"]
    versions = ", ".join(map(str, summary["versions"]))
    said = (
        f"{model} live, version {versions}, {summary['first']} to {summary['last']}: "
        f"R² {_short(summary['r2'])}, nMAE {percent(summary['nmae'])}, "
        f"bias {percent(summary['energy_bias'], signed=True)}, "
        f"{summary['sites_scored']} of {summary['sites']} sites scored"
    )
    lines = [said + ("" if summary["standing"] else f"; {_as_promised(summary)}")]
    for each in summary["standing"]:
        what = "cannot be scored" if each["kind"] == "data" else "worse than promised"
        lines.append(f"  {each['site_id']}: {what} since {each['since']}: {each['why']}")
    if summary["more_standing"]:
        lines.append(f"  and {summary['more_standing']} more sites")
    return lines


def _as_promised(summary: Mapping[str, Any]) -> str:
    judged, sites = summary["sites_judged"], summary["sites"]
    if summary.get("inputs") == "forecast":
        return "forecasts are scored by lead, and not judged against a promise"
    if not judged:
        return "no site can be judged now"
    if judged < sites:
        return f"as promised at {judged} of {sites} sites; the others cannot be judged now"
    return "as promised everywhere"


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def only_model(model: str | None) -> str:
    """Return the model that is meant: the only one, where none is named.

    Raises
    ------
    ConsoleError
        There is no such model, or there are several.
    """
    known = trainer.models(state.system)
    if model is None:
        if len(known) != 1:
            raise ConsoleError(f"name the model: {', '.join(known) or 'there is none yet'}")
        return known[0]
    trainer.require_model(state.system, model)
    return model


def named(each: Mapping[str, Any]) -> str:
    """Return a line's name; what is not of measured weather says so."""
    return each["name"] if each["inputs"] == "measured" else f"{each['name']} ({each['inputs']})"


def _line(each: Mapping[str, Any]) -> tuple[Any, ...]:
    return (
        each["name"] if each["inputs"] == "measured" else f"{each['name']} ({each['inputs']})",
        _days(each),
        each["r2"],
        percent(each["nmae"]),
        percent(each["energy_bias"], signed=True),
        percent(each["coverage_p10_p90"], digits=0),
        each["skill"],
        f"{each['predicted_kwh']:,.0f}",
        f"{each['measured_kwh']:,.0f}",
    )


_UNSCORED = {
    "night_only": "dark",
    "no_power": "without power",
    "no_weather": "without weather",
    "outage": "with an outage",
    "masked": "doubtful",
    "waiting": "waiting",
}


def _days(each: Mapping[str, Any]) -> str:
    """Return how many days were scored; where none was, what they were instead."""
    scored, all_days = each["days"].get("scored", 0), sum(each["days"].values())
    if scored:
        return f"{scored} of {all_days}"
    state = max(each["days"], key=lambda name: each["days"][name])
    reason = max(each["masked"], key=lambda name: each["masked"][name], default="")
    why = f": {reason.replace('_', ' ')}" if reason and state == "masked" else ""
    return f"{_UNSCORED.get(state, state)}{why}"


def _said_in_all(each: Mapping[str, Any]) -> str:
    states = [
        f"{count} {_UNSCORED[name]}"
        for name, count in sorted(each["days"].items())
        if name in _UNSCORED
    ]
    scored = each["days"].get("scored", 0)
    return (
        f"{named(each)}: {output.counted(scored, 'day')} of {output.counted(each['sites'], 'site')} scored"
        + (f"; {', '.join(states)}" if states else "")
        + f"; version {', '.join(map(str, each['versions']))}"
        + _without_adjuster(each["unadjusted"])
    )


def _without_adjuster(plain: Mapping[str, Any] | None) -> str:
    if plain is None:
        return ""
    return (
        f"; without the adjuster R² {_short(plain['r2'])}, nMAE {percent(plain['nmae'], digits=2)}, "
        f"bias {percent(plain['energy_bias'], signed=True)}"
    )


def percent(value: float | None, *, digits: int = 1, signed: bool = False) -> str:
    """Return a share as people read it; nothing for None."""
    if value is None:
        return ""
    return f"{value:+.{digits}%}" if signed else f"{value:.{digits}%}"
