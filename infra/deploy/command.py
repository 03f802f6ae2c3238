"""The command line of a deployment, as `scripts/deploy.py` and `solar deploy` run it."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence

from botocore.exceptions import BotoCoreError, ClientError

from infra.deploy import configured, target
from infra.deploy.errors import DeployError
from infra.deploy.main import Deployment, Options, as_json
from shared import names
from shared.aws import error_code

_EPILOG = """\
environment:
  SOLAR_STAGE          as --stage
  AWS_REGION           as --region; else AWS_DEFAULT_REGION, else the profile's, else us-east-1
  S3_BUCKET            bucket of measurements; created, or adopted if it exists and is yours
  SAGEMAKER_ROLE_ARN   role for pipeline, jobs and endpoints; without it one is made for each
  AWS_ENDPOINT_URL     set to the local platform's address to deploy there

examples:
  python3 scripts/deploy.py --check
  python3 scripts/deploy.py --dry-run
  python3 scripts/deploy.py --email ops@example.org --network private
  python3 scripts/deploy.py --stage test
  python3 scripts/deploy.py --destroy

An option that is not given keeps what is deployed.
"""

_REMEDIES = {
    "ExpiredToken": "The credentials ran out. Renew them (`aws sso login`, or new keys).",
    "AccessDenied": "These credentials lack a right that the message names; use others, or have it granted.",
    "UnauthorizedOperation": "These credentials lack a right; use others, or have it granted.",
    "Throttling": "The account asks AWS for too much at once; wait a minute.",
    "LimitExceeded": "A quota of the account is used up: python3 scripts/deploy.py --check says which.",
}


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        prog="deploy.py",
        description="Deploy the solar retraining system into the AWS account of your credentials.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("--check", action="store_true", help="look at account and Region, change nothing; then end")
    add("--dry-run", action="store_true", help="show what would change or go, change nothing")
    add("--destroy", action="store_true", help="delete services and endpoints; data are kept")
    add("--delete-data", action="store_true", help="with --destroy: delete everything, data too")
    add("--yes", action="store_true", help="do not ask before destroying")
    add(
        "--stage",
        metavar="NAME",
        default=os.environ.get("SOLAR_STAGE", ""),
        help="a system of its own beside the others of this account, like test; no name is the main one",
    )
    add(
        "--region",
        metavar="REGION",
        help="where, like eu-central-1; Regions have systems of their own, side by side",
    )
    add(
        "--network",
        choices=("public", "private"),
        help="where jobs and endpoints run (private)",
    )
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
    add(
        "--permissions-boundary",
        metavar="ARN",
        help="managed policy that bounds every role that is made; '' for none",
    )
    add("--log-days", metavar="DAYS", help="how long logs are kept (30)")
    add(
        "--rebuild",
        action="store_true",
        help="build the container image on the newest base, for its fixes",
    )
    add("--json", action="store_true", help="print the stacks' outputs as JSON at the end")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a deployment; return the exit code: 0 done, 1 failed, 2 wrong call, 130 interrupted."""
    reader = parser()
    chosen = reader.parse_args(arguments)
    if chosen.delete_data and not chosen.destroy:
        reader.error("--delete-data goes with --destroy")
    try:
        os.environ[names.VARIABLE] = names.prefix_of(chosen.stage)
    except ValueError as error:
        reader.error(f"--stage: {error}")
    if chosen.region:
        os.environ["AWS_REGION"] = chosen.region
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
        permissions_boundary_arn=chosen.permissions_boundary,
        rebuild=chosen.rebuild,
        dry_run=chosen.dry_run,
        delete_data=chosen.delete_data,
    )
    stream = sys.stderr if chosen.json else sys.stdout

    def say(line: str) -> None:
        print(line, file=stream, flush=True)

    try:
        return _carry_out(chosen, Deployment(target.find(os.environ), options, say))
    except DeployError as error:
        print(f"deploy: {error}", file=sys.stderr)
    except (ClientError, BotoCoreError) as error:
        print(
            f"deploy: {_explained(error)}\nWhat was done so far stays; run again.", file=sys.stderr
        )
    except KeyboardInterrupt:
        print(
            "\ndeploy: interrupted. What AWS has begun goes on there; run again to go on from here",
            file=sys.stderr,
        )
        return 130
    return 1


def _carry_out(chosen: argparse.Namespace, deployment: Deployment) -> int:
    if chosen.check:
        return _check(deployment, is_json=chosen.json)
    if chosen.destroy:
        if not (chosen.yes or chosen.dry_run or _sure(deployment, chosen.delete_data)):
            deployment.say("Nothing was deleted.")
            return 1
        deployment.destroy()
        return 0
    outputs = deployment.deploy()
    if chosen.json:
        print(as_json(outputs))
    return 0


def _explained(error: Exception) -> str:
    """Return what AWS says, and what to do where that is known."""
    code = error_code(error) if isinstance(error, ClientError) else ""
    remedy = next((each for part, each in _REMEDIES.items() if part in code), "")
    return f"AWS says: {error}{f'{chr(10)}{remedy}' if remedy else ''}"


def _check(deployment: Deployment, *, is_json: bool) -> int:
    """Say what a deployment would meet; 1 where it would fail."""
    found = deployment.look()
    if is_json:
        print(json.dumps({"findings": [each.for_machines() for each in found]}, indent=1))
    for line in [] if is_json else [line for each in found for line in each.lines()]:
        print(line)
    if not found and not is_json:
        print("Nothing is in the way.")
    for line in [] if is_json else configured.said(deployment.target):
        print(line)
    return int(any(each.weight == "stops" for each in found))


def _sure(deployment: Deployment, delete_data: bool) -> bool:  # noqa: FBT001 - one of two questions
    if not sys.stdin.isatty():
        print("deploy: --destroy without a terminal needs --yes", file=sys.stderr)
        return False
    wanted = deployment.target.data_bucket if delete_data else "destroy"
    what = (
        "everything, with all data" if delete_data else "all services and endpoints; data are kept"
    )
    return input(f"This deletes {what}. Type {wanted} to go on: ") == wanted
