"""The whole way of a decision, roles enforced: a link, a look, a form, the registry, the deployment log."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Iterator

import pytest

from infra.deploy import target
from infra.deploy.main import Deployment, Options
from services.notifier.domain.offer import Verb
from tests.integration.conftest import running
from tests.integration.linked import Linked
from tests.integration.observe import wait_for

SAID = {"name": "Ada", "reason": "the shift is the new inverter"}
OURS = {"sec_fetch_site": "same-origin"}
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
