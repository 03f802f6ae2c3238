"""CloudFormation stacks by change sets: what will change, progress, and the reason of a failure."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from infra.deploy import templates
from infra.deploy.errors import DeployError
from infra.deploy.survivors import Survivor
from shared import names
from shared.aws import error_code
from shared.ids import content_id

Say = Callable[[str], None]
_NOTHING_CHANGED = ("didn't contain changes", "No updates are to be performed")
# Nothing can be made of these but a new stack.
_BROKEN = {
    "CREATE_FAILED",
    "DELETE_FAILED",
    "IMPORT_ROLLBACK_FAILED",
    "ROLLBACK_COMPLETE",
    "ROLLBACK_FAILED",
}
_DONE = {"CREATE_COMPLETE", "IMPORT_COMPLETE", "UPDATE_COMPLETE"}
_SHOWN = 3  # resources that are named in a line of progress
_TRIES = 5  # of one stack, while others change it, too
_EMPTY = {None, "REVIEW_IN_PROGRESS"}  # nobody has executed a change set yet
_SECONDS_BEFORE_A_QUEUE_MAY_COME_BACK = 60.0
# What AWS says, and what to do.
_REMEDIES = {
    "conflicting conditional operation": "S3 frees a deleted bucket's name within the hour; try again then",
    "deleting a queue before you can create": "SQS frees a deleted queue's name after a minute; try again",
    "is already scheduled for deletion": "the secret's old copy has to go first: "
    "aws secretsmanager delete-secret --force-delete-without-recovery --secret-id <name>",
}
MOST_IN_A_REQUEST = 51_200  # bytes of a template; by its address CloudFormation takes a megabyte


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
    names_rest: bool = True  # whether a deleted queue's name is free only after a minute
    keep: Callable[[str], str] | None = None  # puts a template into S3, and returns its address

    def deploy(
        self,
        name: str,
        body: str,
        parameters: Mapping[str, str],
        survivors: Callable[[Container[str]], Sequence[Survivor]] = lambda _: (),
        *,
        dry_run: bool = False,
    ) -> list[Change]:
        """Bring a stack to a template and parameters; return what changed (or would change).

        Parameters
        ----------
        survivors
            Told which resources the stack has, by logical id; returns what else of it is there already, and
            is taken in instead of made.

        Raises
        ------
        DeployError
            The stack failed: names the resource that failed and AWS's reason.
        """
        for _ in range(_TRIES):
            try:
                return self._deploy(name, body, parameters, survivors, dry_run=dry_run)
            except ClientError as error:
                if not _was_overtaken(error):
                    raise
                self.say(f"  {name}: somebody else changed it in between; planning anew")
        raise DeployError(
            f"{name}: others keep changing it; wait until they are done, then deploy again"
        )

    def _deploy(
        self,
        name: str,
        body: str,
        parameters: Mapping[str, str],
        survivors: Callable[[Container[str]], Sequence[Survivor]],
        *,
        dry_run: bool,
    ) -> list[Change]:
        status = self._ready(name, dry_run=dry_run)
        own = self._own(name) if status not in _EMPTY else set()
        found = survivors(own)
        if found and dry_run:
            return self._would_take_in(name, body, found)
        if found:
            self._take_in(name, body, parameters, found, self._current(name) if own else {})
            status = self.status(name)
        elif status in _EMPTY and not dry_run:
            self._await_names(name)
        return self._change(
            name,
            "CREATE" if status in _EMPTY else "UPDATE",
            dry_run=dry_run,
            **self._sent(body),
            Parameters=_listed(parameters),
            Tags=[{"Key": key, "Value": value} for key, value in self.tags.items()],
        )

    def _ready(self, name: str, *, dry_run: bool) -> str | None:
        """Bring a stack to where a change can begin; return its status."""
        status = self.status(name)
        if status is not None and status.endswith("_IN_PROGRESS") and status not in _EMPTY:
            self.say(f"  {name}: is {status}, by somebody else or an earlier call; waiting for it")
            status = self._settled(name)
        if status == "UPDATE_ROLLBACK_FAILED" and not dry_run:
            self.say(f"  {name}: is {status}; going on with the roll-back first")
            stack_id, since = self._stack_id(name), self._last_event(name)
            self.client.continue_update_rollback(StackName=name)
            self._wait(name, stack_id, since, {"UPDATE_ROLLBACK_COMPLETE"})
            return self.status(name)
        if status in _BROKEN and not dry_run:
            self.say(f"  {name}: is {status} from an earlier failure; deleting it first")
            self.delete(name)
            return None
        if status in _BROKEN:
            self.say(f"  {name}: is {status}; a deployment would delete it and create it anew")
            return None
        return status

    def _settled(self, name: str) -> str | None:
        """Wait until nobody changes a stack any more; return its status."""
        while (status := self.status(name)) is not None and status.endswith("_IN_PROGRESS"):
            time.sleep(self.poll_seconds)
        return status

    def _await_names(self, name: str) -> None:
        """Wait until the queues of a stack that was just deleted can be made again: SQS wants a minute."""
        pages = self.client.get_paginator("list_stacks").paginate(
            StackStatusFilter=["DELETE_COMPLETE"]
        )
        deleted = [
            each["DeletionTime"]
            for page in pages
            for each in page["StackSummaries"]
            if each["StackName"] == name and "DeletionTime" in each
        ]
        if not deleted:
            return
        ago = (datetime.now(UTC) - max(deleted)).total_seconds()
        left = _SECONDS_BEFORE_A_QUEUE_MAY_COME_BACK - ago
        if left > 0 and self.names_rest:
            self.say(f"  {name}: was deleted a moment ago; its names are free in {left:.0f} s")
            time.sleep(left)

    def _would_take_in(self, name: str, body: str, found: Sequence[Survivor]) -> list[Change]:
        """Say what a deployment would take in; AWS can plan the rest only once that is done."""
        taken = {each.logical_id for each in found}
        for each in found:
            self.say(
                f"  {name}: would take in {each.logical_id} ({each.resource_type}) {each.name}"
            )
        for logical_id, resource in templates.read(body)["Resources"].items():
            if logical_id not in taken:
                self.say(f"  {name}: would add {logical_id} ({resource['Type']})")
        return [Change("Import", each.logical_id, each.resource_type) for each in found]

    def _take_in(
        self,
        name: str,
        body: str,
        parameters: Mapping[str, str],
        found: Sequence[Survivor],
        current: Mapping[str, Any],
    ) -> None:
        """Take in what is there already, beside what the stack has: an import can do nothing else."""
        template = templates.joined(
            current, templates.only(templates.read(body), {each.logical_id for each in found})
        )
        self._change(
            name,
            "IMPORT",
            **self._sent(json.dumps(template, separators=(",", ":"))),
            Parameters=_listed(parameters),
            ResourcesToImport=[
                {
                    "ResourceType": each.resource_type,
                    "LogicalResourceId": each.logical_id,
                    "ResourceIdentifier": dict(each.identifier),
                }
                for each in found
            ],
        )

    def _sent(self, body: str) -> dict[str, Any]:
        """Return how a template is sent: as it is, or by its address where it is too long for a request."""
        if len(body.encode()) <= MOST_IN_A_REQUEST or self.keep is None:
            return {"TemplateBody": body}
        return {"TemplateURL": self.keep(body)}

    def _own(self, name: str) -> set[str]:
        """Return the logical ids of what a stack has."""
        pages = self.client.get_paginator("list_stack_resources").paginate(StackName=name)
        return {
            each["LogicalResourceId"] for page in pages for each in page["StackResourceSummaries"]
        }

    def _current(self, name: str) -> dict[str, Any]:
        """Return the template that a stack was deployed with."""
        body = self.client.get_template(StackName=name, TemplateStage="Original")["TemplateBody"]
        return templates.read(body) if isinstance(body, str) else dict(body)

    def _change(self, name: str, kind: str, *, dry_run: bool = False, **what: Any) -> list[Change]:
        """Plan a change and carry it out; return what changed (or would change)."""
        change_set = f"{names.all_ours()}{content_id(name, kind, time.time())[:16]}"
        self.client.create_change_set(
            StackName=name,
            ChangeSetName=change_set,
            ChangeSetType=kind,
            Capabilities=["CAPABILITY_NAMED_IAM"],
            **what,
        )
        changes = self._changes(name, change_set)
        if not changes:
            self.say(f"  {name}: unchanged")
        if kind == "CREATE" and not dry_run:
            self.say(f"  {name}: new")
        else:
            for change in changes:
                self.say(f"  {name}: {_word(change)}")
        if dry_run or not changes:
            self.client.delete_change_set(StackName=name, ChangeSetName=change_set)
            if kind == "CREATE":
                self.client.delete_stack(StackName=name)
            return changes
        stack_id, since = self._stack_id(name), self._last_event(name)
        self.client.execute_change_set(StackName=name, ChangeSetName=change_set)
        self._wait(name, stack_id, since, _DONE)
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
        return [_planned(each["ResourceChange"]) for each in changes]

    def _wait(self, name: str, stack_id: str, since: str, good: set[str]) -> None:
        seen, progress = {since}, _Progress(name)
        while True:
            fresh = self._events_after(stack_id, seen)
            seen |= {event["EventId"] for event in fresh}
            for line in progress.lines(fresh):
                self.say(f"    {line}")
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

    def _events(self, stack_id: str) -> Iterator[dict[str, Any]]:
        """Give what happened to a stack, newest first, page by page: a stack of years has many."""
        try:
            for page in self.client.get_paginator("describe_stack_events").paginate(
                StackName=stack_id
            ):
                yield from page["StackEvents"]
        except ClientError as error:
            if error_code(error) != "ValidationError":
                raise

    def _last_event(self, name: str) -> str:
        return next((str(event["EventId"]) for event in self._events(name)), "")

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
        remedy = next((each for said, each in _REMEDIES.items() if said in reason), "")
        return (
            f"{first['LogicalResourceId']} ({first['ResourceType']}) failed: {reason}"
            f"{f'. What to do: {remedy}' if remedy else ''}"
        )


def _was_overtaken(error: ClientError) -> bool:
    """Whether somebody else's change came between planning and carrying out."""
    if error_code(error) in {"ChangeSetNotFound", "InvalidChangeSetStatus"}:
        return True
    return error_code(error) == "ValidationError" and "_IN_PROGRESS state" in str(error)


