"""The one way a model predicts: in training's validation, in the evaluation and behind the endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from shared.solar import features, hidden, intervals, spread
from shared.solar.artifact import GRAPH, Artifact, InvalidArtifactError
from shared.solar.position import Floats
from shared.solar.rows import Rows
from shared.solar.spread import Spread

_RANGE = (0.1, 0.9)
_MOST_AT_ONCE = (
    100_000  # rows; of a fleet's more, one site after the other has its features in memory
)

_KNOWN = (0.1, 0.5, 0.9)


@dataclass(frozen=True, slots=True)
class Prediction:
    """Predicted mean power of each interval and the range that holds it in eight of ten cases. [kW]

    `unadjusted` is what the model itself says where a gain was asked for, `quantiles` what was asked for
    besides, of shape (rows, `levels`); else None.
    """

    power_ac: Floats
    p10: Floats
    p90: Floats
    unadjusted: Floats | None = None
    quantiles: Floats | None = None
    levels: tuple[float, ...] = ()

    def take(self, which: NDArray[Any] | slice) -> Prediction:
        """Return the predictions of some rows."""
        plain = None if self.unadjusted is None else self.unadjusted[which]
        return Prediction(self.power_ac[which], self.p10[which], self.p90[which], plain)


class Predictor:
    """A model ready to predict.

    Parameters
    ----------
    artifact
        A model's checked files.

    Raises
    ------
    InvalidArtifactError
        The graph does not take the features that the card names, or this code computes others.
    """

    def __init__(self, artifact: Artifact) -> None:
        self.card = artifact.card
        self.session = _session(artifact.graph)
        (entry,) = self.session.get_inputs()
        self.input_name = entry.name
        if entry.shape[-1] != len(self.card.features):
            message = f"{GRAPH} takes {entry.shape[-1]} features, the card names {len(self.card.features)}"
            raise InvalidArtifactError(message)
        self.capacities = {plant.site_id: plant.ac_capacity_kw for plant in self.card.recipe.plants}
        self._try()

    def _try(self) -> None:
        """Predict one row, so that what cannot serve never seems ready and the first request is no slower."""
        start = self.card.train_window.start.astimezone(UTC).replace(tzinfo=None)
        row = Rows(
            sites=(self.card.recipe.plants[0].site_id,),
            site=np.zeros(1, dtype=np.int64),
            times=np.array([start], dtype="datetime64[s]"),
            weather={},
            power_ac=np.full(1, np.nan),
        )
        if self.card.recipe.is_for_forecasts:
            row = replace(
                row,
                issued_at=row.times,
                providers=self.card.recipe.providers[:1],
                provider=np.zeros(1, dtype=np.int64),
            )
        names, _, _ = features.compute(row, self.card.recipe)
        if names != self.card.features:
            message = "this code computes other features than the model was trained with"
            raise InvalidArtifactError(message)
        self.predict(row)

    def predict(self, rows: Rows, alone: NDArray[np.bool_] | None = None) -> Prediction:
        """Predict the power of rows from their weather.

        Parameters
        ----------
        alone
            Rows to be predicted as if each had been sent without any other; none by default.

        Raises
        ------
        NotFoundError
            A row is of a site or a provider that the model was not trained for.
        MissingIssueError
            The model is one of forecasts, and rows have no issue.
        """
        parts = self._at_once(rows)
        if len(parts) == 1:
            return self._predict(rows, alone)
        power_ac, p10, p90 = (np.empty(len(rows)) for _ in range(3))
        for which in parts:
            found = self._predict(rows.take(which), None if alone is None else alone[which])
            power_ac[which], p10[which], p90[which] = found.power_ac, found.p10, found.p90
        return Prediction(power_ac, p10, p90)

    def _at_once(self, rows: Rows) -> list[NDArray[np.int64]]:
        """Return the rows whose features are in memory together: all, or one site after the other."""
        if len(rows) <= _MOST_AT_ONCE or len(rows.sites) == 1:
            return [np.arange(len(rows))]
        return [np.flatnonzero(rows.site == site) for site in np.unique(rows.site)]

    def _predict(self, rows: Rows, alone: NDArray[np.bool_] | None) -> Prediction:
        names, values, sun = features.compute(rows, self.card.recipe, alone)
        (raw,) = self.session.run(None, {self.input_name: values})
        scale = self.capacity(rows) * (sun.elevation >= self.card.night_below)
        if self.card.spread is not None:
            share, around = self._around(rows, raw, self.card.spread, _RANGE)
            return Prediction(share * scale, around[:, 0] * scale, around[:, 1] * scale)
        assert self.card.intervals is not None  # noqa: S101  a card has one of both
        share = np.minimum(np.maximum(raw.reshape(-1).astype(float), 0.0), self.card.cap)
        given = features.conditions(names, values, self.card.recipe, sun)
        low, high = intervals.apply(self.card.intervals, share, given.cell)
        if self.card.hidden:
            wider = hidden.factors(rows, self.card.recipe, self.card.hidden)
            low, high = share - wider * (share - low), share + wider * (high - share)
        return Prediction(
            power_ac=share * scale,
            p10=np.maximum(low, 0.0) * scale,
            p90=np.minimum(high, self.card.cap) * scale,
        )

    def quantiles(self, rows: Rows, levels: Sequence[float]) -> Floats:
        """Return quantiles of the power of rows, of shape (rows, levels); P50 is the prediction. [kW]

        Parameters
        ----------
        levels
            Between 0.05 and 0.95, of measured weather between 0.1 and 0.9; in any order. [unitless]

        Raises
        ------
        UnknownLevelError
            The model cannot tell a level.
        """
        if self.card.spread is None:
            return _read_between(self.predict(rows), levels)
        found = np.empty((len(rows), len(levels)))
        for which in self._at_once(rows):
            part = rows.take(which)
            _, values, sun = features.compute(part, self.card.recipe)
            (raw,) = self.session.run(None, {self.input_name: values})
            _, around = self._around(part, raw, self.card.spread, tuple(levels))
            scale = self.capacity(part) * (sun.elevation >= self.card.night_below)
            found[which] = around * scale[:, None]
        return found

    def _around(
        self, rows: Rows, raw: NDArray[np.float32], found: Spread, levels: tuple[float, ...]
    ) -> tuple[Floats, Floats]:
        """Return predictions of forecasts and quantiles around them. [share of AC capacity]"""
        share = np.minimum(np.maximum(raw[:, 0].astype(float), 0.0), self.card.cap)
        bucket = spread.bucket_of(rows.lead_hours)
        around = spread.apply(found, share, raw[:, 1:].astype(float), bucket, levels)
        return share, np.minimum(np.maximum(around, 0.0), self.card.cap)

    def adjusted(self, rows: Rows, prediction: Prediction, gain: Floats) -> Prediction:
        """Return predictions times a gain, but none above what the plant ever gave. [kW]

        Parameters
        ----------
        gain
            Of each row. [unitless]
        """
        highest = self.card.cap * self.capacity(rows)

        def times_gain(power: Floats) -> Floats:
            return np.minimum(power * gain, np.maximum(highest, power))

        return Prediction(
            power_ac=times_gain(prediction.power_ac),
            p10=times_gain(prediction.p10),
            p90=times_gain(prediction.p90),
            unadjusted=prediction.power_ac,
        )

    def capacity(self, rows: Rows) -> Floats:
        """Return the AC capacity of each row's site as the model was trained with it. [kW]"""
        return np.array([self.capacities[name] for name in rows.sites])[rows.site]


def _read_between(said: Prediction, levels: Sequence[float]) -> Floats:
    """Return quantiles read between P10, the prediction and P90, of shape (rows, levels). [kW]"""
    between = spread.between(_KNOWN, np.stack([said.p10, said.power_ac, said.p90], axis=1), levels)
    return np.maximum(between, 0.0)


def _session(graph: bytes) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1  # rows are few: a second thread only spins beside the first
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors have no base of their own
        message = f"{GRAPH} is no graph that can be run: {error}"
        raise InvalidArtifactError(message) from error
