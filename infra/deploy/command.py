"""The command line of a deployment, as `scripts/deploy.py` and `solar deploy` run it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from botocore.exceptions import BotoCoreError, ClientError

from infra.deploy import target
from infra.deploy.errors import DeployError
from infra.deploy.main import Deployment, Options, as_json

_EPILOG = """\
environment:
  AWS_DEFAULT_REGION   Region, default us-east-1
  S3_BUCKET            bucket of measurements; created, or adopted if it exists and is yours
  SAGEMAKER_ROLE_ARN   role for jobs and endpoints; created if absent
  AWS_ENDPOINT_URL     set to the local platform's address to deploy there

examples:
  python3 scripts/deploy.py --dry-run
  python3 scripts/deploy.py --email ops@example.org --network private
  python3 scripts/deploy.py --destroy
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        prog="deploy.py",
        description="Deploy the solar retraining system into the AWS account of your credentials.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("--dry-run", action="store_true", help="show what would change, change nothing")
    add("--destroy", action="store_true", help="delete the stacks; data are kept")
    add("--delete-data", action="store_true", help="with --destroy: delete the buckets too")
    add("--yes", action="store_true", help="do not ask before deleting data")
    add("--network", choices=("public", "private"), default="public")
    add("--email", default="", metavar="ADDRESS", help="who gets notices by e-mail")
    add("--slack-secret", default="", metavar="NAME", help="secret that holds the Slack webhook")
    add("--monthly-budget", default="200", metavar="USD")
    add("--log-days", default="90", metavar="DAYS")
    add("--json", action="store_true", help="print the stacks' outputs as JSON at the end")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a deployment; return the exit code: 0 done, 1 failed, 2 wrong call, 130 interrupted."""
    chosen = parser().parse_args(arguments)
    options = Options(
        network=chosen.network,
        notification_email=chosen.email,
        slack_secret_name=chosen.slack_secret,
        monthly_budget_usd=chosen.monthly_budget,
        log_retention_days=chosen.log_days,
        dry_run=chosen.dry_run,
        delete_data=chosen.delete_data,
    )
    stream = sys.stderr if chosen.json else sys.stdout

    def say(line: str) -> None:
        print(line, file=stream, flush=True)

    try:
        deployment = Deployment(target.find(os.environ), options, say)
        if chosen.destroy:
            if chosen.delete_data and not chosen.yes and not _sure(deployment.target.data_bucket):
                say("Nothing was deleted.")
                return 1
            deployment.destroy()
            return 0
        outputs = deployment.deploy()
    except DeployError as error:
        print(f"deploy: {error}", file=sys.stderr)
        return 1
    except (ClientError, BotoCoreError) as error:
        print(f"deploy: AWS says: {error}\nWhat was done so far stays; run again.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndeploy: interrupted; run again to go on from here", file=sys.stderr)
        return 130
    if chosen.json:
        print(as_json(outputs))
    return 0


def _sure(bucket: str) -> bool:
    if not sys.stdin.isatty():
        print("deploy: --delete-data without a terminal needs --yes", file=sys.stderr)
        return False
    return input(f"Type the bucket's name to delete it with all its data ({bucket}): ") == bucket
