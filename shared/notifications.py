"""Who is told what, where and when: the schema of `config/notifications.yaml`.

Secrets are named here and held by Secrets Manager. Their names, and those of e-mail topics, begin with
`solar-notices-`, in a stage `<stage>-solar-notices-`: these alone may be read and published to by the service
that tells people.
"""

from __future__ import annotations

from datetime import time
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from shared import names
from shared.ids import content_id
from shared.solar.zones import Zone
from shared.strict import Strict

MOST_RECIPIENTS = 30

Severity = Literal["info", "warning", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")
RecipientName = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]
Pattern = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9_*?-]+$")]


def _ours(name: str) -> str:
    ours = names.notices()
    if not name.startswith(ours) or len(name) == len(ours):
        message = f"{name!r} must begin with {ours!r}; nothing else may be read or published to"
        raise ValueError(message)
    return name


def _clock(said: Any) -> Any:
    """Read 22:00 as a time of day, also where YAML's older readers would make a number of it."""
    if not isinstance(said, str):
        return said
    try:
        return time.fromisoformat(said)
    except ValueError:
        message = f"{said!r} is no time of day; write it like 22:00"
        raise ValueError(message) from None


Ours = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,128}$"), AfterValidator(_ours)]
Clock = Annotated[time, BeforeValidator(_clock)]


class SlackBot(Strict):
    """A bot's token, by the name of its secret, and the channel's id; a bot changes what it posted."""

    token: Ours
    channel: Annotated[str, Field(pattern=r"^[A-Z0-9]{6,20}$")]


class Webhook(Strict):
    """An HTTPS address and the key that signs what is posted there, both by the names of their secrets."""

    address: Ours
    signing_key: Ours


class QuietHours(Strict):
    """From when to when only critical messages come; the rest comes together when they end."""

    begin: Clock
    end: Clock

    @model_validator(mode="after")
    def _last_less_than_a_day(self) -> Self:
        if self.begin == self.end:
            message = "begin and end are the same time; leave quiet_hours out, or make them differ"
            raise ValueError(message)
        return self


class Recipient(Strict):
    """One way to reach people: what comes there, and how it is written.

    Of `email_topic`, `slack_webhook`, `slack_bot` and `webhook` there is exactly one. Patterns know `*` and
    `?`. What is about no model or no site comes whatever the patterns are.
    """

    name: RecipientName
    email_topic: Ours | None = None
    slack_webhook: Ours | None = None
    slack_bot: SlackBot | None = None
    webhook: Webhook | None = None
    severities: Annotated[tuple[Severity, ...], Field(min_length=1)] = SEVERITIES
    kinds: Annotated[tuple[Pattern, ...], Field(min_length=1)] = ("*",)
    models: Annotated[tuple[Pattern, ...], Field(min_length=1)] = ("*",)
    sites: Annotated[tuple[Pattern, ...], Field(min_length=1)] = ("*",)
    quiet_hours: QuietHours | None = None
    timezone: Zone = "UTC"
    units: Literal["kWh", "MWh"] = "kWh"

    @model_validator(mode="after")
    def _goes_one_way(self) -> Self:
        ways = ("email_topic", "slack_webhook", "slack_bot", "webhook")
        given = [each for each in ways if getattr(self, each) is not None]
        if len(given) != 1:
            said = ", ".join(given) or "none"
            message = f"recipient {self.name!r} needs one of {', '.join(ways)}; it has {said}"
            raise ValueError(message)
        return self


class Notifications(Strict):
    """Everybody who is told something."""

    recipients: Annotated[tuple[Recipient, ...], Field(min_length=1, max_length=MOST_RECIPIENTS)]

    @model_validator(mode="after")
    def _are_called_otherwise(self) -> Self:
        names = [each.name for each in self.recipients]
        twice = sorted({each for each in names if names.count(each) > 1})
        if twice:
            message = f"recipient {twice[0]!r} is here twice; give each a name of its own"
            raise ValueError(message)
        return self


class ActiveNotifications(Notifications):
    """Who is told what, in force."""

    config_version: str

    @classmethod
    def of(cls, said: Notifications) -> Self:
        """Name a validated configuration by its content."""
        content = said.model_dump(mode="json")
        return cls.model_validate(
            {**content, "config_version": content_id("notifications", content)}
        )
