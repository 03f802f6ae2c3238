"""What AWS sends, read from samples as AWS writes them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared import inbox
from shared.errors import InvalidMessageError
from shared.inbox import AlarmChanged, ObjectChanged, ServiceEvent

EVENTS = Path(__file__).parents[1] / "events"


def read(name: str) -> list[inbox.Incoming]:
    return inbox.read((EVENTS / name).read_text())


def test_one_record_may_carry_several_uploads_and_keys_are_decoded() -> None:
    plain, encoded = read("s3.object_created.json")

    assert isinstance(plain, ObjectChanged)
    assert plain.key == "raw/east/power-2024-06.csv"
    assert plain.size == 48213
    assert not plain.removed
    assert plain.occurred_at == datetime(2024, 7, 1, 6, 14, 57, 123000, tzinfo=UTC)
    assert isinstance(encoded, ObjectChanged)
    assert encoded.key == "raw/east/power 2024+06 ü%.csv"


def test_a_delete_marker_and_a_removed_version_are_removals() -> None:
    marker, version = read("s3.object_removed.json")

    for each in (marker, version):
        assert isinstance(each, ObjectChanged)
        assert each.removed
        assert each.size == 0


def test_the_test_event_of_a_new_notification_carries_nothing() -> None:
    assert read("s3.test_event.json") == []


def test_an_unversioned_bucket_sends_no_version() -> None:
    event = json.loads((EVENTS / "s3.object_created.json").read_text())
    del event["Records"][0]["s3"]["object"]["versionId"]

    first, _ = inbox.read(json.dumps(event))

    assert isinstance(first, ObjectChanged)
    assert first.version_id == "null"


@pytest.mark.parametrize(
    ("name", "detail_type", "key"),
    [
        (
            "eventbridge.model_package_state_change.json",
            "SageMaker Model Package State Change",
            "ModelApprovalStatus",
        ),
        (
            "eventbridge.endpoint_state_change.json",
            "SageMaker Endpoint State Change",
            "EndpointStatus",
        ),
        (
            "eventbridge.execution_status_change.json",
            "Step Functions Execution Status Change",
            "status",
        ),
    ],
)
def test_an_event_of_eventbridge_is_read_with_its_detail(
    name: str, detail_type: str, key: str
) -> None:
    (event,) = read(name)

    assert isinstance(event, ServiceEvent)
    assert event.detail_type == detail_type
    assert key in event.detail


def test_an_alarm_is_read_with_its_states_and_time() -> None:
    (alarm,) = read("cloudwatch.alarm.json")

    assert isinstance(alarm, AlarmChanged)
    assert (alarm.state, alarm.previous_state) == ("ALARM", "OK")
    assert alarm.occurred_at == datetime(2024, 7, 1, 6, 15, 33, 123000, tzinfo=UTC)
    assert "docs/runbooks/data_watcher.md#dead-letters" in alarm.description


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no json",
        "[]",
        "1",
        "{}",
        '{"Records": [{}]}',
        '{"Records": 5}',
        '{"detail-type": "x"}',
        '{"AlarmName": "x", "NewStateValue": "OK", "StateChangeTime": "yesterday"}',
    ],
)
def test_what_is_none_of_these_is_refused_with_its_beginning(body: str) -> None:
    with pytest.raises(InvalidMessageError):
        inbox.read(body)
