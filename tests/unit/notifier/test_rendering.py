"""What people read: the subject fits, the text says what happened, why and what next."""

from __future__ import annotations

import json
import typing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.local import slack
from services.notifier.domain.notice import Notice, Severity
from services.notifier.domain.offer import Link, Verb
from services.notifier.domain.rendering import RENDERERS, SILENT, render
from services.notifier.domain.slack import MOST_FIELDS
from services.notifier.domain.slack import payload as slack_payload
from shared import inbox, messages
from tests.unit.notifier.fakes import START, quarantined

EVENTS = Path(__file__).parents[2] / "events"
KINDS = typing.get_args(typing.get_args(messages.AnyMessage)[0])


def samples() -> list[Any]:
    found = [messages.read((EVENTS / f"{kind}.v1.json").read_text()) for kind in map(_type, KINDS)]
    return [each for each in found if type(each) in RENDERERS]


def _type(kind: type[Any]) -> str:
    return str(kind.model_fields["type"].default)


def test_every_message_is_either_told_or_silent_on_purpose() -> None:
    assert set(RENDERERS) | SILENT == set(KINDS)
    assert not set(RENDERERS) & SILENT


@pytest.mark.parametrize("message", samples(), ids=lambda each: each.type)
def test_every_fact_makes_an_email_and_a_slack_message_that_are_taken(
    message: Any, tmp_path: Path
) -> None:
    notice = render(message, START)

    assert notice is not None
    assert notice.id == message.id
    subject = notice.email_subject()
    assert subject.isascii()
    assert len(subject) < 100
    assert "\n" not in subject
    assert "None" not in notice.email_text()
    assert len(notice.facts) <= MOST_FIELDS
    payload = json.dumps(slack_payload(notice)).encode()
    assert slack.receive(tmp_path, "ops", payload) == (200, "ok")


def test_a_rejection_says_why_what_would_help_what_it_cost_and_where_the_report_lies() -> None:
    sample = (EVENTS / "solar.challenger_rejected.v1.json").read_text()
    message = messages.read(sample)
    assert isinstance(message, messages.ChallengerRejected)
    notice = render(message, START)

    assert notice is not None
    text = notice.email_text()
    for part in (
        *message.reasons,
        *message.what_would_help,
        f"solar report {message.run_id}",
        "USD",
        "R2",
    ):
        assert part in text


def test_a_quarantine_names_file_reason_and_remedy() -> None:
    notice = render(quarantined(), START)

    assert notice is not None
    text = notice.email_text()
    for part in ("raw/east/0.csv", "the file has no bytes", "upload it again"):
        assert part in text


def told(kind: str, /, **changed: Any) -> str:
    """Return the e-mail of a sample in which something is different."""
    sample = messages.read((EVENTS / f"solar.{kind}.v1.json").read_text())
    notice = render(sample.model_copy(update=changed), START)
    assert notice is not None
    return notice.email_text()


@pytest.mark.parametrize(
    ("site", "command"),
    [
        ("east", "solar files --site east --state quarantined"),
        ("East wing (new)", "solar files --site 'East wing (new)' --state quarantined"),
        ("(unknown)", "solar files --state quarantined"),
    ],
)
def test_the_command_of_a_quarantine_can_be_typed_as_it_stands(site: str, command: str) -> None:
    text = told("file_quarantined", site_id=site)

    assert f"More: {command}" in text
    assert "(unknown)" not in text


@pytest.mark.parametrize(
    ("usd", "said"),
    [
        (0.0042, "less than 0.01 USD"),
        (0.0, "less than 0.01 USD"),
        (0.01, "0.01 USD"),
        (1.5, "1.50 USD"),
    ],
)
def test_a_small_cost_is_not_said_to_be_none(usd: float, said: str) -> None:
    assert f"Cost: {said}" in told("challenger_registered", cost_usd=usd)


def test_a_first_deployment_promises_no_way_back() -> None:
    first = told("deployment_started", previous_version=None)

    assert "bring the previous version back" not in first
    assert "no version to go back to" in first
    assert "bring the previous version back" in told("deployment_started", previous_version=1)


