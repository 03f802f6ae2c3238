"""Deploy to AWS: `python3 scripts/deploy.py`; `--help` says more.

Runs with any Python 3.11: what it needs is set up in .venv the first time.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Hand over to the environment's interpreter, where everything needed is installed."""
    python = ROOT / ".venv/bin/python"
    if Path(sys.prefix) != ROOT / ".venv":
        done = subprocess.run(
            [sys.executable, str(ROOT / "scripts/setup.py"), "local"], check=False
        )
        if done.returncode != 0:
            return done.returncode
        os.execv(python, [str(python), str(Path(__file__).resolve()), *sys.argv[1:]])
    sys.path.insert(0, str(ROOT))
    from infra.deploy.command import main as deploy  # noqa: PLC0415 - only the environment has it

    return deploy()


if __name__ == "__main__":
    sys.exit(main())
