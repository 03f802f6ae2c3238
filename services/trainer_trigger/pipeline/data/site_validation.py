"""What Preprocess found in the data: a file per site, which Train and Evaluate read together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from services.trainer_trigger.pipeline.failure import RunFailedError
from shared.dataset import Dataset
from shared.evaluation import Window
from shared.solar.position import Times

_FOLDER = "validation"
EXCLUDED = "excluded"  # the reason of rows that a person took out
MUCH_AT_NIGHT = 0.05  # of the energy; a battery that discharges into it is for a person, too
MUCH_CONTRADICTED = 0.2  # of a file's rows above zero; fewer may be a meter's corrections
_SAME_AS_MEASURED = 0.99  # correlation; forecasts of an hour ahead reach 0.9
_LEAST_ROWS = 200  # on either side of the split; less is no basis for any statement


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class ClockFinding(_Frozen):
    """How far a plant's clock is off the sun.

    Attributes
    ----------
    shift_minutes_by_month
        Minutes that power comes later than the sun says, by calendar month. [min]
    summer_step_minutes
        How much later the stamps are in the zone's summer time than in its winter time; None where the
        zone has no summer time or too few clear days were found. [min]
    follows_summer_time
        Whether the clock is moved with summer time although its stamps are labelled with a fixed offset.
    corrected
        Whether the stamps were moved back, as the site's YAML allows with `clock: correct`.
    unsaid_zone
        A zone like whose summer time the clock moves, where the YAML's zone has none.
    shift_minutes
        Minutes that power comes later than the sun says; None where fewer than three days tell. [min]
    unexplained
        Whether the shift is beyond an hour, and neither summer time nor the stated plane explains it.
    """

    shift_minutes_by_month: dict[str, float] = {}
    summer_step_minutes: float | None = None
    follows_summer_time: bool = False
    corrected: bool = False
    unsaid_zone: str | None = None
    shift_minutes: float | None = None
    unexplained: bool = False


class OrientationFinding(_Frozen):
    """The plane that explains a plant's power on clear hours.

    Attributes
    ----------
    finding
        `horizontal` is also what irradiance looks like that was measured in the array's plane, and what an
        array towards east and west together looks like; `no_single_plane` fits trackers and arrays of
        several planes; `not_clear` means too few clear hours, or that no plane explains them.
    surface_tilt, surface_azimuth
        As in a site's YAML; azimuth clockwise from north. [degree]
    tilt_uncertainty, azimuth_uncertainty
        One standard deviation. [degree]
    """

    finding: Literal["single_plane", "horizontal", "no_single_plane", "not_clear"]
    surface_tilt: float | None = None
    tilt_uncertainty: float | None = None
    surface_azimuth: float | None = None
    azimuth_uncertainty: float | None = None


class OverlapFinding(_Frozen):
    """Rows of files that contradict each other: the same time, another value.

    Attributes
    ----------
    rows, files
        How many times are contradicted, and how many files are concerned.
    share
        Of the rows of the file that is concerned most, those about zero left out. [unitless]
    file, other_file, column, time, value, other_value
        An example: what that file says, and what another one says.
    other_site
        A site whose power the file repeats; empty where none does.
    """

    rows: int
    files: int
    share: float
    file: str
    other_file: str
    column: str
    time: datetime
    value: float
    other_value: float
    other_site: str = ""

    def in_words(self) -> str:
        """Return number, files, an example, and what to do."""
        elsewhere = (
            f" {self.file} has the power of site {self.other_site}; is it in the wrong folder?"
            if self.other_site
            else ""
        )
        return (
            f"{self.rows} rows of {self.files} files contradict each other, in {self.file} {self.share:.0%} "
            f"of those above zero; for example {self.column} at {self.time:%Y-%m-%d %H:%M} UTC: "
            f"{self.value:.6g} there, {self.other_value:.6g} in {self.other_file}.{elsewhere} The later "
            "upload counts; take out a wrong file with `solar files remove`"
        )


class ForecastFinding(_Frozen):
    """What was found in a site's forecasts.

    Attributes
    ----------
    issues
        How many were issued, over all providers.
    least_lead_hours, most_lead_hours
        How long before their intervals they were issued. [h]
    issued_later
        Rows that were left out, because they were issued after their interval had begun.
    covered
        Share of the measured intervals between the first and the last forecast that have one. [unitless]
    agreement
        Correlation by day of each provider's clear-sky index with the measured one, where that is known.
        [unitless]
    """

    providers: tuple[str, ...]
    issues: int
    least_lead_hours: float
    most_lead_hours: float
    issued_later: int = 0
    covered: float = 1.0
    agreement: dict[str, float] = {}

    @property
    def too_good(self) -> tuple[str, ...]:
        """Providers whose irradiance is what was measured, which nobody can have known before."""
        return tuple(name for name, found in self.agreement.items() if found > _SAME_AS_MEASURED)


class SiteValidation(_Frozen):
    """What was found in one site's data.

    Attributes
    ----------
    native_steps
        Step of the measurements by column. [min]
    coverage
        Share of the used rows that carry a weather column. [unitless]
    days
        Days with believed power above zero, in the site's mean solar time. [d]
    masks
        How many rows were taken out, by reason; every row has one reason.
    suspicions
        How many rows look strange and were kept, by reason.
    peak_share
        Highest believed power as a share of AC capacity. [unitless]
    orientation
        None for a plant without global horizontal irradiance.
    night_share
        Share of the measured energy that was generated with the sun well below the horizon. [unitless]
    months_without_end
        How many months were measured, if none of their days lies after the 12th; else 0. Whoever takes days
        for months sees only such days.
    overlap
        Rows that contradict each other; None where all files agree.
    forecast
        What was found in its forecasts; None for a model of measured weather.
    """

    files: int
    rows: int
    without_power: int
    used: int
    days: int
    native_steps: dict[str, int]
    coverage: dict[str, float]
    masks: dict[str, int]
    suspicions: dict[str, int] = {}
    peak_share: float
    clock: ClockFinding
    orientation: OrientationFinding | None = None
    night_share: float = 0.0
    months_without_end: int = 0
    overlap: OverlapFinding | None = None
    forecast: ForecastFinding | None = None
    warnings: tuple[str, ...] = ()

    @property
    def measured(self) -> int:
        """How many rows carry power, those that a person excluded aside."""
        return self.rows - self.without_power - self.masks.get(EXCLUDED, 0)

    @property
    def masked(self) -> int:
        """How many of the measured rows a check took out; what a person excluded is meant to be out."""
        return sum(count for reason, count in self.masks.items() if reason != EXCLUDED)

    @property
    def masked_share(self) -> float:
        """How large a part of the measured rows the checks took out. [unitless]"""
        return self.masked / max(self.measured, 1)

    @property
    def is_contradicted(self) -> bool:
        """Whether so many rows of a file are contradicted that a person must say which are right."""
        return self.overlap is not None and self.overlap.share > MUCH_CONTRADICTED

    @property
    def time_doubts(self) -> tuple[str, ...]:
        """Why the stamps of this site's files may be wrong, each with what to do."""
        return tuple(self._time_doubts())

    def _time_doubts(self) -> Iterator[str]:
        found = []
        if self.clock.unexplained and self.clock.shift_minutes is not None:
            hours = self.clock.shift_minutes / 60
            found.append(
                f"power is centred {abs(hours):.1f} hours {'after' if hours > 0 else 'before'} solar noon"
            )
        if self.night_share > MUCH_AT_NIGHT:
            found.append(f"{self.night_share:.0%} of the energy was generated at night")
        if found:
            yield (
                f"{' and '.join(found)}; see timezone, label and longitude in the site's YAML, and state "
                "surface_tilt and surface_azimuth there if the array faces east or west"
            )
        if self.months_without_end:
            yield (
                f"in {self.months_without_end} months no day after the 12th was measured, so day and month "
                "are probably swapped; see timestamp.format in the site's YAML (%d/%m/%Y or %m/%d/%Y)"
            )


