"""Names derived from content: the same thing always gets the same name."""

from __future__ import annotations

import hashlib
import json
from typing import Any

DIGEST_LENGTH = 32


def content_id(*parts: Any) -> str:
    """Return the name of some content: 32 hexadecimal digits of the SHA-256 of its canonical JSON.

    Lists keep their order, mappings are sorted by key; sort what has no order before calling.
    """
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]


def sha256_hex(data: bytes | memoryview) -> str:
    """Return the SHA-256 of some bytes as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
