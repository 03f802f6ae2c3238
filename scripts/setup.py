"""Set up an environment from the hash-checked locks; standard library only, and nothing twice.

python3 scripts/setup.py local      the demo and the command line     -> .venv
python3 scripts/setup.py dev        tests and checks as well          -> .venv
python3 scripts/setup.py pipeline   the SageMaker SDK, for rendering  -> .venv-pipeline
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ROOT / "requirements"
OLDEST = (3, 11)
# A group whose environment is also complete when a larger group was installed into it.
COVERED_BY = {"local": ("local", "dev"), "dev": ("dev",), "pipeline": ("pipeline",)}


def main() -> int:
    """Install the named group, unless it stands already."""
    if sys.version_info < OLDEST:
        return _fail(f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed; this is {sys.version}")
    group = "".join(sys.argv[1:])
    if group not in COVERED_BY:
        return _fail(__doc__ or "")
    folder = ROOT / (".venv-pipeline" if group == "pipeline" else ".venv")
    if any(_stands(folder, each) for each in COVERED_BY[group]):
        return 0
    print(f"Setting up {folder.name} ({group}); the first time takes a minute", flush=True)
    try:
        _install(folder, group)
    except subprocess.CalledProcessError as error:
        return _fail(f"{' '.join(map(str, error.cmd[:4]))} … failed; see the lines above")
    _stamp(folder, group).write_text(_digest(group))
    return 0


def _install(folder: Path, group: str) -> None:
    python = folder / "bin/python"
    if not python.exists():
        try:
            venv.create(folder, with_pip=True)
        except (subprocess.CalledProcessError, SystemExit) as error:
            sys.exit(
                _fail(f"no virtual environment could be made ({error}); on Debian: python3-venv")
            )
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--require-hashes", "-r", str(LOCKS / "bootstrap.txt")], check=True)
    uv = [str(folder / "bin/uv"), "pip", "install", "--quiet", "--python", str(python)]
    subprocess.run([*uv, "--require-hashes", "-r", str(LOCKS / f"{group}.txt")], check=True)


def _digest(group: str) -> str:
    return hashlib.sha256((LOCKS / f"{group}.txt").read_bytes()).hexdigest()


def _stamp(folder: Path, group: str) -> Path:
    return folder / f".installed-{group}"


def _stands(folder: Path, group: str) -> bool:
    stamp = _stamp(folder, group)
    return stamp.exists() and stamp.read_text() == _digest(group)


def _fail(message: str) -> int:
    print(f"setup: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
