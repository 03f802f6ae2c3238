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

An option that is not given keeps what is deployed.
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
    add("--dry-run", action="store_true", help="show what would change or go, change nothing")
    add("--destroy", action="store_true", help="delete services and endpoints; data are kept")
    add("--delete-data", action="store_true", help="with --destroy: delete everything, data too")
    add("--yes", action="store_true", help="do not ask before destroying")
    add("--network", choices=("public", "private"), help="where jobs and endpoints run (public)")
    add("--email", metavar="ADDRESS", help="who gets notices by e-mail; '' for nobody")
    add("--slack-secret", metavar="NAME", help="secret that holds the Slack webhook; '' for none")
    add(
        "--docs-url",
        metavar="URL",
        help="where docs/ can be read; alarms link there; '' for nowhere",
    )
    add(
        "--console-url",
        metavar="URL",
        help="where solar console can be reached; messages link to its pages; '' for nowhere",
    )
    add(
        "--links",
        choices=("on", "off"),
        help="whether messages carry links that open and decide (on)",
    )
    add("--links-act-hours", metavar="HOURS", help="how long links decide, 1 to 168 (72)")
    add("--links-show-hours", metavar="HOURS", help="how long links show, 1 to 168 (168)")
    add("--monthly-budget", metavar="USD", help="costs above which people are told (200)")
    add("--log-days", metavar="DAYS", help="how long logs are kept (30)")
    add("--json", action="store_true", help="print the stacks' outputs as JSON at the end")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a deployment; return the exit code: 0 done, 1 failed, 2 wrong call, 130 interrupted."""
    reader = parser()
    chosen = reader.parse_args(arguments)
    if chosen.delete_data and not chosen.destroy:
        reader.error("--delete-data goes with --destroy")
    options = Options(
        network=chosen.network,
        notification_email=chosen.email,
        slack_secret_name=chosen.slack_secret,
        docs_url=chosen.docs_url,
        console_url=chosen.console_url,
        links=chosen.links,
        links_act_hours=chosen.links_act_hours,
        links_show_hours=chosen.links_show_hours,
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
            if not (chosen.yes or chosen.dry_run or _sure(deployment, chosen.delete_data)):
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


def _sure(deployment: Deployment, delete_data: bool) -> bool:  # noqa: FBT001 - one of two questions
    if not sys.stdin.isatty():
        print("deploy: --destroy without a terminal needs --yes", file=sys.stderr)
        return False
    wanted = deployment.target.data_bucket if delete_data else "destroy"
    what = (
        "everything, with all data" if delete_data else "all services and endpoints; data are kept"
    )
    return input(f"This deletes {what}. Type {wanted} to go on: ") == wanted
