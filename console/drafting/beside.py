"""Files that hold what was measured and what was predicted: a source and a name for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from console.drafting import forecasts
from console.drafting.forecasts import Forecast
from console.drafting.guess import Guess, SourceDraft
from console.drafting.moments import Times
from console.drafting.quantities import Values, members
from shared.solar.site import FORECAST_PREFIX


def divided(
    whole: SourceDraft, predicted: Forecast | None, values: dict[str, Values], times: Times
) -> list[SourceDraft]:
    """Return the source itself, or one of its forecasts and one of what was measured.

    Parameters
    ----------
    predicted
        What else speaks for a forecast; it may know the issue.
    """
    said = {name: each for name, each in whole.columns.items() if name.startswith(FORECAST_PREFIX)}
    if not said or len(said) == len(whole.columns):
        return [whole]
    issue: npt.NDArray[np.intp] = (
        forecasts.numbered(predicted.issues) if predicted else np.zeros(len(times), np.intp)
    )
    first = next(iter(said.values()))
    forecast = replace(
        whole,
        columns=forecasts.columns(said, values, times, issue),
        peak=None,
        noon=None,
        unused=(),
        notes=(),
        forecast=_guesses(predicted, members(first)[0]),
        is_beside=True,
    )
    rest = {name: each for name, each in whole.columns.items() if name not in said}
    return [forecast, replace(whole, columns=rest)]


def _guesses(predicted: Forecast | None, column: str) -> dict[str, Guess]:
    """Return kind, provider and issue; a day in the name is that of the measurements, too, and no issue."""
    known = predicted.guesses if predicted else {}
    issued = known.get("issued")
    if issued is None or not {"column", "lead"} & (issued.value or {}).keys():
        issued = Guess(None, forecasts.ASKED)
    return {
        "kind": Guess("forecast", f"GUESSED: {column!r} is called a forecast"),
        "provider": forecasts.provider_of_column(column),
        "issued": issued,
    }


def partner(source: SourceDraft, sources: Sequence[SourceDraft]) -> int:
    """Return the place of the source that reads the same files for what was measured."""
    return next(
        at for at, each in enumerate(sources) if not each.is_beside and each.paths == source.paths
    )
