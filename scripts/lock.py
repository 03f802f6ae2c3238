"""Write the hash-checked locks anew: one per dependency group, no address in any of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# The first group contains the others, which must agree with it.
LEADING, FOLLOWING, APART = (
    "dev",
    ("lambda", "image", "image-lambda", "local"),
    ("bootstrap", "checks", "mutate", "pipeline"),
)
OPTIONS = (
    "--universal",
    "--python-version",
    "3.11",
    "--generate-hashes",
    "--no-header",
    "--no-annotate",
    "-c",
    "requirements/constraints.in",
)


def main() -> int:
    """Compile every group; return the exit code of the first that fails."""
    constraint = ["-c", "requirements/dev.txt"]
    for group, extra in [
        (LEADING, []),
        *[(group, constraint) for group in FOLLOWING],
        *[(group, []) for group in APART],
    ]:
        print(f"requirements/{group}.txt", flush=True)
        command = [str(Path(sys.executable).with_name("uv")), "pip", "compile", "--quiet", *OPTIONS]
        command += ["--group", group, *extra, "-o", f"requirements/{group}.txt"]
        done = subprocess.run(command, cwd=ROOT, check=False)
        if done.returncode != 0:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
