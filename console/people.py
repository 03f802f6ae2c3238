"""Whom the local platform tells: an e-mail address and a Slack channel that lead into its outbox."""

from __future__ import annotations

from botocore.exceptions import ClientError

from console.target import System
from shared.aws import error_code

EMAIL = "operations@example.org"
SLACK_SECRET = "solar/slack-webhook"  # noqa: S105 - a name


def keep_slack_webhook(system: System) -> None:
    """Keep the address of the platform's Slack sink where the notifier looks for it."""
    address = f"{system.endpoint_url}/_solar/slack/operations"
    secrets = system.client("secretsmanager")
    try:
        secrets.create_secret(Name=SLACK_SECRET, SecretString=address)
    except ClientError as error:
        if error_code(error) != "ResourceExistsException":
            raise
        secrets.put_secret_value(SecretId=SLACK_SECRET, SecretString=address)


def options(given: list[str]) -> list[str]:
    """Return the deployment's options that were not given: everybody is told locally."""
    added = [] if "--email" in given else ["--email", EMAIL]
    return [*added, *([] if "--slack-secret" in given else ["--slack-secret", SLACK_SECRET])]
