"""A time range is taken out as people write it, and a slip in the site's name is said."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from shared import layout
from tests.unit.console.systems import FakeSystem, solar, system

__all__ = ["system"]  # the fixture


class Bucket:
    """A bucket of bodies by key."""

    def __init__(self, **bodies: bytes) -> None:
        self.bodies: dict[str, bytes] = bodies

    def get_object(self, **said: Any) -> dict[str, Any]:
        if said["Key"] not in self.bodies:
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": ""}}, "GetObject")
        return {"Body": io.BytesIO(self.bodies[said["Key"]]), "ETag": "e"}

    def put_object(self, **said: Any) -> None:
        self.bodies[said["Key"]] = said["Body"]


@pytest.fixture
def bucket(system: FakeSystem) -> Bucket:
    found = Bucket()
    found.bodies[layout.active_site("golden")] = json.dumps({"timezone": "-07:00"}).encode()
    system.clients["s3"] = found
    return found


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024-07-01", "2024-07-01T00:00:00-07:00"),
        ("2024-07-01T06:00Z", "2024-07-01T06:00:00Z"),
        ("2024-07-01 06:00 UTC", "2024-07-01T06:00:00Z"),
    ],
)
def test_times_are_the_sites_own_or_as_our_e_mails_have_them(
    bucket: Bucket, written: str, meant: str
) -> None:
    done = solar("exclude", "golden", written, "2024-07-05", "--reason", "logger")

    assert done.exit_code == 0, done.output
    (stated,) = yaml.safe_load(bucket.bodies[layout.exclusions_config("golden")])["exclusions"]
    assert stated["start"] == meant
    assert not done.stderr


def test_a_site_that_is_not_there_is_said(bucket: Bucket) -> None:
    done = solar("exclude", "goldn", "2024-07-01T06:00Z", "2024-07-05T06:00Z", "--reason", "logger")

    assert "no site goldn is in force" in done.stderr
    assert layout.exclusions_config("goldn") in bucket.bodies


def test_what_is_wrong_is_named(bucket: Bucket) -> None:
    done = solar("exclude", "golden", "2024-07-01", "2024-07-05", "--reason", "")
    assert str(done.exception).startswith("reason: ")
    assert "is no time" in str(
        solar("exclude", "golden", "soon", "2024-07-05", "--reason", "x").exception
    )
