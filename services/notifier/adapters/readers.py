"""Who is told, as the routing file in force says, or by the template's parameters where there is none."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.notifier.adapters.email import SnsEmail
from services.notifier.adapters.secret import Secret
from services.notifier.adapters.slack import API, SlackBot, SlackWebhook
from services.notifier.adapters.webhook import SignedWebhook
from services.notifier.domain.routing import Rule
from services.notifier.ports import Courier, Reader
from shared import layout
from shared.aws import S3Objects
from shared.errors import NotFoundError
from shared.notifications import ActiveNotifications, Recipient

KEPT = 60.0  # for which the routing file is not read again [s]


@dataclass(slots=True)
class RoutedReaders:
    """Implements the port `Readers`.

    Parameters
    ----------
    topic_arn
        Of the topic that the template makes; others of its account differ in the name.
    slack_secret_name
        Secret of the incoming webhook; empty for no Slack.
    slack_api
        Where Slack's Web API answers bots.
    expects_email
        Whether an address was given to the template, so that the topic should have a reader.
    """

    objects: S3Objects
    sns: Any
    secrets: Any  # the stubs in use leave Secrets Manager out
    topic_arn: str
    slack_secret_name: str = ""
    expects_email: bool = True
    slack_api: str = API
    clock: Callable[[], float] = time.monotonic
    _version: str = ""
    _readers: list[Reader] = field(default_factory=list)
    _read_at: float = field(default=float("-inf"))

    def __call__(self) -> Sequence[Reader]:
        """Return who is told; while the file stays the same, couriers are kept, and with them secrets."""
        if self.clock() - self._read_at > KEPT:
            self._refresh()
            self._read_at = self.clock()
        return self._readers

    def _refresh(self) -> None:
        try:
            body = self.objects.read(layout.active_notifications())
        except NotFoundError:
            if self._version != "default":
                self._version, self._readers = "default", self._by_default()
            return
        said = ActiveNotifications.model_validate_json(body)
        if said.config_version != self._version:
            self._readers = [Reader(self._courier(each), Rule(each)) for each in said.recipients]
            self._version = said.config_version

    def _by_default(self) -> list[Reader]:
        couriers: list[Courier] = [
            SnsEmail(self.sns, self.topic_arn, expects_readers=self.expects_email)
        ]
        if self.slack_secret_name:
            couriers.append(SlackWebhook(self._secret(self.slack_secret_name)))
        return [Reader(each, Rule()) for each in couriers]

    def _courier(self, recipient: Recipient) -> Courier:
        name = recipient.name
        if recipient.email_topic is not None:
            account = self.topic_arn.rpartition(":")[0]
            return SnsEmail(self.sns, f"{account}:{recipient.email_topic}", name)
        if recipient.slack_webhook is not None:
            return SlackWebhook(self._secret(recipient.slack_webhook), name)
        if recipient.slack_bot is not None:
            bot = recipient.slack_bot
            return SlackBot(self._secret(bot.token), bot.channel, name, self.slack_api)
        assert recipient.webhook is not None  # noqa: S101 - the schema has exactly one
        webhook = recipient.webhook
        return SignedWebhook(self._secret(webhook.address), self._secret(webhook.signing_key), name)

    def _secret(self, name: str) -> Secret:
        return Secret(self.secrets, name)
