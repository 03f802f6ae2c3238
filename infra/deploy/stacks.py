"""CloudFormation stacks by change sets: what will change, progress, and the reason of a failure."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from infra.deploy.errors import DeployError
from shared import names
from shared.aws import error_code
from shared.ids import content_id

Say = Callable[[str], None]
_NOTHING_CHANGED = ("didn't contain changes", "No updates are to be performed")
_BROKEN = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "CREATE_FAILED"}


@dataclass(frozen=True, slots=True)
class Change:
    """One resource that a change set adds, modifies or removes."""

    action: str
    logical_id: str
    resource_type: str
    replacement: str = ""


@dataclass(slots=True)
class Stacks:
    """Creates, updates and deletes stacks one after the other."""

    client: Any
    say: Say
    tags: Mapping[str, str]
    poll_seconds: float = 5.0

    def deploy(
        self, name: str, body: str, parameters: Mapping[str, str], *, dry_run: bool = False
    ) -> list[Change]:
        """Bring a stack to a template and parameters; return what changed (or would change).

        Raises
        ------
        DeployError
            The stack failed: names the resource that failed and AWS's reason.
        """
        status = self.status(name)
        if status in _BROKEN:
            if dry_run:
                self.say(f"  {name}: is {status}; a deployment would delete it and create it anew")
                return []
            self.say(f"  {name}: is {status} from an earlier failure; deleting it first")
            self.delete(name)
            status = None
        kind = "CREATE" if status in {None, "REVIEW_IN_PROGRESS"} else "UPDATE"
        change_set = f"{names.ALL_OURS}{content_id(body, dict(parameters), time.time())[:16]}"
        self.client.create_change_set(
            StackName=name,
            ChangeSetName=change_set,
            ChangeSetType=kind,
            TemplateBody=body,
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
            ],
            Capabilities=["CAPABILITY_NAMED_IAM"],
            # What an earlier destroy kept (buckets, tables, the repository) is taken in again.
            ImportExistingResources=True,
            Tags=[{"Key": key, "Value": value} for key, value in self.tags.items()],
        )
        changes = self._changes(name, change_set)
        if not changes:
            self.say(f"  {name}: unchanged")
        for change in changes:
            self.say(f"  {name}: {_word(change)}")
        if dry_run or not changes:
            self.client.delete_change_set(StackName=name, ChangeSetName=change_set)
            if kind == "CREATE":
                self.client.delete_stack(StackName=name)
            return changes
        stack_id, since = self._stack_id(name), self._last_event(name)
        self.client.execute_change_set(StackName=name, ChangeSetName=change_set)
        self._wait(name, stack_id, since, {"CREATE_COMPLETE", "UPDATE_COMPLETE"})
        return changes

    def delete(self, name: str) -> None:
        """Delete a stack and wait until it is gone; a stack that is not there is success."""
        if self.status(name) is None:
            return
        # A deleted stack is found by its id only.
        stack_id, since = self._stack_id(name), self._last_event(name)
        self.client.delete_stack(StackName=name)
        self._wait(name, stack_id, since, {"DELETE_COMPLETE"})

    def status(self, name: str) -> str | None:
        """Return a stack's status, or None where there is none."""
        try:
            status = str(self.client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
        except ClientError as error:
            if error_code(error) == "ValidationError":
                return None
            raise
        return None if status == "DELETE_COMPLETE" else status

    def outputs(self, name: str) -> dict[str, str]:
        """Return a stack's outputs; empty where there is no such stack."""
        if self.status(name) is None:
            return {}
        stack = self.client.describe_stacks(StackName=name)["Stacks"][0]
        return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}

    def parameters(self, name: str) -> dict[str, str]:
        """Return the parameters a stack was deployed with; empty where there is no such stack."""
        if self.status(name) is None:
            return {}
        stack = self.client.describe_stacks(StackName=name)["Stacks"][0]
        return {
            each["ParameterKey"]: each["ParameterValue"] for each in stack.get("Parameters", [])
        }

    def _changes(self, name: str, change_set: str) -> list[Change]:
        while True:
            answer = self.client.describe_change_set(StackName=name, ChangeSetName=change_set)
            if answer["Status"] == "FAILED":
                reason = answer.get("StatusReason", "")
                if any(text in reason for text in _NOTHING_CHANGED):
                    return []
                raise DeployError(f"{name}: AWS refuses the change: {reason}")
            if answer["Status"] == "CREATE_COMPLETE":
                break
            time.sleep(self.poll_seconds / 5)
        changes = list(answer["Changes"])
        while token := answer.get("NextToken"):
            answer = self.client.describe_change_set(
                StackName=name, ChangeSetName=change_set, NextToken=token
            )
            changes += answer["Changes"]
        return [_change(each["ResourceChange"]) for each in changes]

    def _wait(self, name: str, stack_id: str, since: str, good: set[str]) -> None:
        seen = {since}
        while True:
            for event in self._events_after(stack_id, seen):
                seen.add(event["EventId"])
                self.say(f"    {event['LogicalResourceId']}: {event['ResourceStatus'].lower()}")
            status = self._status_of(stack_id)
            if status in good:
                return
            if not status.endswith("_IN_PROGRESS"):
                raise DeployError(f"{name}: {status}. {self._blame(stack_id, since)}")
            time.sleep(self.poll_seconds)

    def _stack_id(self, name: str) -> str:
        return str(self.client.describe_stacks(StackName=name)["Stacks"][0]["StackId"])

    def _status_of(self, stack_id: str) -> str:
        try:
            return str(self.client.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"])
        except ClientError as error:
            if error_code(error) == "ValidationError":
                return "DELETE_COMPLETE"
            raise

    def _events(self, stack_id: str) -> list[dict[str, Any]]:
        try:
            pages = self.client.get_paginator("describe_stack_events").paginate(StackName=stack_id)
            return [event for page in pages for event in page["StackEvents"]]
        except ClientError as error:
            if error_code(error) == "ValidationError":
                return []
            raise

    def _last_event(self, name: str) -> str:
        events = self._events(name)
        return str(events[0]["EventId"]) if events else ""

    def _events_after(self, stack_id: str, seen: set[str]) -> list[dict[str, Any]]:
        fresh = []
        for event in self._events(stack_id):
            if event["EventId"] in seen:
                break
            fresh.append(event)
        return fresh[::-1]

    def _blame(self, stack_id: str, since: str) -> str:
        """Name the resource that failed first, and AWS's reason."""
        failed = [
            event
            for event in self._events_after(stack_id, {since})
            if event["ResourceStatus"].endswith("_FAILED")
            and "cancelled" not in event.get("ResourceStatusReason", "")
        ]
        if not failed:
            return "No resource says why; look at the stack's events in the AWS console."
        first = failed[0]
        reason = first.get("ResourceStatusReason", "no reason given")
        return f"{first['LogicalResourceId']} ({first['ResourceType']}) failed: {reason}"


def _change(found: Mapping[str, Any]) -> Change:
    return Change(
        action=found["Action"],
        logical_id=found["LogicalResourceId"],
        resource_type=found["ResourceType"],
        replacement=found.get("Replacement", ""),
    )


def _word(change: Change) -> str:
    replaced = " (replaced)" if change.replacement == "True" else ""
    return f"{change.action.lower()} {change.logical_id} ({change.resource_type}){replaced}"
