"""The environment of this service's functions."""

from __future__ import annotations

from shared.settings import Settings


class QuerySettings(Settings):
    """What the function that answers needs."""

    data_bucket: str
    table: str
    pipeline_name: str
    on_demand_pipeline_name: str


class SequenceSettings(QuerySettings):
    """What the tasks of the retrain sequence need."""

    training_topic_arn: str
    inbox_url: str
    image_uri: str
    sequence_name: str
    account_id: str
    poll_seconds: int
    maximum_runs: int


class MessageSettings(SequenceSettings):
    """What the function that reads the inbox needs."""
