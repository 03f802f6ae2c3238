"""Rows that contradict rows under other names: the same time and column, another value.

Canonical objects never change, so what two of them say of each other never changes either: it is found once
and kept. What follows for a file is a fold over the pairs of files that count now, whatever their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.data_watcher.domain.versions import Accepted, Current, Issues
from shared.messages import NonNegative

VERSION = 2  # raised when the comparison's answer changes; every pair is compared again


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class Compared(_Kept):
    """What two files, in the order of their ids, say of each other.

    Attributes
    ----------
    rows
        How many times they contradict each other.
    shares
        How large a part that is of the values of each file that are not about zero. [unitless]
    column, time, said
        An example: of power, if it is contradicted, where they are farthest apart; empty where they agree.
    """

    rows: NonNegative = 0
    shares: tuple[float, float] = (0.0, 0.0)
    column: str = ""
    time: AwareDatetime | None = None
    said: tuple[float, float] | None = None


class FileOverlap(_Kept):
    """How much of a file is contradicted by the one that contradicts it most, and an example.

    `files` says how many files contradict it; `rows` and `share` are of that one. `share` leaves out values
    that are about zero. [unitless] `twin` names a file of another site that holds the same rows, if one does.
    """

    rows: int
    share: float
    files: int
    example: str
    twin: str = ""


class Sought(_Kept):
    """Whether other sites hold the rows of a file: `twin` is the key that does.

    `until` is the last site that was searched; '' once all were, or one was found.
    """

    twin: str = ""
    until: str = ""


class SiteOverlaps(_Kept):
    """What is known of a site's overlapping files.

    Of pairs by `pair_id`, of files that count by key, and of rows that were sought elsewhere by file id.
    """

    site_id: str
    version: int = VERSION
    pairs: dict[str, Compared] = {}
    files: dict[str, FileOverlap] = {}
    sought: dict[str, Sought] = {}

    def twins(self, files: Iterable[Counting]) -> dict[str, str]:
        """Return, by key, which file of another site holds the same rows."""
        found = ((each.key, self.sought.get(each.file_id)) for each in files)
        return {key: sought.twin for key, sought in found if sought and sought.twin}

    @property
    def is_current(self) -> bool:
        """Whether this release would compare in the same way."""
        return self.version == VERSION


@dataclass(frozen=True, slots=True)
class Counting:
    """A file that counts: where its rows are, over which interval [start, end), with which columns.

    `prints` name a few of its days by their energy. `provider` and `issues`, the first and the last, are
    those of a forecast.
    """

    key: str
    file_id: str
    canonical_key: str
    start: datetime
    end: datetime
    columns: frozenset[str]
    prints: tuple[str, ...] = ()
    provider: str = ""
    issues: tuple[datetime, datetime] | None = None

    def is_about_the_same(self, other: Counting) -> bool:
        """Whether two files may say the same: a column, and of forecasts the provider and an issue."""
        if not self.columns & other.columns or self.provider != other.provider:
            return False
        if self.issues is None or other.issues is None:
            return True
        return self.issues[0] <= other.issues[1] and other.issues[0] <= self.issues[1]


Pair = tuple[Counting, Counting]


def counting(files: Iterable[tuple[str, Current]]) -> list[Counting]:
    """Return the files whose rows count."""
    return [
        Counting(
            key,
            version.canonical.file_id,
            version.canonical.key,
            version.rows.window_start,
            version.rows.window_end,
            frozenset(version.rows.columns),
            version.rows.traits.prints if version.rows.traits else (),
            version.rows.provider,
            span(version.rows.issues),
        )
        for key, version in files
        if isinstance(version, Accepted)
    ]


def span(issues: Issues | None) -> tuple[datetime, datetime] | None:
    """Return the first and the last issue of a forecast."""
    return (issues.first, issues.last) if issues else None


def pairs(files: Iterable[Counting]) -> Iterator[Pair]:
    """Yield the pairs of files whose windows, columns and issues overlap, each ordered by their ids."""
    ordered = sorted(files, key=lambda each: (each.start, each.file_id))
    for number, one in enumerate(ordered):
        for other in takewhile(
            lambda each, end=one.end: each.start < end,  # type: ignore[misc]
            ordered[number + 1 :],
        ):
            if one.is_about_the_same(other):
                first, second = sorted((one, other), key=lambda each: each.file_id)
                yield first, second


def pair_id(pair: Pair) -> str:
    """Name a pair of files."""
    return f"{pair[0].file_id}+{pair[1].file_id}"


def is_same(prints: Sequence[str], others: Sequence[str]) -> bool:
    """Whether two files hold the same rows: half of the days by which they are known are the same."""
    return 2 * len(set(prints) & set(others)) >= min(len(prints), len(others)) > 0


def file_overlaps(
    files: Iterable[Counting],
    known: Mapping[str, Compared],
    twins: Mapping[str, str] | None = None,
) -> dict[str, FileOverlap]:
    """Return, by key, the files that another one contradicts; `twins` are known by key."""
    files, twins = list(files), twins or {}
    found: dict[str, list[tuple[float, int, str, str]]] = {}
    for pair in pairs(files):
        compared = known.get(pair_id(pair))
        if compared is None or not compared.rows:
            continue
        for side, (one, other) in enumerate((pair, pair[::-1])):
            example = _in_words(compared, side, other.key)
            found.setdefault(one.key, []).append(
                (compared.shares[side], compared.rows, other.key, example)
            )
    overlaps = {}
    for key, ones in found.items():
        share, rows, _, example = max(ones)
        twin = twins.get(key, "")
        overlaps[key] = FileOverlap(
            rows=rows, share=share, files=len(ones), example=example, twin=twin
        )
    return overlaps


def _in_words(compared: Compared, side: int, other: str) -> str:
    if compared.time is None or compared.said is None:
        return ""
    here, there = compared.said[side], compared.said[1 - side]
    when = f"{compared.time:%Y-%m-%d %H:%M} UTC"
    return f"{compared.column} at {when} is {here:.6g} here, {there:.6g} in {other}"
