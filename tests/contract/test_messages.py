"""The messages between the services: samples that both sides hold to."""

from __future__ import annotations

import json
import typing
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from cfnlint.decode import cfn_yaml
from pydantic import BaseModel

from services.notifier.app import reviewing
from services.notifier.domain.rendering import RENDERERS, render
from shared import inbox, messages
from shared.errors import InvalidMessageError
from shared.messages import reading
from tests.unit.data_watcher.fakes import START
from tests.unit.data_watcher.fakes import World as DataWatcher
from tests.unit.data_watcher.test_onboarding import KEY, SITE
from tests.unit.notifier.fakes import World as Notifier

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "tests/events"
KINDS: dict[str, type[BaseModel]] = {
    kind.model_fields["type"].default: kind
    for kind in typing.get_args(typing.get_args(messages.AnyMessage)[0])
}
# Which template's consumer gets what of which topic; the parameter that names the topic.
TOPICS = {
    "DataTopicArn": "data_watcher",
    "TrainingTopicArn": "trainer_trigger",
    "DeploymentTopicArn": "deployer",
}
PRODUCED = {
    "data_watcher": {
        "solar.data_accepted",
        "solar.data_withdrawn",
        "solar.file_quarantined",
        "solar.file_settled",
        "solar.config_accepted",
        "solar.config_rejected",
        "solar.site_silent",
        "solar.source_suspect",
    },
    "trainer_trigger": {
        "solar.retrain_started",
        "solar.challenger_registered",
        "solar.challenger_rejected",
        "solar.retrain_failed",
        "solar.rollback_requested",
    },
    "deployer": {
        "solar.deployment_started",
        "solar.model_deployed",
        "solar.deployment_rolled_back",
        "solar.deployment_failed",
        "solar.model_held",
        "solar.model_released",
        "solar.predictions_made",
        "solar.forecast_issued",
        "solar.tomorrow_forecast",
        "solar.version_decided",
        "solar.decision_overtaken",
        "solar.accuracy_degraded",
    },
}

ROUTINE = {  # only in the day's summary: what follows from it is told
    "solar.data_withdrawn",
    "solar.config_accepted",
    "solar.retrain_started",
    "solar.challenger_registered",
    "solar.version_decided",
    "solar.deployment_started",
}
FOR_MACHINES = {  # nobody is told of these, unless the file was refused before
    "solar.data_accepted",
    "solar.file_settled",
    "solar.predictions_made",
    "solar.forecast_issued",
}