def test_a_measured_models_first_mail_alone_says_that_it_is_no_forecast_model() -> None:
    said = "no forecast model: asked with a forecast alone it lacks its irradiance, and without that its R2"

    def deployed(**changes: Any) -> str:
        return " ".join(told("model_deployed", **changes).split())

    assert f"{said} is 0.512" in deployed(previous_version=None)
    assert "no forecast model" not in deployed(previous_version=3)
    assert "no forecast model" not in deployed(
        previous_version=None, inputs="forecast", blind_r2=None
    )


def test_a_configuration_promises_to_read_again_only_what_it_changes() -> None:
    assert "read again where it changes how they are read" in told("config_accepted", kind="site")


def test_an_exclusion_is_not_told_as_another_way_to_read_files() -> None:
    text = told("config_accepted", kind="exclusions", name="east", model_id="fleet")

    assert "Excluded times of site east changed" in text
    assert "Model fleet is looked at again" in text
    assert "are read" not in text


def test_approval_is_asked_for_with_the_command_as_it_is_typed() -> None:
    text = told(
        "challenger_registered",
        approval="PendingManualApproval",
        model_id="golden",
        model_package_version=7,
    )

    assert "solar approve 7 golden" in text


def test_the_plain_text_of_a_budget_is_told() -> None:
    (event,) = inbox.read("AWS Budget Notification November 24, 2026\nBudget solar is over 80 %")
    notice = render(event, START)

    assert notice is not None
    assert "over 80 %" in notice.email_text()


@pytest.mark.parametrize("text", ["ä" * 300, "line\nbreak\r\n", "日本", "a" * 500, "<&>*_`"])
def test_no_text_breaks_a_limit(text: str, tmp_path: Path) -> None:
    notice = Notice(
        id="n",
        kind="file_quarantined",
        severity=Severity.CRITICAL,
        subject=text,
        lines=(text * 50,) * 5,
        happened_at=START + timedelta(seconds=1),
        facts=tuple((text, text * 20) for _ in range(30)),
    )

    assert len(notice.email_subject()) < 100
    assert notice.email_subject().isascii()
    payload = json.dumps(slack_payload(notice)).encode()
    assert slack.receive(tmp_path, "ops", payload) == (200, "ok")


MARKUP = (
    "<!channel>",
    "@here",
    "<https://x.example|click>",
    "https://x.example/a",
    "*b* _i_ ~s~ `c`",
)


@pytest.mark.parametrize("text", MARKUP)
def test_what_came_from_outside_can_neither_mention_nor_link_nor_format_in_slack(text: str) -> None:
    notice = Notice("n", "k", Severity.INFO, text, (text,), START, facts=((text, text),))
    said = slack_payload(notice, [Link(Verb.RUN, text, "https://ok.example/1")])

    assert not [each for each in _texts(said["blocks"]) if each["type"] == "mrkdwn"]
    assert "<" not in said["text"]
    assert said["unfurl_links"] is said["unfurl_media"] is False


def _texts(value: Any) -> list[dict[str, Any]]:
    """Return every text object of some blocks."""
    if isinstance(value, list):
        return [found for each in value for found in _texts(each)]
    if not isinstance(value, dict):
        return []
    own = [value] if value.get("type") in {"plain_text", "mrkdwn"} else []
    return own + [found for each in value.values() for found in _texts(each)]


def test_offers_are_lines_of_a_mail_and_buttons_in_slack() -> None:
    notice = Notice("n", "k", Severity.INFO, "s", ("It waits.",), START)
    links = [Link(Verb.APPROVE, "Approve version 7", "https://ok.example/1")]
    assert "It waits.\n\nApprove version 7: https://ok.example/1\n\n" in notice.email_text(links)
    (buttons,) = [
        each for each in slack_payload(notice, links)["blocks"] if each["type"] == "actions"
    ]
    (button,) = buttons["elements"]
    assert (button["url"], button["text"]["text"]) == ("https://ok.example/1", "Approve version 7")
    assert all(each["type"] != "actions" for each in slack_payload(notice)["blocks"])


