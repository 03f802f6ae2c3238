"""What is imported is declared in the group of its place, and the image carries nothing else."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
GROUPS = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
OURS = {"services", "shared", "console", "infra", "scripts", "tests", "bench"}
# Which group a folder's code runs with; the deepest folder counts.
PLACES = {
    "services": "lambda",
    "services/data_watcher": "image",
    "services/trainer_trigger/pipeline": "image",
    "services/trainer_trigger/pipeline/definition": "pipeline",
    "services/deployer/inference": "image",
    "services/deployer/adapters/live": "image",
    "services/deployer/adapters/real_rows.py": "image",
    "services/deployer/app/live": "image",
    "services/deployer/domain/live": "image",
    "shared": "image",
    "infra/image": "image-lambda",
    "infra": "local",
    "infra/checks": "dev",
    "console": "local",
    "scripts": "local",
    "scripts/mutate.py": "mutate",
}
# Declared for the image although nothing of ours imports it.
ON_ITS_OWN = {
    "awslambdaric": "Lambda's entry point in the image",
    "boto3": "asked for, see docs/decisions/0002-dependencies.md",
    "httptools": "uvicorn's parser",
    "tzdata": "zones of the standard library's zoneinfo",
    "uvloop": "uvicorn's loop",
}
# Distributions of other names that this environment may not have.
DISTRIBUTIONS = {"autogluon": ["autogluon.tabular"], **packages_distributions()}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(group: str) -> set[str]:
    """The packages that a group names, extras as packages of their own as boto3-stubs has them."""
    found = set()
    for entry in GROUPS[group]:
        if isinstance(entry, dict):
            found |= declared(entry["include-group"])
            continue
        name, extras = re.match(r"([\w.-]+)(?:\[([^]]*)\])?", entry).groups()
        found.add(plain(name))
        if plain(name) == "boto3-stubs":
            found |= {f"mypy-boto3-{plain(extra)}" for extra in extras.split(",")}
    return found


def is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def imported(tree: ast.AST) -> Iterator[str]:
    """The top names of other people's modules, those for type checkers aside."""
    for node in ast.iter_child_nodes(tree):
        if is_for_types(node):
            continue
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            modules = [node.module]
        else:
            yield from imported(node)
            continue
        for module in modules:
            top = module.partition(".")[0]
            if top not in OURS and top not in sys.stdlib_module_names:
                yield top


def imported_for_types(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if is_for_types(node):
            yield from imported(ast.Module(node.body, []))


def distribution(module: str) -> set[str]:
    return {plain(name) for name in DISTRIBUTIONS.get(module, [module])}


def group_of(path: str) -> str:
    places = [place for place in PLACES if path == place or path.startswith(f"{place}/")]
    return PLACES[max(places, key=len)]


def sources() -> Iterator[tuple[str, ast.AST]]:
    for folder in sorted({place.partition("/")[0] for place in PLACES}):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text("utf-8"))


def test_what_is_imported_is_declared_where_it_runs():
    missing = {
        f"{path} imports {module}, which group {group_of(path)} does not name"
        for path, tree in sources()
        for module in imported(tree)
        if not distribution(module) & declared(group_of(path))
    }
    assert sorted(missing) == []


def test_what_is_imported_for_types_is_declared_for_developing():
    missing = {
        f"{path} imports {module} for its types, which group dev does not name"
        for path, tree in sources()
        for module in imported_for_types(tree)
        if not distribution(module) & declared("dev")
    }
    assert sorted(missing) == []


@pytest.mark.parametrize("folder", ["tests", "bench"])
def test_what_tests_and_benchmarks_import_is_declared(folder):
    """The peers of a benchmark come with its own list."""
    known = declared("dev")
    if folder == "bench":
        listed = (ROOT / "bench/peers.txt").read_text()
        known |= {plain(name) for name in re.findall(r"(?m)^([\w.-]+)==", listed)}
    missing = {
        f"{path.relative_to(ROOT)} imports {module}"
        for path in (ROOT / folder).rglob("*.py")
        for module in imported(ast.parse(path.read_text("utf-8")))
        if not distribution(module) & known
    }
    assert sorted(missing) == []


def test_the_image_carries_nothing_that_nothing_there_imports():
    used = {
        name
        for path, tree in sources()
        if group_of(path) in {"lambda", "image", "image-lambda"}
        for module in imported(tree)
        for name in distribution(module)
    }
    unused = declared("image-lambda") - used
    assert unused == set(ON_ITS_OWN)


def test_the_data_of_the_demo_and_what_tests_compare_with_stay_out_of_the_image():
    locked = (ROOT / "requirements/image-lambda.txt").read_text()
    names = set(re.findall(r"(?m)^([a-z][\w.-]*)==", locked))
    assert not names & {"pvlib", "pvanalytics", "statsmodels", "scikit-image", "h5py"}
    assert "pyarrow" in names


@pytest.mark.parametrize("group", ["lambda", "image-lambda"])
def test_what_is_tested_is_what_runs_whatever_the_python(group):
    """A package that has another version for each Python would be tested in one and run in the other."""
    locked = re.findall(r"(?m)^([a-z][\w.-]*)==", (ROOT / f"requirements/{group}.txt").read_text())
    assert sorted(locked) == sorted(set(locked))
