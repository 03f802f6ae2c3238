"""What is built before anything is deployed; the same content gives the same bytes everywhere."""

from __future__ import annotations

import io
import json
import marshal
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
from pathlib import Path
from types import MappingProxyType

import yaml

from infra.deploy.errors import DeployError
from shared.ids import sha256_hex

ROOT = Path(__file__).resolve().parents[2]
# In this order: the outputs of one are the parameters of the next.
SERVICES = ("data_watcher", "trainer_trigger", "deployer", "notifier")
GROUND = ("infra/bootstrap.yaml", "infra/foundation.yaml")  # below the services
LAMBDA_PYTHON = "3.12"
LAMBDA_PLATFORM = "aarch64-manylinux2014"
THIS_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
_UNCHECKED = (1).to_bytes(4, "little")  # a hash names the source, and nobody compares it
_NOTHING: Mapping[str, bytes] = MappingProxyType({})

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest time a zip can say
_CODE_SUFFIXES = {".py", ".jinja", ".html", ".css", ".json", ".txt"}


def template_of(service: str) -> str:
    """Return where the template of a service stands."""
    return f"services/{service}/template.yaml"


TEMPLATES = (*GROUND, *map(template_of, SERVICES))


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file for the artifact bucket, named by its content."""

    key: str
    body: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes, 64 hexadecimal digits."""
        return sha256_hex(self.body)


def code_zip(root: Path = ROOT, python: str = THIS_PYTHON) -> Artifact:
    """Zip our own pure-Python code, one zip for all functions.

    Parameters
    ----------
    python
        Version of the Python that will run it, like 3.12; where that is this one, the code comes compiled.
    """
    files = _sources(root, ("shared", "services"))
    return named("code", _zip(root, files, _compiled(root, files, python)), "zip")


def image_context(root: Path = ROOT) -> Artifact:
    """Zip what the container image is built from."""
    files = [
        *_sources(root, ("shared", "services", "infra/image")),
        root / "infra/__init__.py",
        root / "requirements/image-lambda.txt",
        root / "infra/image/Dockerfile",
    ]
    return named("image", _zip(root, files), "zip")


def state_machine(root: Path = ROOT) -> Artifact:
    """Return the retrain sequence as the JSON that Step Functions reads."""
    body = (root / "services/trainer_trigger/retrain.asl.yaml").read_text()
    definition = yaml.load(body, Loader=yaml.CSafeLoader)  # ten times as fast as safe_load
    return named("retrain", json.dumps(definition, indent=1).encode(), "json")


def pipeline_definition(text: str) -> Artifact:
    """Name a filled pipeline definition by its content."""
    return named("pipeline", text.encode(), "json")


def layer_zip(root: Path = ROOT) -> Artifact:
    """Install the light functions' dependencies for Lambda's Python and processor, and zip them.

    Raises
    ------
    DeployError
        The installer is missing, or a package could not be had.
    """
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        raise DeployError("uv is not installed here; run `make setup` and use .venv/bin/python")
    with tempfile.TemporaryDirectory(prefix="solar-layer-") as folder:
        target = Path(folder) / "python"
        command = [uv, "pip", "install", "--quiet", "--require-hashes", "--no-build"]
        command += ["--python-version", LAMBDA_PYTHON, "--python-platform", LAMBDA_PLATFORM]
        command += ["--target", str(target), "-r", str(root / "requirements/lambda.txt")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise DeployError(
                f"the dependencies of the functions could not be installed:\n{done.stderr.strip()}"
            )
        files = [
            path
            for path in target.rglob("*")
            if path.is_file() and path.suffix != ".pyc" and path.parts[-2] != "bin"
        ]
        compiled = _compiled(Path(folder), files, LAMBDA_PYTHON)
        return named("layer", _zip(Path(folder), files, compiled), "zip")


def _sources(root: Path, folders: Iterable[str]) -> list[Path]:
    return [
        path
        for folder in folders
        for path in (root / folder).rglob("*")
        if path.is_file() and path.suffix in _CODE_SUFFIXES and "__pycache__" not in path.parts
    ]


def _compiled(root: Path, files: Iterable[Path], python: str) -> dict[str, bytes]:
    """Return the byte code of the sources by its place, where this Python makes it for the one that runs it.

    A function may not write beside its code: what is not compiled here is compiled anew at every cold start.
    """
    if python != THIS_PYTHON:
        return {}
    return {
        Path(cache_from_source(path.relative_to(root))).as_posix(): _byte_code(path, root)
        for path in files
        if path.suffix == ".py"
    }


def _byte_code(path: Path, root: Path) -> bytes:
    """Compile a file so that the same source gives the same bytes; PEP 552's unchecked form names no time.

    Version 2 of marshal shares no objects: newer ones share what happens to be shared in this process.
    """
    source = path.read_bytes()
    code = compile(source, path.relative_to(root).as_posix(), "exec", dont_inherit=True)
    return MAGIC_NUMBER + _UNCHECKED + source_hash(source) + marshal.dumps(code, 2)


def _zip(root: Path, files: Iterable[Path], made: Mapping[str, bytes] = _NOTHING) -> bytes:
    contents = {path.relative_to(root).as_posix(): path.read_bytes() for path in files} | dict(made)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(contents):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, contents[name])
    return buffer.getvalue()


def named(folder: str, body: bytes, suffix: str) -> Artifact:
    """Name a file by its content."""
    return Artifact(key=f"{folder}/{sha256_hex(body)}.{suffix}", body=body)


def template(path: str, root: Path = ROOT) -> str:
    """Return the text of a template."""
    return (root / path).read_text()
