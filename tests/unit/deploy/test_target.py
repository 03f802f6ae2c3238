"""Where a deployment goes is checked before anything is changed, and a mistake is said in words."""

from __future__ import annotations

import pytest

from infra.deploy import notifications, target
from infra.deploy.errors import DeployError

ACCOUNT = "123456789012"


def test_a_role_of_another_account_is_the_wrong_account() -> None:
    with pytest.raises(DeployError, match="wrong account: the credentials are of 123456789012"):
        target.check_role("arn:aws:iam::999999999999:role/x", ACCOUNT)


def test_the_pages_placeholder_is_answered_with_the_right_number() -> None:
    role = "arn:aws:iam::YOUR_ACCOUNT:role/SageMakerExecutionRole"
    with pytest.raises(DeployError, match="write 123456789012, or unset it"):
        target.check_role(role, ACCOUNT)


def test_what_is_no_role_is_refused() -> None:
    with pytest.raises(DeployError, match="is no role's ARN"):
        target.check_role("SageMakerExecutionRole", ACCOUNT)
    target.check_role(f"arn:aws:iam::{ACCOUNT}:role/service-role/x", ACCOUNT)
    target.check_role("", ACCOUNT)


@pytest.mark.parametrize("name", ["Solar", "a", "solar_data", "-solar", "x" * 60])
def test_a_bucket_name_that_aws_would_refuse_is_refused_first(name: str) -> None:
    with pytest.raises(DeployError, match="is no usable name"):
        target.check_bucket_name(name)


TOPIC = "arn:aws:sns:us-east-1:123456789012:solar-objects"
FOREIGN = {
    "Id": "their-own",
    "TopicArn": "arn:aws:sns:us-east-1:123456789012:theirs",
    "Events": ["s3:ObjectCreated:*"],
}


def test_foreign_notifications_are_kept() -> None:
    queue = {"Id": "q", "QueueArn": "arn:q", "Events": ["s3:ObjectCreated:*"]}
    current = {
        "TopicConfigurations": [FOREIGN],
        "QueueConfigurations": [queue],
        "EventBridgeConfiguration": {},
        "ResponseMetadata": {"HTTPStatusCode": 200},
    }
    merged = notifications.merged(current, TOPIC)
    assert merged["TopicConfigurations"][0] == FOREIGN
    assert merged["QueueConfigurations"] == [queue]
    assert merged["EventBridgeConfiguration"] == {}
    assert "ResponseMetadata" not in merged
    assert len(merged["TopicConfigurations"]) == 5


def test_adding_ours_twice_changes_nothing() -> None:
    once = notifications.merged({"TopicConfigurations": [FOREIGN]}, TOPIC)
    assert notifications.merged(once, TOPIC) == once
