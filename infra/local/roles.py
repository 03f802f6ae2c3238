"""AUTH=true: what a service does in the name of a role is checked against that role.

ministack checks who comes by HTTP. Step Functions, EventBridge Scheduler and SageMaker act within this
process, where nobody asks; they ask here, and the same evaluator answers. Without AUTH nobody is refused.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from infra.local import emulator, encryption

SAGEMAKER = "sagemaker.amazonaws.com"
SCHEDULER = "scheduler.amazonaws.com"
STEP_FUNCTIONS = "states.amazonaws.com"

Keys = Mapping[str, str]
NO_KEYS: Keys = MappingProxyType({})


class RefusedError(Exception):
    """A role lacks a right, or may not be used; the text is AWS's."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody whose rights count: the session of a role, or a user."""

    arn: str

    def require(self, action: str, resource: str, keys: Keys = NO_KEYS) -> None:
        """Do nothing where this is allowed.

        Parameters
        ----------
        keys
            What the request says of itself, by condition keys like `iam:PassedToService`.

        Raises
        ------
        RefusedError
            It is not.
        """
        context = _context(self.arn, action, resource, keys)
        policies, limits = self._policies()
        found = emulator.iam_evaluator.evaluate(context, policies, *limits)
        service = action.partition(":")[0]
        own = emulator.policy_of_resource(service, resource)
        if own is not None:
            found = emulator.iam_evaluator.combine_resource_policy(
                found, context, *own, required=service == "kms", limits=limits
            )
        if found.decision != "Allow":
            why = (
                "with an explicit deny"
                if found.decision == "Deny"
                else f"because no identity-based policy allows the {action} action"
            )
            message = f"User: {self.arn} is not authorized to perform: {action} on resource: {resource} {why}"
            raise RefusedError(message)
        self.require_key(action, resource)

    def require_key(self, action: str, resource: str) -> None:
        """Do nothing where the key of what is encrypted may be used for this; else raise RefusedError."""
        for use, key, keys in encryption.rights(action, resource):
            self.require(use, key, keys)

    def _policies(self) -> tuple[list[Any], list[Any]]:
        account, name = self.arn.split(":")[4], self.arn.split("/")[1]
        if ":assumed-role/" in self.arn:
            limits = emulator.permissions_boundary(emulator.iam_roles, name, account)
            return emulator.policies_of_role(name, account), limits
        name = self.arn.rpartition("/")[2]
        limits = emulator.permissions_boundary(emulator.iam_users, name, account)
        return emulator.policies_of_user(name, account), limits

    def credentials(self) -> dict[str, str]:
        """Return the variables by which a process of this machine acts as this session."""
        digest = hashlib.sha256(self.arn.encode()).hexdigest()
        key, secret, token = (
            hashlib.sha256(f"{digest} {n}".encode()).hexdigest() for n in range(3)
        )
        key = f"ASIA{key[:16].upper()}"
        session = {"Arn": self.arn, "UserId": self.arn.rpartition("role/")[2].replace("/", ":")}
        emulator.register_session(key, session | {"SecretAccessKey": secret, "SessionToken": token})
        return {
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_SESSION_TOKEN": token,
        }


_acting: ContextVar[Actor | None] = ContextVar("acting", default=None)


def assume(role: str, service: str, session: str, source: str = "") -> Actor | None:
    """Return a service's session of a role; None where nobody is checked.

    Parameters
    ----------
    role
        The role's ARN.
    session
        How the service calls its session.
    source
        ARN of what the service does it for.

    Raises
    ------
    RefusedError
        There is no such role, or it does not trust the service.
    """
    if not emulator.gateway.AUTH:
        return None
    account, name = emulator.responses.get_account_id(), role.rpartition("/")[2]
    keys = {"aws:SourceAccount": account, "aws:SourceArn": source}
    found = emulator.iam_roles.get(name)
    context = _context(service, "sts:AssumeRole", role, keys)
    trust = found and emulator.iam_evaluator.evaluate_resource_policy(
        found["AssumeRolePolicyDocument"], context, service=service
    )
    if not trust or trust.decision != "Allow":
        message = (
            f"Could not assume role {role}. Please ensure that the role exists and allows principal "
            f"'{service}' to assume the role."
        )
        raise RefusedError(message)
    return Actor(f"arn:aws:sts::{account}:assumed-role/{name}/{session}")


@contextlib.contextmanager
def acting(actor: Actor | None) -> Iterator[None]:
    """Let everything that follows be done by somebody."""
    token = _acting.set(actor)
    try:
        yield
    finally:
        _acting.reset(token)


def current() -> Actor | None:
    """Return who acts: whom `acting` names, else who sent the request; None for who is never refused."""
    if not emulator.gateway.AUTH:
        return None
    if (actor := _acting.get()) is not None:
        return actor
    arn = emulator.iam_evaluator.caller_arn()
    return None if arn.endswith(":root") else Actor(arn)


def require(action: str, resource: str, keys: Keys = NO_KEYS) -> None:
    """Do nothing where whoever acts may do this, as `Actor.require` says it."""
    if (actor := current()) is not None:
        actor.require(action, resource, keys)


def allowed(action: str, resource: str, keys: Keys = NO_KEYS) -> bool:
    """Whether whoever acts may do this: for what a service leaves undone without a word."""
    try:
        require(action, resource, keys)
    except RefusedError:
        return False
    return True


def _context(principal: str, action: str, resource: str, keys: Keys) -> Any:
    account = principal.split(":")[4] if principal.startswith("arn:") else ""
    return emulator.iam_evaluator.EvalContext(
        principal_arn=principal,
        principal_type="User" if ":user/" in principal else "AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=emulator.responses.get_region(),
        secure_transport=True,  # it does not leave the process
        service_context={key.lower(): value for key, value in keys.items()},
    )
