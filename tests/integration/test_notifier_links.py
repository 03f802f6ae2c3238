"""Links over moto: keys that rotate, uses that are kept once, objects that open for a while."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from services.notifier.adapters.links import KeyRotation, S3Linked, SecretKeys, SignedLinks
from services.notifier.adapters.uses import DynamoUses
from services.notifier.domain.links import grant as grants
from services.notifier.domain.links.grant import Grant, RefusedError
from services.notifier.domain.links.use import Use, command
from services.notifier.domain.offer import Offer, Verb
from shared import observability
from shared.errors import NotFoundError
from shared.store import Store
from tests.integration import tables

ROOT = Path(__file__).parents[2]
NOW = datetime(2024, 7, 1, 12, tzinfo=UTC)
SECRET, BUCKET = "solar-notifier-links", "solar-data"
OFFER = Offer(Verb.APPROVE, "Approve version 4", {"model_id": "golden", "version": "4"})
GRANT = Grant(Verb.APPROVE, OFFER.about, "email", NOW + timedelta(hours=1), "n")


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in {
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        boto3.client("secretsmanager").create_secret(Name=SECRET, SecretString="first" * 8)
        yield


def keys() -> SecretKeys:
    return SecretKeys(boto3.client("secretsmanager"), SECRET)


def rotate(occasion: str = "") -> None:
    KeyRotation(boto3.client("secretsmanager"), SECRET).rotate(occasion or uuid4().hex)


def honoured(token: str) -> bool:
    try:
        return grants.read(token, keys().known(), NOW) is not None
    except RefusedError:
        return False


def links(known: SecretKeys) -> SignedLinks:
    return SignedLinks(known, "https://links/", observability.logger("test"))


def a_token() -> str:
    address = links(keys()).address(OFFER, "email", NOW)
    assert address is not None
    return address.removeprefix("https://links/")


def test_a_link_says_what_was_offered_to_whom_and_no_two_are_alike() -> None:
    token = a_token()
    granted = grants.read(token, keys().known(), NOW)
    assert (granted.verb, dict(granted.about), granted.recipient) == (
        Verb.APPROVE,
        dict(OFFER.about),
        "email",
    )
    assert granted.expires_at == NOW + timedelta(hours=72)
    assert a_token() != token


def test_where_no_key_can_be_read_that_is_an_error_which_who_sends_counts() -> None:
    gone = SecretKeys(boto3.client("secretsmanager"), "not-there")
    with pytest.raises(ClientError, match="ResourceNotFound"):
        links(gone).address(OFFER, "email", NOW)


def test_a_link_outlives_one_rotation_of_the_key_and_not_two() -> None:
    token = a_token()
    rotate()
    assert honoured(token)
    assert a_token().split(".")[1] != token.split(".")[1], "the new key signs"
    rotate()
    assert not honoured(token)


def test_keys_are_kept_for_some_minutes_and_read_anew_where_one_is_not_known() -> None:
    clock = [0.0]
    kept = SecretKeys(boto3.client("secretsmanager"), SECRET, lambda: clock[0])
    before = kept.current()
    rotate()
    assert kept.current() == before
    assert len(kept.known(fresh=True)) == 1, "anybody can make up keys that are not known"
    clock[0] = 11.0
    assert len(kept.known(fresh=True)) == 2
    newer = kept.current()
    assert newer != before
    rotate()
    clock[0] = 312.0
    assert kept.current() != newer


def test_a_doubled_schedule_ends_no_links() -> None:
    token = a_token()
    for _ in range(3):
        rotate("2024-07-01T00:00:00Z of the schedule")
    assert honoured(token)


@pytest.fixture
def uses() -> DynamoUses:
    table = tables.described("notifier", "Notices")
    client = boto3.client("dynamodb")
    client.create_table(**table)
    return DynamoUses(Store(client, table["TableName"], ("notice_id",)))


def test_of_two_uses_of_a_link_the_first_is_kept(uses: DynamoUses) -> None:
    assert uses.find("n") is None
    first, second = Use("n", "Ada", "new inverter", NOW), Use("n", "Bob", "me too", NOW)
    assert uses.begin(first, GRANT) == first
    assert uses.begin(second, GRANT) == first
    uses.finish("n")
    found = uses.find("n")
    assert found is not None
    assert (found.name, found.is_done) == ("Ada", True)


def test_an_object_opens_for_five_minutes_with_what_a_browser_may_do(monkeypatch: Any) -> None:
    client = boto3.client("s3")
    where: Any = {"LocationConstraint": "eu-west-1"}
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
    client.put_object(Bucket=BUCKET, Key="raw/east/a.csv", Body=b"x")
    linked = S3Linked(client, BUCKET)
    shown = linked.address("raw/east/a.csv", "text/html")
    saved = linked.address("raw/east/a.csv", "")
    assert shown is not None
    assert saved is not None
    assert "response-content-type=text%2Fhtml" in shown
    assert "attachment%3B%20filename%3D%22a.csv%22" in saved
    assert "octet-stream" in saved
    assert linked.address("raw/east/gone.csv", "") is None
    assert linked.read("raw/east/a.csv") == b"x"
    with pytest.raises(NotFoundError):
        linked.read("gone")


def test_a_link_opens_the_version_that_it_was_made_for() -> None:
    client = boto3.client("s3")
    where: Any = {"LocationConstraint": "eu-west-1"}
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    first = client.put_object(Bucket=BUCKET, Key="raw/a.csv", Body=b"bad")["VersionId"]
    client.put_object(Bucket=BUCKET, Key="raw/a.csv", Body=b"corrected")
    client.delete_object(Bucket=BUCKET, Key="raw/a.csv")
    linked = S3Linked(client, BUCKET)
    address = linked.address("raw/a.csv", "", first)
    assert address is not None
    assert f"versionId={first}" in address
    assert linked.address("raw/a.csv", "") is None, "the newest is a mark of deletion"
    client.delete_object(Bucket=BUCKET, Key="raw/a.csv", VersionId=first)
    assert linked.address("raw/a.csv", "", first) is None


def test_what_was_begun_and_not_finished_is_found_once_it_is_left(uses: DynamoUses) -> None:
    first, second = Use("n", "Ada", "why", NOW), Use("m", "Bob", "why", NOW + timedelta(minutes=1))
    for use in (first, second):
        uses.begin(use, replace(GRANT, nonce=use.nonce))
    assert not list(uses.left(NOW)), "what is worked on just now"
    ((grant, found),) = uses.left(NOW + timedelta(minutes=1))
    assert found == first
    assert command(grant, found) == command(GRANT, first)
    uses.finish("n")
    assert [use for _, use in uses.left(NOW + timedelta(hours=1))] == [second]
