"""Looks at a place before anything is changed there: `deploy.py --check`, and first in every deployment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from infra.deploy.preflight import adopted, limits, logs, people, place, role
from infra.deploy.preflight.finding import Check, Finding, Plan, careful

# What can be told without AWS, and what the local platform has, too.
_EVERYWHERE: tuple[Check, ...] = (
    people.options,
    people.secret,
    people.links_key,
    place.names,
    adopted.bucket,
)
_ON_AWS: tuple[Check, ...] = (
    place.sagemaker,
    place.scaling_role,
    limits.instances,
    limits.functions,
    limits.buckets,
    limits.keys,
    logs.of_jobs,
    role.boundary,
    role.given_role,
    people.confirmed,
    people.budget,
)
__all__ = ["Finding", "Plan", "look"]


def look(plan: Plan) -> list[Finding]:
    """Return everything that is not as it should be, what stops a deployment first."""
    checks = [*_EVERYWHERE, *(_ON_AWS if plan.target.kind == "aws" else ())]
    with ThreadPoolExecutor(max_workers=6) as pool:
        found = [
            each for some in pool.map(lambda check: careful(check, plan), checks) for each in some
        ]
    order = ("stops", "hurts", "unknown")
    return sorted(found, key=lambda each: order.index(each.weight))
