"""`solar costs` says beside its estimate what AWS bills, or in one line why it cannot."""

from __future__ import annotations

from datetime import date
from typing import Any

import botocore.session
import pytest
from botocore.stub import Stubber

from console.client import bill
from shared import names

TODAY = date(2026, 11, 20)
ASKED = {
    "TimePeriod": {"Start": "2026-11-01", "End": "2026-11-21"},
    "Granularity": "MONTHLY",
    "Metrics": ["UnblendedCost"],
    "Filter": {
        "And": [
            {"Tags": {"Key": "project", "Values": ["solar-retraining"]}},
            {"Tags": {"Key": "solar-stage", "Values": [names.prefix_of("")]}},
        ]
    },
    "GroupBy": [{"Type": "DIMENSION", "Key": "SERVICE"}],
}


class Account:
    """An account whose Cost Explorer answers as botocore knows its answers."""

    kind = "aws"

    def __init__(self) -> None:
        session = botocore.session.get_session()
        keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
        self.ce = session.create_client("ce", "us-east-1", **keys)
        self.stub = Stubber(self.ce)
        self.stub.activate()

    def client(self, service: str) -> Any:
        assert service == "ce"
        return self.ce


def asked(account: Any, month: str = "2026-11") -> bill.Bill:
    return bill.of(account, month, TODAY)


def group(service: str, usd: str) -> dict[str, Any]:
    return {"Keys": [service], "Metrics": {"UnblendedCost": {"Amount": usd, "Unit": "USD"}}}


def test_the_bill_is_that_of_the_systems_tags_by_service() -> None:
    account = Account()
    groups = [group("Amazon SageMaker", "3.5"), group("AmazonCloudWatch", "11.25")]
    answer = {"ResultsByTime": [{"Groups": groups}]}
    account.stub.add_response("get_cost_and_usage", answer, ASKED)
    found = asked(account)
    assert (found.usd, found.why) == (14.75, "")
    assert found.by_service == {"Amazon SageMaker": 3.5, "AmazonCloudWatch": 11.25}


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("AccessDeniedException", "you lack the right ce:GetCostAndUsage"),
        ("DataUnavailableException", "Cost Explorer says DataUnavailableException"),
    ],
)
def test_what_cannot_be_asked_is_said_in_one_line(code: str, said: str) -> None:
    account = Account()
    account.stub.add_client_error("get_cost_and_usage", code)
    assert asked(account).why == said


def test_tags_that_nobody_activated_are_said() -> None:
    account = Account()
    answer = {"ResultsByTime": [{"Groups": []}]}
    account.stub.add_response("get_cost_and_usage", answer, ASKED)
    assert "activated" in asked(account).why


def test_a_month_is_asked_for_until_it_ends_and_one_to_come_not_at_all() -> None:
    account = Account()
    past = {**ASKED, "TimePeriod": {"Start": "2025-12-01", "End": "2026-01-01"}}
    answer = {"ResultsByTime": [{"Groups": [group("AWS Lambda", "1")]}]}
    account.stub.add_response("get_cost_and_usage", answer, past)
    assert asked(account, "2025-12").usd == 1
    assert asked(account, "2026-12").why == "the month has not begun"


def test_the_local_platform_is_not_asked() -> None:
    local = Account()
    local.kind = "local"
    assert "local platform" in asked(local).why
