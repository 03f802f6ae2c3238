"""The whole system on the local platform, deployed from the templates that go to AWS, roles enforced."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from console.state import state
from console.target import connect
from infra.deploy import target
from infra.deploy.main import Deployment, Options
from tests.integration.conftest import LocalPlatform, running


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    with (
        running(tmp_path_factory.mktemp("system"), AUTH="true") as platform,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in platform.environment.items():
            patch.setenv(name, value)
        patch.setenv("SOLAR_HOME", str(platform.home))
        slack = f"{platform.endpoint_url}/_solar/slack/operations"
        platform.client("secretsmanager").create_secret(Name="slack", SecretString=slack)
        options = Options(notification_email="ops@example.org", slack_secret_name="slack")
        outputs = Deployment(target.find(platform.environment), options, str).deploy()
        _admit_plain_http_and_sessions(platform, outputs)
        state.use(connect("local"))
        yield platform


def _admit_plain_http_and_sessions(platform: LocalPlatform, outputs: dict[str, str]) -> None:
    """Drop refusals that AWS would not utter: the platform has no TLS, and does not know that a role's
    session is its role. What remains are the roles' own policies.
    """
    platform.client("s3").delete_bucket_policy(Bucket=outputs["DataBucketName"])
    platform.client("s3").delete_bucket_policy(Bucket=outputs["ArtifactBucketName"])
    for topic in ("DataTopicArn", "TrainingTopicArn", "DeploymentTopicArn"):
        platform.client("sns").set_topic_attributes(
            TopicArn=outputs[topic],
            AttributeName="Policy",
            AttributeValue=json.dumps({"Version": "2012-10-17", "Statement": []}),
        )
