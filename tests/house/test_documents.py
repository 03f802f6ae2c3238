"""Documents point at what exists, and decisions have one form."""

from __future__ import annotations

import os
import re
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST_LINE = 140
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
MENTION = re.compile(r"\b(docs/[\w./-]+\.md)(#[\w-]+)?(?![\w{-])")
# A path of this repository between backticks; one with a wildcard or a placeholder is a pattern.
PLACE = re.compile(r"`((?:services|shared|infra|console|tests|scripts|bench|docs)/[\w./-]+)`")
GENERATED = {"build", "plant", "node_modules", "__pycache__", *(p.name for p in ROOT.glob(".*"))}
SECTIONS = ["Context", "Decision", "Consequences", "How to revert"]


def tracked(*patterns: str) -> list[Path]:
    """Return the project's own files that match some globs: nothing generated, nothing installed."""
    found = []
    for folder, below, names in os.walk(ROOT):
        below[:] = set(below) - GENERATED  # not even looked into: a platform may be at work there
        found += [
            Path(folder, each) for each in names if any(fnmatch(each, glob) for glob in patterns)
        ]
    return sorted(found)


MARKDOWN = tracked("*.md")
DECISIONS = [path for path in MARKDOWN if path.parent.name == "decisions"]


@cache
def anchors(path: Path) -> set[str]:
    """Return the anchors of a document as GitHub makes them from its headings."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).strip().replace(" ", "-") for each in headings}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def dead(source: Path, target: str) -> bool:
    place, _, anchor = target.partition("#")
    path = (source.parent / place).resolve() if place else source
    return not path.exists() or bool(anchor and anchor not in anchors(path))


@pytest.mark.parametrize("path", MARKDOWN, ids=name)
def test_every_link_of_a_document_leads_somewhere(path: Path) -> None:
    links = [each for each in LINK.findall(path.read_text()) if "://" not in each]
    assert [each for each in links if dead(path, each)] == []


@pytest.mark.parametrize("path", MARKDOWN, ids=name)
def test_every_path_that_a_document_names_exists(path: Path) -> None:
    if path.name == "CHANGELOG.md":
        return  # tells what was, too
    places = PLACE.findall(path.read_text())
    missing = [each for each in places if not (ROOT / each.rstrip("/")).exists()]
    assert missing == []


@pytest.mark.parametrize("path", MARKDOWN, ids=name)
def test_a_line_of_prose_can_be_read_without_scrolling(path: Path) -> None:
    lines = path.read_text().splitlines()
    long = [n for n, line in enumerate(lines, 1) if len(line) > LONGEST_LINE and line[0] != "|"]
    assert long == []


def test_every_document_that_code_or_a_template_names_exists() -> None:
    lost = []
    for path in tracked("*.py", "*.yaml", "*.jinja", "Makefile"):
        if path.is_relative_to(ROOT / "tests"):
            continue  # samples name what need not exist
        for document, anchor in MENTION.findall(path.read_text()):
            target = ROOT / document
            if not target.exists() or (anchor and anchor[1:] not in anchors(target)):
                lost.append(f"{name(path)}: {document}{anchor}")
    assert lost == []


@pytest.mark.parametrize("path", DECISIONS, ids=name)
def test_a_decision_has_a_date_and_says_how_to_revert(path: Path) -> None:
    text = path.read_text()
    number = path.name.partition("-")[0]
    assert re.match(rf"# {number}: \S.*\n\nDate: 2026-\d\d-\d\d\. Status: \S.*\.\n", text)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = sorted(int(path.name.partition("-")[0]) for path in DECISIONS)
    assert numbers == list(range(1, len(numbers) + 1))
