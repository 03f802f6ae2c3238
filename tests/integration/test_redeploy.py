"""A deployment that failed, was interrupted, taken down or picked apart works when it is run again."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.deploy import build, job_logs, stacks, survivors, target, templates
from infra.deploy.errors import DeployError
from infra.deploy.main import Deployment, Options
from shared import names
from tests.integration.conftest import LocalPlatform, running
from tests.integration.observe import wait_for

# One resource of so many fails in turn; `make sabotage-deploy` takes each.
A_SAMPLE = int(os.environ.get("SOLAR_FAIL_EVERY", "12"))


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    with (
        running(tmp_path_factory.mktemp("redeploy")) as platform,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in platform.environment.items():
            patch.setenv(name, value)
        for made in ("code_zip", "image_context"):  # the code does not change meanwhile
            patch.setattr(build, made, cache(getattr(build, made)))
        yield platform


class Refusing(Deployment):
    """A deployment in which each resource that is tried fails once, before its stack may come about."""

    failed: list[str]
    every: int = A_SAMPLE

    def _stack(self, name: str, path: str) -> None:
        template = templates.read(build.template(path))
        values = templates.with_defaults(template, self.known)
        wanted = [
            logical_id
            for logical_id, resource in template["Resources"].items()
            if templates.holds(template, resource.get("Condition"), values)
        ]
        refuse = self.home / "refuse"
        for logical_id in wanted[len(self.failed) % self.every :: self.every]:
            if logical_id in self._there(name, template, values):
                continue  # an earlier failure left it, as a protected table: it is taken in, not made
            refuse.write_text(f"{name}/{logical_id}\n")
            with pytest.raises(DeployError, match=f"{logical_id} .* failed: refused"):
                super()._stack(name, path)
            self.failed.append(f"{name}/{logical_id}")
        refuse.unlink(missing_ok=True)
        super()._stack(name, path)

    def _there(self, name: str, template: dict[str, Any], values: dict[str, str]) -> set[str]:
        """Return what the stack has, and what outlived an earlier one."""
        made = self._stacks()
        own = made._own(name) if made.status(name) else set()
        kept = survivors.find(self.target, template, values, beside=own)
        return own | {each.logical_id for each in kept}


def deployment(
    account: LocalPlatform, said: Callable[[str], None] = str, **options: Any
) -> Deployment:
    return Deployment(target.find(account.environment), Options(**options), said)


def inventory(account: LocalPlatform) -> dict[str, set[str]]:
    """Return what there is in the account, whoever made it."""
    log_groups = account.client("logs").get_paginator("describe_log_groups").paginate()
    stacks = account.client("cloudformation").describe_stacks()["Stacks"]
    repositories = account.client("ecr").describe_repositories()["repositories"]
    return {
        "stacks": {each["StackName"] for each in stacks},
        "buckets": {each["Name"] for each in account.client("s3").list_buckets()["Buckets"]},
        "tables": set(account.client("dynamodb").list_tables()["TableNames"]),
        "repositories": {each["repositoryName"] for each in repositories},
        "log groups": {group["logGroupName"] for page in log_groups for group in page["logGroups"]}
        - set(job_logs.GROUPS),  # those of SageMaker's jobs are the account's
        "aliases": {each["AliasName"] for each in account.client("kms").list_aliases()["Aliases"]},
        "roles": {each["RoleName"] for each in account.client("iam").list_roles()["Roles"]},
    }


def keep_something(account: LocalPlatform, known: dict[str, str]) -> Callable[[], tuple[Any, Any]]:
    """Keep an object and an entry of the ledger; return how to read them again."""
    bucket, table = known["DataBucketName"], names.service("data_watcher")
    account.client("s3").put_object(Bucket=bucket, Key="kept/it", Body=b"measured")
    keys = account.client("dynamodb").describe_table(TableName=table)["Table"]["KeySchema"]
    item = {each["AttributeName"]: {"S": "kept"} for each in keys}
    account.client("dynamodb").put_item(TableName=table, Item=item)

    def read() -> tuple[Any, Any]:
        stored = account.client("s3").get_object(Bucket=bucket, Key="kept/it")["Body"].read()
        return stored, account.client("dynamodb").get_item(TableName=table, Key=item).get("Item")

    return read


def ended_as(cloudformation: Any, stack: str) -> str:
    """Return how a stack ended."""
    return str(
        wait_for(
            lambda: cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"],
            lambda status: not status.endswith("IN_PROGRESS"),
        )
    )


def delete_by_hand(account: LocalPlatform, *stacks: str) -> None:
    cloudformation = account.client("cloudformation")
    for name in stacks:
        cloudformation.delete_stack(StackName=name)
        cloudformation.get_waiter("stack_delete_complete").wait(
            StackName=name, WaiterConfig={"Delay": 1}
        )


def test_whichever_resource_fails_the_next_deployment_succeeds(account: LocalPlatform) -> None:
    trial = Refusing(target.find(account.environment), Options(), str)
    trial.home, trial.failed = account.home, []
    trial.deploy()
    assert {each.partition("/")[0] for each in trial.failed} == inventory(account)["stacks"]


def test_the_first_deployment_is_private_and_the_next_one_changes_nothing(
    account: LocalPlatform,
) -> None:
    deployment(account, delete_data=True).destroy()
    deployment(account).deploy()
    pipeline = account.client("sagemaker").describe_pipeline(PipelineName=names.pipeline())
    assert '"Subnets":["subnet-' in pipeline["PipelineDefinition"]
    said: list[str] = []
    deployment(account, said.append).deploy()
    assert len([line for line in said if line.endswith(": unchanged")]) >= 6
    assert not [line for line in said if ": modify " in line]


def test_logs_of_jobs_end_unless_others_made_them(account: LocalPlatform) -> None:
    logs, (processing, training) = account.client("logs"), job_logs.GROUPS
    for name in job_logs.GROUPS:
        with contextlib.suppress(ClientError):
            logs.delete_log_group(logGroupName=name)
    logs.create_log_group(logGroupName=training)
    deployment(account, log_retention_days="7").deploy()
    found = {
        each["logGroupName"]: each.get("retentionInDays")
        for each in logs.describe_log_groups(logGroupNamePrefix="/aws/sagemaker/")["logGroups"]
    }
    assert (found[processing], found[training]) == (7, None)
    assert job_logs.endless(logs) == [training]


def test_a_template_that_is_too_long_for_a_request_is_sent_by_its_address(
    account: LocalPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = json.dumps({"Description": "x" * stacks.MOST_IN_A_REQUEST, "Resources": {}})
    with pytest.raises(ClientError, match="51200"):
        account.client("cloudformation").create_stack(StackName="long", TemplateBody=body)
    monkeypatch.setattr(stacks, "MOST_IN_A_REQUEST", 12_000)  # only the bootstrap is shorter
    known = deployment(account, notification_email="a@example.org").deploy()
    listed = account.client("s3").list_objects_v2(
        Bucket=known["ArtifactBucketName"], Prefix="templates/"
    )
    assert len(listed["Contents"]) >= 5
    delete_by_hand(account, names.service("notifier"))
    deployment(account).deploy()
    assert names.service("notifier") in inventory(account)["stacks"]


def test_stacks_that_somebody_deleted_by_hand_come_back_with_data_and_key(
    account: LocalPlatform,
) -> None:
    known = deployment(account).deploy()
    read = keep_something(account, known)
    before = read()
    said: list[str] = []
    delete_by_hand(account, names.service("data_watcher"), names.service("notifier"))
    delete_by_hand(account, names.foundation_stack(), names.bootstrap_stack())
    again = deployment(account, said.append).deploy()
    assert again["KeyArn"] == known["KeyArn"], "nothing else can read what is there"
    assert read() == before
    assert f"  {names.foundation_stack()}: import Key (AWS::KMS::Key)" in said


def test_a_table_that_an_upgrade_left_behind_when_it_failed_is_taken_in(
    account: LocalPlatform,
) -> None:
    deployment(account).deploy()
    stack, table = names.service("deployer"), names.days_table()
    body = templates.read(build.template("services/deployer/template.yaml"))
    earlier = templates.only(body, set(body["Resources"]) - {"Days"})
    known = deployment(account)
    stacks, parameters = known._stacks(), known._stacks().parameters(stack)
    deployment(account).destroy()
    stacks.deploy(
        stack,
        json.dumps(earlier),
        parameters,
        lambda own: survivors.find(known.target, earlier, parameters, beside=own),
    )
    assert table in inventory(account)["tables"]
    deployment(account).deploy()
    owned = account.client("cloudformation").describe_stack_resource(
        StackName=stack, LogicalResourceId="Days"
    )
    assert owned["StackResourceDetail"]["PhysicalResourceId"] == table


def test_a_table_that_was_restored_from_its_backup_is_taken_in_and_protected_again(
    account: LocalPlatform,
) -> None:
    """As docs/runbooks/restore.md says it, call by call."""
    read = keep_something(account, deployment(account).deploy())
    before, tables, name = read(), account.client("dynamodb"), names.service("data_watcher")
    deployment(account).destroy()
    tables.restore_table_to_point_in_time(
        SourceTableName=name, TargetTableName=f"{name}-restored", UseLatestRestorableTime=True
    )
    tables.update_table(TableName=name, DeletionProtectionEnabled=False)
    tables.delete_table(TableName=name)
    copied = tables.create_backup(TableName=f"{name}-restored", BackupName="back")
    tables.restore_table_from_backup(
        TargetTableName=name, BackupArn=copied["BackupDetails"]["BackupArn"]
    )
    tables.delete_table(TableName=f"{name}-restored")
    arn = tables.describe_table(TableName=name)["Table"]["TableArn"]
    tables.tag_resource(ResourceArn=arn, Tags=names.tag_list())
    deployment(account).deploy()
    assert read() == before
    assert tables.describe_table(TableName=name)["Table"]["DeletionProtectionEnabled"] is True


def test_a_key_that_is_about_to_go_stops_the_deployment_before_anything_is_changed(
    account: LocalPlatform,
) -> None:
    key = deployment(account).deploy()["KeyArn"]
    delete_by_hand(account, names.foundation_stack())
    account.client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    before = inventory(account)
    with pytest.raises(DeployError, match="aws kms cancel-key-deletion --key-id"):
        deployment(account).deploy()
    assert inventory(account) == before
    account.client("kms").cancel_key_deletion(KeyId=key)
    with pytest.raises(DeployError, match="aws kms enable-key"):
        deployment(account).deploy()
    account.client("kms").enable_key(KeyId=key)
    assert deployment(account).deploy()["KeyArn"] == key


def test_a_secret_that_is_about_to_go_keeps_its_name_and_the_commands_that_free_it_are_said(
    account: LocalPlatform,
) -> None:
    secrets, name = account.client("secretsmanager"), names.links_secret()
    deployment(account).deploy()
    deployment(account).destroy()
    assert not secrets.list_secrets(IncludePlannedDeletion=True)["SecretList"], (
        "CloudFormation leaves none to be recovered"
    )
    secrets.create_secret(Name=name, SecretString="signs")
    secrets.delete_secret(SecretId=name)
    template = {"S": {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": name}}}
    cloudformation = account.client("cloudformation")
    cloudformation.create_stack(
        StackName="takes-it", TemplateBody=json.dumps({"Resources": template})
    )
    assert ended_as(cloudformation, "takes-it") == "ROLLBACK_COMPLETE"
    cloudformation.delete_stack(StackName="takes-it")
    with pytest.raises(DeployError, match="aws secretsmanager restore-secret --secret-id solar"):
        deployment(account).deploy()
    secrets.restore_secret(SecretId=name)
    secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    deployment(account).deploy()
    assert secrets.describe_secret(SecretId=name)["Name"] == name


def test_what_was_destroyed_comes_back_with_its_data(account: LocalPlatform) -> None:
    read = keep_something(account, deployment(account).deploy())
    before = read()
    deployment(account).destroy()
    deployment(account).deploy()
    assert read() == before


def test_destroyed_with_its_data_nothing_is_left_and_all_can_be_made_again(
    account: LocalPlatform,
) -> None:
    key = deployment(account).deploy()["KeyArn"]
    deployment(account, delete_data=True).destroy()
    assert {kind for kind, found in inventory(account).items() if found} == set()
    assert (
        account.client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
        == "PendingDeletion"
    )
    assert deployment(account).deploy()["KeyArn"] != key


def test_a_stage_comes_and_goes_beside_another_and_touches_nothing_of_it(
    account: LocalPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment(account).deploy()
    before = inventory(account)
    monkeypatch.setenv(names.VARIABLE, names.prefix_of("test"))
    outputs = deployment(account).deploy()
    assert outputs["DataBucketName"].startswith("test-solar-data-")
    function = account.client("lambda").get_function_configuration(
        FunctionName=names.service("data_watcher")
    )
    assert function["Environment"]["Variables"][names.VARIABLE] == "test-solar"
    both = inventory(account)
    assert all(len(both[kind]) == 2 * len(before[kind]) for kind in before)
    deployment(account, delete_data=True).destroy()
    assert inventory(account) == before


def test_a_table_of_somebody_else_is_refused_and_stays(account: LocalPlatform) -> None:
    deployment(account, delete_data=True).destroy()
    tables = account.client("dynamodb")
    name = names.service("deployer")
    tables.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    with pytest.raises(DeployError, match=f"Table {name} exists .* another --stage"):
        deployment(account).deploy()
    deployment(account, delete_data=True).destroy()
    assert tables.list_tables()["TableNames"] == [name]
    tables.delete_table(TableName=name)


def test_an_interrupted_deployment_goes_on_where_it_was(account: LocalPlatform) -> None:
    class CtrlCError(Exception):
        pass

    said: list[str] = []

    def interrupt(line: str) -> None:
        said.append(line)
        if " done" in line and f"Stack {names.service('data-watcher')}" in said:
            raise CtrlCError

    deployment(account, delete_data=True).destroy()
    with pytest.raises(CtrlCError):
        deployment(account, interrupt).deploy()
    deployment(account).deploy()
    assert names.service("notifier") in inventory(account)["stacks"]


def test_of_two_deployments_at_once_one_waits_for_the_other(account: LocalPlatform) -> None:
    deployment(account).deploy()
    failures: list[Exception] = []

    def change(email: str) -> None:
        try:
            deployment(account, notification_email=email).deploy()
        except (DeployError, ClientError) as error:
            failures.append(error)

    both = [threading.Thread(target=change, args=(f"{who}@example.org",)) for who in ("a", "b")]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert failures == []


def test_a_dry_run_says_what_would_be_taken_in_and_changes_nothing(account: LocalPlatform) -> None:
    deployment(account).deploy()
    deployment(account).destroy()
    before, said = inventory(account), []
    dry = deployment(account, said.append)
    dry.options = replace(dry.options, dry_run=True)
    dry.deploy()
    assert inventory(account) == before
    table = names.service("deployer")
    assert f"  {table}: would take in Table (AWS::DynamoDB::Table) {table}" in said
    assert not [line for line in said if "remove" in line]
