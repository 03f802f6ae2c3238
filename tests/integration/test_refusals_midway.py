"""What AWS refuses in the middle of a deployment: the user is told why, and the next one goes on."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session

from infra.deploy import build, command
from shared import names
from tests.integration.conftest import LocalPlatform, running

TOO_MANY = {"__type": "ThrottlingException", "message": "Rate exceeded"}
TOO_MANY_AS_XML = (
    b"<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error>"
    b"</ErrorResponse>"
)


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    with (
        running(tmp_path_factory.mktemp("refusals")) as platform,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in platform.environment.items():
            patch.setenv(name, value)
        for made in ("code_zip", "image_context"):  # the code does not change meanwhile
            patch.setattr(build, made, cache(getattr(build, made)))
        yield platform


def let_credentials_expire(patch: pytest.MonkeyPatch, after: int) -> None:
    """Let AWS accept so many calls more, and then none."""
    make, calls = BaseClient._make_api_call, itertools.count()

    def expiring(client: BaseClient, operation: str, members: Any) -> Any:
        if next(calls) >= after:
            message = "The security token included in the request is expired"
            raise ClientError({"Error": {"Code": "ExpiredToken", "Message": message}}, operation)
        return make(client, operation, members)

    patch.setattr(BaseClient, "_make_api_call", expiring)


def throttle_one_of(patch: pytest.MonkeyPatch, count: int) -> None:
    """Let AWS refuse every so many-th request as one too many."""
    send, requests = URLLib3Session.send, itertools.count(1)

    def throttled(session: URLLib3Session, request: Any) -> Any:
        if next(requests) % count:
            return send(session, request)
        return _too_many(request.url, is_json="X-Amz-Target" in request.headers)

    patch.setattr(URLLib3Session, "send", throttled)


def _too_many(url: str, *, is_json: bool) -> AWSResponse:
    answer = AWSResponse(url, 400, {"x-amzn-errortype": "ThrottlingException"}, None)
    answer._content = json.dumps(TOO_MANY).encode() if is_json else TOO_MANY_AS_XML
    return answer


def stacks(account: LocalPlatform) -> set[str]:
    return {
        each["StackName"]
        for each in account.client("cloudformation").describe_stacks()["Stacks"]
        if each["StackStatus"].endswith("_COMPLETE")
    }


def test_credentials_that_run_out_at_any_time_are_said_and_the_next_deployment_goes_on(
    account: LocalPlatform, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = 0
    for accepted in (0, 1, 20, 45, 80, 120, 1000):
        with pytest.MonkeyPatch.context() as patch:
            let_credentials_expire(patch, accepted)
            ended = command.main([])
        said = capsys.readouterr().err
        assert ended == 0 or re.search("ran out|renew them", said)
        failed += ended
    assert (failed, ended) == (6, 0)
    assert names.service("notifier") in stacks(account)


def test_an_account_that_is_asked_for_too_much_only_makes_it_take_longer(
    account: LocalPlatform,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        throttle_one_of(patch, 40)
        assert command.main(["--email", "ops@example.org"]) == 0
