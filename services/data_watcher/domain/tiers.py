"""Which small canonical objects of a month are joined in one, and what a site's index says after that.

Size-tiered: what is alike in size is joined when there is enough of it, so that a file is rewritten at most
once per tier, however long late files trickle in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from shared import layout
from shared.compaction import Compact, CompactIndex, cover

TIER_BITS = 4  # a tier holds sixteen times the files of the one below
FEWEST = 2**TIER_BITS  # pieces of a tier that stay as they are
MOST_PIECES = 256  # of one compact: what is read in a few seconds
LARGEST_PIECE = 4 * 1024**2  # bytes; what is larger is no small object
LARGEST_COMPACT = FEWEST * LARGEST_PIECE


def pieces(index: CompactIndex, month: str, sizes: Mapping[str, int]) -> list[Compact]:
    """Return what holds a month's rows: compacts whose files all count, and single files.

    Parameters
    ----------
    sizes
        The objects of the month by key, markers of withdrawal included. [bytes]
    """
    single = {layout.canonical_file_id(key): key for key in layout.standing(sizes)}
    known = [each for each in index.compacts if layout.month_of(each.key) == month]
    chosen, rest = cover(single.keys(), known)
    alone = [
        Compact(key=single[each], size=sizes[single[each]], members=(each,))
        for each in sorted(rest)
    ]
    return [*chosen, *alone]


def due(pieces: Sequence[Compact]) -> Iterator[list[Compact]]:
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


def with_month(index: CompactIndex, month: str, pieces: Iterable[Compact]) -> CompactIndex:
    """Return the index with a month's compacts that are of use; a file alone needs no entry."""
    others = [each for each in index.compacts if layout.month_of(each.key) != month]
    made = [each for each in pieces if len(each.members) > 1]
    compacts = tuple(sorted([*others, *made], key=lambda each: each.key))
    return index.model_copy(update={"compacts": compacts})
