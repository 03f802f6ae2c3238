"""The last day's real rows of sites, from their canonical objects.

A site's newest objects are read by what reads them for its scores, merged as Preprocess does it, and the
last 24 hours taken of which power is known; where none is known, a week. Work is bounded: some objects of a
site, some seconds in all; what was left out is said.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from services.deployer.adapters.configuration import S3Configuration
from services.deployer.adapters.live.excluded import S3Excluded
from services.deployer.adapters.live.suspects import S3Suspects
from services.deployer.domain.real_rows import MOST_ROWS, LastDay, SiteDay, Span
from shared import layout
from shared.active import ActiveSite
from shared.aws import S3Objects
from shared.canonical import CanonicalFile
from shared.errors import InvalidMessageError, NotFoundError
from shared.exclusions import ExcludedRange
from shared.model_config import ModelConfig
from shared.solar.site import POWER, source_of

if TYPE_CHECKING:
    import pandas as pd

RECENT = timedelta(days=7)  # older rows say nothing about the plant as it is now
DAY = timedelta(days=1)
LEAST_KNOWN = 0.25  # share of a day's rows with power; at night many plants send none
LEAST_WEEK = timedelta(days=6)  # of weather; over fewer days honest versions differ by more
MOST_OBJECTS = 100  # of a site: a day of uploads every quarter of an hour
MOST_SECONDS = 10.0  # for all sites
_UNREADABLE = (ValidationError, InvalidMessageError, ValueError, KeyError, OSError)


@dataclass(frozen=True, slots=True)
class S3RealRows:
    """Reads the newest canonical objects of sites."""

    objects: S3Objects
    configuration: S3Configuration

    def last_day(self, model_id: str, sites: tuple[str, ...], until: datetime) -> LastDay:
        """Return the last day of each site, or its last week, and why a site has none."""
        config = self.configuration.model(model_id)
        found: list[SiteDay] = []
        missing: dict[str, str] = {}
        began = time.monotonic()
        for site_id in sites:
            if time.monotonic() - began > MOST_SECONDS:
                missing[site_id] = "reading the rows of the others took all the time there is"
                continue
            day = self._of_site(site_id, config, until)
            if isinstance(day, SiteDay):
                found.append(day)
            else:
                missing[site_id] = day
        return LastDay(tuple(found), missing)

    def _of_site(self, site_id: str, config: ModelConfig, until: datetime) -> SiteDay | str:
        """Return a site's last day, or of a model of forecasts its last issue, or why there is none."""
        last, kind = (
            (_last_day, "weather") if config.inputs == "measured" else (_last_issue, "forecast")
        )
        try:
            site = ActiveSite.model_validate(self.objects.read_json(layout.active_site(site_id)))
            files = self._newest(site, until)
            excluded = S3Excluded(self.objects).ranges(site_id)
            day = last(site, files, excluded, config.step_minutes, until)
        except NotFoundError:
            return "it is no site any more"
        except _UNREADABLE as error:
            return f"its rows cannot be read: {type(error).__name__}"
        return day or f"it has no {kind} of the last {RECENT.days} days"

    def _newest(self, site: ActiveSite, until: datetime) -> list[tuple[CanonicalFile, bytes]]:
        """Return the newest objects that may be believed."""
        # As in `_table`: the function starts sooner without pandas.
        from services.deployer.adapters.live.canonical import S3CanonicalRows  # noqa: PLC0415

        canonical = S3CanonicalRows(self.objects)
        written = canonical.written(site.site_id, until - RECENT)
        files = canonical.described(sorted(written, key=lambda key: written[key])[-MOST_OBJECTS:])
        suspect = S3Suspects(self.objects).sources(site.site_id)
        return [
            (file, body)
            for file, body in files
            if file.window_end > until - RECENT and not _is_of(site, file, suspect)
        ]


def _is_of(site: ActiveSite, file: CanonicalFile, suspect: frozenset[str]) -> bool:
    """Whether a file is of a suspect source; in doubt it is."""
    if not suspect:
        return False
    source = source_of(site, file.raw_key) if file.raw_key else None
    return source is None or source.name in suspect


