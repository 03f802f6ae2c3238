"""`solar predict`: ask the served model."""

from __future__ import annotations

import csv
import io
import json as json_module
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore.exceptions import ClientError

from console import output, trainer
from console.client import words
from console.commands.local import JsonOption
from console.errors import ConsoleError
from console.plants import active_site
from console.state import state
from shared import layout, names
from shared.active import ActiveSite
from shared.aws import S3Objects, error_code
from shared.errors import UnreadableFileError
from shared.in_force import InForce
from shared.solar.site import SourceFormat, source_of

_POWER = "power_ac"
_OK, _NOBODY_SERVES = 200, 404
ISSUED, QUANTILES = "issued_at", "quantiles"
_TEXTS = {"timestamp", ISSUED, "provider"}
_USUAL_STEP = 15  # min
_SHOWN_ROWS = 24
_MOST_ROWS = 8_000  # of a request; a serverless endpoint takes 4 MB
_EARLIER_ROWS = (
    500  # sent along with each further request, whose first rows see the sky of the hour before
)


@dataclass(frozen=True, slots=True)
class Question:
    """Rows to predict from, and what is said once of all of them."""

    rows: list[dict[str, Any]]
    of_all: Mapping[str, Any]


def _levels(said: str) -> list[float]:
    try:
        return [float(each) for each in said.split(",")]
    except ValueError as error:
        raise ConsoleError(f"{said!r} are no quantiles; write them like 0.05,0.95") from error


def predict(
    model: str,
    site: str,
    file: Annotated[Path, typer.Argument(help="Weather, in one of the site's own file formats.")],
    source: Annotated[
        str | None,
        typer.Option(
            help="Source of the site's YAML that says how the file reads; by its name without it."
        ),
    ] = None,
    *,
    csv_file: Annotated[
        Path | None,
        typer.Option("--csv", help="Write the predictions here; - writes nothing but them."),
    ] = None,
    quantiles: Annotated[
        str,
        typer.Option(
            metavar="LEVELS",
            help="Quantiles to tell besides, like 0.05,0.25,0.75: of forecasts between 0.05 and 0.95, of "
            "measured weather between 0.1 and 0.9.",
        ),
    ] = "",
    json: JsonOption = False,
) -> None:
    """Predict a site's power from a weather file by what serves the model, with P10 and P90.

    A file `.json` with rows as the endpoint takes them (`[{"timestamp": "2026-06-01T10:00Z", "ghi": 812.0,
    …}]`, or `{"issued_at": …, "rows": […]}`, in canonical names and units) is sent as it is.

    Examples: solar predict golden golden weather_2013-06.csv --csv june.csv
              solar predict tomorrow golden nwp_2026112906.csv --quantiles 0.05,0.95
              solar predict golden golden rows.json --json
    """
    asked = _in_json(site, file) or Question(
        read_rows(site, file, source, lambda: _step_of(model)), {}
    )
    if quantiles:
        asked = Question(asked.rows, {**asked.of_all, QUANTILES: _levels(quantiles)})
    answer = ask_endpoint(model, site, asked.rows, asked.of_all)
    rows = answer["predictions"]
    is_forecast = ISSUED in {**asked.rows[0], **asked.of_all}
    if is_forecast:
        rows = [
            {ISSUED: one.get(ISSUED, asked.of_all.get(ISSUED)), **row}
            for one, row in zip(asked.rows, rows, strict=True)
        ]
        answer = {**answer, "predictions": rows}
    for warning in (*answer["warnings"], *_wider(answer)):
        output.complain(warning)
    levels = asked.of_all.get(QUANTILES, [])
    if csv_file is not None:
        output.write(csv_file, _as_csv(rows, levels))
    if json:
        output.as_json(answer)
    elif csv_file != output.SCREEN:
        _show(f"{site} by {model}", answer, levels, is_forecast=is_forecast)
        if csv_file is not None:
            output.say_plainly(f"{output.counted(len(rows), 'row')} written to {csv_file}")


def _wider(answer: Mapping[str, Any]) -> Iterator[str]:
    """Say what a model of measured weather makes of rows without an input of it."""
    missing = answer["inputs_missing"]
    if missing and not answer["model"].get("providers"):
        yield (
            f"no row has {' or '.join(missing)}, which the model learnt from: P10 and P90 are wider by what "
            "that costs; see 'Where an input is missing' in its report. To predict from weather forecasts, "
            "train a model with `inputs: forecast`"
        )


