"""Takes a deployment down: what carries this product's and this stage's tags, nothing by its name's look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from infra.deploy import notifications, running, serving, survivors, templates
from infra.deploy.stacks import Stacks
from infra.deploy.survivors import Survivor
from infra.deploy.target import Target
from shared import names
from shared.aws import error_code

Say = Callable[[str], None]
_GONE = {"404", "NoSuchBucket", "ResourceNotFoundException", "RepositoryNotFoundException"}
_DAYS_TO_THINK = 30  # in which a key can be had back


@dataclass(frozen=True, slots=True)
class Destruction:
    """Deletes stacks, endpoints and, where that is wanted, data.

    Parameters
    ----------
    bodies
        The template of each stack by the stack's name, in the order of deployment.
    """

    target: Target
    stacks: Stacks
    bodies: dict[str, str]
    say: Say

    @property
    def _services(self) -> list[str]:
        ground = {names.bootstrap_stack(), names.foundation_stack()}
        return [name for name in reversed(self.bodies) if name not in ground]

    def services(self) -> None:
        """Delete services and endpoints; what holds data stays for a later deployment."""
        for name in self._services:
            self.say(f"Deleting {name}")
            if name == names.service("trainer_trigger"):
                running.stop(self.target, self.say)
            self.stacks.delete(name)
            if name == names.service("deployer"):  # only once nobody is there to create it again
                serving.delete_all(self.target, self.say)

    def data(self, given: dict[str, str]) -> None:
        """Delete what outlives the stacks, too.

        Parameters
        ----------
        given
            The parameters that the stacks were deployed with: names are made from them.
        """
        doomed = self._outliving(given)
        if self.target.adopt_data_bucket:
            notifications.remove(self.target.client("s3"), self.target.data_bucket)
        for name in (names.foundation_stack(), names.bootstrap_stack()):
            self.say(f"Deleting {name}")
            self.stacks.delete(name)
        for survivor in doomed:
            self._unless_gone(_DELETE[survivor.resource_type], survivor)
        serving.delete_registry(self.target, self.say)
        if self.target.adopt_data_bucket:
            self.say(f"Kept: {self.target.data_bucket}, which was there before this system")

    def say_what_would_go(self, *, with_data: bool, given: dict[str, str]) -> None:
        """Say what would be deleted, and delete nothing."""
        doomed = self._services
        if with_data:
            doomed = [*doomed, names.foundation_stack(), names.bootstrap_stack()]
        for name in doomed:
            if self.stacks.status(name):
                self.say(f"  would delete stack {name}")
        for name in serving.endpoints(self.target):
            self.say(f"  would delete endpoint {name}")
        if not with_data:
            return
        for each in self._outliving(given):
            self.say(f"  would delete {each.resource_type} {each.name} with all it holds")

    def _outliving(self, given: dict[str, str]) -> list[Survivor]:
        """Return what stays when its stack goes, and has to be deleted by itself."""
        return [
            survivor
            for template in map(templates.read, self.bodies.values())
            for survivor in survivors.find(self.target, template, given, to_delete=True)
            if survivor.resource_type in _DELETE
        ]

    def _unless_gone(self, delete: Callable[[Target, str], str], survivor: Survivor) -> None:
        try:
            said = delete(self.target, survivor.name)
        except ClientError as error:
            if error_code(error) not in _GONE:
                raise
            return
        self.say(said)


def _bucket(target: Target, name: str) -> str:
    s3: Any = target.client("s3")
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        versions = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if versions:
            objects = [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in versions]
            s3.delete_objects(Bucket=name, Delete={"Objects": objects, "Quiet": True})
    s3.delete_bucket(Bucket=name)
    return f"Deleted bucket {name}"


def _table(target: Target, name: str) -> str:
    tables = target.client("dynamodb")
    if tables.describe_table(TableName=name)["Table"].get("DeletionProtectionEnabled"):
        tables.update_table(TableName=name, DeletionProtectionEnabled=False)
    tables.delete_table(TableName=name)
    return f"Deleted table {name}"


def _log_group(target: Target, name: str) -> str:
    target.client("logs").delete_log_group(logGroupName=name)
    return f"Deleted log group {name}"


def _repository(target: Target, name: str) -> str:
    target.client("ecr").delete_repository(repositoryName=name, force=True)
    return f"Deleted image repository {name}"


def _alias(target: Target, name: str) -> str:
    target.client("kms").delete_alias(AliasName=name)
    return f"Deleted alias {name}"


def _key(target: Target, key: str) -> str:
    target.client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=_DAYS_TO_THINK)
    return f"Key {key} is deleted in {_DAYS_TO_THINK} days, unless you cancel it"


_DELETE: dict[str, Callable[[Target, str], str]] = {
    "AWS::S3::Bucket": _bucket,
    "AWS::DynamoDB::Table": _table,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::ECR::Repository": _repository,
    "AWS::KMS::Alias": _alias,
    "AWS::KMS::Key": _key,
}
