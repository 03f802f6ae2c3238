"""Known vulnerabilities of the locked packages: `python -m infra.checks.audit`.

pip-audit asks a database on the internet, so this is no part of `make check`: a machine without a way there
hears so, and nothing is said to be safe.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_PROGRAM = ROOT / ".venv-checks/bin/pip-audit"
# What runs on AWS first; the rest runs on machines of developers.
LOCKS = ("lambda", "image-lambda", "local", "dev", "checks", "pipeline", "mutate")
_NO_WAY = (
    "could not be audited",
    "ConnectionError",
    "Max retries",
    "NameResolution",
    "ProxyError",
    "timed out",
    "SSLError",
)
_SOME = 1  # pip-audit's exit code where it found any
UNKNOWN = 3

Run = Callable[[list[str]], "subprocess.CompletedProcess[str]"]


def audit(run: Run, say: Callable[[str], None]) -> int:
    """Ask for every lock; return 0 where nothing is known, 1 where something is, 3 where nobody answered."""
    worst = 0
    for lock in LOCKS:
        path = f"requirements/{lock}.txt"
        done = run(
            [
                str(_PROGRAM),
                "--disable-pip",
                "--require-hashes",
                "--progress-spinner=off",
                "-r",
                path,
            ]
        )
        said = f"{done.stdout}\n{done.stderr}".strip()
        if any(sign in said for sign in _NO_WAY):
            say(
                "audit: the database of known vulnerabilities cannot be reached from here. Nothing was "
                "checked; run `make audit` where there is a way to the internet."
            )
            return UNKNOWN
        say(f"{path}:\n{said}")
        worst = max(worst, min(done.returncode, _SOME))
    return worst


def main() -> int:
    """Print what is known; the exit code is that of `audit`."""
    return audit(_run, print)


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)


if __name__ == "__main__":
    sys.exit(main())