def _last_day(
    site: ActiveSite,
    files: list[tuple[CanonicalFile, bytes]],
    excluded: tuple[ExcludedRange, ...],
    step_minutes: int,
    until: datetime,
) -> SiteDay | None:
    """Merge files and take what is asked; None where they hold no recent weather."""
    frame = _table(site.site_id, _measured(files), step_minutes)
    if frame is None or not set(frame.columns) - {POWER}:
        return None
    frame = frame[(frame.index > until - RECENT) & (frame.index <= until)]
    for each in excluded:
        frame = frame[(frame.index < each.start) | (frame.index >= each.end)]
    weather = [name for name in frame.columns if name != POWER]
    frame = frame[frame[weather].notna().any(axis=1)]
    if not len(frame):
        return None
    believed = _believed(site, frame, step_minutes)
    chosen, span = _chosen(frame.index, believed)
    every = -(-len(chosen) // MOST_ROWS)
    chosen = chosen[::every]
    asked = frame[weather].iloc[chosen]
    rows = tuple(_row(site.site_id, stamp, each) for stamp, each in _rows(asked))
    measured = tuple(believed[place] for place in chosen)
    return SiteDay(site.site_id, site.ac_capacity_kw, rows, measured, span)


def _last_issue(
    site: ActiveSite,
    files: list[tuple[CanonicalFile, bytes]],
    excluded: tuple[ExcludedRange, ...],
    step_minutes: int,
    until: datetime,
) -> SiteDay | None:
    """Return the last issue of a site's forecasts whose power is known; None where it has none."""
    import numpy as np  # noqa: PLC0415  as in `_table`

    from services.deployer.adapters.live.last_issue import last_issue  # noqa: PLC0415

    frame = _table(site.site_id, _measured(files), step_minutes)
    times, power = np.empty(0, dtype="datetime64[s]"), np.empty(0)
    if frame is not None:
        times = frame.index.tz_convert(None).to_numpy().astype("datetime64[s]")  # type: ignore[attr-defined]
        believed = _believed(site, frame, step_minutes)
        power = np.array([np.nan if each is None else each for each in believed])
    forecasts = [each for each in files if each[0].provider]
    return last_issue(site, forecasts, (times, power), step_minutes, until, excluded=excluded)


def _measured(files: list[tuple[CanonicalFile, bytes]]) -> list[tuple[CanonicalFile, bytes]]:
    return [each for each in files if not each[0].provider]


def _chosen(times: pd.Index[Any], believed: list[float | None]) -> tuple[list[int], Span]:
    """Return which rows are asked: the newest day with power; without any, the week; else the newest day."""
    known = [place for place, power in enumerate(believed) if power is not None]
    for last in reversed(known):
        day = _until(times, last)
        if sum(believed[place] is not None for place in day) >= LEAST_KNOWN * len(day):
            return day, "day"
    if times[-1] - times[0] > LEAST_WEEK:
        return list(range(len(times))), "week"
    return _until(times, len(times) - 1), "day"


def _until(times: pd.Index[Any], last: int) -> list[int]:
    """Return the places of the 24 hours that end with a row."""
    return [place for place in range(last + 1) if times[place] > times[last] - DAY]


def _table(
    site_id: str, files: list[tuple[CanonicalFile, bytes]], step_minutes: int
) -> pd.DataFrame | None:
    """Merge files as Preprocess does, with the columns that a model may be asked with."""
    # Read only while a version is being deployed: the function starts sooner without them.
    import pandas as pd  # noqa: PLC0415

    from services.deployer.adapters.live.canonical import on_step  # noqa: PLC0415
    from services.deployer.domain.live.book import FileRef  # noqa: PLC0415
    from shared.solar.recipe import INPUTS  # noqa: PLC0415

    named = [(FileRef.of(file, file.file_id), body) for file, body in files]
    found = on_step(site_id, named, step_minutes, frozenset((POWER, *INPUTS)))
    if not found.columns:
        return None
    return pd.DataFrame(found.columns, index=pd.DatetimeIndex(found.times, tz="UTC"))


def _believed(site: ActiveSite, frame: pd.DataFrame, step_minutes: int) -> list[float | None]:
    """Return the measured power of each row, None where it is unknown or a check does not believe it. [kW]"""
    import numpy as np  # noqa: PLC0415  as above

    from shared.solar import quality  # noqa: PLC0415
    from shared.solar.position import ephemeris, position  # noqa: PLC0415

    if POWER not in frame:
        return [None] * len(frame)
    power = frame[POWER].to_numpy(dtype=float)
    times = frame.index.tz_convert(None).to_numpy().astype("datetime64[s]")  # type: ignore[attr-defined]
    sun = position(
        ephemeris(times + np.timedelta64(step_minutes * 30, "s")), site.latitude, site.longitude
    )
    weather = {str(name): frame[name].to_numpy() for name in frame.columns if name != POWER}
    checks = quality.checks(quality.Measurements(power / site.ac_capacity_kw, weather, sun))
    masked = np.logical_or.reduce(list(checks.values()))
    return [
        None if wrong or not np.isfinite(value) else float(value)
        for value, wrong in zip(power, masked, strict=True)
    ]


def _rows(frame: pd.DataFrame) -> Iterator[tuple[Any, dict[str, float]]]:
    for stamp, values in zip(frame.index, frame.to_dict("records"), strict=True):
        yield stamp, {str(name): float(value) for name, value in values.items()}


def _row(site_id: str, stamp: Any, values: dict[str, float]) -> dict[str, str | float]:
    known = {name: value for name, value in values.items() if value == value}  # noqa: PLR0124 - NaN
    return {"site_id": site_id, "timestamp": f"{stamp:%Y-%m-%dT%H:%M:%S}Z", **known}
