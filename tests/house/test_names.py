"""AWS names are spelled in one place."""

from __future__ import annotations

import re
from pathlib import Path

from tests.house.test_documents import tracked

ROOT = Path(__file__).parents[2]
# A name that is put together, or one of a stack, bucket or pipeline; `solar-retraining` is the tag's value.
SPELLED = re.compile(
    r"""f["']solar-|["']solar-(foundation|bootstrap|ml|retraining)["']|solar-power-"""
)
PRODUCT = {"services", "shared", "infra", "console", "scripts"}
MAY_SPELL = {"shared/names.py"}


def test_nobody_else_spells_a_name() -> None:
    strays = []
    for path in tracked("*.py"):
        place = path.relative_to(ROOT)
        if place.parts[0] in PRODUCT and str(place) not in MAY_SPELL:
            lines = path.read_text().splitlines()
            strays += [f"{place}:{n}" for n, line in enumerate(lines, 1) if SPELLED.search(line)]
    assert strays == []
