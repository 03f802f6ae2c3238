"""A stack is brought to its template by a change set; a failure names the resource and the reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.deploy.errors import DeployError
from infra.deploy.stacks import Stacks


def refused(text: str) -> ClientError:
    return ClientError({"Error": {"Code": "ValidationError", "Message": text}}, "DescribeStacks")


@dataclass
class FakeCloudFormation:
    """One stack that goes where the test wants."""

    status: str | None = None
    ends: str = "CREATE_COMPLETE"
    changes: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    fails_with: list[dict[str, Any]] = field(default_factory=list)
    refusal: str = ""
    overtaken: int = 0
    deleted: list[dict[str, Any]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    listing: str = ""

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        if self.status is None:
            raise refused("does not exist")
        outputs = [{"OutputKey": "Key", "OutputValue": "value"}]
        return {"Stacks": [{"StackStatus": self.status, "StackId": "id", "Outputs": outputs}]}

    def create_change_set(self, **arguments: Any) -> None:
        self.calls.append(f"change set {arguments['ChangeSetType']}")
        self.status = self.status or "REVIEW_IN_PROGRESS"

    def describe_change_set(self, **_: Any) -> dict[str, Any]:
        if self.refusal:
            return {"Status": "FAILED", "StatusReason": self.refusal, "Changes": []}
        return {"Status": "CREATE_COMPLETE", "Changes": self.changes}

    def delete_change_set(self, **_: Any) -> None:
        self.calls.append("delete change set")

    def execute_change_set(self, **_: Any) -> None:
        if self.overtaken:
            self.overtaken -= 1
            told = {"Error": {"Code": "ChangeSetNotFound", "Message": "does not exist"}}
            raise ClientError(told, "ExecuteChangeSet")
        self.calls.append("execute")
        self.status = self.ends
        self.events = [*self.fails_with[::-1], *self.events]

    def delete_stack(self, **_: Any) -> None:
        self.calls.append("delete stack")
        self.status = None

    def get_paginator(self, listing: str) -> FakeCloudFormation:
        self.listing = listing
        return self

    def continue_update_rollback(self, StackName: str) -> None:  # noqa: N803 - AWS's name
        self.calls.append(f"continue the roll-back of {StackName}")
        self.status = "UPDATE_ROLLBACK_COMPLETE"

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        rest = {"StackSummaries": self.deleted, "StackResourceSummaries": []}
        for first in range(0, max(len(self.events), 1), 100):
            self.pages.append(self.listing)
            yield {"StackEvents": self.events[first : first + 100], **rest}


def change(name: str, action: str = "Add") -> dict[str, Any]:
    resource = {"Action": action, "LogicalResourceId": name, "ResourceType": "AWS::SQS::Queue"}
    return {"ResourceChange": resource}


def event(number: int, name: str, status: str, reason: str = "") -> dict[str, Any]:
    return {
        "EventId": str(number),
        "LogicalResourceId": name,
        "ResourceType": "AWS::SQS::Queue",
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
    }


def stacks(cloudformation: FakeCloudFormation, said: list[str]) -> Stacks:
    return Stacks(cloudformation, said.append, {"project": "x"}, poll_seconds=0)


def test_a_new_stack_is_created_and_said_to_be_new() -> None:
    cloudformation, said = FakeCloudFormation(changes=[change("Inbox"), change("Topic")]), []
    changes = stacks(cloudformation, said).deploy("solar-x", "body", {})
    assert cloudformation.calls == ["change set CREATE", "execute"]
    assert [each.logical_id for each in changes] == ["Inbox", "Topic"]
    assert "  solar-x: new" in said


def test_what_changes_in_a_stack_is_named_and_so_is_all_of_a_new_one_in_a_dry_run() -> None:
    for status, dry_run in (("UPDATE_COMPLETE", False), (None, True)):
        cloudformation, said = FakeCloudFormation(status, changes=[change("Inbox")]), []
        stacks(cloudformation, said).deploy("solar-x", "body", {}, dry_run=dry_run)
        assert "  solar-x: add Inbox (AWS::SQS::Queue)" in said


def test_progress_is_a_line_for_each_look_and_names_failures() -> None:
    cloudformation, said = FakeCloudFormation("UPDATE_COMPLETE", changes=[change("Inbox")]), []
    busy = [event(number, f"Queue{number}", "CREATE_IN_PROGRESS") for number in range(1, 6)]
    cloudformation.fails_with = [
        event(7, "solar-x", "UPDATE_IN_PROGRESS"),
        *busy,
        event(8, "Queue1", "CREATE_COMPLETE"),
        event(9, "Queue2", "CREATE_FAILED", "no room"),
    ]
    stacks(cloudformation, said).deploy("solar-x", "body", {})
    assert [line.strip() for line in said if line.startswith("    ")] == [
        "Queue2: create_failed",
        "1 done; under way: Queue3, Queue4, Queue5",
    ]


def test_an_unchanged_stack_is_left_alone() -> None:
    cloudformation, said = FakeCloudFormation("UPDATE_COMPLETE"), []
    cloudformation.refusal = "The submitted information didn't contain changes."
    assert stacks(cloudformation, said).deploy("solar-x", "body", {}) == []
    assert "execute" not in cloudformation.calls
    assert said == ["  solar-x: unchanged"]


def test_a_dry_run_changes_nothing_and_leaves_nothing_behind() -> None:
    cloudformation, said = FakeCloudFormation(changes=[change("Inbox")]), []
    stacks(cloudformation, said).deploy("solar-x", "body", {}, dry_run=True)
    assert cloudformation.calls == ["change set CREATE", "delete change set", "delete stack"]


def test_a_failed_stack_names_the_resource_that_failed_first_and_why() -> None:
    cloudformation = FakeCloudFormation(changes=[change("Inbox")], ends="ROLLBACK_COMPLETE")
    cloudformation.events = [event(0, "Old", "CREATE_FAILED", "long ago")]
    cloudformation.fails_with = [
        event(1, "Inbox", "CREATE_FAILED", "solar-inbox already exists"),
        event(2, "Other", "CREATE_FAILED", "Resource creation cancelled"),
    ]
    with pytest.raises(DeployError, match=r"Inbox .* failed: solar-inbox already exists"):
        stacks(cloudformation, []).deploy("solar-x", "body", {})


def test_of_the_events_of_years_only_the_latest_are_read() -> None:
    cloudformation = FakeCloudFormation("UPDATE_COMPLETE", changes=[change("Inbox")])
    cloudformation.ends = "UPDATE_COMPLETE"
    cloudformation.events = [event(number, "Old", "UPDATE_COMPLETE") for number in range(1000)]
    stacks(cloudformation, []).deploy("solar-x", "body", {})
    assert "execute" in cloudformation.calls
    read = cloudformation.pages.count("describe_stack_events")
    assert read == 2, "a page for the last event, and one for what came after it"


def test_a_stack_broken_before_is_deleted_and_created_anew() -> None:
    cloudformation = FakeCloudFormation("ROLLBACK_COMPLETE", changes=[change("Inbox")])
    stacks(cloudformation, []).deploy("solar-x", "body", {})
    assert cloudformation.calls == ["delete stack", "change set CREATE", "execute"]


def test_a_refused_change_is_said_with_awss_reason() -> None:
    cloudformation = FakeCloudFormation(refusal="Parameters: [KeyArn] must have values")
    with pytest.raises(DeployError, match="KeyArn"):
        stacks(cloudformation, []).deploy("solar-x", "body", {})


def test_a_roll_back_that_got_stuck_is_ended_before_the_change() -> None:
    cloudformation = FakeCloudFormation("UPDATE_ROLLBACK_FAILED", changes=[change("Inbox")])
    stacks(cloudformation, []).deploy("solar-x", "body", {})
    assert cloudformation.calls == [
        "continue the roll-back of solar-x",
        "change set UPDATE",
        "execute",
    ]


def test_what_somebody_else_changed_in_between_is_planned_anew() -> None:
    cloudformation, said = FakeCloudFormation("UPDATE_COMPLETE", changes=[change("Inbox")]), []
    cloudformation.overtaken = 2
    stacks(cloudformation, said).deploy("solar-x", "body", {})
    assert cloudformation.calls.count("change set UPDATE") == 3
    assert said.count("  solar-x: somebody else changed it in between; planning anew") == 2


def test_who_is_overtaken_for_ever_is_told() -> None:
    cloudformation = FakeCloudFormation("UPDATE_COMPLETE", changes=[change("Inbox")])
    cloudformation.overtaken = 99
    with pytest.raises(DeployError, match="others keep changing it"):
        stacks(cloudformation, []).deploy("solar-x", "body", {})


def test_a_failure_that_people_can_mend_comes_with_the_remedy() -> None:
    cloudformation = FakeCloudFormation(changes=[change("Bucket")], ends="ROLLBACK_COMPLETE")
    reason = "A conflicting conditional operation is currently in progress against this resource."
    cloudformation.fails_with = [event(1, "Bucket", "CREATE_FAILED", reason)]
    with pytest.raises(DeployError, match="What to do: S3 frees a deleted bucket's name"):
        stacks(cloudformation, []).deploy("solar-x", "body", {})


def test_the_queues_of_a_stack_deleted_a_moment_ago_are_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("infra.deploy.stacks.time.sleep", slept.append)
    ago = datetime.now(UTC) - timedelta(seconds=20)
    cloudformation = FakeCloudFormation(changes=[change("Inbox")])
    cloudformation.deleted = [{"StackName": "solar-x", "DeletionTime": ago}]
    stacks(cloudformation, []).deploy("solar-x", "body", {})
    assert [round(seconds) for seconds in slept] == [40]


def test_deleting_what_is_not_there_is_success() -> None:
    cloudformation = FakeCloudFormation()
    stacks(cloudformation, []).delete("solar-x")
    assert cloudformation.calls == []
