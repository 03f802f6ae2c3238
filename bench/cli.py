"""From Enter to the first line, for every verb of `solar`: `make bench-cli`.

Each call starts the launcher as a person does. The reference, bare Python, runs in the same rounds, and the
least disturbed round counts: neighbours on the machine only ever add. A verb is asked for its help: that is
everything it does before it begins its own work, which is loading what it needs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from console.verbs import VERBS

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = int(os.environ.get("ROUNDS", "7"))
HELP_SECONDS, VERB_SECONDS = 0.4, 0.5
BARE, HELP = "bare Python", "solar --help"


def main() -> int:
    """Print the figures; return 1 where one is over its limit."""
    launcher = [sys.executable, str(ROOT / "solar")]
    calls = {BARE: [sys.executable, "-c", "pass"], HELP: [*launcher, "--help"]}
    calls |= {name: [*launcher, name, "--help"] for name in VERBS}
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            taken[name].append(_seconds(call))
    bare = min(taken[BARE])
    print(f"{'':14} {'seconds':>8} {'x bare':>8}   limit")
    slow = 0
    for name, seconds in taken.items():
        limit = {BARE: None, HELP: HELP_SECONDS}.get(name, VERB_SECONDS)
        over = limit is not None and min(seconds) > limit
        slow += over
        said = "" if limit is None else f"{limit:.1f}" + ("  over" if over else "")
        print(f"{name:14} {min(seconds):8.3f} {min(seconds) / bare:8.1f}   {said}")
    return int(slow > 0)


def _seconds(call: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(call, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main())
