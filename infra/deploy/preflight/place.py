"""Whether the place itself will do: the Region, its services, and who may be made there."""

from __future__ import annotations

from collections.abc import Iterator

from botocore.exceptions import ClientError, EndpointConnectionError

from infra.deploy import build, survivors, templates
from infra.deploy.errors import DeployError
from infra.deploy.preflight.finding import Finding, Plan
from infra.deploy.stacks import Stacks
from shared.aws import error_code

_SCALING = "sagemaker.application-autoscaling.amazonaws.com"
_SCALING_ROLE = "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"


def sagemaker(plan: Plan) -> Iterator[Finding]:
    """Whether SageMaker answers in this Region."""
    why = "Nothing can be trained or served there."
    mend = "Choose another Region: python3 scripts/deploy.py --region …"
    try:
        plan.client("sagemaker").list_endpoints(MaxResults=1)
    except EndpointConnectionError:
        yield Finding("stops", f"{plan.target.region} has no SageMaker that answers", why, mend)
    except ClientError as error:
        if error_code(error) != "UnrecognizedClientException":
            raise
        mend = f"Switch it on: aws account enable-region --region-name {plan.target.region}"
        yield Finding("stops", f"the Region {plan.target.region} is not switched on", why, mend)


def scaling_role(plan: Plan) -> Iterator[Finding]:
    """Whether endpoints can be scaled."""
    try:
        plan.client("iam").get_role(RoleName=_SCALING_ROLE)
    except ClientError as error:
        if error_code(error) not in {"NoSuchEntity", "NoSuchEntityException"}:
            raise
        yield Finding(
            "unknown",
            f"the role {_SCALING_ROLE} does not exist yet",
            "deployer has AWS make it with the first endpoint. Where that is forbidden, make it now:",
            f"aws iam create-service-linked-role --aws-service-name {_SCALING}",
        )


def names(plan: Plan) -> Iterator[Finding]:
    """Whether somebody else has a name that is needed, and whether the key can be used."""
    stacks = Stacks(plan.client("cloudformation"), lambda _: None, {})
    for stack, path in plan.stacks.items():
        if stacks.status(stack) is not None:
            continue  # what it has is its own
        try:
            survivors.find(plan.target, templates.read(build.template(path)), plan.parameters)
        except DeployError as error:
            yield Finding(
                "stops", str(error).partition("\n")[0], "The stack cannot be made.", _rest(error)
            )


def _rest(error: DeployError) -> str:
    return str(error).partition("\n")[2]
