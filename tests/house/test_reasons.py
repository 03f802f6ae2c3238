"""Every reason for which a file is refused is explained to the people who meet it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WATCHER = ROOT / "services/data_watcher"
RAISES = {"UnreadableFileError", "Fault"}


def codes() -> set[str]:
    """Return the codes that the service writes as the first argument of a fault."""
    found = set()
    for path in WATCHER.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.args:
                code = call.args[0]
                if call.func.id in RAISES and isinstance(code, ast.Constant):
                    found.add(code.value)
    return found


def test_the_codes_are_found() -> None:
    assert {"wrong_unit", "counter", "no_source"} <= codes()


@pytest.mark.parametrize(
    "document", ["services/data_watcher/README.md", "docs/runbooks/data_watcher.md"]
)
def test_a_document_names_every_code(document: str) -> None:
    told = set(re.findall(r"`([a-z_]+)`", (ROOT / document).read_text()))
    assert sorted(codes() - told) == []
