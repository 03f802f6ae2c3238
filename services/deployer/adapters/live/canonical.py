"""A site's canonical objects: which stand, what they say of themselves, and their rows on a model's step."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from services.deployer.domain.live.book import FileRef
from services.deployer.domain.live.predicted import Weather
from services.deployer.domain.live.unseen import Place
from shared import layout
from shared.aws import S3Objects
from shared.canonical import CanonicalFile
from shared.errors import InvalidMessageError, NotFoundError
from shared.solar import issues
from shared.solar.stepping import Piece, frame_of, index_of, merged, native_step

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ObjectTypeDef

_READERS = 8  # at once; a client has ten connections


@dataclass(frozen=True, slots=True)
class S3CanonicalRows:
    """Reads canonical objects; nobody here writes one."""

    objects: S3Objects

    def standing(
        self, since: dict[str, datetime], until: datetime | None = None
    ) -> dict[str, dict[str, datetime]]:
        """Return each site's objects from a month on that are not withdrawn, and when they were written.

        Parameters
        ----------
        until
            The last month of interest.
        """
        with ThreadPoolExecutor(_READERS) as readers:
            found = list(readers.map(lambda site: self.written(site, since[site], until), since))
        return dict(zip(since, found, strict=True))

    def written(
        self, site_id: str, since: datetime, until: datetime | None = None
    ) -> dict[str, datetime]:
        """Return when each of a site's objects was written, from a month on, that is not withdrawn."""
        found = self._listed(site_id, since, until)
        return {key: each["LastModified"] for key, each in found.items()}

    def described(self, keys: Sequence[str]) -> list[tuple[CanonicalFile, bytes]]:
        """Return what objects say of themselves, and their bytes; one that is gone is left out.

        Raises
        ------
        InvalidMessageError
            One was not written by data_watcher.
        """
        with ThreadPoolExecutor(_READERS) as readers:
            return [found for found in readers.map(self._described, keys) if found is not None]

    def describe(self, key: str) -> FileRef | None:
        """Return what an object says of itself; None where it is gone or was not written by data_watcher."""
        try:
            said = CanonicalFile.from_metadata(self.objects.metadata(key))
        except (NotFoundError, InvalidMessageError):
            return None
        return FileRef.of(said, key)

    def contents(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Return the bytes of objects; one that is gone is left out."""
        with ThreadPoolExecutor(_READERS) as readers:
            found = list(readers.map(self._read, keys))
        return {key: body for key, body in zip(keys, found, strict=True) if body is not None}

    def on_step(
        self,
        site_id: str,
        files: Sequence[tuple[FileRef, bytes]],
        step_minutes: int,
        wanted: frozenset[str],
    ) -> Weather:
        """Return what a site's files say on a model's step; see `on_step` of this module."""
        return on_step(site_id, files, step_minutes, wanted)

    def issues(
        self, files: Sequence[tuple[FileRef, bytes]], place: Place, step_minutes: int
    ) -> Weather:
        """Return the forecasts of a provider's files on a model's step; see `issues` of this module."""
        return issued(files, place, step_minutes)

    def _read(self, key: str) -> bytes | None:
        try:
            return self.objects.read(key)
        except NotFoundError:
            return None

    def _described(self, key: str) -> tuple[CanonicalFile, bytes] | None:
        try:
            body, about = self.objects.read_described(key)
        except NotFoundError:
            return None
        return CanonicalFile.from_metadata(about), body

    def _listed(
        self, site_id: str, since: datetime, until: datetime | None = None
    ) -> dict[str, ObjectTypeDef]:
        """Return what S3 lists of a site's objects that are not withdrawn, by key."""
        prefix = layout.canonical_site(site_id)
        entries = self.objects.entries(prefix, after=f"{prefix}{since:%Y-%m}")
        end = f"{prefix}{until:%Y-%m}/~" if until is not None else "~"  # behind all of this month
        found = {each["Key"]: each for each in takewhile(lambda each: each["Key"] < end, entries)}
        return {key: found[key] for key in layout.standing(found)}


def on_step(
    site_id: str, files: Sequence[tuple[FileRef, bytes]], step_minutes: int, wanted: frozenset[str]
) -> Weather:
    """Return what a site's files say on the model's step; later uploads win row by row and column by column.

    Parameters
    ----------
    wanted
        The columns of interest.
    """
    pieces: dict[str, list[Piece]] = {}
    for order, (_, body) in enumerate(sorted(files, key=lambda each: each[0].rank)):
        table = pq.read_table(pa.BufferReader(body))
        columns = [name for name in table.column_names if name in wanted]
        if not columns:
            continue
        frame = frame_of(table.select(["timestamp", *columns]))
        step = native_step(index_of(frame), step_minutes)
        for name in columns:
            pieces.setdefault(name, []).append((order, step, frame[name]))
    joined = {name: merged(found, step_minutes) for name, found in sorted(pieces.items())}
    joined = {name: found for name, found in joined.items() if len(found)}
    if not joined:
        return Weather(site_id, np.empty(0, dtype="datetime64[s]"), {})
    first, *others = (pd.DatetimeIndex(found.index) for found in joined.values())
    index = first
    for each in others:
        index = index.union(each)
    times = index.tz_convert(None).to_numpy().astype("datetime64[s]")
    return Weather(
        site_id,
        times,
        {name: found.reindex(index).to_numpy(dtype=float) for name, found in joined.items()},
    )


def issued(files: Sequence[tuple[FileRef, bytes]], place: Place, step_minutes: int) -> Weather:
    """Return the forecasts of one provider's files on the model's step, issue by issue.

    Parameters
    ----------
    files
        Of one site and provider.
    """
    ordered = sorted(files, key=lambda each: each[0].rank)
    tables = (pq.read_table(pa.BufferReader(body)) for _, body in ordered)
    site_id, provider = ordered[0][0].site_id, ordered[0][0].provider
    rows = issues.rows_of(tables, site_id, (place.latitude, place.longitude), step_minutes)
    if rows is None:
        return Weather(site_id, np.empty(0, dtype="datetime64[s]"), {}, provider=provider)
    return Weather(site_id, rows.times, rows.weather, rows.issued_at, provider)
