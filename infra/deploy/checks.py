"""What can be found wrong before anything is changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from infra.deploy.errors import DeployError
from infra.deploy.target import Target
from shared.aws import error_code

LONGEST_LINK = 168  # hours; a key that signed a link is honoured for a week
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def before_anything(target: Target, chosen: Mapping[str, str]) -> None:
    """Refuse what would only fail, or be lost, later.

    Raises
    ------
    DeployError
        An address that is none, a lifetime out of bounds, a secret that does not exist, an adopted bucket
        without versions.
    """
    _address(chosen.get("NotificationEmail", ""))
    docs = chosen.get("DocsUrl", "")
    if docs and not docs.startswith("https://"):
        raise DeployError(f"--docs-url {docs!r} must begin with https://")
    _console(chosen.get("ConsoleUrl", ""))
    for option, name in (("act", "LinksActHours"), ("show", "LinksShowHours")):
        _hours(f"--links-{option}-hours", chosen.get(name, ""))
    _secret(target, chosen.get("SlackWebhookSecretName", ""))
    if target.adopt_data_bucket:
        _versions(target)


def _address(address: str) -> None:
    if address and not _ADDRESS.fullmatch(address):
        raise DeployError(f"--email {address!r} is no e-mail address")


def _console(address: str) -> None:
    """Refuse an address that a browser would not trust; the console itself answers on this machine only."""
    parts = urlsplit(address)
    on_this_machine = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost"}
    if address and not (parts.hostname and (parts.scheme == "https" or on_this_machine)):
        raise DeployError(
            f"--console-url {address!r} must begin with https://, or be http://127.0.0.1:PORT, where each "
            "reader runs a console of their own"
        )


def _hours(option: str, said: str) -> None:
    if said and not (said.isdecimal() and 1 <= int(said) <= LONGEST_LINK):
        raise DeployError(f"{option} {said!r} must be a whole number of hours, 1 to {LONGEST_LINK}")


def _secret(target: Target, name: str) -> None:
    if not name:
        return
    try:
        target.client("secretsmanager").describe_secret(SecretId=name)
    except ClientError as error:
        if error_code(error) != "ResourceNotFoundException":
            raise
        raise DeployError(
            f"--slack-secret {name!r} does not exist in {target.region}. Keep the webhook there first:\n"
            f"  aws secretsmanager create-secret --name {name} --secret-string <webhook address>"
        ) from error


def _versions(target: Target) -> None:
    bucket = target.data_bucket
    if target.client("s3").get_bucket_versioning(Bucket=bucket).get("Status") != "Enabled":
        raise DeployError(
            f"bucket {bucket} keeps no versions, which the file ledger needs. Turn it on:\n"
            f"  aws s3api put-bucket-versioning --bucket {bucket} "
            "--versioning-configuration Status=Enabled"
        )
