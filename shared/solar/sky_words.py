"""The word for how bright a sky was; free of numerical libraries, for what only reads scores."""

from __future__ import annotations

import math

SKIES = (
    ("overcast", 0.0, 0.35),
    ("broken", 0.35, 0.8),
    ("clear", 0.8, math.inf),
)  # clear-sky index


def name(index: float | None) -> str | None:
    """Return the word for a clear-sky index; None for an unknown one."""
    if index is None:
        return None
    return next(word for word, low, high in SKIES if low <= index < high)
