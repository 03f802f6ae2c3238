"""From canonical files of many uploads and steps to one table of a site on the model's step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from services.trainer_trigger.pipeline.data.dataset_files import DatasetFiles
from services.trainer_trigger.pipeline.data.overlaps import overlaps
from services.trainer_trigger.pipeline.data.site_validation import OverlapFinding
from shared.dataset import DatasetFile
from shared.solar.stepping import Piece, frame_of, index_of, merged, native_step


@dataclass(frozen=True, slots=True)
class SiteTable:
    """A site's measurements on the model's step.

    Attributes
    ----------
    frame
        Canonical columns on a gapless index of left labels in UTC.
    native_steps
        Step of the measurements by column, the latest upload's where several. [min]
    overlap
        Rows of files that contradict each other, if any do.
    """

    frame: pd.DataFrame
    native_steps: dict[str, int]
    overlap: OverlapFinding | None = None


def site_table(files: Iterable[DatasetFile], folder: Path, step_minutes: int) -> SiteTable | None:
    """Merge a site's canonical files; None where they hold no row.

    Later uploads win row by row for the columns they carry. Files of different steps are first brought to
    the model's step each.

    Parameters
    ----------
    files
        The site's files of the dataset.
    folder
        Where SageMaker put the dataset: a file lies below it under its key.
    step_minutes
        The model's step. [min]
    """
    pieces: dict[str, list[Piece]] = {}
    canonical = DatasetFiles(folder)
    ordered = sorted(files, key=lambda file: (file.uploaded_at, file.file_id))
    for order, file in enumerate(ordered):
        frame = frame_of(canonical.read(file))
        step = native_step(index_of(frame), step_minutes)
        for name in frame.columns:
            pieces.setdefault(str(name), []).append((order, step, frame[name]))
    overlap = overlaps(pieces).finding(ordered)
    columns = {name: merged(column, step_minutes) for name, column in pieces.items()}
    columns = {name: series for name, series in columns.items() if len(series)}
    if not columns:
        return None
    start = min(series.index[0] for series in columns.values())
    end = max(series.index[-1] for series in columns.values())
    grid = pd.date_range(start, end, freq=pd.Timedelta(minutes=step_minutes))
    frame = pd.DataFrame({name: series.reindex(grid) for name, series in sorted(columns.items())})
    steps = {name: column[-1][1] for name, column in sorted(pieces.items())}
    return SiteTable(frame, steps, overlap)
