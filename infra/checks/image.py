"""Check the container image without a container: `python -m infra.checks.image`.

The build context is unpacked, what the Dockerfile copies is laid out as it does, and a clean virtual
environment is made from the context's own lock. Then every module, every job's verb and every Lambda
handler that runs in the image is imported there, with the network off.
"""

from __future__ import annotations

import ast
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.deploy import build, templates
from infra.deploy.build import LAMBDA_PYTHON, ROOT

_HOME = "/opt/solar"
_LOCK = "requirements/image-lambda.txt"
# In the image, because it is below what the image needs, and never run there.
UNUSED = {"services.trainer_trigger.pipeline.definition": "renders the pipeline with the SDK"}
_RUNNER = """
import importlib, json, socket, sys

def off(*_, **__):
    raise OSError("the network is off: something asks for it while it is imported")

socket.socket.connect = socket.getaddrinfo = socket.create_connection = off
for name in json.loads(sys.argv[1]):
    try:
        importlib.import_module(name)
    except BaseException as error:
        print(f"{name}: {type(error).__name__}: {error}")
"""


@dataclass(frozen=True, slots=True)
class Handler:
    """A Lambda function that runs in the image: what it imports, and the variables that it finds."""

    module: str
    variables: tuple[str, ...]


def lay_out(context: bytes, folder: Path) -> Path:
    """Unpack a context and return the image's /opt/solar, made from the Dockerfile's own lines.

    Raises
    ------
    FileNotFoundError
        The Dockerfile copies what the context does not hold.
    """
    unpacked, image = folder / "context", folder / "image"
    with zipfile.ZipFile(io.BytesIO(context)) as archive:
        archive.extractall(unpacked)
    dockerfile = (unpacked / "infra/image/Dockerfile").read_text("utf-8")
    for line in re.findall(r"^COPY (.+)$", dockerfile, re.MULTILINE):
        *sources, target = line.split()
        if target.startswith(_HOME):
            for source in sources:
                _copy(unpacked / source, image / target.removeprefix(f"{_HOME}/"), target)
    return image


def _copy(source: Path, goal: Path, target: str) -> None:
    if source.is_dir():
        shutil.copytree(source, goal)
        return
    goal = goal / source.name if target.endswith("/") else goal
    goal.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, goal)


def modules(image: Path) -> list[str]:
    """Return every module of the image, but entries, which need variables, and what is unused."""
    found = []
    for path in sorted(image.rglob("*.py")):
        parts = path.relative_to(image).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if "entry" not in parts and not any(name.startswith(each) for each in UNUSED):
            found.append(name)
    return found


def verbs(image: Path) -> list[str]:
    """Return what the entrypoint's verbs import when they are called."""
    tree = ast.parse((image / "infra/image/entrypoint.py").read_text("utf-8"))
    return [
        f"{node.module}.{alias.name}"
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]


def handlers(root: Path = ROOT) -> list[Handler]:
    """Return the functions of the templates that run in the image on AWS."""
    return [
        Handler(command.rpartition(".")[0], tuple(properties["Environment"]["Variables"]))
        for path in sorted((root / "services").glob("*/template.yaml"))
        for properties in _functions(path)
        for command in _commands(properties)
    ]


def _functions(path: Path) -> Iterator[Mapping[str, Any]]:
    for resource in templates.read(path.read_text("utf-8"))["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Function":
            yield resource["Properties"]


def _commands(properties: Mapping[str, Any]) -> list[str]:
    return re.findall(r"'Command': \['([\w.]+)'\]", str(properties.get("ImageConfig", "")))


def environment(folder: Path, lock: Path) -> Path:
    """Make a clean virtual environment from a lock; return its interpreter."""
    uv, python = str(Path(sys.executable).with_name("uv")), folder / "venv/bin/python"
    for version in (LAMBDA_PYTHON, build.THIS_PYTHON):
        made = subprocess.run(
            [uv, "venv", "--quiet", "--no-python-downloads", "--python", version, folder / "venv"],
            check=False,
            capture_output=True,
        )
        if made.returncode == 0:
            break
    installing = [uv, "pip", "install", "--quiet", "--require-hashes", "--python", str(python)]
    subprocess.run([*installing, "-r", str(lock)], check=True)
    return python


def imports(
    python: Path, image: Path, names: Sequence[str], variables: Mapping[str, str]
) -> list[str]:
    """Import modules in a process of their own with the network off; return what cannot be imported."""
    done = subprocess.run(
        [python, "-c", _RUNNER, json.dumps(names)],
        cwd=image,
        env={"PYTHONPATH": str(image), "AWS_DEFAULT_REGION": "us-east-1", "PATH": "", **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    crashed = [done.stderr.strip()] if done.returncode else []
    return [*done.stdout.splitlines(), *crashed]


def faults(folder: Path) -> list[str]:
    """Return everything that could not be imported in the image."""
    image = lay_out(build.image_context().body, folder)
    python = environment(folder, folder / "context" / _LOCK)
    found = imports(python, image, [*modules(image), *verbs(image), "awslambdaric"], {})
    for each in handlers():
        variables = {**dict.fromkeys(each.variables, "1"), "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
        found += imports(python, image, [each.module], variables)
    return found


def main() -> int:
    """Print what the image lacks; exit code 1 where it lacks anything."""
    with tempfile.TemporaryDirectory(prefix="solar-image-") as folder:
        found = faults(Path(folder))
    for fault in found:
        print(f"image: {fault}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
