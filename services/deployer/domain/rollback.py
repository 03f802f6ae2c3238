"""Which versions a person's rollback bars."""

from __future__ import annotations


def unwanted(approved: tuple[int, ...], to_version: int | None) -> tuple[int, ...]:
    """Return the versions that a rollback bars; none where nothing else could serve.

    Parameters
    ----------
    approved
        The approved versions, newest first.
    to_version
        The version that should serve; without it, the one before the newest.
    """
    if to_version is None:
        return approved[:1] if len(approved) > 1 else ()
    return tuple(each for each in approved if each > to_version) if to_version in approved else ()
