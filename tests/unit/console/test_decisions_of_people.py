"""What people decide about versions: said with what it costs, and with what they saw."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from console.client import objects, people
from console.errors import ConsoleError
from tests.unit.console.systems import FakeSystem, solar, system

__all__ = ["system"]  # the fixture


@dataclass
class SageMaker:
    """Versions 1 to 3 are approved, 4 was registered by hand; version 3 serves."""

    decided: list[dict[str, Any]] = field(default_factory=list)
    others: dict[str, str] = field(default_factory=dict)  # what somebody else decides just after
    serves: int = 3

    def get_paginator(self, _: str) -> SageMaker:
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        arns = [{"ModelPackageArn": str(number)} for number in (4, 3, 2, 1)]
        return [{"ModelPackageSummaryList": arns}]

    def describe_model_package(self, ModelPackageName: str) -> dict[str, Any]:  # noqa: N803 - boto3's
        number = int(ModelPackageName)
        mine = [each for each in self.decided if each["ModelPackageArn"] == ModelPackageName]
        return {
            "ModelPackageArn": ModelPackageName,
            "ModelPackageVersion": number,
            "ModelApprovalStatus": "Approved" if number < 4 else "PendingManualApproval",
            "CustomerMetadataProperties": {"run_id": f"run{number}"} if number < 4 else {},
            **(mine[-1] if mine else {}),
            **(self.others if mine else {}),
        }

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:  # noqa: N803
        return {
            "EndpointStatus": "InService",
            "EndpointConfigName": f"{EndpointName}-v{self.serves}-1234abcd",
        }

    def update_model_package(self, **what: Any) -> None:
        self.decided.append(what)


@pytest.fixture
def sagemaker(system: FakeSystem, monkeypatch: pytest.MonkeyPatch) -> SageMaker:
    found = SageMaker()
    system.clients["sagemaker"] = found
    system.answers["trainer_trigger", "models"] = {"models": [{"model_id": "golden"}]}
    sites = {1: {"east"}, 2: {"east", "west"}, 3: {"east", "north", "west"}}
    monkeypatch.setattr(people, "known_sites", lambda *asked: sites[asked[-1]])
    return found


def sent(system: FakeSystem) -> dict[str, Any]:
    ((service, body),) = system.sent
    assert service == "deployer"
    return dict(json.loads(body))


@pytest.mark.usefixtures("sagemaker")
def test_a_rollback_says_what_its_author_saw(system: FakeSystem) -> None:
    answer = solar("rollback", "golden", "--reason", "an hour off", "--yes", "--json")
    assert answer.exit_code == 0, answer.output
    asked = sent(system)
    assert (asked["seen_version"], asked["to_version"], asked["reason"]) == (3, None, "an hour off")
    assert json.loads(answer.output)["bars"] == [3]


@pytest.mark.usefixtures("sagemaker")
def test_a_rollback_that_bars_several_says_which_and_which_sites_it_loses(
    system: FakeSystem,
) -> None:
    answer = solar("rollback", "golden", "--to", "1")
    assert answer.exit_code != 0
    assert system.sent == []
    said = str(answer.exception)
    assert "bars the versions 3, 2 and loses the sites north, west; say --yes" in said
    assert solar("rollback", "golden", "--to", "1", "--yes").exit_code == 0
    assert sent(system)["to_version"] == 1


@pytest.mark.usefixtures("sagemaker")
def test_a_rollback_of_one_version_that_loses_a_site_asks_too(system: FakeSystem) -> None:
    answer = solar("rollback", "golden")
    assert answer.exit_code != 0
    assert "bars the version 3 and loses the site north; say --yes" in str(answer.exception)
    assert system.sent == []


def test_a_rollback_where_nothing_serves_and_nothing_is_approved_is_not_asked_for(
    system: FakeSystem, sagemaker: SageMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sagemaker, "paginate", lambda **_: [{"ModelPackageSummaryList": []}])
    monkeypatch.setattr(people.registry, "serving", lambda *_: None)
    answer = solar("rollback", "golden")
    assert answer.exit_code != 0
    assert "nothing can be taken back; see `solar models`" in str(answer.exception)
    assert system.sent == []


def test_a_rollback_bars_what_serves_and_not_what_waits(
    system: FakeSystem, sagemaker: SageMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    sagemaker.serves = 2
    monkeypatch.setattr(people, "known_sites", lambda *_: {"east"})
    answer = solar("rollback", "golden", "--json")
    assert answer.exit_code == 0, answer.output
    assert json.loads(answer.output)["bars"] == [2]
    assert sent(system)["seen_version"] == 2


@pytest.mark.usefixtures("sagemaker")
def test_a_run_whose_evaluation_is_gone_does_not_keep_a_person_from_a_rollback(
    system: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise ConsoleError("no such object")

    monkeypatch.undo()
    monkeypatch.setattr(objects, "evaluation_of", gone)
    assert solar("rollback", "golden").exit_code == 0
    assert sent(system)["seen_version"] == 3


@pytest.mark.parametrize(("verb", "mine"), [("approve", "Approved"), ("reject", "Rejected")])
def test_who_decides_at_the_same_time_as_somebody_else_is_told_what_stands(
    sagemaker: SageMaker, verb: str, mine: str
) -> None:
    other = "Rejected" if mine == "Approved" else "Approved"
    sagemaker.others = {"ModelApprovalStatus": other, "ApprovalDescription": "by bob: I looked"}
    answer = solar(verb, "3", "golden", "--reason", "mine")
    assert answer.exit_code != 0
    assert f"golden version 3 is {other} now (by bob: I looked)" in str(answer.exception)


def test_who_decides_after_somebody_else_is_told_what_he_overrules(sagemaker: SageMaker) -> None:
    assert solar("approve", "3", "golden", "--reason", "it is good").exit_code == 0
    answer = solar("reject", "3", "golden", "--reason", "it is not")
    assert answer.exit_code == 0
    assert "golden version 3: Rejected (it was Approved, by " in answer.output
    assert ": it is good)" in answer.output
    again = json.loads(solar("approve", "3", "golden", "--json").output)
    assert again["before"]["approval"] == "Rejected"
    assert again["before"]["note"].endswith("it is not")
    assert len(sagemaker.decided) == 3


@pytest.mark.usefixtures("sagemaker")
@pytest.mark.parametrize(("verb", "hold"), [("hold", True), ("release", False)])
def test_a_model_is_held_and_released_with_a_reason(
    system: FakeSystem, verb: str, *, hold: bool
) -> None:
    answer = solar(verb, "golden", "--reason", "inverters")
    assert answer.exit_code == 0, answer.output
    asked = sent(system)
    assert (asked["type"], asked["hold"], asked["reason"]) == (
        "solar.hold_requested",
        hold,
        "inverters",
    )


def test_a_version_without_an_evaluation_is_approved_only_as_unchecked(
    sagemaker: SageMaker,
) -> None:
    refused = solar("approve", "4", "golden")
    assert "--unchecked" in str(refused.exception)
    assert sagemaker.decided == []
    assert solar("approve", "4", "golden", "--unchecked", "--reason", "by hand").exit_code == 0
    (decided,) = sagemaker.decided
    assert decided["CustomerMetadataProperties"] == {"unchecked": "true"}
    assert "by hand" in decided["ApprovalDescription"]
    assert solar("approve", "3", "golden").exit_code == 0
    assert "CustomerMetadataProperties" not in sagemaker.decided[-1]


def test_a_person_may_say_that_a_version_shall_not_wait_for_alarms(sagemaker: SageMaker) -> None:
    assert solar("approve", "3", "golden", "--now", "--reason", "it mends 2").exit_code == 0
    assert sagemaker.decided[-1]["CustomerMetadataProperties"] == {"now": "true"}
