"""Makes one object of many small ones of a site and month, once the month is over.

Whatever dies here leaves at most an object that no index names; the next sweep does the same again, under the
same name. `domain/tiers.py` says which objects are joined.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from services.data_watcher.domain import tiers
from services.data_watcher.ports import CompactObjects, Joiner, Meter, ParallelMap, Stored
from shared import layout
from shared.clock import Clock
from shared.compaction import Compact, CompactIndex
from shared.errors import PermanentError
from shared.ids import content_id


@dataclass(frozen=True, slots=True)
class Compacting:
    """Keeps the number of objects small that hold a site's rows of a month."""

    objects: CompactObjects
    join: Joiner
    parallel: ParallelMap
    meter: Meter
    clock: Clock

    def run(self, site_id: str, after: str, deadline: datetime) -> str | None:
        """Compact a site's months that are over; return the key to go on after, None where all is done.

        A month whose objects cannot be read is counted and stays as it is; the next month follows.
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
        pieces = tiers.pieces(index, month, {each.key: each.size for each in objects})
        while due := next(tiers.due(pieces), None):
            made = self._joined(index.site_id, month, due)
            pieces = [each for each in pieces if each not in due] + [made]
            index = tiers.with_month(index, month, pieces)
            yield index

    def _joined(self, site_id: str, month: str, due: Sequence[Compact]) -> Compact:
        members = tuple(sorted(file_id for each in due for file_id in each.members))
        body = self.join(list(self.parallel(self.objects.read, [each.key for each in due])))
        key = layout.compact(site_id, month, content_id(members))
        self.objects.create(key, body)
        return Compact(key=key, size=len(body), members=members)
