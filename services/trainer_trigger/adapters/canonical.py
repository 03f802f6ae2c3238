"""Canonical objects and their withdrawal markers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shared import layout
from shared.aws import S3Objects
from shared.canonical import CanonicalFile
from shared.dataset import DatasetFile


@dataclass(frozen=True, slots=True)
class S3CanonicalFiles:
    """Canonical objects and their withdrawal markers."""

    objects: S3Objects

    def counts(self, key: str) -> bool:
        """Return whether a canonical object exists and is not withdrawn."""
        return {key} == set(self.objects.keys(key))

    def of_site(self, site_id: str) -> Iterator[str]:
        """Yield the keys of a site's canonical objects that are not withdrawn."""
        yield from layout.standing(self.objects.keys(layout.canonical_site(site_id)))

    def describe(self, key: str) -> DatasetFile:
        """Return what the object says about itself."""
        said = CanonicalFile.from_metadata(self.objects.metadata(key))
        return DatasetFile(
            site_id=said.site_id,
            file_id=said.file_id,
            key=key,
            rows=said.rows,
            window_start=said.window_start,
            window_end=said.window_end,
            uploaded_at=said.uploaded_at,
            raw_key=said.raw_key,
            provider=said.provider,
        )
