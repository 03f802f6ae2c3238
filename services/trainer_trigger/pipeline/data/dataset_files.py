"""The canonical tables of a dataset: in objects of their own or in compacts, as its manifest says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from services.trainer_trigger.pipeline.failure import RunFailedError
from shared import layout
from shared.compaction import MEMBER_LIST, MEMBERS
from shared.dataset import DatasetFile


@dataclass(frozen=True, slots=True)
class _Place:
    """A row group of a compact, and the columns that its file carries."""

    compact: pq.ParquetFile
    row_group: int
    columns: tuple[str, ...]


@dataclass(slots=True)
class DatasetFiles:
    """Reads the files of a dataset below a folder; looks into a site's compacts at most once."""

    folder: Path
    _sites: dict[str, dict[str, _Place]] = field(default_factory=dict)

    def read(self, file: DatasetFile, only: tuple[str, ...] | None = None) -> pa.Table:
        """Return the table of a file, with the columns that it carries and no others.

        Parameters
        ----------
        only
            The columns of interest; all of them by default.

        Raises
        ------
        RunFailedError
            No object holds it, or a compact does not say what it holds.
        """
        path = self.folder / file.key
        if path.is_file():
            with pq.ParquetFile(path) as alone:
                return alone.read(columns=_of(alone.schema_arrow.names, only))
        if file.site_id not in self._sites:
            self._sites[file.site_id] = _places(self.folder / layout.compacts(file.site_id))
        place = self._sites[file.site_id].get(file.file_id)
        if place is None:
            raise RunFailedError(
                f"canonical file {file.key} of the dataset is missing",
                "see whether it was deleted from the bucket; start a retrain so that a new dataset is frozen",
            )
        return place.compact.read_row_group(place.row_group, columns=_of(place.columns, only))


def _of(carried: Sequence[str], only: tuple[str, ...] | None) -> list[str]:
    return [name for name in carried if only is None or name in only]


def _places(folder: Path) -> dict[str, _Place]:
    found = {}
    for path in sorted(folder.rglob("*.parquet")):
        compact = pq.ParquetFile(path)
        try:
            members = MEMBER_LIST.validate_json((compact.metadata.metadata or {})[MEMBERS])
        except (KeyError, ValidationError) as error:
            raise RunFailedError(
                f"the compact {path.name} does not say which files it holds",
                "deploy services and image of the same version, then start a retrain",
            ) from error
        for number, member in enumerate(members):
            found[member.file_id] = _Place(compact, number, ("timestamp", *member.columns))
    return found
