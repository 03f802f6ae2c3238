"""One site of a dataset: its files merged, its clock checked, its rows checked, each with a reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from services.trainer_trigger.pipeline.data import orientation, stretches
from services.trainer_trigger.pipeline.data.forecast_rows import (
    Forecasts,
    finding,
    read_forecasts,
    with_power,
)
from services.trainer_trigger.pipeline.data.merge import SiteTable, site_table
from services.trainer_trigger.pipeline.data.overlaps import same_elsewhere
from services.trainer_trigger.pipeline.data.site_validation import (
    EXCLUDED,
    MUCH_CONTRADICTED,
    ClockFinding,
    ForecastFinding,
    OrientationFinding,
    OverlapFinding,
    SiteValidation,
)
from shared.dataset import Dataset, Exclusion
from shared.masked import MaskedStretches
from shared.solar import atmosphere, clock_check, plant_quality, quality
from shared.solar.position import Floats, SolarPosition, Times, ephemeris, position
from shared.solar.rows import Rows
from shared.solar.site import POWER, Site
from shared.solar.stepping import index_of

_PRESSURE_OFF = (
    30.0  # hPa between the usual pressure and that of the altitude; weather alone makes less
)
_CLOCK_OFF = 60.0  # minutes off solar noon; more needs an explanation
_MONTHS_FOR_SWAP = 3
_MONTHS_OF_YEAR = 12
_LEAST_COVERED = 0.9  # share of the measured intervals
_OVER_MASKED = 0.05  # share of a site's rows whose loss is worth a warning


@dataclass(frozen=True, slots=True)
class SiteRows:
    """A site's believed rows, those that a check masked and where, and what was found on the way."""

    site_id: str
    rows: Rows
    masked: Rows
    stretches: MaskedStretches
    validation: SiteValidation


def prepare_site(dataset: Dataset, site: Site, folder: Path) -> SiteRows | None:
    """Merge and check one site's files; None for a site without any row.

    Parameters
    ----------
    folder
        Where the canonical files lie below their keys.
    """
    files = [file for file in dataset.files if file.site_id == site.site_id]
    measured = [file for file in files if not file.provider]
    merged = site_table(measured, folder, dataset.step_minutes)
    if merged is None:
        return None
    table, clock = _look_at_clock(merged, site, dataset.step_minutes)
    seen = _measurements(table.frame, site, dataset.step_minutes)
    masks = _masks(seen, site, dataset.exclusions)
    # A plant draws a little at night; what it can deliver is never below zero.
    generated = np.maximum(seen.power, 0.0)
    kept = seen.known & ~np.logical_or.reduce(list(masks.values()))
    power = np.where(kept, generated, np.nan)
    rows = _rows(site, seen, power, dataset.step_minutes).take(kept)
    doubted = seen.known & ~kept & ~masks[EXCLUDED]  # an excluded row is known to be wrong
    masked = _rows(site, seen, generated, dataset.step_minutes).take(doubted)
    days = _generating_days(rows, site.longitude)
    believed = replace(seen.measured, share=power / site.ac_capacity_kw)
    validation = SiteValidation(
        files=len(files),
        rows=len(seen.times),
        without_power=int((~seen.known).sum()),
        used=len(rows),
        days=len(days),
        native_steps=table.native_steps,
        coverage=_coverage(rows),
        masks=_counted(masks),
        suspicions=_counted(plant_quality.suspicions(seen.measured)),
        peak_share=round(float(rows.power_ac.max() / site.ac_capacity_kw), 4) if len(rows) else 0.0,
        clock=clock,
        orientation=orientation.estimate(believed),
        night_share=_night_share(seen.measured),
        months_without_end=_months_without_end(days),
        overlap=_overlap(table, dataset, folder),
    )
    warnings = tuple(_warnings(validation, seen.measured, site))
    found = SiteRows(
        site_id=site.site_id,
        rows=rows,
        masked=masked,
        stretches=MaskedStretches(
            site_id=site.site_id,
            dataset_id=dataset.dataset_id,
            stretches=stretches.of_masks(seen.times, masks, dataset.step_minutes),
        ),
        validation=validation.model_copy(update={"warnings": warnings}),
    )
    if dataset.inputs == "measured":
        return found
    return _of_forecasts(
        found, read_forecasts(files, site, folder, dataset.step_minutes), seen, dataset
    )


