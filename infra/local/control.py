"""Starting and stopping the local platform."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.local import children, environment, inert, processes
from infra.local.errors import PlatformError
from infra.local.home import Home, default_home
from infra.local.inert import Difference

__all__ = [
    "PlatformError",
    "PlatformInfo",
    "default_home",
    "down",
    "explain",
    "status",
    "up",
]

DEFAULT_PORT = 4566
_STARTUP = 90.0  # [s]
_GRACE = 60.0  # what ends gracefully has this long [s]
_LEAST_FREE = 500 * 1024 * 1024  # [bytes]
_SHOWN_LINES = 15
_LAST_PORT = 65535
_ROOT = Path(__file__).resolve().parents[2]

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class PlatformInfo:
    """A running platform."""

    pid: int
    port: int
    endpoint_url: str
    account_id: str
    region: str
    home: str
    started: str

    def environment(self, region: str | None = None) -> dict[str, str]:
        """Return the variables that point boto3 and the AWS command line to this platform.

        Parameters
        ----------
        region
            One of the account's other Regions; None takes the one that the platform was started in.
        """
        here = region or self.region
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": here,
            "AWS_REGION": here,
        }


def _silent(_text: str) -> None:
    """Say nothing."""


def up(
    home: Path | None = None,
    port: int = DEFAULT_PORT,
    *,
    foreground: bool = False,
    progress: Progress = _silent,
    variables: Mapping[str, str] | None = None,
) -> PlatformInfo:
    """Start the platform and return when it answers; one that already runs is left as it is.

    Parameters
    ----------
    home
        Its folder; created if absent. Default: `SOLAR_HOME`, else `.solar` in the current folder.
    port
        Port on 127.0.0.1.
    foreground
        Stay until the platform ends; Ctrl-C ends it.
    progress
        Told what happens, a line each.
    variables
        The caller's environment; default: this process's.

    Raises
    ------
    PlatformError
        The port is in use or none, the disk is full, the folder cannot be written, or the platform did not
        start; the text says what to do.
    """
    place = Home((home or default_home()).absolute())
    caller = os.environ if variables is None else variables
    environment.keep_off_proxies()
    _make(place)
    with _locked(place):
        info = status(place.root)
        if info is not None:
            progress(f"the platform already runs at {info.endpoint_url} (pid {info.pid})")
        else:
            _clear(place)
            _refuse_port_in_use(port)
            info = _start(place, port, caller, progress)
    if foreground:
        _stay(place, info)
    return info


def down(home: Path | None = None, *, progress: Progress = _silent) -> bool:
    """Stop the platform: its state is saved, its processes end, its temporary files go.

    Returns
    -------
    bool
        Whether one ran. Without one, leftovers of one that died are cleared.
    """
    place = Home((home or default_home()).absolute())
    if not place.root.is_dir():
        return False
    with _locked(place):
        info = status(place.root)
        if info is not None:
            progress(f"stopping the platform (pid {info.pid})")
            gracefully = processes.end(info.pid, info.started, grace=_GRACE)
            _reap(info)
            if not gracefully:
                progress("it did not end by itself and was killed; its latest state is not saved")
        _clear(place)
        return info is not None


def since(home: Path | None = None) -> datetime:
    """Return when the platform of a home was started."""
    written = Home((home or default_home()).absolute()).info.stat().st_mtime
    return datetime.fromtimestamp(written, UTC)


def status(home: Path | None = None) -> PlatformInfo | None:
    """Return the running platform of a home, or None."""
    place = Home((home or default_home()).absolute())
    try:
        info = PlatformInfo(**json.loads(place.info.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None  # never started, or the file is of another version: nothing that we could own
    return info if processes.is_running(info.pid, info.started) else None


def explain(home: Path | None = None) -> list[Difference]:  # noqa: ARG001  # the same for every home
    """Return what behaves otherwise here than on AWS, and why."""
    return inert.differences()


# --- starting ----------------------------------------------------------------------


def _make(place: Home) -> None:
    try:
        place.root.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(place.root).free
    except OSError as error:
        message = f"{place.root} cannot be used as the platform's home: {error.strerror}"
        raise PlatformError(message) from error
    if free < _LEAST_FREE:
        message = (
            f"no space: {free // 1024**2} MB are free below {place.root}, the platform needs "
            f"{_LEAST_FREE // 1024**2} MB; free some or set SOLAR_HOME to another disk"
        )
        raise PlatformError(message)


def _refuse_port_in_use(port: int) -> None:
    if not 1 <= port <= _LAST_PORT:
        message = f"{port} is no port; choose one from 1 to {_LAST_PORT} with --port"
        raise PlatformError(message)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((environment.ADDRESS, port))
        except OSError as error:
            message = (
                f"port {port} is in use by another process ({error.strerror}); "
                "stop it or choose another with --port"
            )
            raise PlatformError(message) from error


def _start(place: Home, port: int, caller: Mapping[str, str], progress: Progress) -> PlatformInfo:
    progress(f"starting the platform on {environment.endpoint_url(port)}")
    place.temporary.mkdir(parents=True, exist_ok=True)
    variables = environment.of_platform(place, port, caller) | {"PYTHONPATH": str(_ROOT)}
    with place.log.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "infra.local"],  # ourselves
            env=variables,
            cwd=place.root,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_ready(place, port, process)
    except BaseException:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
        process.kill()
        process.wait()
        _clear(place)
        raise
    info = PlatformInfo(
        pid=process.pid,
        port=port,
        endpoint_url=environment.endpoint_url(port),
        account_id=environment.ACCOUNT_ID,
        region=variables["AWS_REGION"],
        home=str(place.root),
        started=processes.identity(process.pid) or "",
    )
    _write(place.info, json.dumps(asdict(info), indent=2) + "\n")
    process.returncode = 0  # it lives on without us; nobody here waits for it
    progress(f"the platform runs at {info.endpoint_url} (pid {info.pid})")
    return info


def _wait_until_ready(place: Home, port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _STARTUP
    while time.monotonic() < deadline:
        if process.poll() is not None:
            message = f"the platform did not start: {_tail(place)}"
            raise PlatformError(message)
        health = _health(port)
        if health and health["pid"] == process.pid and health["ready"]:
            return
        time.sleep(0.05)
    message = f"the platform did not answer within {_STARTUP:.0f} s: {_tail(place)}"
    raise PlatformError(message)


def _health(port: int) -> dict[str, Any] | None:
    url = f"{environment.endpoint_url(port)}/_solar/health"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  # our own address
            health: dict[str, Any] = json.loads(answer.read())
            return health
    except (OSError, ValueError):
        return None


def _tail(place: Home) -> str:
    lines = place.log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join([f"the end of {place.log}:", *lines[-_SHOWN_LINES:]])


def _write(path: Path, text: str) -> None:
    draft = path.with_suffix(".part")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def _stay(place: Home, info: PlatformInfo) -> None:
    try:
        while processes.is_running(info.pid, info.started):
            time.sleep(0.5)
    except KeyboardInterrupt:
        down(place.root)


# --- cleaning ----------------------------------------------------------------------


def _reap(info: PlatformInfo) -> None:
    """Take a platform that this very process started off the system's list once it has ended.

    Its main thread is gone a moment before its others, so this waits; unreaped, it would seem to have
    workers that still end.
    """
    if not processes.is_running(info.pid, info.started):
        with contextlib.suppress(ChildProcessError):  # another process started it
            os.waitpid(info.pid, 0)


def _clear(place: Home) -> None:
    """Remove what a platform that is gone left behind: its children, its temporary files, its file."""
    children.end_orphans(place.children)
    with contextlib.suppress(OSError, ValueError, KeyError):
        group = int(json.loads(place.info.read_text(encoding="utf-8"))["pid"])
        deadline = time.monotonic() + 5.0
        while processes.group_exists(group) and time.monotonic() < deadline:
            time.sleep(0.05)  # its Lambda workers notice within half a second
    shutil.rmtree(place.temporary, ignore_errors=True)
    place.info.unlink(missing_ok=True)


@contextlib.contextmanager
def _locked(place: Home) -> Iterator[None]:
    """Let one `up` or `down` work at a time."""
    with place.lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
