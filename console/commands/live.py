"""After deployment: what was predicted, and how far off it was."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from console import output, registry, times, trainer
from console.client import log, sites, standing
from console.client.standing import in_words, named
from console.client.words import percent, short
from console.commands import unpredicted
from console.commands.local import JsonOption
from console.errors import ConsoleError
from console.plants import active_site
from console.state import state

__all__ = [
    "degradations",
    "in_words",
    "named",
    "percent",
    "predictions",
    "scorecard",
]  # others take these from here

_SHOWN_ROWS = 24
_MOST_SITES = 20  # of which a question about a moment is answered without being asked for one
_USUAL = timedelta(days=1)
By = Literal["site", "day", "week", "month", "hour", "sky", "lead", "provider", "version"]


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
            help="What a line is: site, day, week (of ISO 8601), month, hour (of the site's day), sky, lead, "
            "provider, version."
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

    def ask(last: str | None) -> dict[str, Any]:
        return state.system.ask(
            "deployer",
            "scorecard",
            model_id=name,
            site_id=site,
            days=days,
            last=last,
            by=by,
            version=version,
        )

    answer = ask(until.date().isoformat() if until else None)
    if not answer["lines"]:
        _require(name, site, version)
    if json:
        output.as_json(answer)
        return
    rows = [_line(each) for each in answer["lines"]]
    title = f"{name}, {answer['first']} to {answer['last']}, by {standing.grouped(answer)}"
    columns = [by, "scored", "R²", "nMAE", "bias", "in P10-P90", "skill", "kWh pred.", "kWh meas."]
    nothing = f"nothing of {name} was scored from {answer['first']} to {answer['last']}"
    output.table(title, columns, rows, nothing, numbers=columns[2:])
    if not rows and until and (newest := ask(None))["lines"]:
        output.say(f"the last day that is known is {newest['last']}")
    if answer["left_out"]:
        output.say(f"{answer['left_out']} more lines; choose fewer days, or one site by --site")
    for each in answer["total"]:
        output.say(_said_in_all(each))
    if answer["waiting"]:
        count = answer["waiting"]
        waits = f"{output.counted(count, 'file')} {'waits' if count == 1 else 'wait'}"
        output.say(f"{waits} to be predicted or scored; see `solar predictions SITE`")


def degradations(
    model: Annotated[str | None, typer.Argument(help="The only model, where there is one.")] = None,
    *,
    days: Annotated[int, typer.Option(help="How many days, until the last one.", min=1)] = 90,
    until: Annotated[
        datetime | None,
        typer.Option(parser=times.moment, metavar="DAY", help="Last day; else the last scored."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """List where a model did worse than promised, or could not be scored: since when, until when, why.

    Examples: solar degradations golden
              solar degradations fleet --days 365
    """
    name = only_model(model)
    last = until.date().isoformat() if until else None
    answer = standing.degradations(state.system, name, last=last, days=days)
    if json:
        output.as_json(answer)
        return
    rows = [
        (
            each["site_id"],
            standing.what(each),
            each["since"],
            each["until"] or "still",
            each["version"],
            each["why"],
        )
        for each in answer["degradations"]
    ]
    title = f"{name}, {answer['first']} to {answer['last']}"
    columns = ["site", "what", "since", "until", "version", "why"]
    nothing = (
        f"from {answer['first']} to {answer['last']} nobody was told that {name} did worse than promised "
        "or could not be scored"
    )
    output.table(title, columns, rows, nothing)


def predictions(
    site: str,
    *,
    begin: times.From = None,
    end: times.To = None,
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
    if begin is not None and end is not None and end <= begin:
        raise ConsoleError(
            "--to must come after --from, and is itself not shown: a day is "
            f"--from {begin:%Y-%m-%d} --to {begin + _USUAL:%Y-%m-%d}"
        )
    name = model or active_site(site).model_id
    asked = begin, end
    answer = log.ask(state.system, name, site, begin, end)
    kept = [each for each in answer["predictions"] if version in {None, each["version"]}]
    if begin is None and (end is not None or kept):
        end = end or max(datetime.fromisoformat(each["window_end"]) for each in kept)
        begin = end - _USUAL
    rows = log.rows(state.system, kept, begin, end, gone=_gone)
    if not rows:
        _require(name, None, version)
    if csv_file is not None:
        csv_file.write_text(_as_csv(rows), encoding="utf-8")
    if json:
        output.as_json({**answer, "predictions": kept, "rows": rows})
        return
    _show_rows(f"{site} by {name} [kW]", rows)
    if not rows:
        output.say(
            f"nothing was predicted for {site} by model {name} {'then' if any(asked) else 'yet'}"
        )
        for each in unpredicted.instead(name, site, asked, kept, is_named=model is not None):
            output.say_plainly(each)
    if csv_file is not None:
        output.say_plainly(f"{output.counted(len(rows), 'row')} written to {csv_file}")
    for each in answer["waiting"]:
        output.say_plainly(
            f"waits since {output.when(each['since'])}: file {each['file_id'][:8]} "
            f"({output.when(each['window_start'])} to {output.when(each['window_end'])}): {each['reason']}"
        )


def _show_rows(title: str, rows: list[dict[str, Any]]) -> None:
    """Show rows of the log, of many those of full hours; and when each version made its own."""
    step = max(1, len(rows) // _SHOWN_ROWS)
    full = (at for at, each in enumerate(rows[:step]) if each["timestamp"][14:16] == "00")
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
        for each in rows[next(full, 0) :: step]
    ]
    if not shown:
        return
    columns = ["time (UTC)", "power", "P10", "P90", "version", "weather", "estimated"]
    output.table(title + (f", one row of {step}" if step > 1 else ""), columns, shown, "")
    for version in sorted({each["version"] for each in rows}):
        made = [output.when(each["made_at"]) for each in rows if each["version"] == version]
        first, last = min(made), max(made)
        when = f"at {first} UTC" if first == last else f"from {first} to {last} UTC"
        output.say(f"made by version {version} {when}")


def predicted_at(model: str, site: str | None, moment: datetime) -> list[dict[str, Any]]:
    """Return what a model predicted for a moment: for one site or, of few, for each that its log has."""
    chosen = [site] if site else log.sites(state.system, model, _MOST_SITES + 1)
    if len(chosen) > _MOST_SITES:
        return []
    found = []
    for name in chosen:
        answer = log.ask(state.system, model, name, moment, moment)
        rows = log.rows(
            state.system,
            answer["predictions"],
            moment - timedelta(hours=1),
            moment,
            until=True,
            gone=_gone,
        )
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


def _as_csv(rows: list[dict[str, Any]]) -> str:
    names = dict.fromkeys(log.COLUMNS) | dict.fromkeys(name for row in rows for name in row)
    made = io.StringIO()
    writer = csv.DictWriter(made, fieldnames=list(names))
    writer.writeheader()
    writer.writerows(rows)
    return made.getvalue()


def how_they_do(model: str | None = None) -> dict[str, dict[str, Any] | None]:
    """Return how models do live, by the last daily watch; None for one that was not looked at yet."""
    return standing.how_they_do(state.system, [model] if model else None)


def _gone(key: str) -> None:
    output.complain(f"{key} was deleted; while its version serves, the daily look makes it again")


def only_model(model: str | None, by: str = "") -> str:
    """Return the model that is meant: the only one, where none is named.

    Parameters
    ----------
    by
        How the verb wants to be told it, where that is no argument, as in ' by --model'.

    Raises
    ------
    ConsoleError
        There is no such model, or there are several.
    """
    known = trainer.models(state.system)
    if model is None:
        if len(known) != 1:
            which = f"one of {', '.join(known)}" if known else "there is none yet"
            raise ConsoleError(f"name the model{by}: {which}")
        return known[0]
    trainer.require_model(state.system, model)
    return model


def _require(model: str, site: str | None, version: int | None) -> None:
    """Refuse a site or a version that does not exist, of which nothing could be scored."""
    if site is not None:
        sites.named(state.system, site)
    if version is not None:
        registry.version(state.system, model, version)


def _line(each: Mapping[str, Any]) -> tuple[Any, ...]:
    return (
        named(each),
        _days(each),
        short(each["r2"]),
        percent(each["nmae"]),
        percent(each["energy_bias"], signed=True),
        percent(each["coverage_p10_p90"], digits=0),
        short(each["skill"]),
        *(_energy(each, name) for name in ("predicted_kwh", "measured_kwh")),
    )


def _energy(each: Mapping[str, Any], name: str) -> str:
    """Return the energy of what was scored [kWh]; of nothing that is unknown, not zero."""
    return f"{each[name]:,.0f}" if each["n"] else ""


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
        f"{named(each)}: {_scored(scored, each['sites'])}"
        + (f"; {', '.join(states)}" if states else "")
        + f"; version{'s' * (len(each['versions']) > 1)} {', '.join(map(str, each['versions']))}"
        + _without_adjuster(each["unadjusted"])
    )


def _scored(days: int, sites: int) -> str:
    if not days:
        return "no day scored"
    return f"{output.counted(days, 'day')} of {output.counted(sites, 'site')} scored"


def _without_adjuster(plain: Mapping[str, Any] | None) -> str:
    if plain is None:
        return ""
    return (
        f"; without the adjuster R² {short(plain['r2'])}, nMAE {percent(plain['nmae'], digits=2)}, "
        f"bias {percent(plain['energy_bias'], signed=True)}"
    )
