"""Processes are told apart, and children end with whoever started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from infra.local import children, environment, guard, processes
from infra.local.children import Child
from infra.local.home import Home, default_home


def wait(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def start(folder, program, grace=5.0):
    return Child(
        [sys.executable, "-c", program],
        environment={"PATH": os.environ["PATH"]},
        folder=folder,
        register=folder / "children",
        grace=grace,
    )


def test_a_process_is_known_by_pid_and_start():
    me = processes.identity(os.getpid())
    assert me is not None
    assert processes.is_running(os.getpid(), me)
    assert not processes.is_running(os.getpid(), "another time")


def test_ending_spares_a_process_that_has_the_number_now():
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        assert processes.end(other.pid, "another time", grace=1.0)
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_childs_output_and_exit_code_come_back(tmp_path):
    child = start(tmp_path, "import sys; print('hello'); sys.exit(7)")
    assert child.output.read() == b"hello\n"
    assert child.wait() == 7
    child.output.close()
    assert list((tmp_path / "children").iterdir()) == []


def test_a_child_that_ends_by_a_signal_says_so(tmp_path):
    child = start(tmp_path, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert child.wait() == 128 + signal.SIGKILL
    child.output.close()


def test_a_child_that_will_not_end_is_killed(tmp_path):
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print('ready', flush=True); time.sleep(60)"
    )
    child = start(tmp_path, stubborn, grace=0.2)
    assert child.output.readline() == b"ready\n"
    assert child.end() == 128 + signal.SIGKILL
    child.output.close()


def test_grandchildren_end_too(tmp_path):
    family = (
        "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', 'import time;"
        " time.sleep(60)']); print(p.pid, flush=True); p.wait()"
    )
    child = start(tmp_path, family)
    pid = int(child.output.readline())
    child.end()
    child.output.close()
    wait(lambda: processes.identity(pid) is None)


def test_a_command_ends_when_the_platform_is_gone():
    read, write = os.pipe()
    command = [
        sys.executable,
        "-c",
        "import os, time; print(os.getpid(), flush=True); time.sleep(60)",
    ]
    guarded = subprocess.Popen(
        [sys.executable, "-I", "-S", guard.__file__, str(read), "0.2", "--", *command],
        pass_fds=(read,),
        stdout=subprocess.PIPE,
    )
    with guarded:
        assert guarded.stdout is not None
        pid = int(guarded.stdout.readline())
        os.close(write)
        assert guarded.wait(10) == 128 + signal.SIGTERM
    os.close(read)
    assert processes.identity(pid) is None


def test_orphans_of_a_dead_platform_are_ended(tmp_path):
    child = start(tmp_path, "import time; print('ready', flush=True); time.sleep(60)")
    child.output.readline()
    (tmp_path / "children" / "1.json").write_text("half")
    assert children.end_orphans(tmp_path / "children") == 1
    assert child.wait(5) != 0
    child.output.close()
    assert list((tmp_path / "children").iterdir()) == []


def test_a_platforms_environment_has_nothing_of_the_callers_account(tmp_path):
    caller = {
        "PATH": "/bin",
        "AWS_ACCESS_KEY_ID": "AKIAREAL",
        "AWS_PROFILE": "production",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "SECRET": "x",
        "SOLAR_LOCAL_JOBS": "1",
    }
    variables = environment.of_platform(Home(tmp_path), 4567, caller)
    assert variables["AWS_ACCESS_KEY_ID"] == "test"
    assert variables["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4567"
    assert variables["AWS_REGION"] == "eu-west-1"
    assert variables["SOLAR_LOCAL_JOBS"] == "1"
    assert not {"AWS_PROFILE", "SECRET"} & variables.keys()
    places = ("STATE_DIR", "S3_DATA_DIR", "TMPDIR")
    assert all(variables[name].startswith(str(tmp_path)) for name in places)


@pytest.mark.parametrize(("variables", "ends"), [({}, ".solar"), ({"SOLAR_HOME": "/x/y"}, "/x/y")])
def test_the_home_is_the_one_that_is_named(variables, ends):
    assert str(default_home(variables)).endswith(ends)
