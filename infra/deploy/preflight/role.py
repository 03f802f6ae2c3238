"""Whether a role that is given for jobs and endpoints has the rights that the role of our own would have."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from infra.deploy import build, templates
from infra.deploy.preflight.finding import Finding, Plan

_SERVICE = "sagemaker.amazonaws.com"
_MOST = 8  # rights that one finding names


def given_role(plan: Plan) -> Iterator[Finding]:
    """Whether SAGEMAKER_ROLE_ARN has the rights that jobs and endpoints need."""
    arn = plan.parameters.get("SageMakerRoleArn", "")
    if not arn:
        return
    iam, name = plan.client("iam"), arn.rpartition("/")[2]
    if not _trusts(iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]):
        yield Finding(
            "stops",
            f"the role {name} does not let SageMaker use it",
            "No job and no endpoint can start.",
            f"Let {_SERVICE} assume it:\naws iam update-assume-role-policy --role-name {name} "
            "--policy-document …",
        )
    missing = sorted(set(_missing(plan, iam, arn)))
    if missing:
        more = f" and {len(missing) - _MOST} more" if len(missing) > _MOST else ""
        yield Finding(
            "hurts",
            f"the role {name} lacks {', '.join(missing[:_MOST])}{more}",
            "Runs or endpoints fail where they need it.",
            "Grant what SageMakerRole in infra/foundation.yaml grants, or unset SAGEMAKER_ROLE_ARN: "
            "then such a role is made",
        )


def _trusts(document: Any) -> bool:
    policy = json.loads(document) if isinstance(document, str) else document
    trusted = [each.get("Principal", {}).get("Service", []) for each in policy["Statement"]]
    return any(_SERVICE in ([each] if isinstance(each, str) else each) for each in trusted)


def _missing(plan: Plan, iam: Any, arn: str) -> Iterator[str]:
    for actions, resources, context in _wanted(plan):
        pages = iam.get_paginator("simulate_principal_policy").paginate(
            PolicySourceArn=arn,
            ActionNames=actions,
            ResourceArns=resources,
            ContextEntries=context,
        )
        for page in pages:
            for result in page["EvaluationResults"]:
                if result["EvalDecision"] != "allowed":
                    yield str(result["EvalActionName"])


def _wanted(plan: Plan) -> Iterator[tuple[list[str], list[str], list[dict[str, Any]]]]:
    """Yield the rights of the role that the foundation would make, and on what."""
    template = templates.read(build.template("infra/foundation.yaml"))
    values = templates.with_defaults(template, plan.parameters) | plan.target.pseudo_parameters
    for policy in template["Resources"]["SageMakerRole"]["Properties"]["Policies"]:
        if "Fn::If" in policy:
            condition, policy, _ = policy["Fn::If"]  # noqa: PLW2901 - the policy behind the condition
            if not templates.holds(template, condition, values):
                continue
        for statement in policy["PolicyDocument"]["Statement"]:
            resources = [_example(each, values) for each in _listed(statement["Resource"])]
            context = [
                {
                    "ContextKeyName": key,
                    "ContextKeyValues": [_example(_listed(value)[-1], values)],
                    "ContextKeyType": "string",
                }
                for tests in statement.get("Condition", {}).values()
                for key, value in tests.items()
            ]
            # The key is known once there is one; a role may have it by the key's own policy, too.
            if known := [each for each in resources if each]:
                yield _listed(statement["Action"]), known, context


def _example(node: Any, values: dict[str, str]) -> str:
    """Return something that a pattern of resources stands for; '' where only CloudFormation knows it."""
    try:
        return templates.resolved(node, values).replace("/*", "/x").replace("-*", "-x")
    except KeyError:
        return ""


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
