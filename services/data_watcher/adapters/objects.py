"""The objects of the bucket, as the service wants them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from mmap import ACCESS_READ, mmap
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from pydantic import ValidationError

from services.data_watcher.domain.configuration import Active
from services.data_watcher.domain.overlaps import SiteOverlaps
from services.data_watcher.domain.records import Listed
from services.data_watcher.ports import Content, Opened, Part, Stored
from shared import layout
from shared.active import ActiveModel, ActiveSite
from shared.aws import S3Objects, error_code
from shared.canonical import CanonicalFile
from shared.compaction import CompactIndex
from shared.errors import InvalidMessageError, NotFoundError
from shared.exclusions import ActiveExclusions
from shared.notifications import ActiveNotifications
from shared.suspects import ActiveSuspects

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MIB = 1024**2
SMALL = 16 * MIB  # of an object that is held in memory as a whole


@dataclass(frozen=True, slots=True)
class S3RawObjects:
    """Implements the port `RawObjects` on a versioned bucket."""

    client: S3Client
    bucket: str

    def versions(self, key: str) -> list[Listed]:
        """Return a key's versions and delete markers, newest first."""
        for found, versions in self.listing(key, ""):
            if found == key:
                return versions
            break  # a key is the first of those that begin with it
        return []

    def read(self, key: str, version_id: str) -> Content:
        """Return a version's bytes, or raise NotFoundError; those of a large one stay on disk."""
        answer = S3Objects(self.client, self.bucket).open(key, version_id)
        if answer["ContentLength"] <= SMALL:
            return answer["Body"].read()
        with TemporaryFile() as file:
            for part in answer["Body"].iter_chunks(MIB):
                file.write(part)
            file.flush()
            return mmap(file.fileno(), 0, access=ACCESS_READ)

    def open(self, key: str) -> Opened | None:
        """Return a key's latest version, or None where it has none or was deleted."""
        try:
            answer = self.client.get_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error_code(error) in {"NoSuchKey", "404"}:
                return None
            raise
        listed = Listed(
            version_id=answer.get("VersionId") or "null",
            is_latest=True,
            uploaded_at=_utc(answer["LastModified"]),
            etag=answer["ETag"].strip('"'),
            size=answer["ContentLength"],
        )
        return Opened(listed, answer["Body"].read)

    def listing(self, prefix: str, after: str) -> Iterator[tuple[str, list[Listed]]]:
        """Yield the keys after `after` in order, each with its versions, newest first."""
        for key, entries in groupby(self._entries(prefix, after), lambda entry: entry[0]):
            yield key, [listed for _, listed in entries]

    def _entries(self, prefix: str, after: str) -> Iterator[tuple[str, Listed]]:
        start = {"KeyMarker": after} if after else {}
        pages = self.client.get_paginator("list_object_versions").paginate(
            Bucket=self.bucket,
            Prefix=prefix,
            **start,  # type: ignore[arg-type]
        )
        for page in pages:
            versions = [(each["Key"], _version(each)) for each in page.get("Versions", [])]
            markers = [(each["Key"], _marker(each)) for each in page.get("DeleteMarkers", [])]
            # S3 gives versions and markers apart; stable sorting keeps its order among each of them.
            yield from sorted(versions + markers, key=_newest_first)


def _newest_first(entry: tuple[str, Listed]) -> tuple[str, bool, float]:
    key, listed = entry
    return key, not listed.is_latest, -listed.uploaded_at.timestamp()


def _version(entry: Any) -> Listed:
    return Listed(
        version_id=entry.get("VersionId") or "null",
        is_latest=entry["IsLatest"],
        uploaded_at=_utc(entry["LastModified"]),
        etag=entry["ETag"].strip('"'),
        size=entry["Size"],
    )


