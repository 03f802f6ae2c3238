"""The whole system on the local platform, deployed from the templates that go to AWS, roles enforced."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from console.state import state
from console.target import connect
from infra.deploy import target
from infra.deploy.main import Deployment, Options
from shared import names
from tests.integration.conftest import LocalPlatform, running


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    with (
        running(
            tmp_path_factory.mktemp("system"), AUTH="true", SOLAR_LOCAL_RECORD_RIGHTS="1"
        ) as platform,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in platform.environment.items():
            patch.setenv(name, value)
        patch.setenv("SOLAR_HOME", str(platform.home))
        slack = f"{platform.endpoint_url}/_solar/slack/operations"
        platform.client("secretsmanager").create_secret(Name="slack", SecretString=slack)
        options = Options(notification_email="ops@example.org", slack_secret_name="slack")
        Deployment(target.find(platform.environment), options, str).deploy()
        act_as(platform, "operator", f"{names.prefix()}-operator-{platform.info.region}")
        yield platform


def act_as(platform: LocalPlatform, user: str, policy: str) -> None:
    """Let the command line be a user who has one of the policies for people."""
    iam = platform.client("iam")
    iam.create_user(UserName=user)
    iam.attach_user_policy(UserName=user, PolicyArn=f"arn:aws:iam::000000000000:policy/{policy}")
    key = iam.create_access_key(UserName=user)["AccessKey"]
    person = connect("local")  # a session of its own: clients keep the credentials that made them
    person.session.set_credentials(key["AccessKeyId"], key["SecretAccessKey"])
    state.use(person)