def _of_forecasts(
    found: SiteRows, forecasts: Forecasts | None, seen: _Seen, dataset: Dataset
) -> SiteRows | None:
    """Return a site's forecasts with the power that was believed; None for a site without any."""
    if forecasts is None:
        return None
    step, believed = dataset.step_minutes, found.rows
    rows = with_power(forecasts.rows, believed, believed, step)
    said = finding(forecasts, believed, seen.measured.sun, seen.times)
    return replace(
        found,
        rows=rows,
        masked=with_power(forecasts.rows, found.masked, believed, step),
        validation=found.validation.model_copy(
            update={
                "used": len(np.unique(rows.times)),
                "coverage": _coverage(rows),
                "forecast": said,
                "warnings": (*found.validation.warnings, *_forecast_warnings(said)),
            }
        ),
    )


def _forecast_warnings(said: ForecastFinding) -> Iterable[str]:
    if said.issued_later:
        yield (
            f"{said.issued_later} rows of forecasts were issued after their interval had begun and were left "
            "out; see `issued` in the site's YAML"
        )
    if said.covered < _LEAST_COVERED:
        yield (
            f"only {said.covered:.0%} of the measured intervals between the first and the last forecast have "
            "one"
        )


def _overlap(table: SiteTable, dataset: Dataset, folder: Path) -> OverlapFinding | None:
    """Return which rows contradict each other; of many, also whether they are another site's."""
    found = table.overlap
    if found is None or found.share <= MUCH_CONTRADICTED:
        return found
    return found.model_copy(update={"other_site": same_elsewhere(found, dataset.files, folder)})


@dataclass(frozen=True, slots=True)
class _Seen:
    """A site's files on the gapless grid; power in kW, NaN where it is unknown."""

    times: Times
    power: Floats
    measured: quality.Measurements

    @property
    def known(self) -> quality.Mask:
        return np.isfinite(self.power)


def _measurements(frame: pd.DataFrame, site: Site, step_minutes: int) -> _Seen:
    times = _stamps(frame)
    unknown = np.full(len(times), np.nan)
    power = frame[POWER].to_numpy(copy=True) if POWER in frame else unknown
    weather = {str(name): frame[name].to_numpy() for name in frame.columns if name != POWER}
    sun = _sun(times, site, step_minutes)
    return _Seen(times, power, quality.Measurements(power / site.ac_capacity_kw, weather, sun))


def _masks(seen: _Seen, site: Site, exclusions: Iterable[Exclusion]) -> Mapping[str, quality.Mask]:
    """Return which rows are not believed, by reason; a person's exclusions come before the checks."""
    on_site = site.weather_source not in {"satellite", "forecast"}
    excluded = {EXCLUDED: _excluded(seen.times, site.site_id, exclusions)}
    found = quality.checks(seen.measured) | plant_quality.masks(seen.measured, on_site=on_site)
    return quality.claim(excluded | found, seen.known)


def _rows(site: Site, seen: _Seen, power: Floats, step_minutes: int) -> Rows:
    return Rows(
        sites=(site.site_id,),
        site=np.zeros(len(seen.times), dtype=np.int64),
        times=seen.times,
        weather=seen.measured.weather,
        power_ac=power,
        power_ac_24h_ago=_a_day_earlier(power, step_minutes),
    )


def _coverage(rows: Rows) -> dict[str, float]:
    """Return the share of rows that carry a weather column. [unitless]"""
    return {
        name: round(float(np.isfinite(values).mean()), 4) if len(rows) else 0.0
        for name, values in rows.weather.items()
    }


