"""Processes that the platform starts: jobs and endpoints. None outlives it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from infra.local import guard, processes

_lifeline, _held_end = (
    os.pipe()
)  # the held end closes with this process; every guard watches the other
_lock = threading.Lock()


class Child:
    """A guarded process.

    Parameters
    ----------
    command
        Program and arguments.
    environment
        All of its environment variables; nothing is inherited.
    folder
        Its working directory.
    register
        Folder that lists the running children, for a `down` that finds the platform dead.
    grace
        Time between SIGTERM and SIGKILL. [s]
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        register: Path,
        grace: float,
    ) -> None:
        with _lock:  # one fork at a time keeps descriptors from leaking into a sibling
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-I", "-S", guard.__file__, str(_lifeline), str(grace), "--"),
                    *command,
                ],
                env=dict(environment),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(_lifeline,),
                start_new_session=True,
            )
        self._grace = grace
        self._entry = register / f"{self._process.pid}.json"
        self._entry.parent.mkdir(parents=True, exist_ok=True)
        self._entry.write_text(
            json.dumps(
                {"pid": self._process.pid, "started": processes.identity(self._process.pid)}
            ),
            encoding="utf-8",
        )

    @property
    def output(self) -> IO[bytes]:
        """What the process writes, both streams in one."""
        if self._process.stdout is None:
            message = "a child is always started with a pipe"
            raise RuntimeError(message)
        return self._process.stdout

    def is_running(self) -> bool:
        """Tell whether the process still runs."""
        return self._process.poll() is None

    def wait(self, patience: float | None = None) -> int:
        """Wait for the end and return the exit code.

        Raises
        ------
        subprocess.TimeoutExpired
            It still runs after `patience` [s].
        """
        code = self._process.wait(patience)
        self._entry.unlink(missing_ok=True)
        return code

    def ask_to_end(self) -> None:
        """Send SIGTERM and return at once; the guard kills after the grace period."""
        if self.is_running():
            self._process.send_signal(signal.SIGTERM)

    def end(self) -> int:
        """End the process: SIGTERM, after the grace period SIGKILL. Return the exit code."""
        self.ask_to_end()
        try:
            return self.wait(self._grace + 5.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self.wait()


def end_orphans(register: Path) -> int:
    """End the children of a platform that died; return how many still ran."""
    ended = 0
    for entry in sorted(register.glob("*.json")):
        try:
            child = json.loads(entry.read_text(encoding="utf-8"))
            pid, started = int(child["pid"]), str(child["started"])
        except (OSError, ValueError, KeyError):
            pid, started = 0, ""  # half written when the platform died; its guard ends by itself
        if pid and processes.is_running(pid, started):
            processes.end(pid, started, grace=10.0)
            ended += 1
        entry.unlink(missing_ok=True)
    return ended
