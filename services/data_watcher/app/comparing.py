"""Compares files of a site that cover the same time, each pair once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.data_watcher.domain import overlaps
from services.data_watcher.domain.overlaps import Compared, Pair, SiteOverlaps
from services.data_watcher.ports import CompactObjects, Comparer, Ledger, OverlapMemory
from shared.clock import Clock
from shared.errors import PermanentError

MOST_PAIRS = 2000  # that are kept of a site; a plant that sends its whole year every day has more


@dataclass(frozen=True, slots=True)
class Progress:
    """Whether something new is known, and whether time sufficed for all."""

    is_new: bool
    is_done: bool


@dataclass(frozen=True, slots=True)
class Comparing:
    """Keeps what is known of overlapping files equal to the files that count.

    What dies half-way is done again: a comparison changes nothing but what is known.
    """

    ledger: Ledger
    objects: CompactObjects
    memory: OverlapMemory
    compare: Comparer
    clock: Clock

    def run(self, site_id: str, deadline: datetime) -> Progress:
        """Compare what was not compared yet, until the deadline."""
        known = self.memory.load(site_id)
        before = known.pairs if known.is_current else {}
        found: dict[str, Compared] = {}
        is_done = True
        files = overlaps.counting(self.ledger.current(site_id))
        for pair in overlaps.pairs(files):
            name = overlaps.pair_id(pair)
            if name in before:
                found[name] = before[name]
            elif len(found) >= MOST_PAIRS:
                break
            elif self.clock() >= deadline:
                is_done = False
            else:
                compared = self._compared(pair)
                if compared is not None:
                    found[name] = compared
        if found == before and known.is_current:
            return Progress(is_new=False, is_done=is_done)
        self.memory.put(SiteOverlaps(site_id=site_id, pairs=found, files=known.files))
        return Progress(is_new=True, is_done=is_done)

    def _compared(self, pair: Pair) -> Compared | None:
        """Return what two files say of each other; None where one of them cannot be read."""
        one, other = pair
        try:
            return self.compare(
                self.objects.read(one.canonical_key).parquet,
                self.objects.read(other.canonical_key).parquet,
            )
        except PermanentError:
            return None  # gone since it was listed, or damaged: compaction counts those