def _show(
    title: str, answer: Mapping[str, Any], levels: Sequence[float], *, is_forecast: bool
) -> None:
    rows = answer["predictions"]
    step = max(1, len(rows) // _SHOWN_ROWS)
    times = [*([ISSUED] if is_forecast else []), "timestamp"]
    shown = [
        [
            *(_minute(row[name]) for name in times),
            *(row[name] for name in ("power_ac", "p10", "p90")),
            *row.get(QUANTILES, []),
        ]
        for row in rows[::step]
    ]
    said = f"{title} version {answer['model'].get('model_package_version')} [kW]"
    columns = [*(["issued"] if is_forecast else []), "time (UTC)", "power", "P10", "P90"]
    columns += [f"{level:g}" for level in levels]
    every = f", every {words.ordinal(step)} row" if step > 1 else ""
    output.table(said + every, columns, shown, "no rows")


def _minute(said: str) -> str:
    return f"{datetime.fromisoformat(said).astimezone(UTC):%Y-%m-%d %H:%M}"


def _step_of(model: str) -> int:
    """Return the step of a model's rows. [min]"""
    objects = S3Objects(state.system.client("s3"), state.system.bucket)
    return InForce(objects).model(model).step_minutes


def _in_json(site: str, file: Path) -> Question | None:
    """Return a question as the endpoint takes it; None for a file in a format of the site's.

    Raises
    ------
    ConsoleError
        Rows are there, and one of them names no time or a value that is no number, or another site.
    """
    if file.suffix != ".json" or not file.is_file():
        return None
    try:
        said = json_module.loads(file.read_bytes())
    except ValueError as error:
        raise ConsoleError(f"{file.name} is no JSON: {error}") from error
    of_all = dict(said) if isinstance(said, dict) else {}
    rows = of_all.pop("rows", None) if isinstance(said, dict) else said
    if not isinstance(rows, list) or not rows or not all(isinstance(each, dict) for each in rows):
        return None
    if "timestamp" not in rows[0]:
        return None  # the site's YAML says how it reads
    for number, row in enumerate(rows, 1):
        _check_row(file, number, row)
    if of_all.pop("site_id", site) != site:
        raise ConsoleError(f"{file.name} is of another site than {site}")
    return Question(rows, of_all)


def _check_row(file: Path, number: int, row: Mapping[str, Any]) -> None:
    try:
        datetime.fromisoformat(row["timestamp"])
    except (KeyError, TypeError, ValueError) as error:
        raise ConsoleError(
            f"{file.name}: row {number} has no timestamp like 2026-06-01T10:00Z"
        ) from error
    for name, value in row.items():
        if name in _TEXTS or value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ConsoleError(f"{file.name}: row {number}: {name} is {value!r}, no number")


def read_rows(
    site_id: str,
    file: Path,
    source: str | None = None,
    step: Callable[[], int] = lambda: _USUAL_STEP,
) -> list[dict[str, Any]]:
    """Read a weather file as the site's YAML says; canonical rows, ready for the endpoint.

    A column of power is not needed, for it is what is asked; one that is there is not read. Forecasts are
    brought to the model's step, as they are wherever else a model is asked.

    Parameters
    ----------
    step
        Says the model's step. [min]

    Raises
    ------
    ConsoleError
        The file or the site is not there, or the file does not read.
    """
    import pyarrow.parquet as pq  # noqa: PLC0415 - heavy, and only needed here

    from services.data_watcher.adapters import reading  # noqa: PLC0415

    if not file.is_file():
        raise ConsoleError(f"no such file: {file}")
    key = f"{layout.RAW}{site_id}/{file.name}"
    site = _reading_as(active_site(site_id), source, key)
    try:
        found = reading.read(file.read_bytes(), key, site, datetime.now(UTC))
    except UnreadableFileError as error:
        raise ConsoleError(f"{file.name}: {error.reason}. {error.remedy}") from error
    table = pq.read_table(io.BytesIO(found.parquet))
    if ISSUED in table.column_names:
        return _issues(table, site, step())
    return [{**row, "timestamp": row["timestamp"].isoformat()} for row in table.to_pylist()]


def _issues(table: Any, site: ActiveSite, step_minutes: int) -> list[dict[str, Any]]:
    """Return forecasts on the model's step, issue by issue, as an endpoint is asked."""
    import numpy as np  # noqa: PLC0415 - heavy, and only needed here

    from shared.solar import issues  # noqa: PLC0415

    place = (site.latitude, site.longitude)
    rows = issues.rows_of([table], site.site_id, place, step_minutes)
    if rows is None:
        return []
    times, issued = (
        np.datetime_as_string(each, unit="s").tolist() for each in (rows.times, rows.issued_at)
    )
    return [
        {
            "timestamp": f"{time}Z",
            ISSUED: f"{issue}Z",
            "provider": rows.providers[rows.provider[at]],
            **{
                name: float(values[at])
                for name, values in rows.weather.items()
                if np.isfinite(values[at])
            },
        }
        for at, (time, issue) in enumerate(zip(times, issued, strict=True))
    ]


def ask_endpoint(
    model: str, site: str, rows: list[dict[str, Any]], of_all: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Send rows to a model's endpoint, in parts where they are many.

    Parameters
    ----------
    of_all
        What is said once, of all rows.

    Raises
    ------
    ConsoleError
        There is no endpoint, or the model refuses the rows.
    """
    parts = []
    for first, start, end in _spans(rows):
        answer = _ask(model, {**(of_all or {}), "site_id": site, "rows": rows[first:end]})
        parts.append({**answer, "predictions": answer["predictions"][start - first :]})
    missing = [part.get("inputs_missing", []) for part in parts]
    return {
        **parts[-1],
        "predictions": [each for part in parts for each in part["predictions"]],
        "warnings": [each for part in parts for each in part["warnings"]],
        "inputs_missing": [each for each in missing[0] if all(each in part for part in missing)],
    }


def _spans(rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, int, int]]:
    """Yield the parts of a long question: from where is sent, and what of it counts, as [start, end).

    With measured weather some rows before are sent along; a forecast's issue is never divided.
    """
    start = 0
    while start < len(rows):
        end = min(start + _MOST_ROWS, len(rows))
        if ISSUED in rows[start]:
            yield start, start, (end := _end_of_issue(rows, start, end))
        else:
            yield max(0, start - _EARLIER_ROWS), start, end
        start = end


def _end_of_issue(rows: Sequence[Mapping[str, Any]], start: int, end: int) -> int:
    """Return where the last whole issue before a place ends; of an issue that is longer, its own end."""

    def is_edge(at: int) -> bool:
        return at == len(rows) or rows[at].get(ISSUED) != rows[at - 1].get(ISSUED)

    before = (at for at in range(end, start, -1) if is_edge(at))
    return next(before, None) or next(at for at in range(end, len(rows) + 1) if is_edge(at))


def _ask(model: str, question: Mapping[str, Any]) -> dict[str, Any]:
    runtime = state.system.client("sagemaker-runtime")
    try:
        answer = runtime.invoke_endpoint(
            EndpointName=names.endpoint(model),
            ContentType="application/json",
            Accept="application/json",
            Body=json_module.dumps(question),
        )
    except ClientError as error:
        code = error_code(error)
        if code in {"ValidationError", "ValidationException"}:
            return _ask_function(model, question)
        if code == "ModelError":
            raise ConsoleError(f"the model refuses: {_model_says(error)}") from error
        raise
    return dict(json_module.loads(answer["Body"].read()))


def _ask_function(model: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """Ask the function that answers for models without an endpoint."""
    asked = json_module.dumps({"model_id": model, "request": request})
    answer = state.system.client("lambda").invoke(
        FunctionName=names.model_function(), Payload=asked.encode()
    )
    found = json_module.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise ConsoleError(f"what answers for {model} failed: {found.get('errorMessage', found)}")
    if found["status"] == _NOBODY_SERVES:
        trainer.require_model(state.system, model)
        raise ConsoleError(f"nothing serves {model} yet; see `solar models` and `solar status`")
    if found["status"] != _OK:
        raise ConsoleError(f"the model refuses: {found['said']['error']}")
    return dict(found["said"])


def _model_says(error: ClientError) -> str:
    said = error.response.get("OriginalMessage") or error.response["Error"]["Message"]
    try:
        return str(json_module.loads(str(said))["error"])
    except (ValueError, KeyError, TypeError):
        return str(said)


def _reading_as(site: ActiveSite, source: str | None, key: str) -> ActiveSite:
    """Return the site with the one source that reads the file: the named one, or the one that its name tells.

    A site's only source of weather reads files of any name here: nothing is uploaded.
    """
    known = {each.name: each for each in map(_weather_of, site.sources) if each}
    fits = source_of(site, key)
    by_name = known.get(fits.name) if fits else None
    if by_name is None and len(known) == 1:
        (by_name,) = known.values()
    chosen = known.get(source) if source else by_name
    if chosen is None:
        said = f"no source {source!r}" if source else f"no source for files like {key}"
        raise ConsoleError(
            f"site {site.site_id} has {said}; name one by --source: {', '.join(known)}"
        )
    return site.model_copy(update={"sources": (chosen.model_copy(update={"files": "*"}),)})


def _weather_of(source: SourceFormat) -> SourceFormat | None:
    """Return a source without its power; None where it holds nothing else."""
    columns = {name: each for name, each in source.columns.items() if name != _POWER}
    return source.model_copy(update={"columns": columns}) if columns else None


def _as_csv(rows: list[dict[str, Any]], levels: Sequence[float]) -> str:
    """Return a line per row; each quantile that was asked for is a column."""
    made = io.StringIO()
    named = [f"quantile_{level:g}" for level in levels]
    flat = [
        {
            **{name: value for name, value in row.items() if name != QUANTILES},
            **dict(zip(named, row.get(QUANTILES, []), strict=False)),
        }
        for row in rows
    ]
    writer = csv.DictWriter(made, fieldnames=list(flat[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)
    return made.getvalue()
