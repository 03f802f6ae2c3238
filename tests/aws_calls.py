"""Every call to AWS that our code makes in a test, checked against AWS's own description, and listed.

botocore refuses unknown and missing members by itself. It lets through a value that AWS refuses: one
that is no member of an enumeration, is too long or too short, or has a letter that the pattern forbids.

`python -m tests.aws_calls`, after all tests, names the calls of our code that no test has made.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import botocore.client
import botocore.session
from botocore import xform_name

from infra.local.sagemaker import validate

ROOT = Path(__file__).resolve().parents[1]
LISTED = ROOT / "build/calls"
OURS = ("services", "shared", "console", "infra")
PLATFORM = "infra/local"  # stands for AWS, and is called by nobody as our code
SERVICES = (
    *("application-autoscaling", "budgets", "ce", "cloudformation", "cloudwatch", "codebuild"),
    *("dynamodb", "ec2", "ecr", "events", "iam", "kms", "lambda", "logs", "s3", "sagemaker"),
    *("sagemaker-runtime", "scheduler", "secretsmanager", "service-quotas", "sns", "sqs"),
    *("stepfunctions", "sts"),
)
# Jinja's and Click's methods of the same names.
OTHERS = {
    "services/trainer_trigger/pipeline/reporting/report.py",
    "console/web/rendering.py",
    "console/verbs.py",
}
_DEMO = (
    *("get_object", "list_objects_v2", "list_pipeline_execution_steps"),
    *("list_pipeline_executions", "put_object"),
)
# What a function on the platform calls in a process of its own, or a test by a stand-in with AWS's answers,
# is not seen here. The platform checks SageMaker's calls in the same way, and botocore the members of all.
_STORY = "the functions of tests/e2e call it, on the platform"
_BROWSER = "tests/browser and the demo call it, against the platform"
ELSEWHERE: dict[tuple[str, str], str] = {
    ("services/deployer/adapters/configurations.py", "delete_endpoint_config"): _STORY,
    ("services/notifier/adapters/services.py", "invoke"): _STORY,
    (
        "console/client/dead_letters.py",
        "cancel_message_move_task",
    ): "tests/unit/console: a stand-in of SQS; tests/integration cancels a move on the platform",
    ("console/commands/configuring.py", "list_object_versions"): _BROWSER,
    ("console/commands/data.py", "put_object"): _BROWSER,
    ("console/commands/sites.py", "put_object"): _BROWSER,
    ("console/people.py", "create_secret"): "only the demo keeps a secret",
    ("console/people.py", "put_secret_value"): "only the demo keeps a secret",
    ("console/registry.py", "update_model_package"): _BROWSER,
    ("console/target.py", "get_caller_identity"): "only AWS is asked who the caller is",
    ("infra/deploy/preflight/adopted.py", "describe_key"): "tests/unit/deploy: a stand-in of KMS",
    ("infra/deploy/preflight/demand.py", "describe_endpoint"): _BROWSER,
    ("infra/deploy/preflight/demand.py", "list_objects_v2"): "tests/unit/deploy: a stand-in of S3",
    ("infra/deploy/preflight/demand.py", "get_object"): "tests/unit/deploy: a stand-in of S3",
    ("infra/deploy/stacks.py", "continue_update_rollback"): "no stack gets stuck on the platform",
    **{
        ("console/demo/stage.py", each): "the demo calls it, against the platform" for each in _DEMO
    },
}


class RefusedError(AssertionError):
    """AWS would refuse this call."""


@dataclass(frozen=True, slots=True)
class Call:
    """A place in our code that calls an operation."""

    path: str
    line: int
    operation: str


def begin() -> None:
    """Forget what earlier tests have called."""
    shutil.rmtree(LISTED, ignore_errors=True)


def watch() -> None:
    """Check from now on every call that our code makes in this process, and list it."""
    make = botocore.client.BaseClient._make_api_call
    listed, known = LISTED / f"{os.getpid()}.jsonl", set[Call]()

    def checked(client: Any, operation: str, members: Mapping[str, Any]) -> Any:
        place = _place(sys._getframe(1))
        if place is not None:
            _check(client, operation, members, place)
            call = Call(*place, xform_name(operation))
            if call not in known:
                known.add(call)
                listed.parent.mkdir(parents=True, exist_ok=True)
                with listed.open("a") as lines:
                    lines.write(json.dumps([call.path, call.operation]) + "\n")
        return make(client, operation, members)

    botocore.client.BaseClient._make_api_call = checked


def _check(client: Any, operation: str, members: Mapping[str, Any], place: tuple[str, int]) -> None:
    shape = client.meta.service_model.operation_model(operation).input_shape
    faults = list(validate.faults_of(members, shape)) if shape is not None else []
    if faults:
        message = f"{place[0]}:{place[1]} {operation}: {'; '.join(faults)}"
        raise RefusedError(message)


def _place(frame: FrameType | None) -> tuple[str, int] | None:
    """Return the file and line of ours that called; None where a test or the platform did."""
    while frame is not None:
        path = frame.f_code.co_filename
        relative = path[len(str(ROOT)) + 1 :] if path.startswith(f"{ROOT}{os.sep}") else "."
        if relative.startswith(("tests", PLATFORM)):
            return None
        if relative.startswith(OURS):
            return relative, frame.f_lineno
        frame = frame.f_back
    return None


def written() -> Iterator[Call]:
    """Yield the calls that stand in our code, as far as their names tell."""
    for folder in OURS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            relative = path.relative_to(ROOT).as_posix()
            if not relative.startswith(PLATFORM) and relative not in OTHERS:
                yield from _in(ast.parse(path.read_text("utf-8")), relative)


def _in(tree: ast.AST, path: str) -> Iterator[Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name = _operation(node, node.func)
            if name:
                yield Call(path, node.lineno, name)


def _operation(call: ast.Call, method: ast.Attribute) -> str:
    """Return the operation that is called, "" if it is none. A name of one word may be any object's."""
    if method.attr == "get_paginator" and isinstance(call.args[0], ast.Constant):
        return str(call.args[0].value)
    if method.attr not in _operations():
        return ""
    receiver = method.value.func if isinstance(method.value, ast.Call) else method.value
    is_client = ast.unparse(receiver).endswith("client")
    return method.attr if "_" in method.attr or is_client else ""


