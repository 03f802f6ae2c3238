"""The whole way of a decision, roles enforced: a link, a look, a form, the registry, the deployment log."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest

from infra.deploy import target
from infra.deploy.main import Deployment, Options
from infra.local import outbox
from services.notifier.domain.offer import Verb
from shared import layout, names
from shared.notifications import ActiveNotifications, Notifications
from tests.integration.conftest import running
from tests.integration.linked import MODEL, Linked
from tests.integration.observe import wait_for
from tests.unit.notifier.gallery import sample

SAID = {"name": "Ada", "reason": "the shift is the new inverter"}
OURS = {"sec_fetch_site": "same-origin"}
BOT = "solar-notices-bot"
WHO = "Ada (by the link sent to ops@example.org)"


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Linked]:
    with (
        running(tmp_path_factory.mktemp("linked"), AUTH="true") as platform,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in platform.environment.items():
            patch.setenv(name, value)
        outputs = Deployment(target.find(platform.environment), Options(), str).deploy()
        # The platform has no TLS, and does not know that a role's session is its role.
        platform.client("s3").delete_bucket_policy(Bucket=outputs["DataBucketName"])
        platform.client("s3").delete_bucket_policy(Bucket=outputs["ArtifactBucketName"])
        for topic in ("DataTopicArn", "TrainingTopicArn", "DeploymentTopicArn"):
            platform.client("sns").set_topic_attributes(
                TopicArn=outputs[topic],
                AttributeName="Policy",
                AttributeValue=json.dumps({"Version": "2012-10-17", "Statement": []}),
            )
        yield Linked(platform, outputs)


@pytest.mark.parametrize(
    ("verb", "status", "event"),
    [(Verb.APPROVE, "Approved", "approved"), (Verb.REJECT, "Rejected", "rejected")],
)
def test_a_version_is_decided_by_a_link_and_the_log_says_by_whom(
    linked: Linked, verb: Verb, status: str, event: str
) -> None:
    number = linked.register()
    link = linked.link(verb, number)
    for _ in range(2):
        code, _, page = linked.open(link)
        assert code == 200
        assert "the floor 0.95" in page, "the evidence"
    assert linked.approval(number)[0] == "PendingManualApproval", "a look decides nothing"

    code, _, page = linked.open(link, SAID, **OURS)
    assert (code, "Ada" in page) == (200, True)
    note = f"by {WHO}: {SAID['reason']}"
    wait_for(lambda: linked.approval(number), lambda found: found == (status, note))
    written = wait_for(
        lambda: [e for e in linked.log() if (e["version"], e["event"]) == (number, event)], bool
    )
    assert [each["reason"] for each in written] == [note]

    code, _, page = linked.open(link, {"name": "Mallory", "reason": "x"}, **OURS)
    assert (code, "Ada" in page, "Mallory" in page) == (409, True, False)


def test_a_report_opens_without_an_account_of_aws(linked: Linked) -> None:
    number = linked.register()
    code, headers, _ = linked.open(linked.link(Verb.REPORT, number))
    assert code == 302
    place = {name.lower(): value for name, value in headers.items()}["location"]
    code, headers, text = linked.open(place)
    assert (code, text) == (200, "<h1>A report</h1>")
    assert headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("change", ["x", "é"])
def test_what_is_no_link_of_ours_is_refused_with_a_page(linked: Linked, change: str) -> None:
    link = linked.link(Verb.APPROVE, linked.register())
    code, _, page = linked.open(link + urllib.parse.quote(change), SAID, **OURS)
    assert code == 403
    assert "This link is not taken" in page


CHANNEL = "C0123456789"


@pytest.fixture
def bot(linked: Linked) -> Iterator[None]:
    """A Slack bot is told, by the platform's own Web API of Slack."""
    s3, secrets = linked.platform.client("s3"), linked.platform.client("secretsmanager")
    said = Notifications.model_validate(
        {"recipients": [{"name": "chat", "slack_bot": {"token": BOT, "channel": CHANNEL}}]}
    )
    body = ActiveNotifications.of(said).model_dump_json().encode()
    secrets.create_secret(Name=BOT, SecretString="xoxb-1")
    where = {"Bucket": linked.outputs["DataBucketName"], "Key": layout.active_notifications()}
    s3.put_object(Body=body, **where)
    begin_anew(linked, names.service("notifier"))
    yield
    s3.delete_object(**where)


