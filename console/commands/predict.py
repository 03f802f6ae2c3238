"""`solar predict`: ask the served model."""

from __future__ import annotations

import csv
import io
import json as json_module
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore.exceptions import ClientError

from console import output
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
ISSUED = "issued_at"
_TEXTS = {"timestamp", ISSUED, "provider"}
_USUAL_STEP = 15  # min
_SHOWN_ROWS = 24
_MOST_ROWS = 8_000  # of a request; a serverless endpoint takes 4 MB
_EARLIER_ROWS = (
    500  # sent along with each further request, whose first rows see the sky of the hour before
)


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
    csv_file: Annotated[
        Path | None, typer.Option("--csv", help="Write the predictions here.")
    ] = None,
    *,
    json: JsonOption = False,
) -> None:
    """Predict a site's power from a weather file by what serves the model, with P10 and P90.

    A file `.json` with rows as the endpoint takes them (`[{"timestamp": "2026-06-01T10:00Z", "ghi": 812.0,
    …}]`, in canonical names and units) is sent as it is.

    Examples: solar predict golden golden weather_2013-06.csv --csv june.csv
              solar predict golden golden rows.json --json
    """
    asked = rows_in_json(file) or read_rows(site, file, source, lambda: _step_of(model))
    answer = ask_endpoint(model, site, asked)
    rows = answer["predictions"]
    is_forecast = ISSUED in asked[0]
    if is_forecast:
        rows = [{ISSUED: one[ISSUED], **row} for one, row in zip(asked, rows, strict=True)]
        answer = {**answer, "predictions": rows}
    if csv_file is not None:
        csv_file.write_text(_as_csv(rows), encoding="utf-8")
    if json:
        output.as_json(answer)
        return
    for warning in answer["warnings"]:
        output.complain(warning)
    version = answer["model"].get("model_package_version")
    step = max(1, len(rows) // _SHOWN_ROWS)
    names = [*([ISSUED] if is_forecast else []), "timestamp", "power_ac", "p10", "p90"]
    shown = [[row[name] for name in names] for row in rows[::step]]
    title = f"{site} by {model} version {version} [kW]" + (
        f", every {words.ordinal(step)} row" if step > 1 else ""
    )
    columns = [*(["issued"] if is_forecast else []), "time (UTC)", "power", "P10", "P90"]
    output.table(title, columns, shown, "no rows")


def _step_of(model: str) -> int:
    """Return the step of a model's rows. [min]"""
    objects = S3Objects(state.system.client("s3"), state.system.bucket)
    return InForce(objects).model(model).step_minutes


def rows_in_json(file: Path) -> list[dict[str, Any]] | None:
    """Return the rows of a JSON file as the endpoint takes them; None for a file in a format of the site's.

    Raises
    ------
    ConsoleError
        Rows are there, and one of them names no time or a value that is no number.
    """
    if file.suffix != ".json" or not file.is_file():
        return None
    try:
        said = json_module.loads(file.read_bytes())
    except ValueError as error:
        raise ConsoleError(f"{file.name} is no JSON: {error}") from error
    rows = said.get("rows") if isinstance(said, dict) else said
    if not isinstance(rows, list) or not rows or not all(isinstance(each, dict) for each in rows):
        return None
    if "timestamp" not in rows[0]:
        return None  # the site's YAML says how it reads
    for number, row in enumerate(rows, 1):
        _check_row(file, number, row)
    return rows


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


def ask_endpoint(model: str, site: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Send rows to a model's endpoint, in parts where they are many.

    Raises
    ------
    ConsoleError
        There is no endpoint, or the model refuses the rows.
    """
    parts = []
    for first, start, end in _spans(rows):
        answer = _ask(model, site, rows[first:end])
        parts.append({**answer, "predictions": answer["predictions"][start - first :]})
    return {
        **parts[-1],
        "predictions": [each for part in parts for each in part["predictions"]],
        "warnings": [each for part in parts for each in part["warnings"]],
    }


def _spans(rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, int, int]]:
    """Yield the parts of a long question: from where is sent, and what of it counts, as [start, end).

    With measured weather some rows before are sent along; a forecast's issue is never divided.
    """
    start = 0
    while start < len(rows):
        end = min(start + _MOST_ROWS, len(rows))
        if ISSUED in rows[start]:
            while end < len(rows) and end > start and rows[end][ISSUED] == rows[end - 1][ISSUED]:
                end -= 1
            yield start, start, end
        else:
            yield max(0, start - _EARLIER_ROWS), start, end
        start = end


def _ask(model: str, site: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    runtime = state.system.client("sagemaker-runtime")
    try:
        answer = runtime.invoke_endpoint(
            EndpointName=names.endpoint(model),
            ContentType="application/json",
            Accept="application/json",
            Body=json_module.dumps({"site_id": site, "rows": rows}),
        )
    except ClientError as error:
        code = error_code(error)
        if code in {"ValidationError", "ValidationException"}:
            return _ask_function(model, {"site_id": site, "rows": rows})
        if code == "ModelError":
            raise ConsoleError(f"the model refuses: {_model_says(error)}") from error
        raise
    return dict(json_module.loads(answer["Body"].read()))


def _ask_function(model: str, request: dict[str, Any]) -> dict[str, Any]:
    """Ask the function that answers for models without an endpoint."""
    asked = json_module.dumps({"model_id": model, "request": request})
    answer = state.system.client("lambda").invoke(
        FunctionName=names.model_function(), Payload=asked.encode()
    )
    found = json_module.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise ConsoleError(f"what answers for {model} failed: {found.get('errorMessage', found)}")
    if found["status"] == _NOBODY_SERVES:
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


def _as_csv(rows: list[dict[str, Any]]) -> str:
    made = io.StringIO()
    writer = csv.DictWriter(made, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return made.getvalue()
