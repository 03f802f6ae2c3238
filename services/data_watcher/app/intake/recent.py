"""Remembers a few files that this process accepted a moment ago, and notices that they disagree.

It spares the wait for the daily look at all files of a site. Another process may have taken in the others:
the first file of a source that a process does not know asks for a look at all of them. From then on each
process compares with files that were looked at together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from services.data_watcher.app.intake.verdict import Judged
from services.data_watcher.domain import siblings, suspicion
from services.data_watcher.domain.siblings import Sibling
from services.data_watcher.domain.versions import Accepted

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
    """Sites with files that disagree for a cause that is new here, and those with a source new to us."""

    doubtful: list[str]
    unknown: list[str]


@dataclass(slots=True)
class Recent:
    """What this process accepted, by source. Nothing depends on it but when a source is looked at."""

    _sources: dict[_Name, _Source] = field(default_factory=dict)
    _known: set[_Name] = field(default_factory=set)

    def note(self, judged: Iterable[Judged]) -> Noticed:
        """Note new files; return of which sites the files are to be looked at together."""
        touched = sorted({name for each in judged if (name := self._note(each)) is not None})
        unknown = [name for name in touched if name not in self._known]
        if len(self._known) + len(unknown) > MOST_NAMES:
            self._known.clear()  # they ask for a look once more
        self._known.update(unknown)
        doubtful = [name[0] for name in touched if self._disagrees(self._sources[name])]
        return Noticed(doubtful, [name[0] for name in unknown])

    @staticmethod
    def _disagrees(source: _Source) -> bool:
        """Whether files of a source disagree for a new cause, which is noted."""
        before = source.causes
        unlike = siblings.disagreements(source.files.values())
        source.causes = frozenset(each.cause for each in unlike)
        return bool(source.causes - before)

    def _note(self, judged: Judged) -> _Name | None:
        """Keep a file that was just accepted; return its site, and what names its source and how it reads."""
        version = judged.record.current
        if not isinstance(version, Accepted) or version.published_at is not None:
            return None
        sibling = suspicion.sibling(judged.record.key, version)
        if sibling is None or not sibling.traits.days:
            return None
        name = (judged.record.site_id, version.reading)
        if name not in self._sources and len(self._sources) >= MOST_SOURCES:
            self._sources.clear()
        files = self._sources.setdefault(name, _Source()).files
        files.pop(sibling.content, None)
        files[sibling.content] = sibling
        if len(files) > MOST_FILES:
            del files[next(iter(files))]
        return name
