"""What a user can get wrong when the platform is to start is refused in words; what ends leaves nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict

import pytest

from infra.local import control, processes
from infra.local.errors import PlatformError
from infra.local.home import Home

ENDS_THREAD_BY_THREAD = """
import ctypes, os, signal, threading, time

def last():
    while not asked:
        time.sleep(0.01)
    time.sleep(0.3)
    os._exit(0)

asked = []
signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
threading.Thread(target=last).start()
print("ready", flush=True)
while not asked:
    time.sleep(0.01)
ctypes.CDLL(None).pthread_exit(None)
"""


@pytest.mark.parametrize("port", [-1, 0, 65536, 99999])
def test_what_is_no_port_is_refused(tmp_path, port):
    with pytest.raises(PlatformError, match=rf"{port} is no port; choose one from 1 to 65535"):
        control.up(tmp_path, port)


@pytest.mark.skipif(sys.platform != "linux", reason="how threads end is the system's")
def test_a_platform_whose_main_thread_ends_first_is_waited_for_and_taken_off_the_list(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", ENDS_THREAD_BY_THREAD],
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as platform:
        assert platform.stdout is not None
        assert platform.stdout.readline() == b"ready\n"
        info = control.PlatformInfo(
            pid=platform.pid,
            port=4566,
            endpoint_url="http://127.0.0.1:4566",
            account_id="000000000000",
            region="us-east-1",
            home=str(tmp_path),
            started=processes.identity(platform.pid) or "",
        )
        Home(tmp_path).info.write_text(json.dumps(asdict(info)))
        assert control.down(tmp_path)
        assert not processes.group_exists(platform.pid), (
            "or the next look waits five seconds for it"
        )
