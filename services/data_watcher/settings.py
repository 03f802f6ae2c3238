"""What the functions' environments say."""

from __future__ import annotations

from shared.settings import Settings


class WatcherSettings(Settings):
    """Environment of the function that reads files."""

    data_bucket: str
    data_topic_arn: str
    ledger_table: str
    inbox_url: str


class QuerySettings(Settings):
    """Environment of the function that answers questions."""

    data_bucket: str
    ledger_table: str
