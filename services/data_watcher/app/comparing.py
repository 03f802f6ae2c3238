"""Compares files of a site that cover the same time, each pair once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from services.data_watcher.domain import overlaps, suspicion
from services.data_watcher.domain.overlaps import (
    VERSION,
    Compared,
    Counting,
    Pair,
    Sought,
)
from services.data_watcher.domain.suspicion import LEAST_CONTRADICTED
from services.data_watcher.ports import CompactObjects, Comparer, Ledger, OverlapMemory
from shared.clock import Clock
from shared.errors import PermanentError

MOST_SOUGHT = 3  # files of a site whose rows are sought in all other sites
MOST_PAIRS = 2000  # that are kept of a site; a plant that sends its whole year every day has more


@dataclass(frozen=True, slots=True)
class Progress:
    """Whether the sources are to be looked at as a whole, and whether time sufficed for all."""

    is_telling: bool
    is_done: bool


# Compares the files of a site until a deadline.
CompareFiles = Callable[[str, datetime], Progress]


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
        pairs = found | new
        unlike = suspicion.unlike(current)
        sought = self._seek(site_id, _doubtful(files, pairs, unlike), known.sought, deadline)
        if new or found != before or not known.is_current or sought != known.sought:
            self.memory.put(
                known.model_copy(update={"version": VERSION, "pairs": pairs, "sought": sought})
            )
        return Progress(
            is_telling=bool(new or unlike or found != before or sought != known.sought),
            is_done=not new or len(new) == len(left),
        )

    def _until(self, deadline: datetime, pairs: Sequence[Pair]) -> Iterator[tuple[str, Compared]]:
        for pair in pairs:
            compared = self._compared(pair)
            if compared is not None:
                yield overlaps.pair_id(pair), compared
            if self.clock() >= deadline:
                return

    def _seek(
        self,
        site_id: str,
        doubtful: Sequence[Counting],
        known: Mapping[str, Sought],
        deadline: datetime,
    ) -> dict[str, Sought]:
        """Return which files of other sites hold the rows of doubtful ones, as far as time suffices.

        One site after the other is asked for a few files; for more only those that were named already.
        """
        sought = {each.file_id: known[each.file_id] for each in doubtful if each.file_id in known}
        others = [each for each in sorted(self.ledger.sites()) if each != site_id]
        for number, each in enumerate(doubtful):
            before = sought.get(each.file_id)
            if before is not None and not before.until:
                continue
            named = {found.twin.split("/")[1] for found in sought.values() if found.twin}
            until = before.until if before else ""
            everywhere = [one for one in others if one > until] if number < MOST_SOUGHT else []
            found = self._twin(each, sorted(named) + everywhere, deadline)
            if found.twin or everywhere:
                sought[each.file_id] = found
            if self.clock() >= deadline:
                break
        return sought

    def _twin(self, file: Counting, sites: Sequence[str], deadline: datetime) -> Sought:
        for site_id in sites:
            for key, version in self.ledger.like(site_id, file.prints):
                traits = version.rows.traits
                if traits and overlaps.is_same(file.prints, traits.prints):
                    return Sought(twin=key)
            if site_id != sites[-1] and self.clock() >= deadline:
                return Sought(until=site_id)
        return Sought()

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


def _doubtful(
    files: Sequence[Counting], pairs: Mapping[str, Compared], unlike: AbstractSet[str]
) -> list[Counting]:
    """Return the files that may be another site's, the most contradicted first."""
    found = overlaps.file_overlaps(files, pairs)
    shares = {key: each.share for key, each in found.items() if each.share > LEAST_CONTRADICTED}
    ones = [each for each in files if each.prints and (each.key in shares or each.key in unlike)]
    return sorted(ones, key=lambda each: (-shares.get(each.key, 0.0), each.key))
