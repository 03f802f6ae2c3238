"""Runs one command and ends it when the platform is gone, however the platform ended.

Started as a script of its own, so it imports nothing of ours: `guard.py <fd> <grace> -- <command…>`.
`fd` is the reading end of a pipe whose writing end only the platform holds; the system closes that
end when the platform dies. SIGTERM to the guard asks the command and all its children to end;
after `grace` [s] they are killed.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from types import FrameType

_AFTER_PLATFORM_DIED = 2.0


def main(arguments: list[str]) -> int:
    """Run the command and return its exit code; 128 + n after signal n, as a shell says it."""
    alive, grace, command = int(arguments[0]), float(arguments[1]), arguments[3:]
    asked = False

    def ask(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        asked = True

    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    child = subprocess.Popen(command, start_new_session=True)  # the platform's argv
    deadline: float | None = None
    while child.poll() is None:
        watched = [woken] if deadline is not None else [woken, alive]
        patience = None if deadline is None else max(0.0, deadline - time.monotonic())
        ready, _, _ = select.select(watched, [], [], patience)
        if woken in ready:
            os.read(woken, 512)
        if deadline is None and (asked or alive in ready):
            deadline = time.monotonic() + (grace if asked else min(grace, _AFTER_PLATFORM_DIED))
            _signal(child.pid, signal.SIGTERM)
        elif deadline is not None and time.monotonic() >= deadline:
            _signal(child.pid, signal.SIGKILL)
            child.wait()
    _signal(child.pid, signal.SIGKILL)  # what the command left behind
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def _signal(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
