"""data_watcher and notifier as they go to AWS: from their templates, with their roles enforced."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.deploy import main, target
from shared import layout
from shared.compaction import CompactIndex
from shared.exclusions import ActiveExclusions
from shared.messages import RemoveRequested, TrustRequested
from tests.data_watcher_files import SITE_YAML, power_csv
from tests.integration.conftest import LocalPlatform, running

SOON = 40.0  # [s]
SERVICES = ("data_watcher", "notifier")


class Deployed:
    """A platform with the two services on it."""

    def __init__(self, platform: LocalPlatform, outputs: dict[str, str]) -> None:
        self.platform = platform
        self.outputs = outputs
        self.bucket = outputs["DataBucketName"]
        self.s3 = platform.client("s3")

    def put(self, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)

    def ask(self, service: str, **question: Any) -> dict[str, Any]:
        answer = self.platform.client("lambda").invoke(
            FunctionName=f"solar-{service}-query", Payload=json.dumps(question)
        )
        content: dict[str, Any] = json.loads(answer["Payload"].read())
        assert "errorMessage" not in content, content
        return content

    def sweep(self, scope: str) -> None:
        due = {
            "type": "solar.sweep_due",
            "version": 1,
            "id": "sweep",
            "occurred_at": "2024-08-01T00:00:00Z",
            "correlation_id": "sweep",
            "scope": scope,
        }
        self.platform.client("sqs").send_message(
            QueueUrl=self.outputs["DataWatcherInboxUrl"], MessageBody=json.dumps(due)
        )

    def messages(self, queue: str) -> int:
        sqs = self.platform.client("sqs")
        attributes = sqs.get_queue_attributes(
            QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"], AttributeNames=["All"]
        )["Attributes"]
        return int(attributes["ApproximateNumberOfMessages"]) + int(
            attributes["ApproximateNumberOfMessagesNotVisible"]
        )


def eventually(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + SOON
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    with (
        running(tmp_path_factory.mktemp("watched"), AUTH="true") as platform,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in platform.environment.items():
            patch.setenv(name, value)
        patch.setattr(main, "SERVICES", SERVICES)
        slack = f"{platform.endpoint_url}/_solar/slack/ops"
        platform.client("secretsmanager").create_secret(Name="slack", SecretString=slack)
        options = main.Options(notification_email="ops@example.org", slack_secret_name="slack")
        outputs = main.Deployment(target.find(platform.environment), options, str).deploy()
        _lift_what_aws_would_not_refuse(platform, outputs)
        yield Deployed(platform, outputs)


def _lift_what_aws_would_not_refuse(platform: LocalPlatform, outputs: dict[str, str]) -> None:
    """Lift two refusals of the platform, so that what remains are the roles' own policies.

    It has no TLS, and it does not know that a role's session is its role.
    """
    platform.client("s3").delete_bucket_policy(Bucket=outputs["DataBucketName"])
    platform.client("sns").set_topic_attributes(
        TopicArn=outputs["DataTopicArn"],
        AttributeName="Policy",
        AttributeValue=json.dumps({"Version": "2012-10-17", "Statement": []}),
    )


def test_what_plants_send_is_accounted_for_and_people_hear_of_it(deployed: Deployed) -> None:
    deployed.put("config/sites/east.yaml", SITE_YAML)
    for day in range(1, 13):
        deployed.put(f"raw/east/power {day:02}+ü%.csv", power_csv(day=day))
    deployed.put("raw/east/power watts.csv", power_csv(day=14, days=4, peak=5e6))
    deployed.put("raw/nowhere/a.csv", b"x")

    eventually(lambda: deployed.ask("data-watcher", query="balance")["balanced"])
    eventually(lambda: deployed.ask("data-watcher", query="balance")["pending"] == 0)

    balance = deployed.ask("data-watcher", query="balance")
    assert (balance["listed"], balance["accepted"], balance["quarantined"]) == (14, 12, 2)
    eventually(lambda: len(deployed.ask("notifier", query="notices")["notices"]) >= 3)
    told = deployed.ask("notifier", query="notices")["notices"]
    assert any("wrong_unit" in each["subject"] for each in told)
    eventually(lambda: _mails(deployed.platform.home, "wrong-unit") == 1)
    eventually(lambda: any((deployed.platform.home / "outbox/slack").glob("*")))


def test_a_lost_event_is_found_by_the_sweep_and_a_delete_is_followed(deployed: Deployed) -> None:
    deployed.put("config/sites/west.yaml", SITE_YAML.replace(b"site_id: east", b"site_id: west"))
    eventually(lambda: "west" in {each["name"] for each in _sites(deployed)})
    eventually(lambda: deployed.messages("solar-data-watcher-inbox") == 0)
    with _no_notifications(deployed):
        deployed.put("raw/west/power.csv", power_csv())
    assert not deployed.ask("data-watcher", query="files", site_id="west")["files"]

    deployed.sweep("quick")
    deployed.sweep("full")
    eventually(lambda: _states(deployed, "west") == ["accepted"])

    deployed.s3.delete_object(Bucket=deployed.bucket, Key="raw/west/power.csv")
    eventually(lambda: _states(deployed, "west") == ["superseded"])
    eventually(lambda: deployed.messages("solar-data-watcher-inbox") == 0)
    assert deployed.messages("solar-data-watcher-dead-letters") == 0


def test_the_full_sweep_compacts_a_month_that_is_over_with_the_rights_of_its_role(
    deployed: Deployed,
) -> None:
    yaml = SITE_YAML.replace(b"site_id: east", b"site_id: lake")
    deployed.put("config/sites/lake.yaml", yaml)
    eventually(lambda: "lake" in {each["name"] for each in _sites(deployed)})
    for day in range(1, 19):
        deployed.put(f"raw/lake/power {day:02}.csv", power_csv(day=day))
    eventually(lambda: _states(deployed, "lake") == ["accepted"] * 18)

    deployed.sweep("full")
    eventually(lambda: _compacts(deployed, "lake") == [18])

    assert deployed.messages("solar-data-watcher-dead-letters") == 0


def test_a_suspect_source_is_published_and_trusted_with_the_rights_of_the_roles(
    deployed: Deployed,
) -> None:
    deployed.put("config/sites/moor.yaml", SITE_YAML.replace(b"site_id: east", b"site_id: moor"))
    eventually(lambda: "moor" in {each["name"] for each in _sites(deployed)})
    for number in (1, 2):
        deployed.put(f"raw/moor/power {number}.csv", power_csv(day=number, days=4, peak=5e6))
    deployed.put("raw/moor/power 3.csv", power_csv(day=9))

    eventually(lambda: _standings(deployed, "moor") == ["suspect"])
    (file,) = deployed.ask("data-watcher", query="files", site_id="moor", state="accepted")["files"]
    assert "enters no dataset" in file["suspect"]
    eventually(
        lambda: _told(deployed).count("Suspect: source power of site moor (wrong_unit)") == 1
    )

    (asked,) = _suspects(deployed, "moor")
    trust = TrustRequested.of(
        subject=("moor",),
        occurred_at=datetime.now(UTC),
        correlation_id="test",
        site_id="moor",
        source="power",
        question=asked["question"],
        reason="checked",
        requested_by="ops",
    )
    remove = RemoveRequested.of(
        subject=("moor",),
        occurred_at=datetime.now(UTC),
        correlation_id="test",
        site_id="moor",
        key=file["key"],
        version_id=file["version_id"],
        reason="not ours",
        requested_by="ops",
    )
    for message in (trust, remove):
        deployed.platform.client("sqs").send_message(
            QueueUrl=deployed.outputs["DataWatcherInboxUrl"], MessageBody=message.model_dump_json()
        )
    eventually(lambda: _standings(deployed, "moor") == ["trusted"])
    eventually(lambda: "removed" in _states(deployed, "moor"))
    assert deployed.ask("data-watcher", query="balance", site_id="moor")["balanced"]
    assert deployed.messages("solar-data-watcher-dead-letters") == 0


def _told(deployed: Deployed) -> list[str]:
    told = deployed.ask("notifier", query="notices")["notices"]
    return [each["subject"] for each in told]


def _suspects(deployed: Deployed, site_id: str) -> list[dict[str, Any]]:
    (found,) = (each for each in _sites(deployed) if each["name"] == site_id)
    suspects: list[dict[str, Any]] = found["suspects"]
    return suspects


def _standings(deployed: Deployed, site_id: str) -> list[str]:
    return [each["standing"] for each in _suspects(deployed, site_id)]


def _compacts(deployed: Deployed, site_id: str) -> list[int]:
    """Return how many files each of a site's compacts holds."""
    key = layout.compact_index(site_id)
    if "Contents" not in deployed.s3.list_objects_v2(Bucket=deployed.bucket, Prefix=key):
        return []
    body = deployed.s3.get_object(Bucket=deployed.bucket, Key=key)["Body"].read()
    compacts = CompactIndex.read(site_id, body).compacts
    for each in compacts:
        deployed.s3.head_object(Bucket=deployed.bucket, Key=each.key)
    return [len(each.members) for each in compacts]


