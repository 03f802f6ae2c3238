"""Predictions as they are kept, and which of several for the same time counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from services.deployer.domain.live.book import Made
from services.deployer.domain.live.scores import Inputs
from services.deployer.domain.live.stamps import moment, stamp
from shared.errors import NotReadyError
from shared.solar import leads
from shared.solar.position import Floats, Times


@dataclass(frozen=True, slots=True)
class Weather:
    """Weather of one site on the model's step; it may have gaps.

    Measured weather is in the order of time, forecasts are in that of their issues, each in that of time.

    Attributes
    ----------
    columns
        Canonical columns, NaN where nothing is known.
    issued_at
        When the forecast of each row was issued; empty for measured weather. [UTC]
    provider
        Whose forecasts they are; empty for measured weather, and where nobody said.
    """

    site_id: str
    times: Times
    columns: Mapping[str, Floats]
    issued_at: Times = field(default_factory=lambda: np.empty(0, dtype="datetime64[s]"))
    provider: str = ""

    def take(self, which: NDArray[np.bool_]) -> Weather:
        """Return the rows that a mask names."""
        columns = {name: values[which] for name, values in self.columns.items()}
        issued_at = self.issued_at[which] if len(self.issued_at) else self.issued_at
        return Weather(self.site_id, self.times[which], columns, issued_at, self.provider)


@dataclass(frozen=True, slots=True)
class Predicted:
    """The rows of one file, as one version predicted them: one object of the prediction log.

    Attributes
    ----------
    power_ac, p10, p90
        [kW]
    step_minutes
        The step of the version, which the next one need not share. [min]
    missing
        For each row, the inputs of the model that were not there and were estimated, joined by commas.
    gain
        For each row, what the adjuster multiplied the version's own prediction by. [unitless]
    unadjusted
        The version's own prediction. [kW]
    """

    file_id: str
    version: int
    inputs: Inputs
    uploaded_at: datetime
    made_at: datetime
    step_minutes: int
    weather: Weather
    power_ac: Floats
    p10: Floats
    p90: Floats
    missing: tuple[str, ...]
    gain: Floats
    unadjusted: Floats

    @property
    def provider(self) -> str:
        """Whose forecast it was made from; empty for measured weather, and where nobody said."""
        return self.weather.provider

    @property
    def issued_at(self) -> Times:
        """When the forecast of each row was issued; empty for measured weather. [UTC]"""
        return self.weather.issued_at

    @property
    def lead_hours(self) -> Floats:
        """How long after its issue each row's interval begins; empty for measured weather. [h]"""
        if not len(self.issued_at):
            return np.empty(0)
        return (self.times - self.issued_at).astype("timedelta64[s]").astype(float) / 3600.0

    @property
    def in_hindsight(self) -> NDArray[np.bool_]:
        """Which rows were made from a forecast after their interval was over, see `leads.is_hindsight`."""
        if self.inputs != "forecast":
            return np.zeros(len(self.times), dtype=bool)
        ends = self.times + np.timedelta64(self.step_minutes * 60, "s")
        live = stamp(self.uploaded_at) - self.issued_at <= np.timedelta64(leads.LIVE)
        late: NDArray[np.bool_] = live & (ends <= stamp(self.made_at))
        return late

    @property
    def times(self) -> Times:
        """Start of each interval. [UTC]"""
        return self.weather.times

    def take(self, which: NDArray[np.bool_]) -> Predicted:
        """Return the rows that a mask names."""
        return replace(
            self,
            weather=self.weather.take(which),
            power_ac=self.power_ac[which],
            p10=self.p10[which],
            p90=self.p90[which],
            missing=tuple(compress(self.missing, which)),
            gain=self.gain[which],
            unadjusted=self.unadjusted[which],
        )

    def between(self, start: np.datetime64, end: np.datetime64) -> Predicted:
        """Return the rows of an interval [start, end)."""
        return self.take((self.times >= start) & (self.times < end))


def is_of(earlier: Predicted, weather: Weather, wanted: NDArray[np.bool_]) -> bool:
    """Whether a prediction was made from what weather says, and of those of its rows that are wanted."""
    one = earlier.weather
    if one.columns.keys() != weather.columns.keys():
        return False
    now = {pair: place for place, pair in enumerate(_pairs(weather))}
    places = [now.get(pair, -1) for pair in _pairs(one)]
    if min(places) < 0 or not set(_pairs(weather.take(wanted))) <= set(_pairs(one)):
        return False
    return all(
        np.allclose(values, weather.columns[name][places], equal_nan=True)
        for name, values in one.columns.items()
    )


