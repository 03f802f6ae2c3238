"""What the functions' environments say."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.settings import Settings

# A key signs for a week and is honoured for one more, so that no link can last longer than a week.
Hours = Annotated[int, Field(ge=1, le=168)]


class NotifierSettings(Settings):
    """Environment of the function that sends; without a secret's name nothing goes to Slack."""

    notices_table: str
    notices_topic_arn: str
    inbox_url: str
    data_bucket: str
    slack_secret_name: str = ""
    notification_email_given: str = ""  # whether somebody should have subscribed
    links_url: str = ""
    links_secret_name: str = ""
    deployer_inbox_url: str = ""  # for what people decided by links and no process carried out
    links_act_hours: Hours = 72
    links_show_hours: Hours = 168
    slack_api_url: str = "https://slack.com/api"
    console_url: str = ""  # where `solar console` answers; empty where nobody else can reach it
    docs_url: str = ""  # where the documents can be read; empty where only the repository has them
    gather_seconds: int = 60  # for which notices of one cause wait for more
    gather_longest_seconds: int = 600
    figures_seconds: int = 120  # for which a version that serves waits for what its run cost
    rollback_seconds: int = 900  # after which a rollback that has not ended is told


class QuerySettings(Settings):
    """Environment of the function that answers questions."""

    notices_table: str
    notices_topic_arn: str
    data_bucket: str
    slack_secret_name: str = ""
    notification_email_given: str = ""


class ReviewSettings(Settings):
    """Environment of the function that reviews a day or a week."""

    notices_table: str
    data_bucket: str
    inbox_url: str


class LinksSettings(Settings):
    """Environment of the function that answers links."""

    notices_table: str
    data_bucket: str
    links_secret_name: str
    deployer_inbox_url: str = ""
    console_url: str = ""


class KeySettings(Settings):
    """Environment of the function that replaces the key of links."""

    links_secret_name: str
