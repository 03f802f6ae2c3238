"""Which rows a version was not trained on: only these say anything about how it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from services.deployer.domain.live.book import FileRef
from services.deployer.domain.live.stamps import moment, stamp
from shared.solar.position import Times


@dataclass(frozen=True, slots=True)
class Place:
    """What scores need to know of a site. [degree, kW]

    `corrects_clock` says that its clock follows summer time although its stamps state a fixed offset: its
    power was moved to the true time in training, and so it is for scores.
    """

    latitude: float
    longitude: float
    timezone: str
    ac_capacity_kw: float
    corrects_clock: bool = False


@dataclass(frozen=True, slots=True)
class Trained:
    """What a version has seen.

    Attributes
    ----------
    fitted_until
        End of the rows that it was fitted on.
    tested_until
        End of the rows that its evaluation scored: no later row had its power in the dataset.
    step_minutes
        The step of the model's rows. [min]
    spans
        For each site, the spans [start, end] of time that its dataset has rows of.
    places
        The sites that it knows, as it was trained with them.
    files
        The files of its dataset.
    providers
        Those whose forecasts it was trained with, the best of its evaluation first; none for a version of
        measured weather.
    """

    version: int
    fitted_until: datetime
    tested_until: datetime
    step_minutes: int
    spans: Mapping[str, tuple[tuple[datetime, datetime], ...]] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)
    files: frozenset[str] = frozenset()
    providers: tuple[str, ...] = ()

    def predicts_from(self, provider: str) -> bool:
        """Whether it was trained with the forecasts of a provider or, where none is named, with none."""
        return provider in self.providers if self.providers else not provider

    def can_predict(self, file: FileRef) -> bool:
        """Whether a file may hold weather that the version is asked about: of its kind, and not seen."""
        return (
            file.inputs is not None
            and self.predicts_from(file.provider)
            and self.first_unseen(file.site_id, file.start, file.end) is not None
        )

    def unseen(self, site_id: str, times: Times) -> NDArray[np.bool_]:
        """Return which rows of a site it was neither fitted nor tested on.

        Weather alone teaches nothing: rows after the test count although their weather was in the dataset.

        Parameters
        ----------
        times
            Start of each interval. [UTC]
        """
        outside = times >= stamp(self.fitted_until)
        for start, end in self.spans.get(site_id, ()):
            outside &= (times < stamp(start)) | (times >= stamp(end))
        found: NDArray[np.bool_] = outside | (times >= stamp(self.tested_until))
        return found

    def first_unseen(self, site_id: str, start: datetime, end: datetime) -> datetime | None:
        """Return the first time of an interval of a site [start, end) that the version has not seen."""
        step = np.timedelta64(self.step_minutes * 60, "s")
        times = np.arange(stamp(start), stamp(end), step)
        found = times[self.unseen(site_id, times)]
        if not len(found):
            return None
        return moment(found[0])

    def saw_not_all(self, site_id: str, start: datetime, end: datetime) -> bool:
        """Whether an interval of a site [start, end) has times that the version has not seen."""
        return self.first_unseen(site_id, start, end) is not None