def _counted(masks: Mapping[str, quality.Mask]) -> dict[str, int]:
    return {reason: int(mask.sum()) for reason, mask in masks.items() if mask.any()}


def _stamps(frame: pd.DataFrame) -> Times:
    stamps: Times = index_of(frame).tz_convert(None).to_numpy().astype("datetime64[s]")
    return stamps


def _sun(times: Times, site: Site, step_minutes: int) -> SolarPosition:
    centres = times + np.timedelta64(step_minutes * 30, "s")
    return position(ephemeris(centres), site.latitude, site.longitude)


def _look_at_clock(
    table: SiteTable, site: Site, step_minutes: int
) -> tuple[SiteTable, ClockFinding]:
    """Estimate the clock's shift; move power's stamps where it follows summer time and YAML allows."""
    if POWER not in table.frame:
        return table, ClockFinding()
    times = _stamps(table.frame)
    sun = _sun(times, site, step_minutes)
    shift = clock_check.daily_shift(times, table.frame[POWER].to_numpy(), sun, site.longitude)
    step = clock_check.summer_step(shift, site.timezone)
    usual = clock_check.usual(shift)
    finding = ClockFinding(
        shift_minutes=usual,
        shift_minutes_by_month=clock_check.by_month(shift),
        summer_step_minutes=step,
        follows_summer_time=clock_check.follows_summer_time(step),
        unsaid_zone=clock_check.unsaid_summer_zone(shift, site.timezone),
    )
    finding = finding.model_copy(update={"unexplained": _unexplained(finding, site)})
    movable = 60 % step_minutes == 0  # an hour must lead from one stamp of the grid to another
    if not (finding.follows_summer_time and site.clock == "correct" and movable):
        return table, finding
    moved = table.frame[POWER].copy()
    stamps = clock_check.true_times(times, site.timezone)
    moved.index = pd.DatetimeIndex(stamps).tz_localize("UTC")
    moved = moved[~moved.index.duplicated(keep="first")]
    index = table.frame.index.union(moved.index)
    moved_frame = table.frame.drop(columns=[POWER]).reindex(index)
    moved_frame[POWER] = moved.reindex(index)
    return replace(table, frame=moved_frame), finding.model_copy(update={"corrected": True})


def _unexplained(found: ClockFinding, site: Site) -> bool:
    if found.shift_minutes is None or abs(found.shift_minutes) <= _CLOCK_OFF:
        return False
    if found.follows_summer_time or found.unsaid_zone:
        return False  # is said as that
    return not clock_check.explained_by_plane(
        found.shift_minutes, site.surface_tilt, site.surface_azimuth
    )


def _night_share(measured: quality.Measurements) -> float:
    """Return how much of the energy was generated with the sun well below the horizon. [unitless]"""
    energy = np.maximum(np.nan_to_num(measured.share), 0.0)
    night = quality.night_power(measured)
    return round(float(energy[night].sum() / max(energy.sum(), 1e-9)), 4)


def _generating_days(rows: Rows, longitude: float) -> Times:
    """Return the days of mean solar time on which power was generated."""
    generated = rows.times[rows.power_ac > 0] + np.timedelta64(round(longitude * 240), "s")
    return np.unique(generated.astype("M8[D]"))


def _months_without_end(days: Times) -> int:
    """Return how many months were measured, if no day of at least three lies after the 12th; else 0."""
    months = days.astype("M8[M]")
    of_month = (days - months.astype("M8[D]")).astype(int) + 1
    measured = len(np.unique(months))
    swapped = measured >= _MONTHS_FOR_SWAP and of_month.max() <= _MONTHS_OF_YEAR
    return measured if swapped else 0


def _excluded(times: Times, site_id: str, exclusions: Iterable[Exclusion]) -> quality.Mask:
    mask = np.zeros(len(times), dtype=bool)
    for each in exclusions:
        if each.site_id == site_id:
            start = np.datetime64(int(each.start.timestamp()), "s")
            end = np.datetime64(int(each.end.timestamp()), "s")
            mask |= (times >= start) & (times < end)
    return mask


