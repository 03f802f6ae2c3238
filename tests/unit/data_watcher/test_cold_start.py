"""What a function loads before its first message: heavy libraries only with the first file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
HEAVY = ("pandas", "pyarrow", "numpy", "pvlib", "sklearn", "boto3", "yaml")


@pytest.mark.parametrize(
    "handler",
    [
        "services.data_watcher.entry.inbox",
        "services.data_watcher.entry.query",
        "services.notifier.entry.inbox",
        "services.notifier.entry.query",
    ],
)
def test_no_handler_loads_what_only_a_file_needs(handler: str) -> None:
    code = f"import sys, {handler}; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
