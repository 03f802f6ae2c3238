"""Whether people are reached, and told of costs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from infra.deploy.preflight.finding import Finding, Plan
from infra.deploy.stacks import Stacks
from shared import names
from shared.aws import error_code

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_TAG = "solar-stage"
LONGEST_LINK = 168  # [h]; a key that signed a link is honoured for a week


def options(plan: Plan) -> Iterator[Finding]:
    """Whether what was chosen for messages can be."""
    address = plan.parameters.get("NotificationEmail", "")
    if address and not _ADDRESS.fullmatch(address):
        yield Finding("stops", f"--email {address!r} is no e-mail address", "Nobody would be told.")
    docs = plan.parameters.get("DocsUrl", "")
    if docs and not docs.startswith("https://"):
        yield Finding("stops", f"--docs-url {docs!r} must begin with https://", "Mails link there.")
    console = plan.parameters.get("ConsoleUrl", "")
    if console and not _is_trusted(console):
        yield Finding(
            "stops",
            f"--console-url {console!r} must begin with https://",
            "Messages link there. http://127.0.0.1:PORT will do where each reader runs a console.",
        )
    for option, name in (("act", "LinksActHours"), ("show", "LinksShowHours")):
        hours = plan.parameters.get(name, "")
        if hours and not (hours.isdecimal() and 1 <= int(hours) <= LONGEST_LINK):
            yield Finding(
                "stops",
                f"--links-{option}-hours {hours!r} must be a whole number of hours, 1 to {LONGEST_LINK}",
                "A key that signed a link is honoured for a week.",
            )
    if not address:
        yield Finding(
            "hurts",
            "no e-mail address is given",
            "Refused files, failed runs and alarms are then told to nobody by mail.",
            "python3 scripts/deploy.py --email you@example.org",
        )


def _is_trusted(address: str) -> bool:
    """Whether a browser would trust an address; the console itself answers on this machine only."""
    parts = urlsplit(address)
    on_this_machine = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost"}
    return bool(parts.hostname and (parts.scheme == "https" or on_this_machine))


def secret(plan: Plan) -> Iterator[Finding]:
    """Whether the secret with the Slack webhook exists."""
    name = plan.parameters.get("SlackWebhookSecretName", "")
    if not name:
        return
    found = _described(plan, name)
    if found is not None and found.get("DeletedDate"):
        yield Finding(
            "stops",
            f"--slack-secret {name!r} is about to be deleted",
            "Until then nobody can read it, and then it is gone.",
            f"aws secretsmanager restore-secret --secret-id {name}",
        )
    if found is None:
        yield Finding(
            "stops",
            f"--slack-secret {name!r} does not exist in {plan.target.region}",
            "Nothing could be sent to Slack.",
            f"aws secretsmanager create-secret --name {name} --secret-string <webhook address>",
        )


def links_key(plan: Plan) -> Iterator[Finding]:
    """Whether somebody deleted the key that signs links: Secrets Manager keeps its name for up to 30 days."""
    name = names.links_secret()
    found = _described(plan, name)
    if found is None or not found.get("DeletedDate"):
        return
    restore = f"aws secretsmanager restore-secret --secret-id {name}"
    stacks = Stacks(plan.client("cloudformation"), lambda _: None, {})
    if stacks.status(names.service("notifier")) is not None:
        yield Finding(
            "hurts",
            f"the secret {name} is about to be deleted",
            "Messages go out without links, and the links of earlier ones do not open.",
            restore,
        )
        return
    yield Finding(
        "stops",
        f"the secret {name} is about to be deleted, and its name is not free until then",
        "The stack that makes it anew would fail. The links of earlier messages do not open any more.",
        f"{restore}\naws secretsmanager delete-secret --secret-id {name} --force-delete-without-recovery",
    )


def _described(plan: Plan, name: str) -> dict[str, Any] | None:
    """Return a secret, also one that is about to be deleted, or None."""
    try:
        found: dict[str, Any] = plan.client("secretsmanager").describe_secret(SecretId=name)
    except ClientError as error:
        if error_code(error) != "ResourceNotFoundException":
            raise
        return None
    return found


def confirmed(plan: Plan) -> Iterator[Finding]:
    """Whether the e-mail address was confirmed."""
    address = plan.parameters.get("NotificationEmail", "")
    target = plan.target
    topic = ":".join(
        ("arn", target.pseudo_parameters["AWS::Partition"], "sns", target.region, target.account_id)
    )
    topic = f"{topic}:{names.notices().rstrip('-')}"
    try:
        pages = (
            plan.client("sns").get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
        )
        found = [each for page in pages for each in page["Subscriptions"]]
    except ClientError as error:
        if error_code(error) in {"NotFound", "NotFoundException"}:
            return  # nothing is deployed yet
        raise
    for each in found:
        if each["Endpoint"] == address and each["SubscriptionArn"] == "PendingConfirmation":
            yield Finding(
                "hurts",
                f"{address} has not confirmed its subscription",
                "AWS sends it nothing, and forgets the subscription after two days.",
                "Follow the link in the mail of AWS Notifications. If it is lost, deploy with --email '', "
                "and then with the address again",
            )


def budget(plan: Plan) -> Iterator[Finding]:
    """Whether costs are counted by the tag that the budget asks for."""
    pages = plan.client("ce").list_cost_allocation_tags(TagKeys=[_TAG])
    states = {tag["TagKey"]: tag["Status"] for tag in pages["CostAllocationTags"]}
    if states.get(_TAG) == "Active":
        return
    known = _TAG in states
    yield Finding(
        "hurts",
        f"the tag {_TAG} is not counted in cost reports",
        "The budget sees no costs and never warns."
        + ("" if known else " AWS offers the tag about a day after it was first used."),
        "aws ce update-cost-allocation-tags-status --cost-allocation-tags-status "
        f"TagKey={_TAG},Status=Active\nIn an organisation only the management account may do that.",
    )
