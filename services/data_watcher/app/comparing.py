"""Compares files of a site that cover the same time, each pair once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from services.data_watcher.domain import overlaps, suspicion
from services.data_watcher.domain.overlaps import Compared, Pair, SiteOverlaps
from services.data_watcher.ports import CompactObjects, Comparer, Ledger, OverlapMemory
from shared.clock import Clock
from shared.errors import PermanentError

MOST_PAIRS = 2000  # that are kept of a site; a plant that sends its whole year every day has more


@dataclass(frozen=True, slots=True)
class Progress:
    """Whether the sources are to be looked at as a whole, and whether time sufficed for all."""

    is_telling: bool
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
        """Compare what was not compared yet until the deadline, at least one pair.

        Where nothing was found out, more time would not help: what cannot be read waits until tomorrow.
        """
        known = self.memory.load(site_id)
        before = known.pairs if known.is_current else {}
        current = list(self.ledger.current(site_id))
        files = overlaps.counting(current)
        wanted = {
            overlaps.pair_id(pair): pair for pair in islice(overlaps.pairs(files), MOST_PAIRS)
        }
        found = {name: before[name] for name in wanted if name in before}
        left = [name for name in wanted if name not in before]
        new = dict(self._until(deadline, [wanted[name] for name in left]))
        if new or found != before or not known.is_current:
            pairs = found | new
            self.memory.put(SiteOverlaps(site_id=site_id, pairs=pairs, files=known.files))
        return Progress(
            is_telling=bool(new) or found != before or suspicion.any_disagree(current),
            is_done=not new or len(new) == len(left),
        )

    def _until(self, deadline: datetime, pairs: Sequence[Pair]) -> Iterator[tuple[str, Compared]]:
        for pair in pairs:
            compared = self._compared(pair)
            if compared is not None:
                yield overlaps.pair_id(pair), compared
            if self.clock() >= deadline:
                return

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
