"""What a look before the deployment finds: what it is, why it matters, and the command that mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

from infra.deploy.target import Target
from shared.aws import error_code

# stops: the deployment would fail. hurts: something fails later. unknown: it could not be looked at.
Weight = Literal["stops", "hurts", "unknown"]
_REFUSED = {
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "UnrecognizedClientException",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be."""

    weight: Weight
    what: str
    why: str
    mend: str = ""

    def lines(self) -> list[str]:
        """Return it for people."""
        return [
            f"  {self.weight}: {self.what}",
            f"    {self.why}",
            *(f"    {line}" for line in self.mend.splitlines()),
        ]

    def for_machines(self) -> dict[str, str]:
        """Return it for machines."""
        return asdict(self)


@dataclass(frozen=True)
class Plan:
    """What is about to be deployed, and where.

    Parameters
    ----------
    parameters
        The templates' parameters that are known already.
    stacks
        The place of each stack's template in the repository, by the stack's name.
    instances
        How many instances of which type each use takes at once, like {"endpoint": {"ml.m5.large": 2}}.
    """

    target: Target
    parameters: dict[str, str]
    stacks: dict[str, str] = field(default_factory=dict)
    instances: dict[str, dict[str, int]] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """Return the client of a service; the same each time."""
        return self.target.client(service)


Check = Callable[[Plan], Iterator[Finding]]


def careful(check: Check, plan: Plan) -> list[Finding]:
    """Return what a check finds; one that may not look, or cannot, says so and stops nobody."""
    found: list[Finding] = []
    try:
        found.extend(check(plan))
    except (ClientError, BotoCoreError) as error:
        subject = (check.__doc__ or check.__name__).split(".")[0].strip()
        reason = (
            f"these credentials may not look ({error_code(error)})"
            if isinstance(error, ClientError) and error_code(error) in _REFUSED
            else str(error)
        )
        found.append(Finding("unknown", subject, f"It was not looked at: {reason}"))
    return found
