"""The functions that deploy and answer run in a layer without numpy, pandas and pyarrow."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("numpy", "pandas", "pyarrow")


@pytest.mark.parametrize("module", ["services.deployer.composition", "services.deployer.ports"])
def test_what_a_light_function_imports_brings_no_heavy_library(module: str) -> None:
    said = f"import sys, {module}; print([each for each in {HEAVY} if each in sys.modules])"
    found = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
