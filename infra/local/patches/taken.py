"""CloudFormation: a name that is taken is refused, as on AWS; what outlived its stack can be taken in again.

ministack writes over most things that exist. Then a second deployment, or one after a failed one, would
succeed here and fail on AWS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from infra.local import emulator

Properties = dict[str, Any]
_NAMES = {
    "AWS::Budgets::Budget": "BudgetName",
    "AWS::CloudTrail::Trail": "TrailName",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::CompositeAlarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::ECR::Repository": "RepositoryName",
    "AWS::Events::Rule": "Name",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::KMS::Alias": "AliasName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::Logs::QueryDefinition": "Name",
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::Scheduler::Schedule": "Name",
    "AWS::SecretsManager::Secret": "Name",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
}
# An account has these once, whatever the Region.
_GLOBAL = {
    "AWS::Budgets::Budget",
    "AWS::CloudTrail::Trail",  # one of all Regions is seen in each
    "AWS::CloudWatch::Dashboard",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Role",
}
# What outlives a stack is looked for where its service keeps it.
_KEPT: dict[str, Callable[[], Mapping[str, Any]]] = {
    "AWS::DynamoDB::Table": lambda: emulator.tables,
    "AWS::ECR::Repository": lambda: emulator.repositories,
    "AWS::KMS::Alias": lambda: {arn.rpartition(":")[2]: arn for arn in emulator.key_aliases},
    "AWS::Logs::LogGroup": lambda: emulator.log_groups,
    "AWS::S3::BucketPolicy": lambda: emulator.bucket_policies,
    "AWS::SecretsManager::Secret": lambda: emulator.secrets,  # also those about to be deleted
}


def apply() -> None:
    """Change how ministack makes what has a name, keeps a bucket's tags, and imports."""
    handlers = emulator.resource_handlers
    for kind, key in _NAMES.items():
        if kind in handlers:
            handlers[kind] = {**handlers[kind], "create": refusing(kind, key)}
    emulator.stack_tag_property["AWS::S3::Bucket"] = ("Tags", "list")
    bucket = handlers["AWS::S3::Bucket"]
    handlers["AWS::S3::Bucket"] = {
        **bucket,
        "create": _tagging(bucket["create"]),
        "update": _tagging(bucket["update"]),
    }
    handlers["AWS::ECR::Repository"]["import"] = _repository
    handlers["AWS::S3::BucketPolicy"]["import"] = _bucket_policy


def refusing(kind: str, key: str) -> Callable[..., Any]:
    """Return a creation that refuses a name which something of this kind has."""
    create = emulator.resource_handlers[kind]["create"]

    def made(logical_id: str, properties: Properties, stack: str) -> Any:
        name = _named(properties, key)
        if name and (name in _KEPT.get(kind, dict)() or name in set(_of_stacks(kind, key))):
            message = f"Resource of type '{kind}' with identifier '{name}' already exists."
            raise ValueError(message)
        return create(logical_id, properties, stack)

    return made


def _of_stacks(kind: str, key: str) -> Iterator[str]:
    """Yield the names of all resources of a kind that some stack has."""
    everywhere = kind in _GLOBAL
    stacks = emulator.stacks_of_account() if everywhere else emulator.stacks.values()
    for stack in stacks:
        if stack.get("StackStatus") == "DELETE_COMPLETE":
            continue
        for resource in stack.get("_resources", {}).values():
            if resource.get("ResourceType") == kind:
                yield _named(resource.get("Properties") or {}, key)


def _named(properties: Properties, key: str) -> str:
    """Return the name in a resource's properties; a budget has it one level below."""
    return str(properties.get("Budget", properties).get(key) or "")


def _tagging(make: Callable[..., Any]) -> Callable[..., Any]:
    """Keep a bucket's tags, which ministack drops."""

    def made(*arguments: Any) -> Any:
        answer = make(*arguments)
        tags = arguments[-2].get("Tags", [])
        emulator.bucket_tags[answer[0]] = {tag["Key"]: tag["Value"] for tag in tags}
        return answer

    return made


def _repository(identifier: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    found = emulator.repositories[identifier["RepositoryName"]]
    return identifier["RepositoryName"], {
        "Arn": found["repositoryArn"],
        "RepositoryUri": found["repositoryUri"],
    }


def _bucket_policy(identifier: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    if identifier["Bucket"] not in emulator.bucket_policies:
        message = (
            f"Resource of type 'AWS::S3::BucketPolicy' of {identifier['Bucket']} was not found."
        )
        raise ValueError(message)
    return f"{identifier['Bucket']}-policy", {}
