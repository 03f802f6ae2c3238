"""Which role may do what, read from the templates; and why, where the story of the tests does not use it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from infra.deploy import build, templates

_BY_AWS = "AWS calls it on the function's behalf: logs, traces, the queue that feeds it"
_ENCRYPTED = (
    "what is encrypted asks for it at each use; the local platform asks for objects and topics"
)
_TAGGED = "AWS asks for it where something is made with tags"
# Why a right is granted that the recorded story does not use: a role, an action, and the reason.
REASONS: tuple[tuple[str, str, str], ...] = (
    ("*", "logs:CreateLogStream", _BY_AWS),
    ("*", "logs:PutLogEvents", _BY_AWS),
    ("*", "xray:*", _BY_AWS),
    ("*", "sqs:ReceiveMessage", _BY_AWS),
    ("*", "sqs:DeleteMessage", _BY_AWS),
    ("*", "sqs:GetQueueAttributes", _BY_AWS),
    ("*", "kms:*", _ENCRYPTED),
    (
        "*",
        "s3:ListBucket",
        "without it S3 answers 403 for an object that is missing, instead of 404",
    ),
    ("*", "*:TagResource", _TAGGED),
    ("*", "s3:AbortMultipartUpload", "a large upload that broke is taken back"),
    (
        "containers",
        "logs:CreateLogGroup",
        "where somebody deleted the group that a deployment or deployer made, SageMaker makes it again",
    ),
    ("containers", "s3:GetBucketLocation", "SageMaker may ask in which Region the bucket is"),
    ("endpoints", "s3:PutObject", "captured requests; the local platform captures none"),
    ("pipeline", "sagemaker:Stop*Job", "a run that is stopped stops the job that is under way"),
    ("image-build", "*", "CodeBuild is it; the local platform builds no image"),
    ("data-watcher", "s3:DeleteObject", "a removed file that comes back is no longer withdrawn"),
    (
        "trainer-trigger",
        "sagemaker:UpdateModelPackage",
        "a version whose data were excluded loses its approval",
    ),
    ("trainer-trigger", "states:StopExecution", "a run that outlives its deadline is stopped"),
    (
        "deployer",
        "application-autoscaling:*",
        "endpoints follow their load; the local platform scales nothing and checks nothing of it",
    ),
    (
        "deployer",
        "iam:CreateServiceLinkedRole",
        "AWS makes the scaling role with the first endpoint",
    ),
    ("deployer", "cloudwatch:DescribeAlarmHistory", "after a roll-back it says which alarm rang"),
    (
        "deployer",
        "cloudwatch:SetAlarmState",
        "an alarm that the version before left ringing is set back",
    ),
    (
        "deployer",
        "cloudwatch:PutMetricData",
        "a canary's answers are compared with the reference where one comes from the new version",
    ),
    ("deployer", "logs:FilterLogEvents", "after a roll-back it says which version failed"),
    (
        "deployer",
        "sagemaker:UpdateEndpointWeightsAndCapacities",
        "the number of instances changes without a version",
    ),
    ("deployer-predictions", "s3:DeleteObject", "a forecast whose issues were all withdrawn goes"),
    ("notifier-links", "s3:GetObjectVersion", "a refused file opens as it was when it was refused"),
)
# Reasons for what the story uses or not, as chance has it: who answers in a canary, and which job is stopped.
BY_CHANCE = {
    ("deployer", "cloudwatch:PutMetricData"),
    ("pipeline", "sagemaker:Stop*Job"),
}


@dataclass(frozen=True, slots=True)
class Grant:
    """One action that a role is allowed, and on what."""

    role: str  # without prefix and Region
    action: str
    resources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """What a role or policy of a template is allowed, as the template says it."""

    role: str  # without prefix and Region
    resources: Mapping[str, Any]  # of its template
    actions: list[str]
    on: list[Any]
    keys: list[str]  # of its conditions


def statements() -> Iterator[Statement]:
    """Yield every statement of the templates' roles and policies; conditional ones as if they held."""
    for path in build.TEMPLATES:
        resources = templates.read(build.template(path))["Resources"]
        for resource in resources.values():
            if resource["Type"] in {"AWS::IAM::Role", "AWS::IAM::ManagedPolicy"}:
                yield from _of(resource["Properties"], resources)


def grants() -> list[Grant]:
    """Return every action that some role or policy of the templates allows."""
    return [
        Grant(each.role, action, tuple(_plain(one) for one in each.on))
        for each in statements()
        for action in each.actions
    ]


def reason(role: str, action: str) -> str:
    """Return why an unused action is granted; '' where nobody wrote it down."""
    found = [why for roles, actions, why in REASONS if matches(roles, actions, role, action)]
    return found[-1] if found else ""


def matches(roles: str, actions: str, role: str, action: str) -> bool:
    """Whether a reason's patterns are about a role's action."""
    return fnmatchcase(role, roles) and fnmatchcase(action, actions)


def _of(properties: Mapping[str, Any], resources: Mapping[str, Any]) -> Iterator[Statement]:
    named = properties.get("RoleName") or properties["ManagedPolicyName"]
    role = _plain(named).removeprefix("<prefix>-").removesuffix("-<Region>")
    documents = [properties] if "PolicyDocument" in properties else properties.get("Policies", [])
    for policy in map(_chosen, documents):
        for statement in map(_chosen, policy["PolicyDocument"]["Statement"]):
            tests = statement.get("Condition", {}).values()
            keys = [key for test in tests for key in test]
            actions, on = _listed(statement["Action"]), _listed(statement["Resource"])
            yield Statement(role, resources, actions, on, keys)


def _chosen(part: Mapping[str, Any]) -> Mapping[str, Any]:
    """Read a conditional part as it is where its condition holds."""
    return part["Fn::If"][1] if "Fn::If" in part else part


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _plain(node: Any) -> str:
    """Write a resource as people read it: arn:…:table/<Ledger>, <prefix>-… ."""
    if isinstance(node, str):
        return node
    ((function, value),) = node.items()
    if function == "Fn::GetAtt":
        return f"<{'.'.join(value)}>".replace(".Arn>", ">")
    if function == "Ref":
        return f"<{value}>".replace("Arn>", ">")
    text = re.sub(r"\$\{AWS::([A-Za-z]+)\}", r"<\1>", str(value))
    text = re.sub(r"^arn:<Partition>:([a-z0-9-]+):[^:]*:[^:]*:", r"\1 ", text)
    text = text.replace("${NamePrefix}", "<prefix>")
    return re.sub(r"\$\{!?([A-Za-z:/]+?)(Name|\.Arn)?\}", r"<\1>", text)
