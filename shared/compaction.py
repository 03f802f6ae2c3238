"""Compacts: many small canonical objects of a site and a month in one, so that a manifest stays short.

A compact holds its members' tables untouched, one row group each; the Parquet footer says whose each is and
which columns it carries, because a column that a file does not carry is not the same as one it has taken
back. Compacts are never changed and never deleted: frozen manifests name them. The index beside them says
which are of use now; it can be lost at any time, and the next sweep writes it anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, TypeAdapter, ValidationError

MEMBERS = b"solar.members"  # the key of the footer's metadata that lists the members


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class Member(_Frozen):
    """What a compact says of the row group of the same position."""

    file_id: str
    uploaded_at: AwareDatetime
    columns: tuple[str, ...]


MEMBER_LIST: TypeAdapter[tuple[Member, ...]] = TypeAdapter(
    tuple[Member, ...], config=ConfigDict(defer_build=True)
)


class Compact(_Frozen):
    """One compact: where it stands, how large it is [bytes], and which files it holds, sorted."""

    key: str
    size: int
    members: tuple[str, ...]


class CompactIndex(_Frozen):
    """The compacts of a site that are of use."""

    site_id: str
    compacts: tuple[Compact, ...] = ()

    @classmethod
    def read(cls, site_id: str, body: bytes) -> Self:
        """Read an index; one that cannot be read is as good as none, for the sweep writes it anew."""
        try:
            return cls.model_validate_json(body)
        except ValidationError:
            return cls(site_id=site_id)


def cover(
    file_ids: AbstractSet[str], compacts: Iterable[Compact]
) -> tuple[list[Compact], set[str]]:
    """Return compacts that stand for as many files as possible, and the files that stay single.

    A compact is used only as a whole: one with a member that does not count would bring rows along that
    must not be there.
    """
    chosen: list[Compact] = []
    rest = set(file_ids)
    for compact in sorted(compacts, key=lambda each: (-len(each.members), each.key)):
        if rest.issuperset(compact.members):
            chosen.append(compact)
            rest.difference_update(compact.members)
    return sorted(chosen, key=lambda each: each.key), rest