def _listed(parameters: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]


def _planned(found: Mapping[str, Any]) -> Change:
    return Change(
        action=found["Action"],
        logical_id=found["LogicalResourceId"],
        resource_type=found["ResourceType"],
        replacement=found.get("Replacement", ""),
    )


@dataclass
class _Progress:
    """How far a change of a stack is: a line for each look, and one for each failure."""

    stack: str
    done: int = 0
    under_way: dict[str, None] = field(default_factory=dict)

    def lines(self, events: Iterable[Mapping[str, Any]]) -> Iterator[str]:
        """Yield what some events change."""
        is_news = False
        for event in events:
            name, status = event["LogicalResourceId"], event["ResourceStatus"]
            if name == self.stack:
                continue
            is_news = True
            if status.endswith("_IN_PROGRESS"):
                self.under_way[name] = None
                continue
            self.under_way.pop(name, None)
            if status.endswith("_FAILED"):
                yield f"{name}: {status.lower()}"
            else:
                self.done += 1
        if is_news:
            yield f"{self.done} done{self._rest()}"

    def _rest(self) -> str:
        some = list(self.under_way)
        if not some:
            return ""
        more = f" and {len(some) - _SHOWN} more" if len(some) > _SHOWN else ""
        return f"; under way: {', '.join(some[:_SHOWN])}{more}"


def _word(change: Change) -> str:
    replaced = " (replaced)" if change.replacement == "True" else ""
    return f"{change.action.lower()} {change.logical_id} ({change.resource_type}){replaced}"
