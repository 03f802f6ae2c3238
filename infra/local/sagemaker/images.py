"""Container images without containers: a zip in the artifact bucket, named by its digest."""

from __future__ import annotations

import hashlib
import io
import re
import sys
import tempfile
import threading
import zipfile
from pathlib import Path

from infra.local import objects
from infra.local.sagemaker.errors import ApiError, invalid

ENTRYPOINT = ("-m", "infra.image.entrypoint")
_BY_DIGEST = re.compile(r".+@sha256:([0-9a-f]{64})")
_LARGEST_UNPACKED = 1 << 30  # [bytes]
_PYTHONS = re.compile(r"(.*/)?python(3(\.\d+)?)?")


class Images:
    """Finds an image's zip, checks its digest and unpacks it once.

    Parameters
    ----------
    folder
        Where images are unpacked, one folder per digest.
    bucket
        The artifact bucket, or '' to look into every bucket.
    """

    def __init__(self, folder: Path, bucket: str = "") -> None:
        self._folder = folder
        self._bucket = bucket
        self._lock = threading.Lock()

    def require(self, uri: str) -> None:
        """Refuse an image that does not exist, as AWS does.

        Raises
        ------
        ApiError
            The URI has no digest, or there is no such image.
        """
        if not self._unpacked(uri).is_dir() and self._find(self._digest(uri)) is None:
            raise _missing(uri)

    def folder(self, uri: str) -> Path:
        """Return the folder of an image's content.

        Raises
        ------
        ApiError
            There is no such image, its bytes are not those of its digest, or it is no safe zip.
        """
        target = self._unpacked(uri)
        with self._lock:
            if not target.is_dir():
                packed = self._find(target.name)
                if packed is None:
                    raise _missing(uri)
                self._unpack(packed, target, uri)
        return target

    def _unpacked(self, uri: str) -> Path:
        return self._folder / self._digest(uri)

    @staticmethod
    def _digest(uri: str) -> str:
        match = _BY_DIGEST.fullmatch(uri)
        if match is None:
            raise invalid(
                f"Requested image {uri} not found: images are found by digest (…@sha256:<64 hex>)."
            )
        return match[1]

    def _find(self, digest: str) -> bytes | None:
        key = f"image/{digest}.zip"
        for bucket in [self._bucket] if self._bucket else objects.buckets():
            packed = objects.read(bucket, key)
            if packed is not None:
                return packed
        return None

    @staticmethod
    def _unpack(packed: bytes, target: Path, uri: str) -> None:
        found = hashlib.sha256(packed).hexdigest()
        if found != target.name:
            raise invalid(f"Requested image {uri} has the digest sha256:{found}.")
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix="image-"))
        try:
            with zipfile.ZipFile(io.BytesIO(packed)) as archive:
                entries = archive.infolist()
                if sum(entry.file_size for entry in entries) > _LARGEST_UNPACKED:
                    raise invalid(f"Requested image {uri} is larger than 1 GiB unpacked.")
                for entry in entries:
                    if not (draft / entry.filename).resolve().is_relative_to(draft.resolve()):
                        raise invalid(f"Requested image {uri} has an entry outside its folder.")
                archive.extractall(draft)
        except zipfile.BadZipFile as error:
            raise invalid(f"Requested image {uri} is no zip file.") from error
        draft.rename(target)


def command(entrypoint: list[str] | None, arguments: list[str]) -> list[str]:
    """Return what a container with this entrypoint and these arguments runs on this machine.

    Without an entrypoint the image's own one runs; `python` becomes the interpreter of the platform.
    """
    if not entrypoint:
        return [sys.executable, *ENTRYPOINT, *arguments]
    program = sys.executable if _PYTHONS.fullmatch(entrypoint[0]) else entrypoint[0]
    return [program, *entrypoint[1:], *arguments]


def _missing(uri: str) -> ApiError:
    return invalid(f"Requested image {uri} not found.")