def _states(deployed: Deployed, site_id: str) -> list[str]:
    files = deployed.ask("data-watcher", query="files", site_id=site_id)["files"]
    return [each["state"] for each in files]


def _sites(deployed: Deployed) -> list[dict[str, Any]]:
    return list(deployed.ask("data-watcher", query="sites")["sites"])


def _mails(home: Path, name: str) -> int:
    return len(list((home / "outbox/email").glob(f"*{name}*.eml")))


@contextlib.contextmanager
def _no_notifications(deployed: Deployed) -> Iterator[None]:
    wanted = deployed.s3.get_bucket_notification_configuration(Bucket=deployed.bucket)
    wanted.pop("ResponseMetadata")
    deployed.s3.put_bucket_notification_configuration(
        Bucket=deployed.bucket, NotificationConfiguration={}
    )
    yield
    deployed.s3.put_bucket_notification_configuration(
        Bucket=deployed.bucket, NotificationConfiguration=wanted
    )


def test_exclusions_come_in_force_and_refused_files_are_released(deployed: Deployed) -> None:
    deployed.put("config/sites/north.yaml", SITE_YAML.replace(b"east", b"north"))
    deployed.put("raw/north/power watts.csv", power_csv(day=14, days=4, peak=5e6))
    key = layout.exclusions_config("north")
    body = (
        b"site_id: north\nexclusions:\n"
        b"  - {start: 2024-07-01T00:00:00Z, end: 2024-07-02T00:00:00Z, reason: hail}\n"
    )
    deployed.s3.put_object(Bucket=deployed.bucket, Key=key, Body=body, IfNoneMatch="*")
    with pytest.raises(ClientError):
        deployed.s3.put_object(Bucket=deployed.bucket, Key=key, Body=body, IfNoneMatch="*")
    eventually(
        lambda: bool(deployed.ask("data-watcher", query="reasons", site_id="north")["quarantined"])
    )

    request = {
        "type": "solar.release_requested",
        "version": 1,
        "id": "request",
        "occurred_at": "2024-08-01T00:00:00Z",
        "correlation_id": "test",
        "site_id": "north",
        "reason": "look again",
        "requested_by": "ops",
    }
    deployed.platform.client("sqs").send_message(
        QueueUrl=deployed.outputs["DataWatcherInboxUrl"], MessageBody=json.dumps(request)
    )

    def released() -> bool:
        (file,) = deployed.ask("data-watcher", query="files", site_id="north")["files"]
        return (file["state"], file["released"]) == ("quarantined", "look again (ops)")

    eventually(released)
    in_force = deployed.s3.get_object(
        Bucket=deployed.bucket, Key=layout.active_exclusions("north")
    )["Body"].read()
    (excluded,) = ActiveExclusions.model_validate_json(in_force).for_dataset()
    assert excluded.reason == "hail"
    assert deployed.messages("solar-data-watcher-dead-letters") == 0
