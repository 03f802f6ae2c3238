"""Frozen datasets: `dataset.json`, and the manifest in the form SageMaker reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from shared import dataset as datasets
from shared import layout
from shared.aws import S3Objects
from shared.compaction import Compact, CompactIndex, cover
from shared.dataset import Coverage, Dataset
from shared.errors import NotFoundError

# What a process keeps of frozen datasets, at about two hundred bytes each: spans of time, names of files.
_KEPT_SPANS, _KEPT_NAMES = 200_000, 500_000
T = TypeVar("T")


@dataclass(slots=True)
class Kept(Generic[T]):
    """Keeps what was read of frozen things, up to a size in all; they never change."""

    most: int
    found: dict[str, tuple[T, int]] = field(default_factory=dict)

    def get(self, name: str) -> T | None:
        """Return what is kept under a name."""
        kept = self.found.get(name)
        return kept[0] if kept else None

    def keep(self, name: str, value: T, size: int) -> T:
        """Keep a value unless it is too large alone, and forget the others where it would be too much."""
        if size > self.most:
            return value
        if size + sum(each for _, each in self.found.values()) > self.most:
            self.found.clear()
        self.found[name] = value, size
        return value


@dataclass(frozen=True, slots=True)
class S3Datasets:
    """Frozen datasets: `dataset.json`, and the manifest in the form SageMaker reads."""

    objects: S3Objects
    covered: Kept[Coverage] = field(default_factory=lambda: Kept(_KEPT_SPANS))
    listed: Kept[frozenset[str]] = field(default_factory=lambda: Kept(_KEPT_NAMES))

    def freeze(self, dataset: Dataset) -> None:
        """Write a dataset once; the manifest last, so that whoever sees it sees all."""
        described = layout.dataset(dataset.model_id, dataset.dataset_id)
        self.objects.create(described, dataset.model_dump_json(indent=1).encode())
        manifest: list[Any] = [{"prefix": layout.uri(self.objects.bucket, "")}, described]
        manifest += self._objects(dataset)
        self.objects.create(
            layout.manifest(dataset.model_id, dataset.dataset_id),
            json.dumps(manifest, indent=0).encode(),
        )

    def _objects(self, dataset: Dataset) -> Iterator[str]:
        """Yield where the rows of a dataset are: in compacts where it has all of a compact's files."""
        keys = {file.file_id: file.key for file in dataset.files}
        compacts = [
            each
            for site_id in sorted({file.site_id for file in dataset.files})
            for each in self._compacts(site_id)
        ]
        chosen, single = cover(keys.keys(), compacts)
        yield from (each.key for each in chosen)
        yield from (file.key for file in dataset.files if file.file_id in single)

    def _compacts(self, site_id: str) -> tuple[Compact, ...]:
        try:
            found = self.objects.read(layout.compact_index(site_id))
        except NotFoundError:
            return ()  # nothing was compacted yet
        return CompactIndex.read(site_id, found).compacts

    def file_ids(self, model_id: str, dataset_id: str) -> frozenset[str]:
        """Return the files of a frozen dataset; empty where it is gone."""
        known = self.listed.get(dataset_id)
        if known is not None:
            return known
        body = self._body(model_id, dataset_id)
        if body is None:
            return frozenset()
        found = datasets.file_ids(body)
        return self.listed.keep(dataset_id, found, len(found))

    def coverage(self, model_id: str, dataset_id: str) -> Coverage | None:
        """Return what a frozen dataset has rows of; None where it is gone."""
        known = self.covered.get(dataset_id)
        if known is not None:
            return known
        body = self._body(model_id, dataset_id)
        if body is None:
            return None
        found = datasets.coverage(body)
        size = len(found.exclusions) + sum(map(len, found.spans.values()))
        return self.covered.keep(dataset_id, found, size)

    def _body(self, model_id: str, dataset_id: str) -> bytes | None:
        try:
            return self.objects.read(layout.dataset(model_id, dataset_id))
        except NotFoundError:
            return None

    def exists(self, model_id: str, dataset_id: str) -> bool:
        """Return whether a dataset's manifest exists."""
        key = layout.manifest(model_id, dataset_id)
        return key in set(self.objects.keys(key))
