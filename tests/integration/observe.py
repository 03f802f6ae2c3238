"""Looking at what happens: waiting for it, and at the processes of this machine."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import Any


def wait_for(read: Any, wanted: Any, seconds: float = 30.0) -> Any:
    """Return what `read` gives as soon as `wanted` holds for it."""
    deadline = time.monotonic() + seconds
    while True:
        found = read()
        if wanted(found):
            return found
        if time.monotonic() > deadline:
            message = f"not within {seconds} s: {found}"
            raise AssertionError(message)
        time.sleep(0.05)


def processes_of(text: str | Path) -> list[bytes]:
    """Return the command lines of all processes whose command or environment speaks of a text."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        if entry.name != str(os.getpid()):
            with contextlib.suppress(OSError):  # it ended while we looked
                command = (entry / "cmdline").read_bytes()
                if str(text).encode() in command + (entry / "environ").read_bytes():
                    found.append(command)
    return found