@cache
def _operations() -> frozenset[str]:
    session = botocore.session.get_session()
    return frozenset(
        xform_name(operation)
        for service in SERVICES
        for operation in session.get_service_model(service).operation_names
    )


def made() -> dict[str, set[str]]:
    """Return the operations that tests have made, by the file that called."""
    found: dict[str, set[str]] = defaultdict(set)
    for listed in LISTED.glob("*.jsonl"):
        for line in listed.read_text("utf-8").splitlines():
            path, operation = json.loads(line)
            found[path].add(operation)
    return found


def main() -> int:
    """Name the calls that no test has made; return 1 if there are any without a reason."""
    calls, seen = list(written()), made()
    unseen = [each for each in calls if each.operation not in seen[each.path]]
    missing = [each for each in unseen if (each.path, each.operation) not in ELSEWHERE]
    for each in missing:
        print(f"{each.path}:{each.line} no test has called {each.operation}")
    idle = sorted(ELSEWHERE.keys() - {(each.path, each.operation) for each in unseen})
    for path, operation in idle:
        print(f"{path}: tests call {operation}, so its reason in tests/aws_calls.py is out of date")
    print(
        f"{len(calls)} calls to AWS in our code, {len(calls) - len(unseen)} made by tests and accepted by "
        f"AWS's description, {len(unseen) - len(missing)} made elsewhere"
    )
    return int(bool(missing))


if __name__ == "__main__":
    sys.exit(main())
