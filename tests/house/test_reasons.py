"""Every reason for which a file is refused, or a row left out, is explained to the people who meet it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from services.data_watcher.domain.reasons import MASKED, REFUSED
from tests.unit.data_watcher import files_page

ROOT = Path(__file__).parents[2]
WATCHER = ROOT / "services/data_watcher"
RAISES = {"UnreadableFileError", "Fault"}
COUNTED = {"reasons", "counts", "skipped"}  # variables whose keys are reasons of masked rows


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


def masks() -> set[str]:
    """Return the reasons under which the reader counts rows: keys of what it calls reasons or counts."""
    trees = (ast.parse(path.read_text()) for path in (WATCHER / "adapters/reading").glob("*.py"))
    return {key for tree in trees for node in ast.walk(tree) for key in keys(node)}


def keys(node: ast.AST) -> Iterator[str]:
    """Yield the keys that a statement or an expression writes."""
    match node:
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(key))):
            if name in COUNTED:
                yield key
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in COUNTED:
            yield from (each for inner in ast.walk(value) for each in named(inner))
        case ast.keyword(arg=name, value=value) if name in COUNTED:
            yield from (each for inner in ast.walk(value) for each in named(inner))


def named(node: ast.AST) -> Iterator[str]:
    """Yield the keys of a dict."""
    if isinstance(node, ast.Dict):
        yield from (key.value for key in node.keys if isinstance(key, ast.Constant))


def test_the_codes_are_found() -> None:
    assert {"wrong_unit", "counter", "no_source"} <= codes()
    assert {"sentinel", "bad_timestamp", "ragged_row", "counter_gap"} <= masks()


def test_what_each_code_means_is_said_in_one_place_and_nothing_else_is() -> None:
    assert codes() == REFUSED.keys()


def test_what_each_masked_row_means_is_said() -> None:
    assert sorted(masks() - MASKED.keys()) == []


def test_the_page_of_all_reasons_is_what_is_said() -> None:
    assert files_page.PAGE.read_text() == files_page.page(), "`make docs` writes it anew"


def test_the_runbook_names_every_code() -> None:
    runbook = ROOT / "docs/runbooks/data_watcher.md"
    told = set(re.findall(r"`([a-z_]+)`", runbook.read_text()))
    assert sorted(codes() - told) == []
