"""Set up an environment from the hash-checked locks; standard library only, and nothing twice.

python3 scripts/setup.py local      the demo and the command line     -> .venv
python3 scripts/setup.py dev        tests and checks as well          -> .venv
python3 scripts/setup.py pipeline   the SageMaker SDK, for rendering  -> .venv-pipeline
python3 scripts/setup.py checks     checkov and pip-audit             -> .venv-checks
"""

from __future__ import annotations

import ast
import hashlib
import os
import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ROOT / "requirements"
OLDEST = (3, 11)
INTERRUPTED = 130
# A group whose environment is also complete when a larger group was installed into it.
COVERED_BY = {
    "local": ("local", "dev"),
    "dev": ("dev",),
    "pipeline": ("pipeline",),
    "checks": ("checks",),
}
# Groups that need other versions than the rest have an environment of their own.
APART = {"pipeline", "checks"}


def main(*asked: str) -> int:
    """Install a group (the one that the command line names), unless it is installed already."""
    if sys.version_info < OLDEST:
        return _fail(f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed; this is {sys.version}")
    group = "".join(asked or sys.argv[1:])
    if group not in COVERED_BY:
        return _fail(__doc__ or "")
    folder = ROOT / (f".venv-{group}" if group in APART else ".venv")
    if any(_is_installed(folder, each) for each in COVERED_BY[group]):
        return 0
    print(f"Setting up {folder.name} ({group}); the first time takes a minute", file=sys.stderr)
    try:
        _install(folder, group)
    except subprocess.CalledProcessError as error:
        return _fail(f"{' '.join(map(str, error.cmd[:4]))} … failed; see the lines above")
    except KeyboardInterrupt:
        _fail("interrupted; the next call goes on from here")
        return INTERRUPTED
    _stamp(folder, group).write_text(_digest(group))
    return 0


def _install(folder: Path, group: str) -> None:
    python = folder / "bin/python"
    if not _has_pip(folder):
        try:
            venv.create(folder, with_pip=True, clear=True)
        except (subprocess.CalledProcessError, SystemExit) as error:
            sys.exit(
                _fail(f"no virtual environment could be made ({error}); on Debian: python3-venv")
            )
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--require-hashes", "-r", str(LOCKS / "bootstrap.txt")], check=True)
    uv = [str(folder / "bin/uv"), "pip", "install", "--quiet", "--python", str(python)]
    subprocess.run(
        [*uv, "--require-hashes", "-r", str(LOCKS / f"{group}.txt")],
        check=True,
        env=uv_environment(os.environ, _pip_settings(python)),
    )


def _has_pip(folder: Path) -> bool:
    """Whether the environment can install; one that was interrupted while it was made cannot.

    An environment that a group was installed into has it, and is never emptied.
    """
    if any(_stamp(folder, group).exists() for group in COVERED_BY):
        return True
    return (folder / "bin/python").exists() and _runs(folder / "bin/python", "-m", "pip", "-V")


def _runs(*command: str | Path) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def uv_environment(given: Mapping[str, str], pip_settings: Mapping[str, str]) -> dict[str, str]:
    """Return uv's variables: what the caller set, and else what pip, which got this far, goes by."""
    variables = {
        "UV_SYSTEM_CERTS": "1",
        **given,
    }  # as pip does: a proxy's own authority stands there
    for pip, uv in (("index-url", "UV_DEFAULT_INDEX"), ("cert", "SSL_CERT_FILE")):
        if pip in pip_settings and not given.get(uv):
            variables[uv] = pip_settings[pip]
    return variables


def read_pip_settings(listing: str) -> dict[str, str]:
    """Read the output of `pip config list`; a variable counts more than a file, as for pip."""
    found: dict[str, str] = {}
    for place in ("global", "install", ":env:"):
        for line in listing.splitlines():
            name, _, value = line.partition("=")
            if name.startswith(f"{place}."):
                found[name.removeprefix(f"{place}.")] = str(ast.literal_eval(value))
    return found


def _pip_settings(python: Path) -> dict[str, str]:
    listing = subprocess.run(
        [python, "-m", "pip", "config", "list"], check=True, capture_output=True, text=True
    )
    return read_pip_settings(listing.stdout)


def _digest(group: str) -> str:
    return hashlib.sha256((LOCKS / f"{group}.txt").read_bytes()).hexdigest()


def _stamp(folder: Path, group: str) -> Path:
    return folder / f".installed-{group}"


def _is_installed(folder: Path, group: str) -> bool:
    stamp = _stamp(folder, group)
    return stamp.exists() and stamp.read_text() == _digest(group)


def _fail(message: str) -> int:
    print(f"setup: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
