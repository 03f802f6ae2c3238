"""Between S3 and a job's folder, the way SageMaker brings and takes files."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from infra.local import objects
from infra.local.roles import RefusedError
from infra.local.sagemaker import access

_LARGEST_ARTIFACT = 4 << 30  # unpacked [bytes]


class TransferError(Exception):
    """Input could not be brought or output not be taken; the text is a job's FailureReason."""


def bring(uri: str, data_type: str, folder: Path) -> int:
    """Copy what an S3 URI means into a folder and return the number of files.

    Parameters
    ----------
    uri
        A prefix, one object, or a manifest.
    data_type
        `S3Prefix` or `ManifestFile`.
    folder
        Created if absent.

    Raises
    ------
    TransferError
        Nothing is there, or the manifest is none.
    """
    with _refusing("Data download failed"):
        return _bring(uri, data_type, folder)


@contextlib.contextmanager
def _refusing(what: str) -> Iterator[None]:
    """Let a job fail by what its role may not."""
    try:
        yield
    except RefusedError as error:
        message = f"ClientError: {what}: AccessDenied: {error}"
        raise TransferError(message) from error


def _bring(uri: str, data_type: str, folder: Path) -> int:
    bucket, prefix = _split(uri)
    if data_type == "ManifestFile":
        wanted = _manifest(uri, bucket, prefix)
    elif data_type == "S3Prefix":
        wanted = [(bucket, key, name) for key, name in _below(bucket, prefix)]
    else:
        message = f"ClientError: S3DataType {data_type} is not known to the local platform"
        raise TransferError(message)
    if not wanted:
        message = (
            f"ClientError: Data download failed: No S3 objects found under S3 URL {uri!r} given in "
            "input data source. Please ensure that the bucket exists in the selected region, that "
            "objects exist under that S3 prefix, and that the role has s3:ListBucket permissions."
        )
        raise TransferError(message)
    folder.mkdir(parents=True, exist_ok=True)
    for source, key, name in wanted:
        _copy(source, key, _inside(folder, name))
    return len(wanted)


def _below(bucket: str, prefix: str) -> list[tuple[str, str]]:
    """Return keys and their names in the folder: one object by its last part, a prefix without itself."""
    access.to_list(bucket, prefix)
    found = [key for key in objects.keys(bucket, prefix) if not key.endswith("/")]
    if prefix in found:
        return [(prefix, prefix.rpartition("/")[2])]
    folder = prefix if not prefix or prefix.endswith("/") else f"{prefix}/"
    inside = [key for key in found if key.startswith(folder)]
    if inside:
        return [(key, key[len(folder) :]) for key in inside]
    start = prefix.rpartition("/")[0]
    return [(key, key[len(start) :].lstrip("/")) for key in found]


def _manifest(uri: str, bucket: str, key: str) -> list[tuple[str, str, str]]:
    access.to_read(bucket, key)
    body = objects.read(bucket, key)
    if body is None:
        return []
    try:
        head, *names = json.loads(body)
        source, prefix = objects.split(head["prefix"])
    except (ValueError, TypeError, KeyError) as error:
        message = f'ClientError: {uri} is no manifest: [{{"prefix": "s3://bucket/…/"}}, "name", …] expected'
        raise TransferError(message) from error
    return [(source, prefix + name, name) for name in names]


def _copy(bucket: str, key: str, target: Path) -> None:
    access.to_read(bucket, key)
    body = objects.read(bucket, key)
    if body is None:
        message = f"ClientError: Data download failed: s3://{bucket}/{key} does not exist"
        raise TransferError(message)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(body)


def _inside(folder: Path, name: str) -> Path:
    target = (folder / name).resolve()
    if not target.is_relative_to(folder.resolve()):
        message = f"ClientError: {name!r} would be written outside its input folder"
        raise TransferError(message)
    return target


def _split(uri: str) -> tuple[str, str]:
    try:
        return objects.split(uri)
    except ValueError as error:
        message = f"ClientError: {error}"
        raise TransferError(message) from error


def is_there(uri: str) -> bool:
    """Whether anything is below an S3 prefix."""
    with _refusing("Data download failed"):
        access.to_list(*_split(uri))
    return bool(objects.keys(*_split(uri)))


def take(folder: Path, uri: str) -> int:
    """Write all files of a folder below an S3 prefix and return their number."""
    with _refusing(f"Upload to {uri} failed"):
        access.to_write(*_split(uri))
    try:
        return objects.put_tree(folder, uri) if folder.is_dir() else 0
    except Exception as error:
        message = f"ClientError: Upload to {uri} failed: {error}"
        raise TransferError(message) from error


def take_packed(folder: Path, uri: str) -> None:
    """Write a folder as one `.tar.gz` object."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for path in sorted(folder.iterdir()):
            archive.add(path, arcname=path.name)
    bucket, key = _split(uri)
    with _refusing(f"Upload to {uri} failed"):
        access.to_write(bucket, key)
    try:
        objects.put(bucket, key, packed.getvalue())
    except Exception as error:
        message = f"ClientError: Upload to {uri} failed: {error}"
        raise TransferError(message) from error


def bring_unpacked(uri: str, folder: Path) -> None:
    """Unpack a model artifact (`.tar.gz`) into a folder.

    Raises
    ------
    TransferError
        There is none, it is no archive, too large, or has an entry outside the folder or that is
        no plain file.
    """
    bucket, key = _split(uri)
    with _refusing(f"Could not access model data at {uri}"):
        access.to_read(bucket, key)
    body = objects.read(bucket, key)
    if body is None:
        message = (
            f"Could not find model data at {uri}. Please make sure that the role has "
            "permissions and that the S3 location is right."
        )
        raise TransferError(message)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(fileobj=io.BytesIO(body), mode="r:gz") as archive:
            _unpack(archive, folder, uri)
    except (tarfile.TarError, OSError, EOFError, ValueError, zlib.error) as error:
        message = f"Model data at {uri} is no usable tar.gz: {error}"
        raise TransferError(message) from error


def _unpack(archive: tarfile.TarFile, folder: Path, uri: str) -> None:
    """Write an archive's plain files; `extractall` has its safe filters only from Python 3.11.4 on."""
    room = _LARGEST_ARTIFACT
    for entry in archive:
        target = _inside(folder, entry.name)
        if entry.isdir():
            target.mkdir(parents=True, exist_ok=True)
            continue
        if not entry.isreg():
            message = f"Model data at {uri} has {entry.name!r}, which is no plain file."
            raise TransferError(message)
        room -= entry.size
        if room < 0:
            message = f"Model data at {uri} is larger than 4 GiB unpacked."
            raise TransferError(message)
        target.parent.mkdir(parents=True, exist_ok=True)
        content = archive.extractfile(entry)
        if content is not None:
            with content, target.open("wb") as file:
                shutil.copyfileobj(content, file)
