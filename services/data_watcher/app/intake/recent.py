"""Remembers a few files that this process accepted a moment ago, and notices that they disagree.

It spares the wait for the daily look at all files of a site, and costs no call. What it overlooks, because
another process took in the other file, the daily look finds.
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


@dataclass(slots=True)
class _Source:
    files: dict[str, Sibling] = field(default_factory=dict)  # by content, the newest last
    causes: frozenset[str] = frozenset()  # for which a look was asked for


@dataclass(slots=True)
class Recent:
    """What this process accepted, by source. Nothing depends on it but when a source is looked at."""

    _sources: dict[tuple[str, str], _Source] = field(default_factory=dict)

    def disagreeing(self, judged: Iterable[Judged]) -> list[str]:
        """Note new files; return the sites of which some disagree for a cause that is new here."""
        touched = {name for each in judged if (name := self._note(each)) is not None}
        found = []
        for name in sorted(touched):
            source = self._sources[name]
            unlike = siblings.disagreements(source.files.values())
            causes = frozenset(each.cause for each in unlike)
            if causes - source.causes:
                found.append(name[0])
            source.causes = causes
        return found

    def _note(self, judged: Judged) -> tuple[str, str] | None:
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
