"""What stands in the bucket: configuration in force, canonical rows, frozen datasets, evaluations."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from shared import dataset as datasets
from shared import layout
from shared.active import ActiveSite
from shared.aws import S3Objects
from shared.canonical import CanonicalFile
from shared.compaction import Compact, CompactIndex, cover
from shared.dataset import Coverage, Dataset, DatasetFile, Exclusion
from shared.errors import NotFoundError
from shared.evaluation import Evaluation
from shared.exclusions import ActiveExclusions
from shared.in_force import InForce
from shared.solar.site import Site

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
class S3Configuration(InForce):
    """Configuration in force, of models and of what belongs to them."""

    def sites(self, model_id: str) -> tuple[Site, ...]:
        """Return the sites of a model, sorted by name."""
        return tuple(
            site
            for key, (_, named) in self.sites_named().items()
            if named == model_id
            for site in [ActiveSite.model_validate(self.objects.read_json(key))]
            if site.model_id == model_id  # it may have moved since it was listed
        )

    def exclusions(self, model_id: str) -> tuple[Exclusion, ...]:
        """Return the time ranges of a model's sites that must not be trained on, sorted."""
        return tuple(
            exclusion
            for key in self.objects.keys(layout.all_active_exclusions())
            for stated in [ActiveExclusions.model_validate(self.objects.read_json(key))]
            if self._is_of(model_id, stated.site_id)
            for exclusion in stated.for_dataset()
        )

    def _is_of(self, model_id: str, site_id: str) -> bool:
        try:
            found = self.objects.read_json(layout.active_site(site_id))
        except NotFoundError:
            return False  # its exclusions were in force before the site is
        return bool(ActiveSite.model_validate(found).model_id == model_id)


@dataclass(frozen=True, slots=True)
class S3CanonicalFiles:
    """Canonical objects and their withdrawal markers."""

    objects: S3Objects

    def stands(self, key: str) -> bool:
        """Return whether a canonical object is there and not withdrawn."""
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
        )


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
        """Yield where the rows of a dataset stand: in compacts where it has all of a compact's files."""
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
        """Return whether a dataset's manifest stands."""
        key = layout.manifest(model_id, dataset_id)
        return key in set(self.objects.keys(key))


@dataclass(frozen=True, slots=True)
class S3Evaluations:
    """What the pipeline wrote below `runs/`."""

    objects: S3Objects

    def read(self, run_id: str) -> Evaluation | None:
        """Return a run's evaluation, or None while there is none."""
        try:
            return Evaluation.model_validate_json(self.objects.read(layout.evaluation(run_id)))
        except NotFoundError:
            return None

    def uri(self, run_id: str) -> str:
        """Return where a run's evaluation stands."""
        return layout.uri(self.objects.bucket, layout.evaluation(run_id))

    def report_uri(self, run_id: str) -> str:
        """Return where a run's report stands."""
        return layout.uri(self.objects.bucket, layout.report(run_id))
