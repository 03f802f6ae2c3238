"""What holds for every suite: one thread per worker for the numerics, and which files stay together."""

from __future__ import annotations

import os
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from tests import aws_calls

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")  # so that two workers use two cores


# The same examples in every run, so that a test fails for a reason; HYPOTHESIS_PROFILE=explore draws others.
# How long one takes says more of the machine than of the code: no deadline.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", derandomize=False, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


# Files that tell one story of one system, in order.
STORIES = {
    "the system": ("tests/e2e/",),
    "the demo": ("tests/browser/test_console.py", "tests/browser/test_report.py"),
}


class Together(LoadFileScheduling):
    """Gives a file to one worker, and all files of a story."""

    def _split_scope(self, nodeid: str) -> str:
        scope = super()._split_scope(nodeid)
        return next((story for story, files in STORIES.items() if scope.startswith(files)), scope)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    """Schedule as above where files are to stay whole."""
    return Together(config, log) if config.getvalue("dist") == "loadfile" else None


def _read_models_once() -> None:
    """Let all sessions share botocore's models of services: most tests open sessions of their own."""
    load, held = JSONFileLoader.load_file, {}

    def shared(self: JSONFileLoader, file_path: str) -> Any:
        if file_path not in held:
            held[file_path] = load(self, file_path)
        return held[file_path]

    JSONFileLoader.load_file = shared


def pytest_configure(config: pytest.Config) -> None:
    """Watch the calls to AWS of each process that tests."""
    _read_models_once()
    if not hasattr(config, "workerinput"):
        aws_calls.begin()
    aws_calls.watch()
