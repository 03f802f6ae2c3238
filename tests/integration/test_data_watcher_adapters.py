"""data_watcher over moto: real adapters, real files, events as S3 writes them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import boto3
import pandas as pd
import pytest
from moto import mock_aws

from services.data_watcher.adapters import evidence, objects
from services.data_watcher.entry import inbox as handler
from services.data_watcher.entry import query
from services.trainer_trigger.adapters.canonical import S3CanonicalFiles
from services.trainer_trigger.adapters.datasets import S3Datasets
from services.trainer_trigger.pipeline.data.merge import site_table
from shared import aws, layout, messages
from shared.canonical import CanonicalFile
from shared.dataset import Dataset, DatasetFile, Split
from shared.model_config import Margins
from tests.data_watcher_files import SITE_YAML, power_csv
from tests.integration import tables

ROOT = Path(__file__).parents[2]
BUCKET = "solar-data"


@dataclass(frozen=True)
class Context:
    """Lambda's context, as far as the logger reads it."""

    function_name: str = "solar-data-watcher"
    memory_limit_in_mb: int = 2048
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:solar-data-watcher"
    aws_request_id: str = "request"


class World:
    """A bucket that notifies, an inbox, a topic that somebody listens to, and the ledger's table."""

    def __init__(self) -> None:
        self.s3 = boto3.client("s3")
        self.sqs = boto3.client("sqs")
        self.s3.create_bucket(Bucket=BUCKET)
        self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        self.topic = boto3.client("sns").create_topic(Name="solar-data")["TopicArn"]
        self.inbox = self.sqs.create_queue(QueueName="inbox")["QueueUrl"]
        self.told = self.sqs.create_queue(QueueName="told")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.told, AttributeNames=["QueueArn"])
        boto3.client("sns").subscribe(
            TopicArn=self.topic,
            Protocol="sqs",
            Endpoint=arn["Attributes"]["QueueArn"],
            Attributes={"RawMessageDelivery": "true"},
        )
        boto3.client("dynamodb").create_table(**tables.described("data_watcher", "Ledger"))

    def put(self, key: str, body: bytes) -> str:
        return str(self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)["VersionId"])

    def event(self, key: str, name: str = "ObjectCreated:Put") -> str:
        found = {"key": quote_plus(key, safe="/"), "versionId": "v", "size": 1, "eTag": "e"}
        found["sequencer"] = "0055AED6DCD90281E5"
        return json.dumps(
            {
                "Records": [
                    {
                        "eventName": name,
                        "eventTime": "2024-07-01T00:00:00.000Z",
                        "s3": {"bucket": {"name": BUCKET}, "object": found},
                    }
                ]
            }
        )

    def deliver(self, *bodies: str) -> list[dict[str, str]]:
        records = [{"messageId": str(number), "body": body} for number, body in enumerate(bodies)]
        answer = handler.lambda_handler({"Records": records}, Context())
        return list(answer["batchItemFailures"])

    def upload(self, key: str, body: bytes) -> None:
        self.put(key, body)
        assert self.deliver(self.event(key)) == []
        self.work_off_inbox()

    def work_off_inbox(self) -> None:
        while found := self._receive(self.inbox):
            assert self.deliver(*found) == []

    def _receive(self, url: str) -> list[str]:
        found = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for each in found:
            self.sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return [each["Body"] for each in found]

    def heard(self) -> list[messages.AnyMessage]:
        heard = []
        while found := self._receive(self.told):
            heard += [messages.read(each) for each in found]
        return heard

    def ask(self, **question: Any) -> dict[str, Any]:
        return query.lambda_handler(question, Context())


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name, value in {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "POWERTOOLS_SERVICE_NAME": "data_watcher",
        "DATA_BUCKET": BUCKET,
        "LEDGER_TABLE": "solar-data-watcher",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    caches = (aws.session, aws.client, handler.watcher, query.answers)
    for cached in caches:
        cached.cache_clear()
    with mock_aws():
        world = World()
        monkeypatch.setenv("DATA_TOPIC_ARN", world.topic)
        monkeypatch.setenv("INBOX_URL", world.inbox)
        yield world
    for cached in caches:
        cached.cache_clear()


def test_an_upload_becomes_canonical_rows_that_describe_themselves(world: World) -> None:
    world.upload("config/sites/east.yaml", SITE_YAML)
    world.upload("raw/east/power 2024+07 ü%.csv", power_csv())

    (file,) = world.ask(query="files")["files"]
    assert file["state"] == "accepted"
    assert file["rows"] == 96
    accepted = next(each for each in world.heard() if each.type == "solar.data_accepted")
    assert accepted.canonical_uri == file["canonical_uri"]
    key = file["canonical_uri"].removeprefix(f"s3://{BUCKET}/")
    metadata = world.s3.head_object(Bucket=BUCKET, Key=key)["Metadata"]
    described = CanonicalFile.from_metadata(metadata)
    assert described.raw_key == "raw/east/power 2024+07 ü%.csv"
    assert described.file_id == accepted.file_id
    assert described.rows == 96


def test_a_repeated_event_changes_nothing(world: World) -> None:
    world.upload("config/sites/east.yaml", SITE_YAML)
    world.upload("raw/east/power.csv", power_csv())
    world.heard()
    before = world.ask(query="files")

    assert world.deliver(*[world.event("raw/east/power.csv")] * 3) == []

    assert world.ask(query="files") == before
    assert world.heard() == []


def test_files_that_came_before_their_site_are_read_when_it_is_onboarded(world: World) -> None:
    world.upload("raw/east/power.csv", power_csv())
    (waiting,) = world.ask(query="files", state="quarantined")["files"]
    assert waiting["reason_code"] == "unknown_site"

    world.upload("config/sites/east.yaml", SITE_YAML)

    (file,) = world.ask(query="files", site_id="east")["files"]
    assert file["state"] == "accepted"


def test_deleting_a_file_withdraws_its_rows_and_restoring_brings_them_back(world: World) -> None:
    world.upload("config/sites/east.yaml", SITE_YAML)
    world.upload("raw/east/power.csv", power_csv())
    (file,) = world.ask(query="files")["files"]
    marker = layout.withdrawn(file["canonical_uri"].removeprefix(f"s3://{BUCKET}/"))
    deleted = world.s3.delete_object(Bucket=BUCKET, Key="raw/east/power.csv")
    world.deliver(world.event("raw/east/power.csv", "ObjectRemoved:DeleteMarkerCreated"))

    assert "Contents" in world.s3.list_objects_v2(Bucket=BUCKET, Prefix=marker)
    assert world.ask(query="balance")["superseded"] == 1
    (gone,) = world.ask(query="files")["files"]
    assert gone["canonical_uri"] == file["canonical_uri"], (
        "who asks what learnt from it must find it"
    )

    world.s3.delete_object(Bucket=BUCKET, Key="raw/east/power.csv", VersionId=deleted["VersionId"])
    world.deliver(world.event("raw/east/power.csv", "ObjectRemoved:Delete"))

    assert "Contents" not in world.s3.list_objects_v2(Bucket=BUCKET, Prefix=marker)
    assert world.ask(query="balance")["accepted"] == 1
    assert [each.type for each in world.heard()] == [
        "solar.config_accepted",
        "solar.data_accepted",
        "solar.data_withdrawn",
        "solar.data_accepted",
    ]


def test_the_same_bytes_under_another_key_count_once(world: World) -> None:
    world.upload("config/sites/east.yaml", SITE_YAML)
    world.upload("raw/east/power-b.csv", power_csv())
    world.upload("raw/east/power-a.csv", power_csv())

    states = {each["key"]: each["state"] for each in world.ask(query="files")["files"]}
    assert states == {"raw/east/power-a.csv": "accepted", "raw/east/power-b.csv": "duplicate"}

    world.s3.delete_object(Bucket=BUCKET, Key="raw/east/power-a.csv")
    world.deliver(world.event("raw/east/power-a.csv"))
    world.work_off_inbox()

    states = {each["key"]: each["state"] for each in world.ask(query="files")["files"]}
    assert states == {"raw/east/power-a.csv": "superseded", "raw/east/power-b.csv": "accepted"}


def test_a_sweep_finds_what_no_event_told(world: World) -> None:
    world.upload("config/sites/east.yaml", SITE_YAML)
    for number in range(3):
        world.put(f"raw/east/power-{number}.csv", power_csv(days=1, day=number + 1))
    assert world.ask(query="balance")["balanced"] is False

    world.deliver(
        json.dumps(
            {
                "type": "solar.sweep_due",
                "version": 1,
                "id": "sweep",
                "occurred_at": "2024-08-01T00:00:00Z",
                "correlation_id": "sweep",
                "scope": "full",
            }
        )
    )
    world.work_off_inbox()

    balance = world.ask(query="balance")
    assert balance["balanced"]
    assert (balance["listed"], balance["accepted"]) == (3, 3)
    assert balance["by_site"] == {"east": {"accepted": 3}}


def test_a_bad_yaml_is_refused_with_its_line_and_the_last_good_one_stays(world: World) -> None:
    world.upload("config/sites/east.yaml", SITE_YAML)
    world.upload("config/sites/east.yaml", SITE_YAML.replace(b"latitude", b"latitud"))

    rejected = next(each for each in world.heard() if each.type == "solar.config_rejected")
    assert "did you mean 'latitude'?" in rejected.reason
    (site,) = world.ask(query="sites")["sites"]
    assert site["state"] == "rejected"
    latest = world.s3.head_object(Bucket=BUCKET, Key="config/sites/east.yaml")
    assert site["version_id"] == latest["VersionId"]
    assert site["config"]["latitude"] == 39.742


def test_what_is_in_force_names_the_version_of_its_yaml(world: World) -> None:
    key = layout.site_config("east")
    world.upload(key, SITE_YAML)
    first = world.s3.head_object(Bucket=BUCKET, Key=key)["VersionId"]
    world.upload(key, SITE_YAML + b"# the same with a remark\n")
    said = world.s3.head_object(Bucket=BUCKET, Key=layout.active_site("east"))["Metadata"]
    assert said == {layout.UPLOAD: first}


def test_one_bad_message_does_not_hold_up_its_batch(world: World) -> None:
    world.upload("config/sites/east.yaml", SITE_YAML)
    world.put("raw/east/power.csv", power_csv())

    failures = world.deliver("no json", world.event("raw/east/power.csv"))

    assert failures == [{"itemIdentifier": "0"}]
    assert world.ask(query="balance")["accepted"] == 1


def test_questions_come_in_pages(world: World) -> None:
    world.upload("config/sites/east.yaml", SITE_YAML)
    for number in range(5):
        world.upload(f"raw/east/power-{number}.csv", power_csv(day=number + 1))

    first = world.ask(query="files", limit=3)
    second = world.ask(query="files", limit=3, next=first["next"])

    assert [len(first["files"]), len(second["files"]), second["next"]] == [3, 2, None]
    assert "error" in world.ask(query="files", next="nonsense")
    assert "error" in world.ask(query="weather")


def test_a_large_file_is_read_from_the_disk(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (objects, evidence):
        monkeypatch.setattr(module, "SMALL", 100)
    world.upload("config/sites/east.yaml", SITE_YAML)
    world.upload("raw/east/power.csv", power_csv())
    world.upload("raw/east/power-gz.csv.gz", gzip.compress(power_csv(day=2), mtime=0))

    found = world.ask(query="files")["files"]
    assert [(each["state"], each["rows"]) for each in found] == [("accepted", 96)] * 2


def test_a_key_of_1024_bytes_is_taken_in(world: World) -> None:
    world.upload("config/sites/east.yaml", SITE_YAML)
    key = "raw/east/power" + "k" * (1024 - len("raw/east/power.csv")) + ".csv"
    world.upload(key, power_csv())

    (file,) = world.ask(query="files")["files"]
    assert (file["key"], file["state"]) == (key, "accepted")
    world.deliver(world.event(key))
    assert world.ask(query="balance")["balanced"]


def test_ten_files_of_one_batch_cost_few_calls(world: World) -> None:
    world.upload("config/sites/east.yaml", SITE_YAML)
    object.__setattr__(handler.watcher().intake, "parallel", map)  # moto takes one call at a time
    first, *keys = [f"raw/east/power-{number}.csv" for number in range(11)]
    for number, key in enumerate([first, *keys]):
        world.put(key, power_csv(day=number + 1))
    calls: list[str] = []
    for service in ("s3", "dynamodb", "sns", "sqs"):
        events = aws.client(service).meta.events
        events.register("before-call", lambda model, **_: calls.append(model.name))

    assert world.deliver(world.event(first)) == []
    assert (
        calls.count("SendMessageBatch") == 1
    )  # the process meets the source: all files are looked at
    calls.clear()
    assert world.deliver(*map(world.event, keys)) == []

    beside = [name for name in calls if name not in {"GetObject", "PutObject"}]
    assert len(beside) / len(keys) <= 1.5
    assert calls.count("GetObject") == calls.count("PutObject") == len(keys)
    assert world.ask(query="balance")["accepted"] == len(keys) + 1


def test_a_dataset_of_compacted_files_names_few_objects_and_reads_the_same(
    world: World, tmp_path: Path
) -> None:
    world.upload("config/sites/east.yaml", SITE_YAML)
    for day in range(1, 21):
        world.upload(f"raw/east/power-{day}.csv", power_csv(day=day))
    bucket = aws.S3Objects(world.s3, BUCKET)
    canonical = S3CanonicalFiles(bucket)
    files = tuple(canonical.describe(key) for key in canonical.of_site("east"))
    alone = _frozen(world, files, "before", tmp_path)

    assert world.deliver(_sweep()) == []
    world.work_off_inbox()
    late = "raw/east/power-21.csv"
    world.upload(late, power_csv(day=21))
    again = tuple(canonical.describe(key) for key in canonical.of_site("east"))
    together = _frozen(world, files, "after", tmp_path)
    grown = _frozen(world, again, "grown", tmp_path)

    assert {file.key for file in files} < {file.key for file in again}
    assert [len(named) for named, _ in (alone, together, grown)] == [20, 1, 2]
    pd.testing.assert_frame_equal(alone[1], together[1])


def _sweep() -> str:
    return messages.SweepDue(
        id="sweep", occurred_at=datetime.now(UTC), correlation_id="sweep", scope="full"
    ).model_dump_json()


def _frozen(
    world: World, files: tuple[DatasetFile, ...], name: str, folder: Path
) -> tuple[list[str], pd.DataFrame]:
    """Freeze a dataset; return what its manifest names, and its rows as Preprocess merges them."""
    dataset = Dataset(
        dataset_id=name,
        model_id="fleet",
        step_minutes=15,
        split=Split(test_fraction=0.2),
        margins=Margins(),
        sites=(),
        files=files,
    )
    S3Datasets(aws.S3Objects(world.s3, BUCKET)).freeze(dataset)
    body = world.s3.get_object(Bucket=BUCKET, Key=layout.manifest("fleet", name))["Body"].read()
    head, described, *named = json.loads(body)
    assert head == {"prefix": f"s3://{BUCKET}/"}
    assert described == layout.dataset("fleet", name)
    for key in named:
        path = folder / name / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(world.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())
    table = site_table(files, folder / name, 15)
    assert table is not None
    return named, table.frame