def test_alarms_of_another_name_state_or_time_are_other_notices() -> None:
    (alarm,) = inbox.read((EVENTS / "cloudwatch.alarm.json").read_text())
    others = [
        replace(alarm, name="another"),
        replace(alarm, state="OK", previous_state="ALARM"),
        replace(alarm, occurred_at=START),
    ]
    ids = {told.id for each in (alarm, *others) if (told := render(each, START))}
    assert len(ids) == 4


@pytest.mark.parametrize(
    ("state", "before"), [("INSUFFICIENT_DATA", "ALARM"), ("OK", "INSUFFICIENT_DATA")]
)
def test_a_metric_without_data_is_no_news(state: str, before: str) -> None:
    (alarm,) = inbox.read((EVENTS / "cloudwatch.alarm.json").read_text())
    assert render(replace(alarm, state=state, previous_state=before), START) is None


def test_another_budget_text_is_another_notice() -> None:
    first, second = (render(inbox.BudgetExceeded(each), START) for each in ("one", "two"))
    assert first is not None
    assert second is not None
    assert first.id != second.id


def test_a_site_that_a_person_must_judge_is_the_first_that_the_mail_says() -> None:
    weak = "site hill: R² 0.7000 on 400 test rows is below the 0.85 that each site must reach"
    text = told(
        "challenger_registered",
        approval="PendingManualApproval",
        reasons=[weak, "R² 0.9700 on 4000 test rows reaches the threshold of 0.95"],
    )
    assert text.index(weak) < text.index("reaches the threshold") < text.index("solar approve")


@pytest.mark.parametrize("kind", ["challenger_registered", "challenger_rejected"])
def test_a_mail_says_the_score_with_the_masked_rows_beside_the_one_without(kind: str) -> None:
    text = told(kind, r2=0.954, unmasked_r2=0.91)
    assert "0.954 (floor 0.95)" in text
    assert "R2 with the masked rows: 0.910 on every measured row of the test" in text
    assert "masked rows" not in told(kind, unmasked_r2=None)


def offered(kind: str, **changed: Any) -> list[tuple[str, str]]:
    content = json.loads((EVENTS / f"solar.{kind}.v1.json").read_text()) | changed
    notice = render(messages.read(json.dumps(content)), START)
    assert notice is not None
    return [(each.verb.value, each.label) for each in notice.offers]


def test_a_version_that_waits_can_be_decided_from_its_message_and_one_that_does_not_cannot() -> (
    None
):
    waits = offered("challenger_registered", approval="PendingManualApproval")
    assert [verb for verb, _ in waits] == ["approve", "reject", "report"]
    approved = offered("challenger_registered", approval="Approved")
    assert [verb for verb, _ in approved] == ["report"]


def test_a_version_that_serves_can_be_taken_back_or_held_from_its_message() -> None:
    verbs = [verb for verb, _ in offered("model_deployed", previous_version=3)]
    assert verbs == ["report", "rollback", "hold"]
    first = [verb for verb, _ in offered("model_deployed", previous_version=None)]
    assert first == ["report", "hold"], "there is nothing to go back to"


@pytest.mark.parametrize(
    ("kind", "verbs"),
    [
        ("challenger_rejected", ["report"]),
        ("retrain_failed", ["run"]),
        ("file_quarantined", ["file"]),
        ("config_rejected", []),
    ],
)
def test_each_message_opens_what_it_is_about(kind: str, verbs: list[str]) -> None:
    assert [verb for verb, _ in offered(kind)] == verbs


@pytest.mark.parametrize("path", sorted(EVENTS.glob("solar.*.json")), ids=lambda path: path.stem)
def test_no_message_names_an_address_that_people_cannot_open(path: Path) -> None:
    notice = render(messages.read(path.read_text()), START)
    if notice is not None and not notice.quiet:
        assert "s3://" not in notice.email_text()


@pytest.mark.parametrize(
    ("model_type", "said"),
    [("auto", "An `auto` model is trained"), ("ridge", "A `ridge` model is")],
)
def test_a_retrain_names_the_type_of_its_model(model_type: str, said: str) -> None:
    started = messages.read((EVENTS / "solar.retrain_started.v1.json").read_text())
    notice = render(started.model_copy(update={"model_type": model_type}), START)
    assert notice is not None
    assert any(said in line for line in notice.lines)