def sample(kind: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((EVENTS / f"{kind}.v1.json").read_text())
    return content


def subscriptions(service: str) -> list[tuple[str, list[str]]]:
    """Return the topics and message types that a service's template subscribes to."""
    template = cfn_yaml.load(str(ROOT / f"services/{service}/template.yaml"))
    found = [
        each["Properties"]
        for each in template["Resources"].values()
        if each["Type"] == "AWS::SNS::Subscription" and each["Properties"]["Protocol"] == "sqs"
    ]
    return [
        (str(each["TopicArn"]["Ref"]), list(each.get("FilterPolicy", {}).get("type", [])))
        for each in found
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_every_message_has_a_sample_that_says_all_it_can(kind: str) -> None:
    content = sample(kind)
    message = messages.read(json.dumps(content))

    assert isinstance(message, KINDS[kind])
    assert json.loads(message.model_dump_json()).keys() == content.keys()
    assert messages.read(message.model_dump_json()) == message


def test_every_sample_is_of_a_message() -> None:
    found = {path.name.removesuffix(".v1.json") for path in EVENTS.glob("solar.*.json")}

    assert found == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_field_that_a_later_producer_adds_disturbs_no_reader(kind: str) -> None:
    content = sample(kind)

    assert messages.read(json.dumps(content | {"added_later": {"a": 1}})) == messages.read(
        json.dumps(content)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_without_its_subject_is_refused(kind: str) -> None:
    content = sample(kind)
    del content["id"]

    with pytest.raises(InvalidMessageError, match="id"):
        messages.read(json.dumps(content))


@pytest.mark.parametrize("change", [{"type": "solar.unheard_of"}, {"version": 2}])
def test_an_unknown_type_or_version_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidMessageError):
        messages.read(json.dumps(sample("solar.data_accepted") | change))


class SweepDue2(messages.Message):
    """A later version, as it would stand beside the first."""

    type: Literal["solar.sweep_due"] = "solar.sweep_due"
    version: Literal[2] = 2
    slice_of: str


@pytest.fixture
def later_version(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(reading, "AnyMessage", Annotated[messages.SweepDue | SweepDue2, "both"])
    reading._kinds.cache_clear()
    yield
    reading._kinds.cache_clear()


@pytest.mark.usefixtures("later_version")
def test_a_later_version_stands_beside_the_first_and_replaces_it_for_nobody() -> None:
    first = sample("solar.sweep_due")
    later = first | {"version": 2, "slice_of": "raw/"}

    assert isinstance(messages.read(json.dumps(first)), messages.SweepDue)
    assert isinstance(messages.read(json.dumps(later)), SweepDue2)


@pytest.mark.parametrize("version", [2, 0, "1", None, [1], True])
def test_an_unknown_version_is_refused_with_those_that_are_known(version: Any) -> None:
    says = r"solar\.sweep_due has no version .* here, only 1; deploy this service anew"

    with pytest.raises(InvalidMessageError, match=says):
        messages.read(json.dumps(sample("solar.sweep_due") | {"version": version}))


def test_a_repeat_has_the_same_id_and_a_recurrence_another() -> None:
    def of(*subject: str) -> messages.EvaluationDue:
        return messages.EvaluationDue.of(
            subject=subject, occurred_at=START, correlation_id="c", model_id="fleet"
        )

    assert of("fleet", "1").id == of("fleet", "1").id
    assert of("fleet", "1").id != of("fleet", "2").id


# --- producers --------------------------------------------------------------------------------------


def told_by_data_watcher() -> list[Any]:
    world = DataWatcher()
    world.upload(KEY, SITE)
    world.upload("raw/east/a.csv", b"one")
    world.upload("raw/east/a.csv", b"bad")
    world.bucket.delete("raw/east/a.csv")
    world.event("raw/east/a.csv")
    world.upload(KEY, b"nonsense")
    return world.publisher.told


@pytest.mark.parametrize("message", told_by_data_watcher(), ids=lambda each: each.type)
def test_what_data_watcher_tells_is_what_the_sample_promises(message: Any) -> None:
    assert messages.read(message.model_dump_json()) == message
    assert json.loads(message.model_dump_json()).keys() == sample(message.type).keys()


def test_data_watcher_tells_all_that_it_promises_of_a_file_and_a_configuration() -> None:
    told = {each.type for each in told_by_data_watcher()}

    assert told == PRODUCED["data_watcher"] - {"solar.site_silent", "solar.source_suspect"}


# --- consumers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("extra", [{}, {"added_later": 1}])
@pytest.mark.parametrize("kind", sorted(set().union(*PRODUCED.values()) - FOR_MACHINES))
def test_notifier_takes_the_sample_of_every_fact(kind: str, extra: dict[str, Any]) -> None:
    world = Notifier()
    (incoming,) = inbox.read(json.dumps(sample(kind) | extra))
    world.notifier.handle(incoming)
    world.pass_time(timedelta(hours=1), 4)

    assert len(world.email.sent) == (kind not in ROUTINE)
    assert any(each.notice.id == incoming.id for each in world.notices.entries.values())


@pytest.mark.parametrize("scope", ["quick", "full", "daily"])
def test_everyone_with_a_schedule_takes_its_message(scope: str) -> None:
    (due,) = inbox.read(json.dumps(sample("solar.sweep_due") | {"scope": scope}))

    DataWatcher().watcher.handle(due)
    Notifier().notifier.handle(due)


@pytest.mark.parametrize("service", ["data_watcher", "trainer_trigger", "deployer", "notifier"])
def test_every_schedule_sends_a_message_that_parses(service: str) -> None:
    template = cfn_yaml.load(str(ROOT / f"services/{service}/template.yaml"))
    schedules = [
        each["Properties"]
        for each in template["Resources"].values()
        if each["Type"] == "AWS::Scheduler::Schedule"
    ]
    assert schedules
    for each in schedules:
        if "ReviewFunction" in str(each["Target"]["Arn"]):
            assert reviewing.Order.model_validate_json(str(each["Target"]["Input"])).tell
            continue
        if "KeysFunction" in str(each["Target"]["Arn"]):
            assert json.loads(str(each["Target"]["Input"])) == {
                "due": "<aws.scheduler.scheduled-time>"
            }
            continue
        body = str(each["Target"]["Input"])
        assert "<aws.scheduler.execution-id>" in body
        filled = body.replace("<aws.scheduler.scheduled-time>", "2024-07-01T06:00:00Z")
        (due,) = inbox.read(filled)
        assert isinstance(due, messages.SweepDue)


@pytest.mark.parametrize("service", ["trainer_trigger", "deployer", "notifier"])
def test_a_consumer_subscribes_only_to_what_is_told_on_a_topic(service: str) -> None:
    for topic, kinds in subscriptions(service):
        if topic in TOPICS:
            assert kinds, f"{service} takes everything of {topic}"
            told = PRODUCED[TOPICS[topic]] | commands_on(topic)
            assert set(kinds) <= told, set(kinds) - told


def commands_on(topic: str) -> set[str]:
    """Return the commands that people send on a topic."""
    return {"solar.retrain_requested"} if topic == "TrainingTopicArn" else set()


def test_notifier_hears_of_everything_that_it_can_tell() -> None:
    heard = [kind for _, kinds in subscriptions("notifier") for kind in kinds]

    assert len(heard) == len(set(heard))
    told = {kind for kind, model in KINDS.items() if model in RENDERERS}
    assert set(heard) == told | {
        "solar.data_accepted",
        "solar.file_settled",
    }  # of files refused before


def test_an_alarm_and_a_budget_reach_people() -> None:
    (alarm,) = inbox.read((EVENTS / "cloudwatch.alarm.json").read_text())
    (budget,) = inbox.read("AWS Budget Notification July 01, 2024\nAWS Account 123456789012")

    assert render(alarm, START)
    assert render(budget, START)
