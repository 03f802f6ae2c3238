"""Telling processes apart: a pid alone may long belong to somebody else."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

_PROC = Path("/proc")
_START_TIME = 19  # field 22 of /proc/<pid>/stat, counted after the command's name


def identity(pid: int) -> str | None:
    """Return when a process started, as the system tells it, or None without one (a zombie is none)."""
    if _PROC.joinpath("self", "stat").exists():
        return _linux_identity(pid)
    return _posix_identity(pid)


def _linux_identity(pid: int) -> str | None:
    try:
        text = _PROC.joinpath(str(pid), "stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[_START_TIME]


def _posix_identity(pid: int) -> str | None:
    answer = subprocess.run(
        ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)],  # fixed program, a number
        capture_output=True,
        text=True,
        check=False,
    )
    state, _, started = answer.stdout.strip().partition(" ")
    return None if answer.returncode or state.startswith("Z") else started.strip()


def is_running(pid: int, started: str) -> bool:
    """Tell whether the process that once was `pid` still runs, and not another with its number."""
    return identity(pid) == started


def group_exists(group: int) -> bool:
    """Tell whether any process of a process group lives."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def end(pid: int, started: str, *, grace: float) -> bool:
    """End a process: SIGTERM, and SIGKILL after `grace` [s]. Return whether it went by itself.

    Nothing happens to another process that meanwhile got the number.
    """
    for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 5.0)):
        if not is_running(pid, started):
            return True
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return True
        if wait_until_gone(pid, started, patience):
            return number == signal.SIGTERM
    return False


def wait_until_gone(pid: int, started: str, patience: float) -> bool:
    """Wait at most `patience` [s] for a process to end; return whether it did."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if not is_running(pid, started):
            return True
        time.sleep(0.05)
    return not is_running(pid, started)