def _marker(entry: Any) -> Listed:
    return Listed(
        version_id=entry.get("VersionId") or "null",
        is_latest=entry["IsLatest"],
        uploaded_at=_utc(entry["LastModified"]),
        is_marker=True,
    )


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class S3CanonicalObjects:
    """Implements the port `CanonicalObjects`."""

    objects: S3Objects

    def write(self, key: str, rows: bytes, file: CanonicalFile) -> None:
        """Write rows; writing the same again is success."""
        self.objects.write(
            key, rows, content_type="application/vnd.apache.parquet", metadata=file.metadata()
        )

    def described(self, key: str) -> CanonicalFile | None:
        """Return what the rows under a key say about themselves; None where there are none of ours."""
        try:
            return CanonicalFile.from_metadata(self.objects.metadata(key))
        except (NotFoundError, InvalidMessageError):
            return None

    def withdraw(self, key: str, reason: str) -> None:
        """Make sure that rows are marked as withdrawn."""
        if not self._is_there(layout.withdrawn(key)):
            self.objects.write(
                layout.withdrawn(key),
                json.dumps({"reason": reason}).encode(),
                content_type="application/json",
            )

    def restore(self, key: str) -> None:
        """Make sure that rows are not marked as withdrawn."""
        if self._is_there(layout.withdrawn(key)):
            self.objects.delete(layout.withdrawn(key))

    def uri(self, key: str) -> str:
        """Return the address of an object, as other services know it."""
        return layout.uri(self.objects.bucket, key)

    def _is_there(self, key: str) -> bool:
        try:
            self.objects.metadata(key)
        except NotFoundError:
            return False
        return True


@dataclass(frozen=True, slots=True)
class S3CompactObjects:
    """Implements the port `CompactObjects`."""

    objects: S3Objects

    def listing(self, site_id: str, after: str) -> Iterator[Stored]:
        """Yield a site's canonical objects and markers after a key, in order."""
        for entry in self.objects.entries(layout.canonical_site(site_id), after):
            yield Stored(entry["Key"], entry["Size"])

    def read(self, key: str) -> Part:
        """Return canonical rows or a compact, or raise NotFoundError or InvalidMessageError."""
        body, metadata = self.objects.read_described(key)
        return Part(body, CanonicalFile.from_metadata(metadata) if metadata else None)

    def index(self, site_id: str) -> CompactIndex:
        """Return which compacts of a site are of use."""
        try:
            return CompactIndex.read(site_id, self.objects.read(layout.compact_index(site_id)))
        except NotFoundError:
            return CompactIndex(site_id=site_id)

    def put_index(self, index: CompactIndex) -> None:
        """Say which compacts of a site are of use."""
        key = layout.compact_index(index.site_id)
        self.objects.write(key, index.model_dump_json().encode(), content_type="application/json")

    def create(self, key: str, parquet: bytes) -> None:
        """Write a compact; one that exists already stays as it is."""
        self.objects.create(key, parquet, content_type="application/vnd.apache.parquet")


@dataclass(frozen=True, slots=True)
class S3Overlaps:
    """Implements the port `OverlapMemory`."""

    objects: S3Objects

    def load(self, site_id: str) -> SiteOverlaps:
        """Return what is known of a site's files; nothing where it cannot be read."""
        try:
            body = self.objects.read(layout.active_overlaps(site_id))
            return SiteOverlaps.model_validate_json(body)
        except (NotFoundError, ValidationError):
            return SiteOverlaps(site_id=site_id)

    def put(self, known: SiteOverlaps) -> None:
        """Keep what is known of a site's files."""
        key = layout.active_overlaps(known.site_id)
        self.objects.write(key, known.model_dump_json().encode(), content_type="application/json")


@dataclass(frozen=True, slots=True)
class S3Configurations:
    """Implements the port `Configurations`."""

    objects: S3Objects

    def site(self, site_id: str) -> ActiveSite | None:
        """Return a site's configuration in force."""
        try:
            return ActiveSite.model_validate_json(self.objects.read(layout.active_site(site_id)))
        except NotFoundError:
            return None

    def put(self, config: Active, upload: str | None = None) -> None:
        """Make sure that a configuration is the one in force; the object names its upload, for people."""
        said = {layout.UPLOAD: upload} if upload else {}
        self._put(_active_key(config), config.model_dump_json().encode(), said)

    def put_suspects(self, suspects: ActiveSuspects) -> None:
        """Make sure that other services read which sources of a site are suspect."""
        self._put(layout.active_suspects(suspects.site_id), suspects.model_dump_json().encode())

    def _put(self, key: str, body: bytes, said: Mapping[str, str] | None = None) -> None:
        try:
            if self.objects.read(key) == body:
                return
        except NotFoundError:
            pass  # the first of its name
        self.objects.write(key, body, content_type="application/json", metadata=said)


def _active_key(config: Active) -> str:
    match config:
        case ActiveSite():
            return layout.active_site(config.site_id)
        case ActiveModel():
            return layout.active_model(config.model_id)
        case ActiveExclusions():
            return layout.active_exclusions(config.site_id)
        case ActiveNotifications():
            return layout.active_notifications()
