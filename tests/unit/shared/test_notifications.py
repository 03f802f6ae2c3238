"""The routing file refuses what cannot be, with a reason and a line."""

from __future__ import annotations

import pytest

from services.data_watcher.domain import validation
from shared import layout
from shared.errors import InvalidConfigError
from shared.notifications import ActiveNotifications

KEY = layout.notifications_config()
GOOD = b"""\
recipients:
  - name: ops
    email_topic: solar-notices-ops
    severities: [warning, critical]
    sites: [north-*]
    quiet_hours: {begin: 22:00, end: 06:30}
    timezone: Europe/Berlin
    units: MWh
  - name: chat
    slack_bot: {token: solar-notices-slack, channel: C0123456789}
  - name: pager
    webhook: {address: solar-notices-pager, signing_key: solar-notices-pager-key}
    severities: [critical]
"""


def test_a_routing_file_is_read_and_named_by_what_it_says() -> None:
    active = validation.read(KEY, GOOD)
    assert isinstance(active, ActiveNotifications)
    assert [each.name for each in active.recipients] == ["ops", "chat", "pager"]
    assert active.config_version == validation.read(KEY, GOOD + b"# a remark\n").config_version
    assert ActiveNotifications.model_validate_json(active.model_dump_json()) == active


@pytest.mark.parametrize(
    ("before", "after", "line", "said"),
    [
        (b"email_topic: solar-notices-ops", b"email_topic: admins", 3, "must begin with"),
        (b"name: chat", b"name: ops", 1, "is here twice"),
        (b"units: MWh", b"units: GWh", 8, "units"),
        (b"severities: [critical]", b"severities: [fatal]", 13, "severities"),
        (b"begin: 22:00", b"begin: 25:00", 6, "is no time of day"),
        (b"end: 06:30", b"end: 22:00", 6, "same time"),
        (b"Europe/Berlin", b"Europe/Berlon", 7, "Berlon"),
        (
            b"    slack_bot:",
            b"    slack_webhook: solar-notices-x\n    slack_bot:",
            9,
            "needs one of",
        ),
        (b"    slack_bot:", b"    slack_bott:", 10, "did you mean 'slack_bot'"),
        (b"sites: [north-*]", b"sites: []", 5, "sites"),
        (b"C0123456789", b"general", 10, "channel"),
    ],
)
def test_what_cannot_be_is_refused_with_its_line(
    before: bytes, after: bytes, line: int, said: str
) -> None:
    assert before in GOOD
    with pytest.raises(InvalidConfigError) as caught:
        validation.read(KEY, GOOD.replace(before, after, 1))
    assert said in caught.value.reason
    assert caught.value.line == line


def test_every_place_for_a_configuration_is_named_where_a_file_is_in_none() -> None:
    with pytest.raises(InvalidConfigError, match=r"config/notifications\.yaml"):
        validation.read("config/notification.yaml", GOOD)
