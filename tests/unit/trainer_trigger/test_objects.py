"""Frozen datasets are read once and kept as long as they do not fill the function's memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from services.trainer_trigger.adapters.configuration import S3Configuration
from services.trainer_trigger.adapters.datasets import Kept, S3Datasets
from services.trainer_trigger.adapters.evaluations import S3Evaluations
from services.trainer_trigger.adapters.registry import SageMakerRegistry
from services.trainer_trigger.domain.model_state import ApprovedVersion
from shared import layout
from shared.active import ActiveSite
from shared.dataset import Dataset, DatasetFile, Split
from shared.errors import NotFoundError
from shared.exclusions import ActiveExclusions, ExcludedRange, SiteExclusions
from shared.model_config import Margins
from tests.unit.trainer_trigger.samples import START, a_file, a_run, a_site


@dataclass
class FakeObjects:
    """A bucket that counts what is read."""

    bodies: dict[str, bytes] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)

    def read(self, key: str) -> bytes:
        self.reads.append(key)
        if key not in self.bodies:
            raise NotFoundError(key)
        return self.bodies[key]

    def read_json(self, key: str) -> Any:
        return json.loads(self.read(key))

    def write(self, key: str, body: bytes, *, content_type: str) -> None:
        self.bodies[key] = body
        self.writes.append(content_type)

    def keys(self, prefix: str) -> Iterator[str]:
        return iter(sorted(key for key in self.bodies if key.startswith(prefix)))


def aws_client(service: Any) -> Any:
    return boto3.client(
        service, "eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
    )


@dataclass
class LendingObjects:
    """A bucket that keeps what a registry lends."""

    bucket: str = "bucket"
    client: Any = field(default_factory=lambda: aws_client("s3"))
    lent: dict[str, Any] = field(default_factory=dict)

    def create(self, key: str, body: bytes) -> bool:
        self.lent[key] = json.loads(body)
        return True


@pytest.mark.parametrize(
    ("version", "lent"),
    [
        (2, {"version": 2, "note": "it is no longer approved in the registry"}),
        (None, {"version": None}),
    ],
)
def test_a_champion_that_was_taken_back_meanwhile_is_lent_by_name_so_that_nobody_reads_none(
    version: int | None, lent: dict[str, Any]
) -> None:
    client, bucket = aws_client("sagemaker"), LendingObjects()
    with Stubber(client) as stub:
        stub.add_response("list_model_packages", {"ModelPackageSummaryList": []})
        run = replace(a_run(), champion_version=version)
        SageMakerRegistry(client, bucket).lend_champion(run)  # type: ignore[arg-type]
    assert list(bucket.lent.values()) == [lent]


class OneVersion(SageMakerRegistry):
    """A registry in which version 2 is approved."""

    def approved(self, model_id: str) -> Iterator[ApprovedVersion]:
        return iter([ApprovedVersion(2, "arn/2", "s3://bucket/runs/r/model.tar.gz", START)])


def test_a_champion_whose_files_are_gone_is_lent_by_name_and_the_run_goes_on() -> None:
    bucket = LendingObjects()
    registry = OneVersion(aws_client("sagemaker"), bucket)  # type: ignore[arg-type]
    run = replace(a_run(), champion_version=2)
    with Stubber(bucket.client) as stub:
        stub.add_client_error("copy_object", "NoSuchKey")
        registry.lend_champion(run)
        gone = "its files are gone: s3://bucket/runs/r/model.tar.gz"
        assert list(bucket.lent.values()) == [{"version": 2, "note": gone}]
        stub.add_client_error("copy_object", "SlowDown")
        with pytest.raises(ClientError):
            registry.lend_champion(run)
        stub.add_response("copy_object", {})
        registry.lend_champion(run)
    assert list(bucket.lent.values()) == [{"version": 2, "model_package_arn": "arn/2"}]


@pytest.fixture
def objects() -> FakeObjects:
    dataset = Dataset(
        dataset_id="d",
        model_id="golden",
        step_minutes=15,
        split=Split(test_fraction=0.2),
        margins=Margins(),
        sites=(a_site(),),
        files=(a_file(1), a_file(2)),
    )
    return FakeObjects({layout.dataset("golden", "d"): dataset.model_dump_json().encode()})


def test_a_frozen_dataset_is_read_once_for_its_names_and_once_for_what_it_covers(objects):
    datasets = S3Datasets(objects)
    for _ in range(2):
        assert datasets.file_ids("golden", "d") == {"file0001", "file0002"}
        covered = datasets.coverage("golden", "d")
        assert covered is not None
        assert covered.spans == {"golden": ((a_file(1).window_start, a_file(2).window_end),)}
    assert len(objects.reads) == 2


def test_a_dataset_that_is_gone_has_no_files_and_is_asked_for_again(objects):
    datasets = S3Datasets(objects)
    for _ in range(2):
        assert datasets.file_ids("golden", "gone") == frozenset()
        assert datasets.coverage("golden", "gone") is None
    assert len(objects.reads) == 4


def test_what_a_fleets_dataset_covers_is_kept_so_a_sweep_with_exclusions_reads_it_once():
    fleet = Dataset(
        dataset_id="fleet",
        model_id="golden",
        step_minutes=15,
        split=Split(test_fraction=0.2),
        margins=Margins(),
        sites=(),
        files=tuple(daily_files(sites=10, days=2_100)),
    )
    found = FakeObjects({layout.dataset("golden", "fleet"): fleet.model_dump_json().encode()})
    datasets = S3Datasets(found)

    covered = [datasets.coverage("golden", "fleet") for _ in range(3)]

    assert len(found.reads) == 1
    assert covered[0] is not None
    assert sum(map(len, covered[0].spans.values())) == 10


def test_exclusions_of_a_model_are_found_by_the_sites_that_have_some():
    sites = {"golden": "golden", "serf": "other", "quiet": "golden"}
    found = FakeObjects(
        {layout.active_site(each): active_site(each, sites[each]) for each in sites}
    )
    for site_id in ("golden", "serf", "gone"):
        found.bodies[layout.active_exclusions(site_id)] = active_exclusions(site_id)

    (exclusion,) = S3Configuration(found).exclusions("golden")

    assert exclusion.site_id == "golden"
    assert layout.active_site("quiet") not in found.reads


def daily_files(sites: int, days: int) -> Iterator[DatasetFile]:
    for number in range(sites):
        for day in range(days):
            start = datetime(2021, 1, 1, tzinfo=UTC) + timedelta(days=day)
            yield a_file().model_copy(
                update={
                    "site_id": f"s{number}",
                    "window_start": start,
                    "window_end": start + timedelta(days=1),
                }
            )


def active_site(site_id: str, model_id: str) -> bytes:
    return ActiveSite.of(a_site(site_id, model_id)).model_dump_json().encode()


def active_exclusions(site_id: str) -> bytes:
    start = datetime(2024, 1, 10, tzinfo=UTC)
    stated = SiteExclusions(
        site_id=site_id,
        exclusions=(ExcludedRange(start=start, end=start + timedelta(days=1), reason="clock"),),
    )
    return ActiveExclusions.of(stated).model_dump_json().encode()


def test_what_is_kept_never_grows_beyond_its_measure():
    kept: Kept[str] = Kept(most=10)
    for name, size in (("a", 4), ("b", 4), ("c", 4), ("huge", 11)):
        assert kept.keep(name, name.upper(), size) == name.upper()
    assert [kept.get(name) for name in ("a", "b", "c", "huge")] == [None, None, "C", None]
    kept.keep("d", "D", 10)
    assert kept.get("d") == "D"


def test_a_report_gets_its_versions_number_once_and_stays_a_page() -> None:
    page = b'<title>golden challenger, registered</title><h1 id="name">golden challenger</h1>'
    objects = FakeObjects({layout.report("r-1"): page})
    evaluations = S3Evaluations(objects)  # type: ignore[arg-type]
    for _ in range(2):
        evaluations.name_report("r-1", 7)
    evaluations.name_report("gone-1", 8)
    named = '<title>golden v7, registered</title><h1 id="name">golden v7</h1>'
    assert objects.bodies == {layout.report("r-1"): named.encode()}
    assert objects.writes == ["text/html; charset=utf-8"]
