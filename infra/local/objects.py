"""S3 for the platform's own parts: read in process, written through the front door so that events follow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
from botocore.config import Config

from infra.local import emulator

_URI = re.compile(r"s3://([^/]+)/?(.*)", re.DOTALL)


@cache
def client() -> Any:
    """Return the S3 client of this process; its environment points to the platform itself."""
    retries = Config(retries={"mode": "standard", "max_attempts": 3})
    return botocore.session.get_session().create_client("s3", config=retries)


def split(uri: str) -> tuple[str, str]:
    """Return bucket and key of an S3 URI.

    Raises
    ------
    ValueError
        It is none.
    """
    match = _URI.fullmatch(uri)
    if match is None:
        message = f"{uri!r} is no S3 URI"
        raise ValueError(message)
    return match[1], match[2]


def read(bucket: str, key: str) -> bytes | None:
    """Return an object's bytes, or None where there is none."""
    data: bytes | None = emulator.object_data(bucket, key)
    return data


def keys(bucket: str, prefix: str) -> list[str]:
    """Return the keys of a bucket below a prefix, in order; none where there is no such bucket."""
    found = emulator.buckets.get(bucket)
    return sorted(key for key in list(found["objects"]) if key.startswith(prefix)) if found else []


def buckets() -> list[str]:
    """Return the names of all buckets."""
    return sorted(emulator.buckets)


def put(bucket: str, key: str, body: bytes) -> None:
    """Write an object."""
    client().put_object(Bucket=bucket, Key=key, Body=body)


def put_tree(folder: Path, uri: str) -> int:
    """Write every file below a folder, keeping relative paths; return how many."""
    bucket, prefix = split(uri.rstrip("/"))
    count = 0
    for name, path in _files(folder):
        put(bucket, f"{prefix}/{name}" if prefix else name, path.read_bytes())
        count += 1
    return count


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path
