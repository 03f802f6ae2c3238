"""Whether what SageMaker's jobs write is forgotten some day."""

from __future__ import annotations

from collections.abc import Iterator

from infra.deploy import job_logs
from infra.deploy.preflight.finding import Finding, Plan


def of_jobs(plan: Plan) -> Iterator[Finding]:
    """Whether the logs of jobs end; all jobs of the account and Region share them."""
    for name in job_logs.endless(plan.client("logs")):
        yield Finding(
            "hurts",
            f"the log group {name} keeps everything for ever",
            "It was there before, and others may use it: so it is left as it is. It costs more every month.",
            f"aws logs put-retention-policy --region {plan.target.region} --log-group-name {name} "
            "--retention-in-days 30",
        )
