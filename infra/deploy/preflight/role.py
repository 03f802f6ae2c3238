"""Whether a role that is given for pipeline, jobs and endpoints has the rights that our own would have."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from infra.deploy import build, templates
from infra.deploy.preflight.finding import Finding, Plan
from shared.aws import error_code

_SERVICE = "sagemaker.amazonaws.com"
_STANDS_FOR = ("ContainersPolicy", "JobsRole", "EndpointsRole", "PipelineRole")
_MOST = 8  # rights that one finding names


def given_role(plan: Plan) -> Iterator[Finding]:
    """Whether SAGEMAKER_ROLE_ARN has the rights that pipeline, jobs and endpoints need."""
    arn = plan.parameters.get("SageMakerRoleArn", "")
    if not arn:
        return
    iam, name = plan.client("iam"), arn.rpartition("/")[2]
    if not _trusts(iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]):
        yield Finding(
            "stops",
            f"the role {name} does not let SageMaker use it",
            "No pipeline, no job and no endpoint can start.",
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
            f"Grant what {', '.join(_STANDS_FOR)} in infra/foundation.yaml grant, or unset "
            "SAGEMAKER_ROLE_ARN: then a role for each is made",
        )


def boundary(plan: Plan) -> Iterator[Finding]:
    """Whether the policy exists that is to bound every role."""
    arn = plan.parameters.get("PermissionsBoundaryArn", "")
    if not arn:
        return
    try:
        plan.client("iam").get_policy(PolicyArn=arn)
    except ClientError as error:
        if error_code(error) not in {"NoSuchEntity", "NoSuchEntityException", "InvalidInput"}:
            raise
        yield Finding(
            "stops",
            f"there is no policy {arn}",
            "It is to bound every role, and no role can be made with it.",
            "aws iam list-policies --scope Local shows which there are; then --permissions-boundary ARN, or "
            "'' for none",
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
    """Yield the rights of the roles that the foundation would make, and on what."""
    template = templates.read(build.template("infra/foundation.yaml"))
    values = templates.with_defaults(template, plan.parameters) | plan.target.pseudo_parameters
    for document in _documents(template):
        for statement in document["Statement"]:
            if "Fn::If" in statement:
                condition, statement, _ = statement["Fn::If"]  # noqa: PLW2901 - what stands behind the condition
                if not templates.holds(template, condition, values):
                    continue
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


def _documents(template: Any) -> Iterator[Any]:
    """Yield the policies of the roles that one given role stands for."""
    for name in _STANDS_FOR:
        properties = template["Resources"][name]["Properties"]
        for policy in properties.get("Policies", [properties]):
            yield policy["PolicyDocument"]


def _example(node: Any, values: dict[str, str]) -> str:
    """Return something that a pattern of resources stands for; '' where only CloudFormation knows it."""
    try:
        return templates.resolved(node, values).replace("/*", "/x").replace("-*", "-x")
    except KeyError:
        return ""


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
