"""Whether the caller may do what a button does, as IAM simulates it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from console.client import rights
from tests.unit.console.systems import fake_system

ACCOUNT = "123456789012"


@dataclass
class Identity:
    """Who calls, and what IAM answers about him."""

    arn: str
    allows: frozenset[str] = frozenset()
    refuses: bool = False
    asked: list[dict[str, Any]] = field(default_factory=list)

    def get_caller_identity(self) -> dict[str, str]:
        return {"Arn": self.arn, "Account": ACCOUNT}

    def simulate_principal_policy(self, **question: Any) -> dict[str, Any]:
        if self.refuses:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "SimulatePrincipalPolicy")
        self.asked.append(question)
        (action,) = question["ActionNames"]
        decision = "allowed" if action in self.allows else "implicitDeny"
        return {"EvaluationResults": [{"EvalDecision": decision}]}


def lacking(identity: Identity) -> dict[str, str]:
    system = fake_system()
    system.clients.update(sts=identity, iam=identity)
    return rights.missing(system)


def test_what_iam_denies_is_named_with_its_right_and_what_it_is_on() -> None:
    ann = Identity(f"arn:aws:iam::{ACCOUNT}:user/ann", frozenset({"sqs:SendMessage"}))
    found = lacking(ann)
    assert found.pop("dead_letters").startswith("sqs:StartMessageMoveTask on ")
    assert found == {
        "exclusions": "s3:PutObject on arn:aws:s3:::bucket/config/exclusions/site.yaml",
        "registry": "sagemaker:UpdateModelPackage on "
        f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:model-package/solar-model/1",
    }


@pytest.mark.parametrize(
    ("arn", "source"),
    [
        (f"arn:aws:iam::{ACCOUNT}:user/ops/ann", f"arn:aws:iam::{ACCOUNT}:user/ops/ann"),
        (f"arn:aws-cn:sts::{ACCOUNT}:assumed-role/ops/ann", f"arn:aws-cn:iam::{ACCOUNT}:role/ops"),
    ],
)
def test_iam_is_asked_about_the_user_or_the_role_behind_a_session(arn: str, source: str) -> None:
    caller = Identity(arn)
    assert set(lacking(caller)) == set(rights.NEEDED)
    assert {each["PolicySourceArn"] for each in caller.asked} == {source}


def test_where_iam_may_not_be_asked_nothing_is_said_and_root_is_not_asked_about() -> None:
    assert lacking(Identity(f"arn:aws:iam::{ACCOUNT}:user/ann", refuses=True)) == {}
    root = Identity(f"arn:aws:iam::{ACCOUNT}:root")
    assert lacking(root) == {}
    assert root.asked == []
