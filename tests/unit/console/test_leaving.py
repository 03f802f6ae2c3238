"""The program ends with the code that it was ended with, also where Arrow's threads would abort it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
# A late abort as Arrow's threads cause it: at the very end of the interpreter.
ABORTS = "import atexit, os; atexit.register(os.abort)"


def ended(code: str, before: str) -> subprocess.CompletedProcess[str]:
    leave = f"from console.leaving import leave\nprint('an answer')\nleave(SystemExit({code}))"
    program = f"import sys\n{before}\n{leave}"
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(("code", "expected"), [("None", 0), ("0", 0), ("1", 1), ("'why'", 1)])
def test_an_abort_at_the_very_end_does_not_change_the_exit_code(code: str, expected: int) -> None:
    done = ended(code, f"{ABORTS}\nsys.modules['pyarrow'] = sys")

    assert done.returncode == expected
    assert done.stdout == "an answer\n"
    assert ("why" in done.stderr) is (code == "'why'")


def test_without_arrow_the_program_ends_as_any_other() -> None:
    done = ended("3", "import atexit; atexit.register(print, 'goodbye')")

    assert done.returncode == 3
    assert done.stdout == "an answer\ngoodbye\n"
