"""What an earlier deployment left: data outlive their stack, and a new stack takes them in.

AWS adopts by itself only what a template names literally. Ours are named by stage, account and Region, so
each is imported by its name; what has such a name and is not ours is refused before anything is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from infra.deploy import templates
from infra.deploy.errors import DeployError
from infra.deploy.target import Target
from shared import names
from shared.aws import error_code

_ABSENT = {
    "404",
    "NoSuchBucket",
    "NoSuchBucketPolicy",
    "NotFoundException",
    "RepositoryNotFoundException",
    "ResourceNotFoundException",
}
Tags = dict[str, str]
# A look-up returns the tags of what has the name; None where nothing has it.
LookUp = Callable[[Target, str], Tags | None]


@dataclass(frozen=True, slots=True)
class Survivor:
    """Something that exists, and that a template asks for."""

    logical_id: str
    resource_type: str
    identifier: Mapping[str, str]

    @property
    def name(self) -> str:
        """What it is called."""
        return next(iter(self.identifier.values()))


def find(
    target: Target,
    template: Mapping[str, Any],
    given: Mapping[str, str],
    *,
    beside: Container[str] = (),
    to_delete: bool = False,
) -> list[Survivor]:
    """Return what a template keeps beyond its stack and what is there already.

    Parameters
    ----------
    template
        As `templates.read` returns it.
    given
        The parameters it will be deployed with.
    beside
        Logical ids of what the stack has: that is its own.
    to_delete
        Whether they are looked for to be deleted: then a key need not be usable, and what is not ours is
        left out.

    Raises
    ------
    DeployError
        Something has a name of ours and is not ours, or a key that our data need is about to be deleted.
    """
    values = templates.with_defaults(template, given) | target.pseudo_parameters
    kept = {
        logical_id: resource
        for logical_id, resource in templates.kept(template, values).items()
        if logical_id not in beside
    }
    named: list[Survivor] = []
    for logical_id, resource in kept.items():
        values[logical_id] = _name(resource, values)
        survivor, is_ours = _named(target, logical_id, resource, values[logical_id])
        if survivor is None:
            continue
        if is_ours:
            named.append(survivor)
        elif not to_delete:
            raise DeployError(_foreign(target, survivor))
    return [*named, *_keys(target, kept, named, to_delete=to_delete)]


def _name(resource: Mapping[str, Any], values: Mapping[str, str]) -> str:
    """Return the name that a template gives; a bucket's policy is called by its bucket."""
    key = _LOOK_UPS.get(resource["Type"], ("", None))[0]
    return templates.resolved(resource["Properties"][key], values) if key else ""


def _named(
    target: Target, logical_id: str, resource: Mapping[str, Any], name: str
) -> tuple[Survivor | None, bool]:
    """Return what has a name, if anything has it, and whether it is ours."""
    kind = resource["Type"]
    if not name:
        return None, False
    key, look_up = _LOOK_UPS[kind]
    try:
        tags = look_up(target, name)
    except ClientError as error:
        if error_code(error) in _ABSENT:
            return None, False
        raise
    if tags is None:
        return None, False
    return Survivor(logical_id, kind, {key: name}), names.is_ours(tags)


def _foreign(target: Target, found: Survivor) -> str:
    return (
        f"{found.resource_type} {found.name} exists in {target.region} and does not carry the tags "
        f"{names.tags()}, so it is taken for somebody else's. If it is yours, give it these tags or remove "
        "it, then deploy again; else deploy with another --stage"
    )


def _keys(
    target: Target,
    kept: Mapping[str, Mapping[str, Any]],
    named: list[Survivor],
    *,
    to_delete: bool,
) -> list[Survivor]:
    """Return the key behind an alias that survived: what it encrypted can be read with no other."""
    aliases = {
        kept[each.logical_id]["Properties"]["TargetKeyId"].get("Ref"): each.name
        for each in named
        if each.resource_type == _ALIAS
    }
    return [
        Survivor(
            logical_id, _KEY, {"KeyId": _key(target, aliases[logical_id], to_delete=to_delete)}
        )
        for logical_id, resource in kept.items()
        if resource["Type"] == _KEY and logical_id in aliases
    ]


def _key(target: Target, alias: str, *, to_delete: bool) -> str:
    key = target.client("kms").describe_key(KeyId=alias)["KeyMetadata"]
    key_id, state = str(key["KeyId"]), key.get("KeyState", "Enabled")
    if to_delete:
        return key_id
    if state == "PendingDeletion":
        raise DeployError(
            f"the key {alias} ({key_id}) is about to be deleted, and what it encrypted can be read with no "
            f"other. Keep it, then deploy again:\n  aws kms cancel-key-deletion --key-id {key_id}\n"
            f"  aws kms enable-key --key-id {key_id}\nIf the data may go: first --destroy --delete-data"
        )
    if state != "Enabled":
        raise DeployError(
            f"the key {alias} ({key_id}) is {state}; switch it on, then deploy again:\n"
            f"  aws kms enable-key --key-id {key_id}"
        )
    return key_id


def _bucket(target: Target, name: str) -> Tags | None:
    s3 = target.client("s3")
    s3.head_bucket(Bucket=name)
    try:
        return _pairs(s3.get_bucket_tagging(Bucket=name)["TagSet"])
    except ClientError as error:
        if error_code(error) == "NoSuchTagSet":
            return {}
        raise


def _bucket_policy(target: Target, bucket: str) -> Tags | None:
    target.client("s3").get_bucket_policy(Bucket=bucket)
    return _bucket(target, bucket)  # a policy has no tags of its own


def _table(target: Target, name: str) -> Tags | None:
    tables = target.client("dynamodb")
    arn = tables.describe_table(TableName=name)["Table"]["TableArn"]
    return _pairs(tables.list_tags_of_resource(ResourceArn=arn)["Tags"])


def _log_group(target: Target, name: str) -> Tags | None:
    logs = target.client("logs")
    found = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    arns = [group["arn"].removesuffix(":*") for group in found if group["logGroupName"] == name]
    return dict(logs.list_tags_for_resource(resourceArn=arns[0])["tags"]) if arns else None


def _repository(target: Target, name: str) -> Tags | None:
    ecr = target.client("ecr")
    (found,) = ecr.describe_repositories(repositoryNames=[name])["repositories"]
    return _pairs(ecr.list_tags_for_resource(resourceArn=found["repositoryArn"])["tags"])


def _alias(target: Target, name: str) -> Tags | None:
    kms = target.client("kms")
    key = kms.describe_key(KeyId=name)["KeyMetadata"]["KeyId"]
    found = kms.list_resource_tags(KeyId=key)["Tags"]
    return {tag["TagKey"]: tag["TagValue"] for tag in found}


def _pairs(tags: list[dict[str, str]]) -> Tags:
    return {tag["Key"]: tag["Value"] for tag in tags}


_ALIAS = "AWS::KMS::Alias"
_KEY = "AWS::KMS::Key"
_LOOK_UPS: dict[str, tuple[str, LookUp]] = {
    "AWS::S3::Bucket": ("BucketName", _bucket),
    "AWS::S3::BucketPolicy": ("Bucket", _bucket_policy),
    "AWS::DynamoDB::Table": ("TableName", _table),
    "AWS::Logs::LogGroup": ("LogGroupName", _log_group),
    "AWS::ECR::Repository": ("RepositoryName", _repository),
    _ALIAS: ("AliasName", _alias),
}
