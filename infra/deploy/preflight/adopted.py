"""Whether a bucket that was there before can be the data bucket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from infra.deploy import notifications
from infra.deploy.preflight.finding import Finding, Plan
from shared.aws import error_code


def bucket(plan: Plan) -> Iterator[Finding]:
    """Whether the adopted bucket keeps versions, can be read, and tells nobody else of our files."""
    if not plan.target.adopt_data_bucket:
        return
    s3, name = plan.client("s3"), plan.target.data_bucket
    if s3.get_bucket_versioning(Bucket=name).get("Status") != "Enabled":
        yield Finding(
            "stops",
            f"the bucket {name} keeps no versions",
            "The file ledger names each file by its version.",
            f"aws s3api put-bucket-versioning --bucket {name} --versioning-configuration Status=Enabled",
        )
    yield from _ownership(s3, name)
    yield from _encryption(plan, s3, name)
    yield from _overlaps(s3, name)
    yield from _transport(s3, name)


def _ownership(s3: Any, name: str) -> Iterator[Finding]:
    rules = _unless(
        "OwnershipControlsNotFoundError",
        lambda: s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"],
        [],
    )
    if [rule["ObjectOwnership"] for rule in rules] != ["BucketOwnerEnforced"]:
        yield Finding(
            "hurts",
            f"objects in {name} may belong to whoever uploaded them",
            "A file that another account uploads cannot be read here.",
            f"aws s3api put-bucket-ownership-controls --bucket {name} "
            "--ownership-controls 'Rules=[{ObjectOwnership=BucketOwnerEnforced}]'",
        )


def _encryption(plan: Plan, s3: Any, name: str) -> Iterator[Finding]:
    rules = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    default = rules[0]["ApplyServerSideEncryptionByDefault"]
    key = default.get("KMSMasterKeyID", "")
    if default["SSEAlgorithm"].startswith("aws:kms") and key:
        state = plan.client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
        if state != "Enabled":
            yield Finding(
                "stops",
                f"the key {key} of the bucket {name} is {state}",
                "Nothing in the bucket can be read or written.",
                f"aws kms enable-key --key-id {key}",
            )
        yield Finding(
            "hurts",
            f"{name} is encrypted with the key {key}, which is not this system's",
            "The roles of the functions and jobs may use the system's own key only.",
            f"Let the key's policy allow kms:Decrypt and kms:GenerateDataKey to the account's roles "
            f"by the condition kms:ViaService=s3.{plan.target.region}.amazonaws.com",
        )


def _overlaps(s3: Any, name: str) -> Iterator[Finding]:
    """Find notifications of others about our folders: S3 takes no two about one event of one key."""
    current = s3.get_bucket_notification_configuration(Bucket=name)
    for foreign in notifications.overlapping(current):
        yield Finding(
            "stops",
            f"{name} already tells {foreign} of changes below raw/ or config/",
            "S3 takes no second notification about the same event and folder.",
            "Let the other one listen to the topic of this system (ObjectsTopic), or give it another prefix",
        )


def _transport(s3: Any, name: str) -> Iterator[Finding]:
    policy = _unless("NoSuchBucketPolicy", lambda: s3.get_bucket_policy(Bucket=name)["Policy"], "")
    if "aws:SecureTransport" not in policy:
        yield Finding(
            "hurts",
            f"{name} takes requests without TLS",
            "What travels can be read on the way. A bucket that is yours keeps its own policy.",
            "Add a statement that denies s3:* where aws:SecureTransport is false, "
            "as DataBucketPolicy in infra/foundation.yaml does",
        )


def _unless(code: str, call: Any, otherwise: Any) -> Any:
    try:
        return call()
    except ClientError as error:
        if error_code(error) != code:
            raise
        return otherwise