def begin_anew(linked: Linked, function: str) -> None:
    """Let a function start anew: it remembers for a minute who is told."""
    functions = linked.platform.client("lambda")
    known = functions.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    functions.update_function_configuration(
        FunctionName=function, Environment={"Variables": known | {"BEGUN": "anew"}}
    )
    functions.get_waiter("function_updated_v2").wait(
        FunctionName=function, WaiterConfig={"Delay": 1}
    )


def posted(linked: Linked, *, text: str = "", stamp: str = "") -> list[outbox.SlackMessage]:
    """Return the bot's messages with a text, or the one with a stamp: other tests have stories, too."""
    return [
        each
        for each in outbox.slack_messages(linked.platform.home)
        if each.channel == CHANNEL and text in json.dumps(each.payload) and stamp in each.stamp
    ]


@pytest.mark.usefixtures("bot")
def test_with_a_bot_a_story_is_one_message_that_grows_and_ends_as_it_was_decided(
    linked: Linked,
) -> None:
    number = linked.register("told-run-1")
    about = {"model_id": MODEL, "run_id": "told-run-1"}
    linked.say("TrainingTopicArn", sample("retrain_started", **about, reasons=("told once",)))
    (begins,) = wait_for(lambda: posted(linked, text="told once"), bool, 90)
    assert begins.payload["text"] == "[Solar] Retrain of model linked"

    def now() -> outbox.SlackMessage:
        (found,) = posted(linked, stamp=begins.stamp)
        return found

    waits = {"model_package_version": number, "approval": "PendingManualApproval"}
    linked.say("TrainingTopicArn", sample("challenger_registered", **about, **waits))
    asks = wait_for(now, lambda message: message.changes > 0)
    buttons = [each for each in asks.payload["blocks"] if each["type"] == "actions"]
    labels = [each["text"]["text"] for each in buttons[0]["elements"]]
    assert labels[:2] == [f"Approve version {number}", f"Reject version {number}"]

    # As `solar reject` does it, by the caller's own rights.
    linked.platform.client("sagemaker").update_model_package(
        ModelPackageArn=linked.arns[number],
        ModelApprovalStatus="Rejected",
        ApprovalDescription="by ada: an hour off",
    )
    done = f"[Solar] Version {number} of model linked was rejected by ada"
    ended = wait_for(now, lambda message: message.payload["text"] == done, 90)
    assert len(posted(linked, text="rejected by ada")) == 1, "no second message"
    assert "rejected by ada: an hour off" in json.dumps(ended.payload)
    assert "Approve version" not in json.dumps(ended.payload)
    written = [
        each for each in linked.log() if (each["version"], each["event"]) == (number, "rejected")
    ]
    assert [each["reason"] for each in written] == ["by ada: an hour off"]

    code, _, page = linked.open(buttons[0]["elements"][0]["url"])
    assert (code, "waits no longer" in page) == (409, True)


def test_who_is_told_and_how_many_files_came_is_answered_within_the_roles(linked: Linked) -> None:
    functions = linked.platform.client("lambda")

    def ask(function: str, said: dict[str, str]) -> dict[str, Any]:
        called = functions.invoke(FunctionName=function, Payload=json.dumps(said))
        answer: dict[str, Any] = json.loads(called["Payload"].read())
        return answer

    (reader,) = ask("solar-notifier-query", {"query": "readers"})["readers"]
    assert (reader["name"], reader["is_well"]) == ("email", True)
    review = ask("solar-notifier-review", {"span": "week"})["review"]
    assert review["unanswered"] == []
    assert review["files"] == {"week": "", "accepted": 0, "refused": 0}


def test_to_end_all_links_ends_those_that_were_sent_before(linked: Linked) -> None:
    number = linked.register()
    link = linked.link(Verb.APPROVE, number)
    called = linked.platform.client("lambda").invoke(
        FunctionName="solar-notifier-keys", Payload=json.dumps({"revoke": True})
    )
    assert json.loads(called["Payload"].read()) == {"rotated": 2}
    newer = linked.link(Verb.APPROVE, number)
    # The function knows the new key only once somebody comes by it; that is what ends the old ones here.
    wait_for(lambda: linked.open(newer)[0], lambda code: code == 200)
    assert linked.open(link)[0] == 403
