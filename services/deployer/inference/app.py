"""SageMaker's two routes: `/ping` says that the model is loaded, `/invocations` predicts."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.deployer.inference.reading import BadRequestError, read_csv, read_json
from shared.solar.artifact import ModelCard
from shared.solar.predictor import Prediction, Predictor
from shared.solar.rows import Rows

JSON = "application/json"
CSV = "text/csv"
_LARGEST = 25 * 1024 * 1024  # bytes; SageMaker itself passes no more
_DECIMALS = 6
_READERS: dict[str, Callable[..., Rows]] = {JSON: read_json, CSV: read_csv}


@dataclass(frozen=True, slots=True)
class Service:
    """A loaded model and what it says of itself.

    Attributes
    ----------
    package_version
        Version of the model package that is deployed, or None where none was given.
    """

    predictor: Predictor
    package_version: int | None = None

    @property
    def sites(self) -> tuple[str, ...]:
        """The sites that the model knows."""
        return tuple(plant.site_id for plant in self.predictor.card.recipe.plants)


def create_app(service: Service) -> Starlette:
    """Return the ASGI application that serves a model."""

    async def ping(_request: Request) -> Response:
        return Response(status_code=200)

    async def invocations(request: Request) -> Response:
        try:
            return await _answer(request, service)
        except BadRequestError as error:
            return _json({"error": str(error)}, error.status)

    return Starlette(
        routes=[
            Route("/ping", ping, methods=["GET"]),
            Route("/invocations", invocations, methods=["POST"]),
        ]
    )


async def _answer(request: Request, service: Service) -> Response:
    sent = request.headers.get("content-type", JSON).partition(";")[0].strip().lower() or JSON
    reader = _READERS.get(sent)
    if reader is None:
        raise BadRequestError(f"content type {sent!r} is not read; send {JSON} or {CSV}", 415)
    wanted = _accepted(request.headers.get("accept", "*/*"), sent)
    body = await _body(request)
    rows = reader(body, service.sites)
    prediction = service.predictor.predict(rows)
    described = _describe(service)
    if wanted == CSV:
        answer = Response(_csv(rows, prediction), media_type=CSV)
    else:
        content = {
            "model": described,
            "predictions": _predictions(rows, prediction),
            "warnings": _warnings(rows, service.predictor.card),
        }
        answer = _json(content)
    # The deployment tells by it which version answered, in the middle of a canary too.
    attributes = ("run_id", "dataset_id", "model_package_version")
    answer.headers["X-Amzn-SageMaker-Custom-Attributes"] = ";".join(
        f"{name}={described[name]}" for name in attributes if described[name] is not None
    )
    return answer


async def _body(request: Request) -> bytes:
    parts = bytearray()
    async for part in request.stream():
        parts += part
        if len(parts) > _LARGEST:
            raise BadRequestError(
                f"the body is larger than {_LARGEST} bytes; send it in parts", 413
            )
    return bytes(parts)


def _accepted(accept: str, sent: str) -> str:
    wanted = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    for each in wanted:
        if each in _READERS:
            return each
        if each in {"*/*", "", "application/*", "text/*"}:
            return sent
    raise BadRequestError(f"{accept!r} cannot be answered; accept {JSON} or {CSV}", 406)


def _describe(service: Service) -> dict[str, Any]:
    card = service.predictor.card
    return {
        "model_id": card.model_id,
        "model_type": card.model_type,
        "model_package_version": service.package_version,
        "run_id": card.run_id,
        "dataset_id": card.dataset_id,
        "trained_until": card.train_window.end.isoformat().replace("+00:00", "Z"),
    }


def _predictions(rows: Rows, prediction: Prediction) -> list[dict[str, Any]]:
    columns = zip(
        np.datetime_as_string(rows.times, unit="s").tolist(),
        prediction.power_ac.round(_DECIMALS).tolist(),
        prediction.p10.round(_DECIMALS).tolist(),
        prediction.p90.round(_DECIMALS).tolist(),
        strict=True,
    )
    return [
        {"timestamp": f"{time}Z", "power_ac": power, "p10": low, "p90": high}
        for time, power, low, high in columns
    ]


def _csv(rows: Rows, prediction: Prediction) -> str:
    lines = ["timestamp,power_ac,p10,p90"]
    lines += [
        ",".join(str(value) for value in each.values()) for each in _predictions(rows, prediction)
    ]
    return "\n".join(lines) + "\n"


def _warnings(rows: Rows, card: ModelCard) -> list[str]:
    """Return which inputs had to be estimated."""
    found = []
    for each in card.recipe.inputs:
        gaps = int((~np.isfinite(rows.column(each.name))).sum())
        if gaps:
            found.append(f"{each.name} is missing in {gaps} of {len(rows)} rows and was estimated")
    return found


def _json(content: dict[str, Any], status: int = 200) -> Response:
    return Response(
        json.dumps(content, separators=(",", ":"), ensure_ascii=False, allow_nan=False),
        status_code=status,
        media_type=JSON,
    )
