"""Whether the tests notice small changes of what decides: `make mutate [MODULES="services/deployer/domain"]`.

mutmut changes a copy of the code in one place (a flipped comparison, a figure plus one, a negated condition,
a dropped argument) and runs the unit tests that reach it; a change that no test notices is a promise that no
test holds. Texts are left alone: tests hold promises, not words. Of each module a fixed sample is tried
(SAMPLE=25), so that two runs compare. Everything happens below build/mutate, in an environment of its own.

Some changes alter nothing that anybody could see ("equivalent"). They are listed like the others; judge them.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import venv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLACE = ROOT / "build/mutate"
TREE = PLACE / "tree"
REPORT = "mutants/report.txt"
PARTS = ("services", "shared", "console", "infra", "scripts", "tests", "bench", "docs")
FILES = ("pyproject.toml", "README.md", "solar", "Makefile", "requirements")
SAMPLE = int(os.environ.get("SAMPLE", "25"))
# What is changed, and the tests that should notice.
AREAS = {
    "services/data_watcher": ("tests/unit/data_watcher",),
    "services/trainer_trigger": ("tests/unit/trainer_trigger",),
    "services/trainer_trigger/pipeline/judging": ("tests/unit/pipeline",),
    "services/deployer": ("tests/unit/deployer",),
    "services/notifier": ("tests/unit/notifier",),
    "shared/solar": ("tests/unit/solar",),
}
DECIDING = (
    "services/*/app/**/*.py",
    "services/*/domain/**/*.py",
    "services/trainer_trigger/pipeline/judging/*.py",
    "shared/solar/plant_quality.py",
)
DRIVER = """\
import sys
import scripts.mutate
sys.exit(scripts.mutate.drive(sys.argv[1:]))
"""


def main() -> int:
    """Try every chosen module; print the share noticed per module, and what was not noticed."""
    modules = chosen(os.environ.get("MODULES", "").split())
    if not modules:
        print(
            "mutate: no deciding module is there; MODULES names files or folders", file=sys.stderr
        )
        return 2
    python = _environment()
    for area, tests in AREAS.items():
        here = [each for each in modules if area_of(each) == area]
        if here:
            _copy(here, tests)
            print(f"mutate: {len(here)} modules of {area}", file=sys.stderr)
            if not _try(python, here):
                return 1
    return 0


def _try(python: Path, modules: list[str]) -> bool:
    """Change some modules and print what was noticed; mutmut's own words go to a log."""
    log = PLACE / "log.txt"
    with log.open("w") as words:
        command = [str(python), "-c", DRIVER, *modules]
        done = subprocess.run(
            command, cwd=TREE, check=False, env=_variables(), stdout=words, stderr=words
        )
    if done.returncode:
        print(f"mutate: mutmut ended with {done.returncode}; see {log}", file=sys.stderr)
        return False
    print((TREE / REPORT).read_text(), end="", flush=True)
    return True


def chosen(asked: list[str]) -> list[str]:
    """Return the deciding modules, or those of them that were asked for."""
    found = sorted(
        {
            path.relative_to(ROOT).as_posix()
            for pattern in DECIDING
            for path in ROOT.glob(pattern)
            if path.name != "__init__.py"
        }
    )
    return [each for each in found if not asked or any(each.startswith(part) for part in asked)]


def area_of(module: str) -> str:
    """Return the area that a module belongs to: the deepest that holds it."""
    return max((area for area in AREAS if module.startswith(f"{area}/")), key=len)


