"""Check every grant against AWS's service authorization reference: `python -m infra.checks.grants`.

A right that is granted on a resource of another kind, or on any ARN where its action knows none, is refused
by AWS and by nothing before it. The reference comes with policy_sentry.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from policy_sentry.querying.actions import get_action_data

from infra.checks import rights
from infra.checks.rights import Statement

# An ARN of each kind of resource that a statement names by its logical id.
_ARNS = {
    "AWS::CodeBuild::Project": "arn:aws:codebuild:r:1:project/x",
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:r:1:table/x",
    "AWS::ECR::Repository": "arn:aws:ecr:r:1:repository/x",
    "AWS::IAM::Role": "arn:aws:iam::1:role/x",
    "AWS::KMS::Key": "arn:aws:kms:r:1:key/x",
    "AWS::Lambda::Function": "arn:aws:lambda:r:1:function:x",
    "AWS::Logs::LogGroup": "arn:aws:logs:r:1:log-group:x:*",  # as CloudFormation gives it
    "AWS::S3::Bucket": "arn:aws:s3:::x",
    "AWS::SNS::Topic": "arn:aws:sns:r:1:x",
    "AWS::SQS::Queue": "arn:aws:sqs:r:1:x",
}
# The same for parameters, by how their names end.
_PARAMETERS = {
    "KeyArn": _ARNS["AWS::KMS::Key"],
    "RoleArn": _ARNS["AWS::IAM::Role"],
    "TopicArn": _ARNS["AWS::SNS::Topic"],
}


def faults(statement: Statement) -> Iterator[str]:
    """Yield what AWS would not grant although a statement says it."""
    on = [arn(each, statement.resources) for each in statement.on]
    for action in statement.actions:
        kinds, keys = _reference(action)
        if kinds is None:
            yield f"{statement.role}: AWS knows no action {action}"
        elif not kinds and on != ["*"]:
            yield f"{statement.role}: {action} knows no resource, and is granted on {', '.join(on)}"
        elif kinds and not any(_meet(kind, each) for kind in kinds for each in on):
            yield f"{statement.role}: {action} is about {', '.join(kinds)}, and is granted on {', '.join(on)}"
        for key in statement.keys:
            if not key.startswith("aws:") and key not in keys:
                yield f"{statement.role}: {action} has no condition key {key}"
    for each in on:
        if each != "*" and not any(_is_about(action, each) for action in statement.actions):
            yield f"{statement.role}: no action of {', '.join(statement.actions)} is about {each}"


def _is_about(action: str, on: str) -> bool:
    return any(_meet(kind, on) for kind in _reference(action)[0] or ())


@cache
def _reference(action: str) -> tuple[tuple[str, ...] | None, frozenset[str]]:
    """Return the ARNs that an action can be about, as patterns, and its condition keys; None if unknown."""
    service, _, name = action.partition(":")
    rows = get_action_data(service, name) or {}
    known = rows.get(service, []) if isinstance(rows, dict) else []
    if not known:
        return None, frozenset()
    kinds = {re.sub(r"\$\{[^}]*\}", "*", row["resource_arn_format"]) for row in known} - {"*"}
    return tuple(sorted(kinds)), frozenset(key for row in known for key in row["condition_keys"])


def arn(node: Any, resources: Mapping[str, Any]) -> str:
    """Return what a statement is about as an ARN, with `x` for what only AWS knows.

    Raises
    ------
    KeyError
        It names a resource of a kind that this check has no ARN for.
    """
    if isinstance(node, str):
        return _filled(node)
    ((function, value),) = node.items()
    if function == "Fn::Sub":
        text = re.sub(r"\$\{(\w+)\.Arn\}", lambda each: _named(each[1], resources), str(value))
        return _filled(text)
    return _named(value if function == "Ref" else value[0], resources)


def _named(name: str, resources: Mapping[str, Any]) -> str:
    if name in resources:
        return _ARNS[resources[name]["Type"]]
    return next(found for end, found in _PARAMETERS.items() if name.endswith(end))


def _filled(text: str) -> str:
    return re.sub(r"\$\{[^}]*\}", "x", text.replace("${AWS::Partition}", "aws"))


def _meet(one: str, other: str) -> bool:
    """Whether some text fits both patterns, in which `*` stands for anything."""
    reached = {(0, 0)}
    seen: set[tuple[int, int]] = set()
    while reached:
        left, right = reached.pop()
        if (left, right) == (len(one), len(other)):
            return True
        if (left, right) in seen:
            continue
        seen.add((left, right))
        reached |= set(_steps(one, left, other, right)) - seen
    return False


def _steps(one: str, left: int, other: str, right: int) -> Iterator[tuple[int, int]]:
    has_left, has_right = left < len(one), right < len(other)
    if has_left and one[left] == "*":
        yield left + 1, right
        if has_right:
            yield left, right + 1
    if has_right and other[right] == "*":
        yield left, right + 1
        if has_left:
            yield left + 1, right
    if has_left and has_right and one[left] == other[right]:
        yield left + 1, right + 1


def main() -> int:
    """Print what is wrong; return 1 if anything is."""
    statements = list(rights.statements())
    found = [fault for statement in statements for fault in faults(statement)]
    for fault in found:
        print(fault)
    if not found:
        count = sum(len(each.actions) for each in statements)
        print(f"grants: {count} fit AWS's service authorization reference")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
