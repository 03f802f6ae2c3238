"""What reads and joins files; its libraries are loaded with the first of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.data_watcher.domain.overlaps import Compared
from services.data_watcher.ports import Content, Part, Reading
from shared.solar.site import Site


def read_file(data: Content, key: str, site: Site, uploaded_at: datetime | None = None) -> Reading:
    """Read an uploaded file; loads pyarrow and numpy with the first one."""
    from services.data_watcher.adapters.reading import read  # noqa: PLC0415 - a sweep needs none of it

    return read(data, key, site, uploaded_at)


def compare(one: bytes, other: bytes) -> Compared:
    """Compare canonical tables; loads pyarrow with the first ones."""
    from services.data_watcher.adapters import comparing  # noqa: PLC0415 - few files cover the same time

    return comparing.compare(one, other)


def join(parts: Sequence[Part]) -> bytes:
    """Join canonical tables; loads pyarrow with the first ones."""
    from services.data_watcher.adapters.reading import compact  # noqa: PLC0415 - few sweeps find anything to join

    return compact.join(parts)