def drive(modules: list[str]) -> int:
    """Sample the mutants of some modules and try them; runs inside the copy, with mutmut at hand."""
    from mutmut import __main__ as mutmut  # noqa: PLC0415 - only this environment has it
    from mutmut.mutation import mutators  # noqa: PLC0415

    kinds = mutators.mutation_operators
    kinds[:] = [kind for kind in kinds if kind[1] is not mutators.operator_string]
    Path("mutants").mkdir(exist_ok=True)
    os.environ["MUTANT_UNDER_TEST"] = "mutant_generation"
    with mutmut.CatchOutput(spinner_title="Generating mutants"):
        mutmut.copy_src_dir()
        mutmut.copy_also_copy_files()
        mutmut.setup_source_paths()
        mutmut.store_lines_covered_by_tests()
        mutmut.create_mutants(os.cpu_count() or 2)
    found, _ = mutmut.collect_source_file_mutation_data(mutant_names=())
    names = [
        name
        for module in modules
        for name in _sampled([key for data, key, _ in found if str(data.path) == module], module)
    ]
    if not names:  # of constants alone; mutmut would take no names for all of them
        Path(REPORT).write_text("       nothing to change in these modules\n")
        return 0
    with mutmut.CatchOutput(spinner_title="Running mutants"):
        mutmut._run(names, os.cpu_count() or 2)  # noqa: SLF001 - its command line takes no list
    tried, _ = mutmut.collect_source_file_mutation_data(mutant_names=names)
    lines = _report([(str(data.path), name, code) for data, name, code in tried], mutmut)
    Path(REPORT).write_text("".join(f"{line}\n" for line in lines))
    return 0


def _sampled(names: list[str], module: str) -> list[str]:
    chance = random.Random(module)  # noqa: S311 - a sample, not a secret
    return sorted(chance.sample(sorted(names), min(SAMPLE, len(names))))


def _report(tried: list[tuple[str, str, int | None]], mutmut: object) -> Iterator[str]:
    total, noticed = Counter(module for module, _, _ in tried), Counter[str]()
    missed: dict[str, list[str]] = {}
    for module, name, code in tried:
        status = mutmut.status_by_exit_code[code]  # type: ignore[attr-defined]
        if status in {"survived", "no tests"}:
            missed.setdefault(module, []).append(name)
        else:
            noticed[module] += 1
    for module, count in sorted(total.items()):
        yield f"{noticed[module] / count:5.0%}  {noticed[module]:3} of {count:3}  {module}"
        for name in missed.get(module, []):
            path = Path(module)
            yield from _changed(mutmut.get_diff_for_mutant(name, path=path))  # type: ignore[attr-defined]


def _changed(diff: str) -> list[str]:
    """Return the lines of a difference that changed, without its head."""
    lines = diff.splitlines()
    return [f"         {each}" for each in lines[2:] if each[:1] in {"+", "-"}]


def _environment() -> Path:
    """Return the Python of an environment with mutmut and all that the project's own has."""
    place = PLACE / "venv"
    python = place / "bin/python"
    lock = ROOT / "requirements/mutate.txt"
    stamp = place / "installed"
    if not stamp.exists() or stamp.read_text() != lock.read_text():
        print("mutate: setting up build/mutate/venv, once", file=sys.stderr)
        venv.create(place, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(lock)]
        subprocess.run(pip, check=True)
        ours = next((ROOT / ".venv/lib").glob("python*/site-packages"))
        theirs = next((place / "lib").glob("python*/site-packages"))
        (theirs / "ours.pth").write_text(f"{ours}\n")
        stamp.write_text(lock.read_text())
    return python


def _copy(modules: list[str], tests: tuple[str, ...]) -> None:
    """Copy the project, with mutmut's settings for some modules."""
    shutil.rmtree(TREE, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__")
    for part in PARTS:
        shutil.copytree(ROOT / part, TREE / part, ignore=ignored)
    for name in FILES:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, TREE / name)
    settings = (
        "\n[tool.mutmut]\n"
        'source_paths = ["services", "shared"]\n'
        f"only_mutate = {modules!r}\n"
        f"also_copy = {[*PARTS[2:], *FILES]!r}\n"
        f"pytest_add_cli_args_test_selection = {list(tests)!r}\n"
    )
    text = (TREE / "pyproject.toml").read_text()
    # What mutmut itself warns of is no fault of ours.
    text = text.replace('filterwarnings = ["error"]', 'filterwarnings = ["default"]')
    (TREE / "pyproject.toml").write_text(text + settings.replace("'", '"'))


def _variables() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(TREE)}


if __name__ == "__main__":
    sys.exit(main())