def _pairs(weather: Weather) -> list[tuple[int, int]]:
    """Return issue and time of each row, of measured weather no issue. [s since 1970]"""
    times = weather.times.astype("datetime64[s]").astype(np.int64)
    issued = weather.issued_at.astype("datetime64[s]").astype(np.int64)
    return list(zip((issued if len(issued) else 0 * times).tolist(), times.tolist(), strict=True))


class SilentError(NotReadyError):
    """An endpoint does not answer at all; to ask it about less, or again now, would only take more time."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What an endpoint said of one site's rows, in their order, and which version did.

    Attributes
    ----------
    power_ac, p10, p90
        [kW]
    unadjusted
        What the model itself says, where a gain was asked for; else the same as `power_ac`. [kW]
    inputs
        The weather columns that the model uses; empty where the endpoint does not say.
    """

    version: int | None
    power_ac: Floats
    p10: Floats
    p90: Floats
    unadjusted: Floats
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Best:
    """For each time the prediction that counts, of one version and kind of input."""

    times: Times
    power_ac: Floats
    p10: Floats
    p90: Floats
    gain: Floats
    unadjusted: Floats
    columns: Mapping[str, Floats]


def best(predictions: Sequence[Predicted], start: np.datetime64, end: np.datetime64) -> Best:
    """Return the one prediction per time that counts.

    It is that of the fewest estimated inputs, then of the latest issue, then of the latest upload.

    Parameters
    ----------
    predictions
        Of one version and kind of input.
    start, end
        The times of interest, as [start, end). [UTC]
    """
    within = [each.between(start, end) for each in predictions]
    ordered = sorted(
        (each for each in within if len(each.times)),
        key=lambda each: (each.uploaded_at, each.file_id),
    )
    if not ordered:
        nothing = np.empty(0)
        times = np.empty(0, dtype="datetime64[s]")
        return Best(times, nothing, nothing, nothing, nothing, nothing, {})
    times = np.concatenate([each.times for each in ordered]).astype("datetime64[s]")
    source = np.repeat(np.arange(len(ordered)), [len(each.times) for each in ordered])
    lacking = np.concatenate([[_count(row) for row in each.missing] for each in ordered])
    order = np.lexsort((source, _issues(ordered), -lacking, times))  # the last of a time counts
    chosen = order[np.append(times[order][1:] != times[order][:-1], True)]
    names = sorted({name for each in ordered for name in each.weather.columns})

    def joined(parts: list[Floats]) -> Floats:
        values: Floats = np.concatenate(parts)[chosen]
        return values

    return Best(
        times=times[chosen],
        power_ac=joined([each.power_ac for each in ordered]),
        p10=joined([each.p10 for each in ordered]),
        p90=joined([each.p90 for each in ordered]),
        gain=joined([each.gain for each in ordered]),
        unadjusted=joined([each.unadjusted for each in ordered]),
        columns={name: joined([_column(each, name) for each in ordered]) for name in names},
    )


def _issues(ordered: Sequence[Predicted]) -> NDArray[np.int64]:
    """Return when each row was issued, and for measured weather the same for all rows. [s since 1970]"""
    return np.concatenate(
        [
            each.issued_at.astype("datetime64[s]").astype(np.int64)
            if len(each.issued_at)
            else np.zeros(len(each.times), dtype=np.int64)
            for each in ordered
        ]
    )


def _count(missing: str) -> int:
    return missing.count(",") + 1 if missing else 0


def _column(predicted: Predicted, name: str) -> Floats:
    found = predicted.weather.columns.get(name)
    return np.full(len(predicted.times), np.nan) if found is None else found


def made_of(predicted: Predicted, key: str) -> Made:
    """Return what the book notes of predictions that are kept under a key."""
    return Made(
        file_id=predicted.file_id,
        version=predicted.version,
        key=key,
        inputs=predicted.inputs,
        start=moment(predicted.times.min()),
        end=moment(predicted.times.max()) + timedelta(minutes=predicted.step_minutes),
        uploaded_at=predicted.uploaded_at,
        made_at=predicted.made_at,
        provider=predicted.provider,
        issued_at=moment(predicted.issued_at.max()) if len(predicted.issued_at) else None,
    )
