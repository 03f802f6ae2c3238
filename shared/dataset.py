"""A frozen dataset: which canonical files, in which order, with which exclusions and split.

Written once by trainer_trigger as `dataset.json`, read by the pipeline and by whoever asks what a
model was trained on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.durations import Duration
from shared.ids import content_id
from shared.messages import Name
from shared.model_config import FLOOR_LEAD, Inputs, Margins
from shared.solar.site import Site


class _Frozen(BaseModel):
    # Built at first use: few of a function's messages need it.
    model_config = ConfigDict(
        frozen=True, extra="forbid", protected_namespaces=(), defer_build=True
    )


class DatasetFile(_Frozen):
    """One canonical object in a dataset; `raw_key` is empty where it was not noted.

    `provider` says whose forecasts it holds, and is empty for measurements.
    """

    site_id: Name
    file_id: str
    key: str
    rows: int
    window_start: AwareDatetime
    window_end: AwareDatetime
    uploaded_at: AwareDatetime
    raw_key: Annotated[str, Field(exclude_if=lambda key: not key)] = ""
    provider: Annotated[str, Field(exclude_if=lambda provider: not provider)] = ""


class Exclusion(_Frozen):
    """A time range [start, end) of a site that must not be trained on."""

    site_id: Name
    start: AwareDatetime
    end: AwareDatetime
    reason: str


class Split(_Frozen):
    """How rows are divided: the last part of time tests."""

    kind: Literal["time"] = "time"
    test_fraction: float


class Dataset(_Frozen):
    """Everything that determines the rows a run sees; files are sorted by upload, later wins row by row."""

    version: Literal[1] = 1
    dataset_id: str
    model_id: Name
    step_minutes: int
    split: Split
    margins: Margins
    inputs: Inputs = "measured"
    floor_lead: Duration = FLOOR_LEAD
    sites: tuple[Site, ...]
    files: tuple[DatasetFile, ...]
    exclusions: tuple[Exclusion, ...] = ()

    def seed(self, model_type: str) -> int:
        """Return a seed (31 bits) that the same files have in whatever order they were uploaded."""
        files = sorted(file.file_id for file in self.files)
        return int(content_id(files, model_type)[:8], 16) % 2**31

    @staticmethod
    def identify(
        files: tuple[DatasetFile, ...],
        exclusions: tuple[Exclusion, ...],
        split: Split,
        step_minutes: int,
        margins: Margins,
        *,
        lead: timedelta | None = None,
    ) -> str:
        """Return the dataset's id: the same files (and so sites), exclusions and rules have the same id.

        The order of the files belongs to it, because later ones win where they overlap.

        Parameters
        ----------
        lead
            At which forecasts are judged; None for a model of measured weather.
        """
        return content_id(
            [file.file_id for file in files],
            sorted(exclusion.model_dump_json() for exclusion in exclusions),
            split.model_dump(),
            step_minutes,
            _named(margins),
            *([lead.total_seconds()] if lead is not None else []),
        )


def _named(margins: Margins) -> dict[str, Any]:
    """Return the margins that name a dataset; later ones only where they are set: old names stay."""
    later = {"site_r2", "site_bias"}
    return margins.model_dump(exclude=later) | margins.model_dump(
        include=later, exclude_defaults=True
    )


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a dataset has rows of: all that is needed to know whether a time range was trained on.

    Attributes
    ----------
    spans
        For each site its disjoint spans [start, end] of UTC, in order: windows of files that meet are one.
    exclusions
        What was taken out when the dataset was frozen.
    """

    spans: Mapping[str, tuple[tuple[datetime, datetime], ...]]
    exclusions: tuple[Exclusion, ...] = ()

    def touches(self, exclusion: Exclusion) -> bool:
        """Return whether a file's window has times of a range."""
        return any(
            start < exclusion.end and exclusion.start < end
            for start, end in self.spans.get(exclusion.site_id, ())
        )


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", defer_build=True)


class _Named(_Part):
    file_id: str


class _Names(_Part):
    files: tuple[_Named, ...]


class _Provider(_Part):
    provider: str = ""


class _Providers(_Part):
    inputs: Inputs = "measured"
    files: tuple[_Provider, ...]


class _Window(_Part):
    site_id: str
    window_start: AwareDatetime
    window_end: AwareDatetime


class _Windows(_Part):
    files: tuple[_Window, ...]
    exclusions: tuple[Exclusion, ...] = ()


class _File(_Window):
    rows: int
    provider: str = ""


class _Content(_Part):
    split: Split
    files: tuple[_File, ...]
    exclusions: tuple[Exclusion, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """The files of a site in a dataset: its measurements, or what one provider forecast for it."""

    site_id: str
    provider: str
    files: int
    rows: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Content:
    """What is in a dataset, counted; the end of each window is where it was cut off.

    Attributes
    ----------
    test_fraction
        Which part of the time tests. [unitless]
    """

    parts: tuple[Part, ...]
    exclusions: int
    test_fraction: float


def providers(described: bytes) -> frozenset[str]:
    """Return whose forecasts a model was trained with that this describes; none for measured weather."""
    said = _Providers.model_validate_json(described)
    if said.inputs == "measured":
        return frozenset()
    return frozenset(each.provider for each in said.files if each.provider)


def file_ids(described: bytes) -> frozenset[str]:
    """Return the files that a `dataset.json` names: a tenth of the memory that the whole takes."""
    return frozenset(each.file_id for each in _Names.model_validate_json(described).files)


def content(described: bytes) -> Content:
    """Return what a `dataset.json` holds, site by site and provider by provider."""
    said = _Content.model_validate_json(described)
    groups: dict[tuple[str, str], list[_File]] = {}
    for file in said.files:
        groups.setdefault((file.site_id, file.provider), []).append(file)
    parts = (
        Part(
            site_id,
            provider,
            files=len(files),
            rows=sum(each.rows for each in files),
            first=min(each.window_start for each in files),
            last=max(each.window_end for each in files),
        )
        for (site_id, provider), files in sorted(groups.items())
    )
    return Content(tuple(parts), len(said.exclusions), said.split.test_fraction)


def coverage(described: bytes) -> Coverage:
    """Return what a `dataset.json` covers: a few spans per site, however many files there are."""
    said = _Windows.model_validate_json(described)
    windows: dict[str, list[tuple[datetime, datetime]]] = {}
    for file in said.files:
        windows.setdefault(file.site_id, []).append((file.window_start, file.window_end))
    spans = {site_id: tuple(_merged(sorted(found))) for site_id, found in windows.items()}
    return Coverage(spans, said.exclusions)


def _merged(windows: list[tuple[datetime, datetime]]) -> Iterator[tuple[datetime, datetime]]:
    """Yield sorted windows, those that overlap or touch as one."""
    begun, reached = windows[0]
    for start, end in windows[1:]:
        if start > reached:
            yield begun, reached
            begun, reached = start, end
        reached = max(reached, end)
    yield begun, reached
