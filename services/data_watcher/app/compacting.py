"""Makes one object of many small ones of a site and month, once the month is over.

Size-tiered: what is alike in size is joined when there is enough of it, so that a file is rewritten at most
once per tier, however long late files trickle in. Whatever dies here leaves at most an object that no index
names; the next sweep does the same again, under the same name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from services.data_watcher.ports import CompactObjects, Each, Joiner, Meter, Stored
from shared import layout
from shared.clock import Clock
from shared.compaction import Compact, CompactIndex, cover
from shared.errors import PermanentError
from shared.ids import content_id

TIER_BITS = 4  # a tier holds sixteen times the files of the one below
FEWEST = 2**TIER_BITS  # pieces of a tier that may stand beside each other
MOST_PIECES = 256  # of one compact: what is read in a few seconds
LARGEST_PIECE = 4 * 1024**2  # bytes; what is larger is no small object
LARGEST_COMPACT = FEWEST * LARGEST_PIECE


@dataclass(frozen=True, slots=True)
class Compacting:
    """Keeps the number of objects small that hold a site's rows of a month."""

    objects: CompactObjects
    join: Joiner
    each: Each
    meter: Meter
    clock: Clock

    def run(self, site_id: str, after: str, deadline: datetime) -> str | None:
        """Compact a site's months that are over; return the key to go on behind, None where all is done.

        A month whose objects cannot be read is counted, stays as it is and keeps no other from its turn.
        """
        this_month = f"{self.clock():%Y-%m}"
        index = self.objects.index(site_id)
        listing = self.objects.listing(site_id, after)
        for month, found in groupby(listing, lambda each: layout.month_of(each.key)):
            if month >= this_month:
                return None
            objects = list(found)
            try:
                for grown in self._steps(index, month, objects):
                    index = grown
                    self.objects.put_index(index)
                    if self.clock() >= deadline:
                        return after
            except PermanentError:
                self.meter.count({"CompactionFaults": 1})
            after = objects[-1].key
        return None

    def _steps(
        self, index: CompactIndex, month: str, objects: Sequence[Stored]
    ) -> Iterator[CompactIndex]:
        """Join what is due, one compact after the other; yield the index as each leaves it."""
        pieces = _pieces(index, month, objects)
        while due := next(_due(pieces), None):
            made = self._joined(index.site_id, month, due)
            pieces = [each for each in pieces if each not in due] + [made]
            index = _with_month(index, month, pieces)
            yield index

    def _joined(self, site_id: str, month: str, due: Sequence[Compact]) -> Compact:
        members = tuple(sorted(file_id for each in due for file_id in each.members))
        body = self.join(list(self.each(self.objects.read, [each.key for each in due])))
        key = layout.compact(site_id, month, content_id(members))
        self.objects.create(key, body)
        return Compact(key=key, size=len(body), members=members)


def _pieces(index: CompactIndex, month: str, objects: Iterable[Stored]) -> list[Compact]:
    """Return what holds a month's rows: compacts whose files all count, and single files."""
    sizes = {each.key: each.size for each in objects}
    single = {layout.canonical_file_id(key): key for key in layout.standing(sizes)}
    known = [each for each in index.compacts if layout.month_of(each.key) == month]
    chosen, rest = cover(single.keys(), known)
    alone = [
        Compact(key=single[each], size=sizes[single[each]], members=(each,))
        for each in sorted(rest)
    ]
    return [*chosen, *alone]


def _due(pieces: Sequence[Compact]) -> Iterator[list[Compact]]:
    """Yield the pieces of each tier that has too many, no more than one compact takes."""
    small = [each for each in pieces if each.size <= LARGEST_PIECE]
    for tier in sorted({_tier(each) for each in small}):
        alike = [each for each in small if _tier(each) == tier]
        if len(alike) > FEWEST:
            yield _fitting(alike)


def _fitting(pieces: Sequence[Compact]) -> list[Compact]:
    taken, size = [], 0
    for each in pieces[:MOST_PIECES]:
        size += each.size
        if size > LARGEST_COMPACT:
            break
        taken.append(each)
    return taken


def _tier(piece: Compact) -> int:
    return (len(piece.members).bit_length() - 1) // TIER_BITS


def _with_month(index: CompactIndex, month: str, pieces: Iterable[Compact]) -> CompactIndex:
    """Return the index with a month's compacts that are of use; a file alone needs no entry."""
    others = [each for each in index.compacts if layout.month_of(each.key) != month]
    made = [each for each in pieces if len(each.members) > 1]
    compacts = tuple(sorted([*others, *made], key=lambda each: each.key))
    return index.model_copy(update={"compacts": compacts})