class Part(_Frozen):
    """A site's rows on one side of the split."""

    rows: int
    window: Window | None = None


class SitePart(_Frozen):
    """What one site adds to the dataset's validation."""

    site_id: str
    found: SiteValidation
    train: Part
    test: Part


class Validation(_Frozen):
    """What was found in a dataset, and how its rows were divided."""

    dataset_id: str
    step_minutes: int
    sites: dict[str, SiteValidation]
    train_window: Window
    test_window: Window
    train_rows: int
    test_rows: int

    def masks(self) -> dict[str, int]:
        """Return how many rows were taken out by reason, over all sites."""
        total: dict[str, int] = {}
        for site in self.sites.values():
            for reason, count in site.masks.items():
                total[reason] = total.get(reason, 0) + count
        return dict(sorted(total.items()))


def part(times: Times, step_minutes: int) -> Part:
    """Return how many rows there are, and from when until when."""
    if not len(times):
        return Part(rows=0)
    end = times.max() + np.timedelta64(step_minutes * 60, "s")
    return Part(rows=len(times), window=Window(start=_aware(times.min()), end=_aware(end)))


def _aware(moment: np.datetime64) -> datetime:
    return datetime.fromtimestamp(int(moment.astype("datetime64[s]").astype(np.int64)), UTC)


def write(site: SitePart, folder: Path) -> None:
    """Write what was found in one site."""
    path = folder / _FOLDER / f"{site.site_id}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(site.model_dump_json(indent=2), "utf-8")


def read(folder: Path, dataset: Dataset) -> Validation:
    """Return what was found in all sites, by whichever instance.

    Raises
    ------
    RunFailedError
        Too few rows were found.
    """
    paths = (folder / _FOLDER / f"{site.site_id}.json" for site in dataset.sites)
    found = [SitePart.model_validate_json(path.read_bytes()) for path in paths if path.is_file()]
    train, test = _whole([each.train for each in found]), _whole([each.test for each in found])
    if train.rows + test.rows == 0:
        raise without_rows()
    if train.window is None or test.window is None or min(train.rows, test.rows) < _LEAST_ROWS:
        raise RunFailedError(
            f"only {train.rows} rows to train and {test.rows} to test, of at least {_LEAST_ROWS} each",
            "upload more data, or see in `solar files` why rows were masked",
        )
    return Validation(
        dataset_id=dataset.dataset_id,
        step_minutes=dataset.step_minutes,
        sites={each.site_id: each.found for each in found},
        train_window=train.window,
        test_window=test.window,
        train_rows=train.rows,
        test_rows=test.rows,
    )


def without_rows() -> RunFailedError:
    """Return the failure of a dataset without any row to learn from."""
    return RunFailedError(
        "no site has rows with power that passed the checks",
        "see `solar files` for what was uploaded; power and weather must reach the same site",
    )


def _whole(parts: Sequence[Part]) -> Part:
    windows = [each.window for each in parts if each.window is not None]
    if not windows:
        return Part(rows=0)
    window = Window(
        start=min(each.start for each in windows), end=max(each.end for each in windows)
    )
    return Part(rows=sum(each.rows for each in parts), window=window)
