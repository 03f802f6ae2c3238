"""The environment of this service's functions."""

from __future__ import annotations

from shared.settings import Settings


class QuerySettings(Settings):
    """What the function that answers needs."""

    table: str
    days_table: str = ""
    data_bucket: str = ""


class DeployerSettings(QuerySettings):
    """What the function that deploys needs."""

    data_bucket: str
    deployment_topic_arn: str
    alarms_topic_arn: str
    inbox_url: str
    endpoints_role_arn: str
    key_arn: str
    subnet_ids: str = ""
    security_group_ids: str = ""
    log_retention_days: int = 30


class LiveSettings(QuerySettings):
    """What the function needs that predicts, scores and watches."""

    data_bucket: str
    deployment_topic_arn: str
    live_inbox_url: str