def _a_day_earlier(power: Floats, step_minutes: int) -> Floats:
    """Return each row's power of a day earlier on the gapless grid; NaN where that is unknown. [kW]"""
    back = round(24 * 60 / step_minutes)
    return np.concatenate(
        [np.full(min(back, len(power)), np.nan), power[: max(len(power) - back, 0)]]
    )


def _warnings(
    validation: SiteValidation, measured: quality.Measurements, site: Site
) -> Iterable[str]:
    if quality.exceeds_capacity_often(measured):
        yield (
            f"power is often above the stated capacity of {site.ac_capacity_kw:g} kW "
            f"(up to {validation.peak_share:.2f} of it); ac_capacity_kw is probably too low"
        )
    yield from _suspected(validation, measured)
    if validation.masked_share > _OVER_MASKED:
        yield f"{validation.masked} of {validation.measured} rows were masked"
    clock = validation.clock
    if clock.follows_summer_time and not clock.corrected:
        yield (
            f"the clock follows summer time ({clock.summer_step_minutes:+.0f} min at the changes) although "
            "its stamps say a fixed offset; `clock: correct` in the site's YAML lets Preprocess move them"
        )
    if clock.unsaid_zone:
        yield (
            f"the clock moves by an hour in spring and autumn like that of {clock.unsaid_zone}, although "
            f"timezone {site.timezone} has no summer time; name the plant's zone in its YAML and the "
            "stamps' offset as the source's timestamp.timezone; then `clock: correct` moves them"
        )
    yield from validation.time_doubts
    if validation.overlap is not None:
        yield validation.overlap.in_words()
    yield from _other_plane(validation.orientation, site)
    yield from _other_altitude(measured, site)


def _other_altitude(measured: quality.Measurements, site: Site) -> Iterable[str]:
    pressure = measured.weather.get("pressure")
    if pressure is None or not np.isfinite(pressure).any() or site.altitude == 0:
        return
    usual, expected = float(np.nanmedian(pressure)), atmosphere.pressure_at(site.altitude)
    if abs(usual - expected) > _PRESSURE_OFF:
        yield (
            f"the pressure is usually {usual:.0f} hPa, although at the altitude of {site.altitude:g} m it is "
            f"about {expected:.0f} hPa; see the altitude in the site's YAML, the column's unit, and "
            "whether the pressure is reduced to sea level"
        )


def _other_plane(found: OrientationFinding | None, site: Site) -> Iterable[str]:
    tilt, azimuth = site.surface_tilt, site.surface_azimuth
    if found is None or tilt is None or azimuth is None:
        return
    if orientation.contradicts(found, tilt, azimuth):
        yield (
            f"the site's YAML states a tilt of {tilt:g} and an azimuth of {azimuth:g} degrees, but the power "
            "on clear hours speaks for another plane (see the orientation); if ghi is measured in the "
            "array's plane, its column is poa_global"
        )


_SUSPECTED = {
    "night_offset": "irradiance does not go back to zero in {count} rows at night; the sensor has an offset, "
    "see its zero and its cable",
    "snow_or_soiling": "the plant gave next to nothing in {count} bright and cold rows; snow on the array?",
    "censored_peaks": "power is missing in {count} of the brightest rows, far more often than elsewhere; the "
    "logger may cut peaks off",
}


def _suspected(validation: SiteValidation, measured: quality.Measurements) -> Iterable[str]:
    for name, words in _SUSPECTED.items():
        if name in validation.suspicions:
            yield words.format(count=validation.suspicions[name])
    sky = plant_quality.sky_of(measured)
    if sky is not None:
        above = int(plant_quality.exceeds_clearsky(measured, sky).sum())
        if above > quality.COMMON * max(int((measured.sun.up > 0).sum()), 1):
            yield (
                f"irradiance is brighter than the sun outside the atmosphere in {above} rows, too often for "
                "a fault of single rows; see its unit and its clock"
            )
