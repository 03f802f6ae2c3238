"""What is configured now, as far as it costs: for `deploy.py --check`."""

from __future__ import annotations

from collections import Counter

from botocore.exceptions import BotoCoreError, ClientError

from infra.deploy.costs import Estimate, Load, estimate
from infra.deploy.preflight import demand
from infra.deploy.target import Target
from shared.aws import S3Objects, error_code
from shared.in_force import InForce
from shared.model_config import NEW_MODE, ModelConfig

SERVERLESS_QUOTA = 50  # endpoints of an account and Region, unless AWS raised it
_UNKNOWN_BUCKET = {"NoSuchBucket", "404"}


def said(target: Target) -> list[str]:
    """Return the estimated bill of what is configured, in lines for a person."""
    try:
        loads, what = _configured(target), "what is configured"
    except (ClientError, BotoCoreError) as error:
        if isinstance(error, ClientError) and error_code(error) in _UNKNOWN_BUCKET:
            loads, what = [], ""
        else:
            return [f"The bill is not estimated: the configuration cannot be read ({error})"]
    if not loads:
        loads, what = (
            [Load(ModelConfig(model_id="one"), 1, NEW_MODE)],
            "one site, for nothing is configured",
        )
    return [*_headed(estimate(loads), loads, what), *_quota(loads)]


def _headed(found: Estimate, loads: list[Load], what: str) -> list[str]:
    modes = Counter(each.mode for each in loads)
    how = ", ".join(f"{count} {mode}" for mode, count in sorted(modes.items()))
    sites = sum(each.sites for each in loads)
    return [f"Of {what}: sites: {sites:,}, models: {len(loads)} ({how})", *found.text()]


def _quota(loads: list[Load]) -> list[str]:
    count = sum(each.mode == "serverless" for each in loads)
    if count < SERVERLESS_QUOTA - 5:
        return []
    return [
        f"  {count} serverless endpoints: AWS allows {SERVERLESS_QUOTA} in a Region, and a deployment "
        "needs one more; ask for more (Service Quotas), or say `endpoint: {mode: none}` in models' YAML"
    ]


def _configured(target: Target) -> list[Load]:
    """Return the models in force with their sites, and by what each is served."""
    in_force = InForce(S3Objects(target.client("s3"), target.data_bucket))
    sites = Counter(model_id for _, model_id in in_force.sites_named().values())
    return [
        Load(each, sites[each.model_id], each.endpoint.mode or NEW_MODE)
        for each in demand.configured(target)
    ]
