"""Remembers a few files that this process accepted a moment ago, and notices that they disagree.

It spares the wait for the daily look at all files of a site. Another process may have taken in the others:
the first file of a source that a process does not know asks for a look at all of them. From then on each
process compares with files that were looked at together. A file that does not come after all of its source
that the process knows may cover the time of another, wherever that was taken in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.data_watcher.app.intake.verdict import Judged
from services.data_watcher.domain import siblings, suspicion
from services.data_watcher.domain.siblings import Sibling
from services.data_watcher.domain.versions import Accepted, RowSummary

MOST_FILES = 60  # of one source
MOST_SOURCES = 200
MOST_NAMES = 20_000


_Name = tuple[str, str]  # of a source: its site, and how it reads


@dataclass(slots=True)
class _Source:
    files: dict[str, Sibling] = field(default_factory=dict)  # by content, the newest last
    causes: frozenset[str] = frozenset()  # for which a look was asked for


@dataclass(frozen=True, slots=True)
class Noticed:
    """Sites whose files are worth a look.

    Attributes
    ----------
    doubtful
        Those with files that disagree, for a cause that is new here.
    unknown
        Those with a source that is new here.
    overlapping
        Those with a file that may cover the time of another.
    """

    doubtful: list[str]
    unknown: list[str]
    overlapping: list[str]


@dataclass(slots=True)
class Recent:
    """What this process accepted, by source. Nothing depends on it but when a source is looked at."""

    _sources: dict[_Name, _Source] = field(default_factory=dict)
    _known: set[_Name] = field(default_factory=set)
    _reached: dict[_Name, datetime] = field(default_factory=dict)

    def note(self, judged: Iterable[Judged]) -> Noticed:
        """Note new files; return of which sites the files are to be looked at together."""
        new = [
            (each.record.site_id, each.record.key, version)
            for each in judged
            if isinstance(version := each.record.current, Accepted) and version.published_at is None
        ]
        overlapping = [
            site_id for site_id, _, version in new if self._reaches_back(site_id, version)
        ]
        touched = sorted({name for each in new if (name := self._note(*each)) is not None})
        unknown = [name for name in touched if name not in self._known]
        if len(self._known) + len(unknown) > MOST_NAMES:
            self._known.clear()  # they ask for a look once more
        self._known.update(unknown)
        doubtful = [name[0] for name in touched if self._disagrees(self._sources[name])]
        return Noticed(doubtful, [name[0] for name in unknown], overlapping)

    def _reaches_back(self, site_id: str, version: Accepted) -> bool:
        """Whether a file begins before the end of what its source brought here before."""
        name, (begin, end) = (site_id, version.reading), _span(version.rows)
        before = self._reached.get(name)
        if before is None and len(self._reached) >= MOST_NAMES:
            self._reached.clear()
        self._reached[name] = end if before is None else max(before, end)
        return before is not None and begin < before

    @staticmethod
    def _disagrees(source: _Source) -> bool:
        """Whether files of a source disagree for a new cause, which is noted."""
        before = source.causes
        unlike = siblings.disagreements(source.files.values())
        source.causes = frozenset(each.cause for each in unlike)
        return bool(source.causes - before)

    def _note(self, site_id: str, key: str, version: Accepted) -> _Name | None:
        """Keep a file that was just accepted; return its site, and what names its source and how it reads."""
        sibling = suspicion.sibling(key, version)
        if sibling is None or not sibling.traits.days:
            return None
        name = (site_id, version.reading)
        if name not in self._sources and len(self._sources) >= MOST_SOURCES:
            self._sources.clear()
        files = self._sources.setdefault(name, _Source()).files
        files.pop(sibling.content, None)
        files[sibling.content] = sibling
        if len(files) > MOST_FILES:
            del files[next(iter(files))]
        return name


def _span(rows: RowSummary) -> tuple[datetime, datetime]:
    """Return over which interval [start, end) no other file should say the same: of a forecast its issues."""
    if rows.issues is None:
        return rows.window_start, rows.window_end
    return rows.issues.first, rows.issues.last + timedelta(microseconds=1)
