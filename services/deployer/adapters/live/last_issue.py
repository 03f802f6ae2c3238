"""The last issue of a site's forecasts whose power is known, as rows that an endpoint can be asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from services.deployer.adapters.live.canonical import issued
from services.deployer.domain.live.book import FileRef
from services.deployer.domain.live.predicted import Weather
from services.deployer.domain.live.stamps import stamp
from services.deployer.domain.live.unseen import Place
from services.deployer.domain.real_rows import MOST_ROWS, SiteDay
from shared.active import ActiveSite
from shared.canonical import CanonicalFile
from shared.exclusions import ExcludedRange
from shared.solar.lookup import values_at
from shared.solar.position import Floats, Times

LEAST_KNOWN = 0.25  # share of an issue's past rows with power
LEAST_HOURS = 12.0  # that are over of an issue that is compared with power


def last_issue(
    site: ActiveSite,
    files: Sequence[tuple[CanonicalFile, bytes]],
    power: tuple[Times, Floats],
    step_minutes: int,
    until: datetime,
    *,
    excluded: Sequence[ExcludedRange] = (),
) -> SiteDay | None:
    """Return the newest issue of which power is known or, where there is none, the newest of all.

    Parameters
    ----------
    files
        Those that hold forecasts.
    power
        Times, and the believed power of each, NaN where it is unknown. [UTC, kW]
    """
    found = [_known(each, excluded) for each in _by_provider(site, files, step_minutes)]
    candidates = [
        (issue, weather.provider, weather.take(weather.issued_at == issue))
        for weather in found
        for issue in np.unique(weather.issued_at)
    ]
    if not candidates:
        return None
    newest_first = sorted(candidates, key=lambda each: each[:2], reverse=True)
    for _, _, weather in newest_first:
        past = weather.take(weather.times < stamp(until))
        measured = values_at(past.times, *power)
        hours = len(past.times) * step_minutes / 60
        if hours >= LEAST_HOURS and np.isfinite(measured).mean() >= LEAST_KNOWN:
            return _asked(site, past, measured)
    weather = newest_first[0][2]
    return _asked(site, weather, np.full(len(weather.times), np.nan))


def _by_provider(
    site: ActiveSite, files: Sequence[tuple[CanonicalFile, bytes]], step_minutes: int
) -> list[Weather]:
    place = Place(site.latitude, site.longitude, site.timezone, site.ac_capacity_kw)
    providers = sorted({file.provider for file, _ in files})
    return [
        issued(
            [
                (FileRef.of(file, file.file_id), body)
                for file, body in files
                if file.provider == provider
            ],
            place,
            step_minutes,
        )
        for provider in providers
    ]


def _known(weather: Weather, excluded: Sequence[ExcludedRange]) -> Weather:
    """Return forecasts without times that a person excluded."""
    kept = np.ones(len(weather.times), dtype=bool)
    for each in excluded:
        kept &= (weather.times < stamp(each.start)) | (weather.times >= stamp(each.end))
    return weather.take(kept)


def _asked(site: ActiveSite, weather: Weather, measured: Floats) -> SiteDay:
    every = np.arange(0, len(weather.times), -(-len(weather.times) // MOST_ROWS))
    rows = []
    for place in every.tolist():
        row: dict[str, str | float] = {
            "site_id": site.site_id,
            "timestamp": f"{weather.times[place]}Z",
            "issued_at": f"{weather.issued_at[place]}Z",
            "provider": weather.provider,
        }
        row.update(
            {
                name: float(values[place])
                for name, values in weather.columns.items()
                if np.isfinite(values[place])
            }
        )
        rows.append(row)
    return SiteDay(
        site.site_id,
        site.ac_capacity_kw,
        tuple(rows),
        tuple(None if np.isnan(value) else float(value) for value in measured[every]),
    )
