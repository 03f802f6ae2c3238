"""The local platform takes no key that S3 would not take."""

from __future__ import annotations

import pytest

from infra.local.patches import keys


async def kept(*_request):
    return 200, {}, b""


def status_of(key: str) -> int:
    try:
        keys.refusing(kept)("PUT", f"/bucket/{key}", {}, b"", {}).send(None)  # it waits for nothing
    except StopIteration as end:
        return end.value[0]
    raise AssertionError


@pytest.mark.parametrize(
    ("key", "status"),
    [
        ("raw/a/" + "x" * 1018, 200),
        ("raw/a/" + "x" * 1019, 400),
        ("\u00fc" * 512, 200),
        ("\u00fc" * 513, 400),
    ],
)
def test_a_key_has_at_most_1024_bytes(key: str, status: int) -> None:
    assert status_of(key) == status
