"""From nothing to the first message, for every function: `make bench-cold`.

Each handler starts in a fresh interpreter from the very zip that is deployed, with what the build compiled
in it, and may write nothing; it imports, wires its adapters and handles an empty message. Clients are made at
their first call, so none is made here. The references are measured in the same run: bare Python, and an eager
handler that imports at once what any of them may need and makes four clients. Interleaved, and the least
disturbed round counts: neighbours on the machine only ever add. The end of the process is not measured.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

from cfnlint.decode import cfn_yaml

from infra.deploy import build

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = int(os.environ.get("ROUNDS", "11"))
SHARE = 0.4  # of the eager handler, that a light one may take
BARE, EAGER = "bare Python", "eager handler"
EAGERLY = (
    "import boto3, aws_lambda_powertools, aws_lambda_powertools.metrics, pydantic, yaml\n"
    "import numpy, pandas, pyarrow, pyarrow.csv, pyarrow.parquet, pyarrow.compute, python_calamine\n"
    "session = boto3.Session()\n"
    "[session.client(each) for each in ('s3', 'sqs', 'sns', 'dynamodb')]\n"
)
START = """\
import importlib, sys
module = importlib.import_module({module!r})
for made in [each for each in vars(module).values() if hasattr(each, "cache_info")]:
    if getattr(made, "__module__", "") == {module!r}:
        made()
class Context:
    function_name = "f"; memory_limit_in_mb = 512; aws_request_id = "r"
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
if {inbox}:
    body = '{{"Event": "s3:TestEvent"}}'
    module.lambda_handler({{"Records": [{{"messageId": "1", "body": body}}]}}, Context())
"""


def main() -> int:
    """Print the figures; return 1 where a light handler takes more than its share of the eager one."""
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(BytesIO(build.code_zip().body)) as archive:
            archive.extractall(folder)
        programs = {BARE: ("", {}), EAGER: (EAGERLY, {})} | dict(handlers())
        taken: dict[str, list[float]] = {name: [] for name in programs}
        for _ in range(ROUNDS):
            for name, (code, environment) in programs.items():
                taken[name].append(milliseconds(code, environment, folder))
    found = {name: min(times) for name, times in taken.items()}
    eager = found[EAGER]
    slow = []
    for name, best in found.items():
        median = statistics.median(taken[name])
        print(
            f"{name:35} {best:6.0f} ms {best / found[BARE]:5.1f} x bare {best / eager:5.2f} x eager"
            f"   (median {median:.0f} ms)"
        )
        if name not in {BARE, EAGER} and best > SHARE * eager:
            slow.append(name)
    print(f"over {SHARE} x eager: {', '.join(slow) or 'none'}")
    return 1 if slow else 0


def handlers() -> list[tuple[str, tuple[str, dict[str, str]]]]:
    """Return each function's program and environment, as its template names them."""
    found = []
    for path in sorted((ROOT / "services").glob("*/template.yaml")):
        for each in cfn_yaml.load(str(path))["Resources"].values():
            if each["Type"] == "AWS::Lambda::Function":
                properties = each["Properties"]
                module = _handler(properties["Handler"]).removesuffix(".lambda_handler")
                names = properties.get("Environment", {}).get("Variables", {})
                code = START.format(module=module, inbox=module.endswith(".handler"))
                found.append((module, (code, {str(name): _value(str(name)) for name in names})))
    return found


def _handler(value: Any) -> str:
    """Return the handler of a property that may be an `If` between the image and the zip."""
    if isinstance(value, str):
        return str(value)
    return next(str(each) for each in value["Fn::If"] if str(each).startswith("services."))


def _value(name: str) -> str:
    if name.endswith("ARN"):
        return "arn:aws:sns:us-east-1:000000000000:given"
    if name.endswith("URL"):
        return "https://sqs.us-east-1.amazonaws.com/000000000000/given"
    return "1"  # a name as good as any, and a number where one is asked for


def milliseconds(code: str, environment: dict[str, str], folder: str) -> float:
    """Return how long a fresh interpreter takes for some code. [ms]"""
    variables = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": folder,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "POWERTOOLS_LOG_LEVEL": "CRITICAL",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport os\nos._exit(0)"],
        env=variables | environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    taken = (time.perf_counter() - began) * 1e3
    if done.returncode != 0:
        raise SystemExit(f"{code.splitlines()[1:2]}: {done.stderr[-800:]}")
    return taken


if __name__ == "__main__":
    sys.exit(main())
