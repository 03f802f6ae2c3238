"""What an account may have at once: instances, functions at work, buckets, keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from infra.deploy import build, templates
from infra.deploy.preflight.finding import Finding, Plan
from shared.aws import error_code

# How Service Quotas calls the use of an instance type in SageMaker.
_USES = {
    "endpoint": "for endpoint usage",
    "training": "for training job usage",
    "spot training": "for spot training job usage",
    "processing": "for processing job usage",
}
_FEW_KEYS = 1000
_UNRESERVED = 10  # functions at work that a whole account of AWS has at first


def instances(plan: Plan) -> Iterator[Finding]:
    """How many instances SageMaker gives this account."""
    found = _quotas(plan, "sagemaker")
    for use, wanted in plan.instances.items():
        for instance_type, count in wanted.items():
            quota = found.get(f"{instance_type} {_USES[use]}")
            if quota is None:
                yield Finding(
                    "unknown",
                    f"{instance_type} for {use}",
                    "Service Quotas lists no such type in this Region. Is it spelled right?",
                )
            elif quota["Value"] < count:
                yield Finding(
                    "hurts",
                    f"{instance_type} for {use}: {quota['Value']:.0f} may run, {count} are needed",
                    _WITHOUT[use],
                    _more(plan, "sagemaker", quota, count),
                )


_WITHOUT = {
    "endpoint": "No endpoint can be made or changed: a blue/green deployment has both fleets for a while.",
    "training": "No model can be trained where no spot instance is to be had.",
    "spot training": "No model can be trained on spot instances, which cost a third.",
    "processing": "No dataset can be prepared or evaluated, so no retrain ends.",
}


def functions(plan: Plan) -> Iterator[Finding]:
    """How many functions may be at work at once."""
    limit = plan.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    wanted = _functions_at_work()
    if limit >= wanted:
        return
    quota = _quotas(plan, "lambda").get("Concurrent executions")
    yield Finding(
        "hurts",
        f"{limit} functions may be at work at once, {wanted} are needed",
        "Functions are throttled: files wait, and alarms of throttles ring.",
        _more(plan, "lambda", quota, max(wanted, 1000)) if quota else "",
    )


def buckets(plan: Plan) -> Iterator[Finding]:
    """How many buckets the account may have."""
    quota = _quotas(plan, "s3").get("General purpose buckets")
    has = {each["Name"] for each in plan.client("s3").list_buckets()["Buckets"]}
    needed = len(_buckets(plan) - has)
    if quota is not None and needed and len(has) + needed > quota["Value"]:
        yield Finding(
            "stops",
            f"the account has {len(has)} of {quota['Value']:.0f} buckets, and {needed} more are needed",
            "The stacks cannot be created.",
            _more(plan, "s3", quota, len(has) + needed),
        )


def _buckets(plan: Plan) -> set[str]:
    """Return the buckets that the templates make."""
    found = set()
    for path in build.TEMPLATES:
        template = templates.read(build.template(path))
        values = templates.with_defaults(template, plan.parameters) | plan.target.pseudo_parameters
        found |= {
            templates.resolved(resource["Properties"]["BucketName"], values)
            for resource in template["Resources"].values()
            if resource["Type"] == "AWS::S3::Bucket"
            and templates.holds(template, resource.get("Condition"), values)
        }
    return found


def keys(plan: Plan) -> Iterator[Finding]:
    """Whether the account may have one more key; one whose limit is far off is not counted."""
    kms = plan.client("kms")
    try:
        kms.describe_key(KeyId=f"alias/{plan.parameters['NamePrefix']}")
    except ClientError as error:
        if error_code(error) != "NotFoundException":
            raise
    else:
        return
    quota = _quotas(plan, "kms").get("Customer Master Keys (CMKs)")
    if quota is None or quota["Value"] > _FEW_KEYS:
        return
    has = sum(len(page["Keys"]) for page in kms.get_paginator("list_keys").paginate())
    if has >= quota["Value"]:
        yield Finding(
            "stops",
            f"the account has {has} of {quota['Value']:.0f} keys, and one more is needed",
            "The foundation cannot be created: everything is encrypted with its key.",
            _more(plan, "kms", quota, has + 1),
        )


def _functions_at_work() -> int:
    """Return how many the queues may start at once, and one for each other function."""
    at_work = 0
    for path in build.TEMPLATES:
        for resource in templates.read(build.template(path))["Resources"].values():
            if resource["Type"] == "AWS::Lambda::EventSourceMapping":
                at_work += int(resource["Properties"]["ScalingConfig"]["MaximumConcurrency"])
            elif resource["Type"] == "AWS::Lambda::Function":
                at_work += 1
    return max(at_work, _UNRESERVED)


def _quotas(plan: Plan, service: str) -> dict[str, dict[str, Any]]:
    """Return a service's quotas by name; what nobody raised has its default."""
    quotas = plan.client("service-quotas")
    found: dict[str, dict[str, Any]] = {}
    for operation in ("list_aws_default_service_quotas", "list_service_quotas"):
        for page in quotas.get_paginator(operation).paginate(ServiceCode=service):
            found |= {quota["QuotaName"]: quota for quota in page["Quotas"]}
    return found


def _more(plan: Plan, service: str, quota: dict[str, Any], count: int) -> str:
    return (
        f"aws service-quotas request-service-quota-increase --region {plan.target.region} "
        f"--service-code {service} --quota-code {quota['QuotaCode']} --desired-value {count}"
    )
