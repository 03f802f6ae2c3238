"""Rows of a site that other files of the site contradict: the same time and column, another value.

The later upload wins row by row, whichever is right. So contradicting rows are counted, with an example.
Which rows contradict each other depends on the set of files alone, not on the order of uploads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from services.trainer_trigger.pipeline.data.dataset_files import DatasetFiles
from services.trainer_trigger.pipeline.data.site_validation import OverlapFinding
from shared.dataset import DatasetFile
from shared.solar import contradictions
from shared.solar.rows import TIME
from shared.solar.site import POWER

_SAME_ROWS = 24  # with power, that two sites' files share before they can be called the same
_SAME_SHARE = 0.9
_MOST_READ = 200  # files of other sites that are looked at

Piece = tuple[int, int, pd.Series]  # number of the file, its step [min], its values


@dataclass(frozen=True, slots=True)
class Overlaps:
    """Every value that another file contradicts.

    Attributes
    ----------
    values
        By time: `file` (its number), `column`, `value`.
    telling
        How many values of a file's column are not about zero: nights agree with everything.
    """

    values: pd.DataFrame
    telling: Mapping[tuple[int, str], int]

    def finding(self, files: list[DatasetFile]) -> OverlapFinding | None:
        """Return what is said of them; None where nothing contradicts.

        Parameters
        ----------
        files
            The site's files, by number.
        """
        if not len(self.values):
            return None
        shares = self._shares()
        worst = max(shares, key=lambda number: (shares[number], _named(files[number])))
        time, column, value = self._earliest(worst)
        other, other_value = self._farthest(worst, time, column, value, files)
        return OverlapFinding(
            rows=int(self.values.index.nunique()),
            files=len(shares),
            share=round(shares[worst], 4),
            file=_named(files[worst]),
            other_file=_named(files[other]),
            column=column,
            time=time.to_pydatetime(),
            value=value,
            other_value=other_value,
        )

    def _shares(self) -> dict[int, float]:
        """Return how much of each file is contradicted, by the column where it is most."""
        shares: dict[int, float] = {}
        counts = Counter(zip(self.values["file"], self.values["column"], strict=True))
        for (number, column), count in counts.items():
            share = min(count / max(self.telling[number, column], 1), 1.0)
            shares[number] = max(shares.get(number, 0.0), share)
        return shares

    def _earliest(self, file: int) -> tuple[pd.Timestamp, str, float]:
        own = self.values[self.values["file"] == file]
        first = own[own.index == own.index.min()].sort_values("column").iloc[0]
        return pd.Timestamp(own.index.min()), str(first["column"]), float(first["value"])

    def _farthest(
        self, file: int, time: pd.Timestamp, column: str, value: float, files: list[DatasetFile]
    ) -> tuple[int, float]:
        """Return which other file says something else then, and what: the one farthest away."""
        there = self.values[(self.values.index == time) & (self.values["column"] == column)]
        others = [
            (int(number), float(said))
            for number, said in zip(there["file"], there["value"], strict=True)
            if int(number) != file
        ]
        return min(others, key=lambda each: (-abs(each[1] - value), _named(files[each[0]])))


def overlaps(columns: Mapping[str, Iterable[Piece]]) -> Overlaps:
    """Return the values that contradict each other; only files of the same step are compared.

    Parameters
    ----------
    columns
        The pieces of each column, one per file.
    """
    found: list[pd.DataFrame] = []
    telling: dict[tuple[int, str], int] = {}
    for name, pieces in columns.items():
        for joined in map(_joined, _by_step(pieces)):
            floor = contradictions.floor(joined["value"].to_numpy())
            contradicting = _contradicting(joined, floor)
            if len(contradicting):
                found.append(contradicting.assign(column=name))
                counts = Counter(joined.loc[joined["value"].abs() > floor, "file"])
                telling |= {(number, name): counts[number] for number in contradicting["file"]}
    empty = pd.DataFrame({"file": [], "value": [], "column": []})
    return Overlaps(pd.concat(found) if found else empty, telling)


def _by_step(pieces: Iterable[Piece]) -> Iterable[list[Piece]]:
    steps: dict[int, list[Piece]] = {}
    for piece in pieces:
        steps.setdefault(piece[1], []).append(piece)
    return [each for each in steps.values() if len(each) > 1]


def _joined(pieces: list[Piece]) -> pd.DataFrame:
    """Return the known values of several files below each other, each with its file's number."""
    values = pd.concat([each for _, _, each in pieces])
    numbers = np.repeat([number for number, _, _ in pieces], [len(each) for _, _, each in pieces])
    return pd.DataFrame({"file": numbers, "value": values}).dropna()


def _contradicting(joined: pd.DataFrame, floor: float) -> pd.DataFrame:
    """Return the values of one column at times for which several files have different ones."""
    shared = joined[joined.index.duplicated(keep=False)]
    if not len(shared):
        return shared
    at = shared.groupby(level=0)["value"]
    highest, lowest = (at.transform(name).to_numpy() for name in ("max", "min"))
    return shared[contradictions.apart(highest, lowest, floor)]


def same_elsewhere(finding: OverlapFinding, files: Iterable[DatasetFile], folder: Path) -> str:
    """Return the other site whose rows a contradicting file has, '' where none is found.

    Another plant's file in the wrong folder looks like this.

    Parameters
    ----------
    files
        All files of the dataset.
    """
    files = list(files)
    own = next((each for each in files if _named(each) == finding.file), None)
    if own is None:
        return ""
    canonical = DatasetFiles(folder)
    power = _power(canonical, own)
    beside = (
        each
        for each in sorted(files, key=lambda each: (each.site_id, each.file_id))
        if each.site_id != own.site_id
        and each.window_start < own.window_end
        and own.window_start < each.window_end
    )
    for _, each in zip(range(_MOST_READ), beside, strict=False):
        pairs = pd.concat([power, _power(canonical, each)], axis=1, join="inner").to_numpy()
        pairs = pairs[(np.abs(pairs) > 0).all(axis=1)]
        if len(pairs) >= _SAME_ROWS and np.isclose(pairs[:, 0], pairs[:, 1]).mean() >= _SAME_SHARE:
            return each.site_id
    return ""


def _power(canonical: DatasetFiles, file: DatasetFile) -> pd.Series:
    """Return a file's known power by time; empty where it has none."""
    frame = canonical.read(file, only=(TIME, POWER)).to_pandas()
    if POWER not in frame:
        return pd.Series(dtype=float)
    known: pd.Series = frame.set_index(TIME)[POWER].astype(float).dropna()
    return known[~known.index.duplicated(keep="last")]


def _named(file: DatasetFile) -> str:
    return file.raw_key or file.key
