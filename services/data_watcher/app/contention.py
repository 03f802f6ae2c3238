"""What to do when another process saved the same record first."""

from __future__ import annotations

from collections.abc import Callable

from shared.errors import ConflictError

TRIES = 5


def insist(step: Callable[[], None]) -> None:
    """Do a step that loads, decides and saves; again from the start where somebody saved meanwhile.

    Raises
    ------
    ConflictError
        Others kept saving; the message has to come again.
    """
    for _ in range(TRIES - 1):
        try:
            step()
        except ConflictError:
            continue
        return
    step()
