"""What is granted was used by the story, or has its reason. Runs last, for it reads what was recorded."""

from __future__ import annotations

import json
from collections import defaultdict

import pytest

from infra.checks import rights
from shared import names
from tests.integration.conftest import LocalPlatform

pytestmark = pytest.mark.e2e
PAGES_OF = "pages-of-"  # users that look at pages as one of the people
PEOPLE = {"operator", "viewer", "uploader"}
UNUSED_BY_THE_STORY = {
    ("operator", "sagemaker:UpdateModelPackage"),  # solar approve and reject
    ("operator", "sqs:CancelMessageMoveTask"),  # solar dead-letters cancel
    ("operator", "sqs:DeleteMessage"),  # AWS asks for it where messages are moved
    ("viewer", "s3:ListBucket"),  # without it a missing object would be a refusal
    ("viewer", "sagemaker:InvokeEndpoint"),  # solar predict
}


@pytest.fixture(scope="module")
def used(system: LocalPlatform) -> dict[str, set[str]]:
    """Return the actions that each role, and each of the people, took."""
    found: dict[str, set[str]] = defaultdict(set)
    for line in (system.home / "rights.jsonl").read_text().splitlines():
        use = json.loads(line)
        who = use["principal"].rpartition("/")[2].removeprefix(PAGES_OF)
        found[_plain(who, system.info.region)].add(use["action"])
    found["containers"] = found["jobs"] | found["endpoints"]  # both have its policy
    assert "data-watcher" in found, "this reads what the story recorded: run all of tests/e2e"
    return found


def _plain(role: str, region: str) -> str:
    return role.removeprefix(names.all_ours()).removesuffix(f"-{region}")


def test_every_right_is_used_or_has_its_reason(used: dict[str, set[str]]) -> None:
    idle = {
        (grant.role, grant.action)
        for grant in rights.grants()
        if grant.role not in PEOPLE
        and grant.action not in used[grant.role]
        and not rights.reason(grant.role, grant.action)
    }
    assert idle == set()


def test_every_reason_is_about_a_right_that_is_granted_and_not_used(
    used: dict[str, set[str]],
) -> None:
    granted = {(grant.role, grant.action) for grant in rights.grants()}
    idle = {(role, action) for role, action in granted if action not in used[role]}
    stale = [
        (role, action)
        for role, action, _ in rights.REASONS
        if (role, action) not in rights.BY_CHANCE
        and not any(rights.matches(role, action, *each) for each in idle)
    ]
    assert stale == []


def test_the_operator_needs_what_the_operator_may(used: dict[str, set[str]]) -> None:
    for person in ("operator", "viewer"):
        granted = {grant.action for grant in rights.grants() if grant.role == person}
        idle = {(person, action) for action in granted - used[person]}
        assert idle - UNUSED_BY_THE_STORY == set()
