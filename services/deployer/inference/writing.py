"""From predictions to an answer's bytes.

Rows are many and alike, so each is one template filled: a generic encoder takes twice as long.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from services.deployer.inference.service import Service
from shared.solar import limits
from shared.solar.predictor import Prediction
from shared.solar.rows import Rows
from shared.solar.site import canonical_unit

_NAMES = ("power_ac", "p10", "p90", "unadjusted")


def write_json(
    service: Service, rows: Rows, prediction: Prediction, impossible: Mapping[str, int]
) -> bytes:
    """Return `{"model": …, "predictions": [{"timestamp", "power_ac", "p10", "p90"}, …], "warnings": […]}`.

    `inputs_missing` names the inputs of the model that no row has.

    Parameters
    ----------
    impossible
        How many values of each column were left out because no instrument measures them.

    Raises
    ------
    ValueError
        A prediction is no number, for which JSON has no word.
    """
    names, values = _columns(prediction)
    fields = "".join(f',"{name}":%.6f' for name in names)
    if prediction.quantiles is not None:
        values = np.vstack([values, prediction.quantiles.T])
        fields += f',"quantiles":[{",".join(["%.6f"] * prediction.quantiles.shape[1])}]'
    template = f'{{"timestamp":"%sZ"{fields}}}'
    predictions = ",".join([template % row for row in _each(rows, values)])
    warnings = _dumps([*_left_out(impossible, len(rows)), *_estimated(service, rows)])
    missing = _dumps(_missing(service, rows))
    answer = (
        f'{{"model":{service.described_json},"predictions":[{predictions}],"warnings":{warnings},'
        f'"inputs_missing":{missing}}}'
    )
    return answer.encode()


def write_csv(
    _service: Service, rows: Rows, prediction: Prediction, _impossible: Mapping[str, int]
) -> bytes:
    """Return a header and one line per row; raises like `write_json`.

    Each quantile that was asked for is a column, `quantile_0.05`.
    """
    names, values = _columns(prediction)
    if prediction.quantiles is not None:
        names = (*names, *(f"quantile_{level:g}" for level in prediction.levels))
        values = np.vstack([values, prediction.quantiles.T])
    header = ",".join(("timestamp", *names)) + "\n"
    template = "%sZ" + ",%.6f" * len(names) + "\n"
    return (header + "".join([template % row for row in _each(rows, values)])).encode()


def error_json(message: str, version: int | None = None) -> bytes:
    """Return what an error says, and which version could not answer where it is its own fault."""
    who = {} if version is None else {"model_package_version": version}
    return _dumps({"error": message, **who}).encode()


def _columns(prediction: Prediction) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Return what is said of each row: the model's own word, too, where a gain was asked for."""
    found = [prediction.power_ac, prediction.p10, prediction.p90]
    if prediction.unadjusted is not None:
        found.append(prediction.unadjusted)
    return _NAMES[: len(found)], np.array(found)


def _each(rows: Rows, values: NDArray[np.float64]) -> Iterator[tuple[object, ...]]:
    if not np.isfinite(values).all():
        message = "the model predicted what is no number"
        raise ValueError(message)
    return zip(np.datetime_as_string(rows.times, unit="s").tolist(), *values.tolist(), strict=True)


def _left_out(impossible: Mapping[str, int], count: int) -> Iterator[str]:
    for name, times in impossible.items():
        low, high = limits.of(name)
        unit = canonical_unit(name)
        yield (
            f"{name} is not between {low:g} and {high:g} {unit} in {times} of {count} rows and was left out; "
            "is it in another unit?"
        )


def _estimated(service: Service, rows: Rows) -> list[str]:
    found = []
    for each in service.predictor.card.recipe.inputs:
        known = np.isfinite(rows.column(each.name))
        if not known.all():
            gaps = len(rows) - int(known.sum())
            found.append(f"{each.name} is missing in {gaps} of {len(rows)} rows and was estimated")
    return found


def _missing(service: Service, rows: Rows) -> list[str]:
    recipe = service.predictor.card.recipe
    return [each.name for each in recipe.inputs if not np.isfinite(rows.column(each.name)).any()]


def _dumps(content: object) -> str:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False)
