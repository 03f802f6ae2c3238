"""The demo's platform, the console that shows it, and a Chromium that only reaches this machine."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[2]
DEMO_SECONDS = 600


def chromium() -> str:
    """Return the machine's Chromium; where there is none, the tests are skipped."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("no chromium is installed; on Debian: apt-get install chromium")
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="session")
def address(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the console answers; the demo was played before, unless SOLAR_CONSOLE names one that runs."""
    if running := os.environ.get("SOLAR_CONSOLE"):
        yield running
        return
    home = tmp_path_factory.mktemp("demo")
    environment = {**os.environ, "SOLAR_HOME": str(home), "SOLAR_ENDPOINT": "local"}
    solar = [sys.executable, "-m", "console"]
    demo = [*solar, "demo", "--home", str(home), "--port", str(_free_port()), "--keep-running"]
    done = subprocess.run(
        demo,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        check=False,
        text=True,
        timeout=DEMO_SECONDS,
    )
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        with subprocess.Popen(
            [*solar, "console", "--port", "0"],
            cwd=ROOT,
            env={**environment, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            text=True,
        ) as server:
            assert server.stdout is not None
            found = re.search(r"http://127\.0\.0\.1:\d+", server.stdout.readline())
            assert found is not None
            yield found[0]
            server.terminate()
    finally:
        subprocess.run([*solar, "local", "down"], cwd=ROOT, env=environment, check=False)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
