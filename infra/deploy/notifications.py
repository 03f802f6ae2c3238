"""Notifications of a bucket that was there before us: ours are added, nobody else's are touched."""

from __future__ import annotations

from typing import Any

from shared import names

_EVENTS = ("s3:ObjectCreated:*", "s3:ObjectRemoved:*")
_PREFIXES = ("raw/", "config/")


def ours(topic_arn: str) -> list[dict[str, Any]]:
    """Return the notifications that this system needs."""
    return [
        {
            "Id": f"{names.all_ours()}{prefix.rstrip('/')}-{event.split(':')[1].lower()}",
            "TopicArn": topic_arn,
            "Events": [event],
            "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": prefix}]}},
        }
        for prefix in _PREFIXES
        for event in _EVENTS
    ]


def merged(current: dict[str, Any], topic_arn: str) -> dict[str, Any]:
    """Return a bucket's notification configuration with ours in it and all others kept."""
    kept = {
        key: value
        for key, value in current.items()
        if key.endswith("Configurations") or key == "EventBridgeConfiguration"
    }
    foreign = [
        each
        for each in kept.get("TopicConfigurations", [])
        if not each.get("Id", "").startswith(names.all_ours()) and each["TopicArn"] != topic_arn
    ]
    return {**kept, "TopicConfigurations": [*foreign, *ours(topic_arn)]}


def overlapping(current: dict[str, Any]) -> list[str]:
    """Return who else is told of changes that ours are about; S3 refuses a second one about the same."""
    wanted = {event.removesuffix("*") for event in _EVENTS}
    return [
        next(str(value) for key, value in each.items() if key.endswith("Arn"))
        for kind, configured in current.items()
        if kind.endswith("Configurations")
        for each in configured
        if not each.get("Id", "").startswith(names.all_ours())
        and any(event.startswith(one) for event in each["Events"] for one in wanted)
        and any(_prefix(each).startswith(own) or own.startswith(_prefix(each)) for own in _PREFIXES)
    ]


def _prefix(configured: dict[str, Any]) -> str:
    """Return the folder that a notification is about; '' is the whole bucket."""
    rules = configured.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    return next((rule["Value"] for rule in rules if rule["Name"].lower() == "prefix"), "")


def add(s3: Any, bucket: str, topic_arn: str) -> bool:
    """Add our notifications to an adopted bucket; return whether anything changed."""
    current = s3.get_bucket_notification_configuration(Bucket=bucket)
    wanted = merged(current, topic_arn)
    if wanted == merged_shape(current):
        return False
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=wanted)
    return True


def remove(s3: Any, bucket: str) -> None:
    """Remove our notifications from an adopted bucket; all others stay as they are."""
    current = merged_shape(s3.get_bucket_notification_configuration(Bucket=bucket))
    foreign = [
        each
        for each in current.get("TopicConfigurations", [])
        if not each.get("Id", "").startswith(names.all_ours())
    ]
    if foreign != current.get("TopicConfigurations", []):
        current["TopicConfigurations"] = foreign
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=current)


def merged_shape(current: dict[str, Any]) -> dict[str, Any]:
    """Return a configuration without the answer's metadata, for comparing."""
    return {key: value for key, value in current.items() if key != "ResponseMetadata"}
