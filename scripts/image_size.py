"""What the container image's packages weigh: `make image-size [LOCK=requirements/image-lambda.txt]`.

Installs the lock that the Dockerfile installs into a folder of its own, as wheels for the image's platform
whatever this machine is, adds up the files, and removes the folder.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = Path(os.environ.get("LOCK") or ROOT / "requirements/image-lambda.txt")
PLATFORM = (
    "--python-platform",
    "x86_64-manylinux_2_28",
    "--python-version",
    "3.12",  # as in the Dockerfile
    "--only-binary",
    ":all:",
)
MB = 1_000_000
LARGEST = 10


def main() -> int:
    """Print the size of all packages and of the largest ones. [MB]"""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder)
        print(f"installing {LOCK.name} into a throw-away folder", file=sys.stderr, flush=True)
        command = [str(Path(sys.executable).with_name("uv")), "pip", "install", "--quiet"]
        command += [*PLATFORM, "--require-hashes", "--target", str(target), "-r", str(LOCK)]
        done = subprocess.run(command, cwd=ROOT, check=False)
        if done.returncode != 0:
            print("image-size: the lock cannot be installed; see above", file=sys.stderr)
            return done.returncode
        for line in report(sizes(target)):
            print(line)
    return 0


def sizes(folder: Path) -> Counter[str]:
    """Return the bytes below each entry of a folder; a package's own libraries count as the package."""
    found = Counter[str]()
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            name = path.relative_to(folder).parts[0]
            found[name.removesuffix(".libs")] += path.stat().st_size
    return found


def report(found: Counter[str]) -> list[str]:
    """Return the lines to print: the sum first, then the largest. [MB]"""
    lines = [f"{found.total() / MB:6.1f} MB in all"]
    return lines + [f"{size / MB:6.1f} MB {name}" for name, size in found.most_common(LARGEST)]


if __name__ == "__main__":
    sys.exit(main())
