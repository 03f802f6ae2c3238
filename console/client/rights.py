"""What the caller may not do: so that a button is grey before somebody presses it."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError

from console.errors import ConsoleError
from console.target import System
from shared import layout, names

# Each change that the page offers, and the right that it takes.
NEEDED = {
    "data_watcher": "sqs:SendMessage",
    "trainer_trigger": "sqs:SendMessage",
    "deployer": "sqs:SendMessage",
    "exclusions": "s3:PutObject",
    "registry": "sagemaker:UpdateModelPackage",
    "dead_letters": "sqs:StartMessageMoveTask",
}


def missing(system: System) -> dict[str, str]:
    """Return by what is changed the right that the caller lacks, as IAM simulates it.

    Where IAM may not be asked, nothing is known and nothing is said: AWS refuses then, and says why. The
    root of an account lacks nothing.
    """
    try:
        caller = system.client("sts").get_caller_identity()
        if caller["Arn"].endswith(":root"):
            return {}
        partition = caller["Arn"].split(":")[1]
        where = f"{system.region}:{caller['Account']}"
        return {
            what: f"{right} on {arn}"
            for what, right in NEEDED.items()
            for arn in [_resource(system, what, partition, where)]
            if _is_denied(system, _principal(caller["Arn"]), right, arn)
        }
    except (BotoCoreError, ClientError, ConsoleError):
        return {}


def _resource(system: System, what: str, partition: str, where: str) -> str:
    if what == "exclusions":
        return f"arn:{partition}:s3:::{system.bucket}/{layout.exclusions_config('site')}"
    if what == "registry":
        return f"arn:{partition}:sagemaker:{where}:model-package/{names.package_group('model')}/1"
    if what == "dead_letters":
        return f"arn:{partition}:sqs:{where}:{names.dead_letters('deployer')}"
    return f"arn:{partition}:sqs:{where}:{names.inbox(what)}"


def _principal(arn: str) -> str:
    """Return the role behind a session, or the user; IAM simulates no sessions."""
    if ":assumed-role/" not in arn:
        return arn
    account, _, session = arn.partition(":assumed-role/")
    return f"{account.replace(':sts:', ':iam:')}:role/{session.partition('/')[0]}"


def _is_denied(system: System, principal: str, right: str, arn: str) -> bool:
    found = system.client("iam").simulate_principal_policy(
        PolicySourceArn=principal, ActionNames=[right], ResourceArns=[arn]
    )
    return any(each["EvalDecision"] != "allowed" for each in found["EvaluationResults"])
