"""How much memory a process took."""

from __future__ import annotations

from pathlib import Path


def anonymous(process: int | str = "self") -> int:
    """Return what a process holds now and cannot give back; 0 for one that has ended. [bytes]"""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    _, found, rest = status.partition("RssAnon:")
    return int(rest.split()[0]) * 1024 if found else 0


def peak() -> float:
    """Return the peak of this process's memory. [MiB]

    `ru_maxrss` would not do: a child starts with what its parent had.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024
