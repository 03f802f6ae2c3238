"""Which versions a person's rollback bars."""

from __future__ import annotations


def is_over(approved: tuple[int, ...], seen: int | None) -> bool:
    """Whether another version is the newest than the one that served when somebody asked."""
    return seen is not None and approved[:1] != (seen,)


def unwanted(
    approved: tuple[int, ...], to_version: int | None, seen: int | None = None
) -> tuple[int, ...]:
    """Return the versions that a rollback bars; none where nothing else could serve.

    Parameters
    ----------
    approved
        The approved versions, newest first.
    to_version
        The version that should serve; without it, the one before the newest.
    seen
        The version that served when somebody asked. Where another one is the newest by now, the request is
        about something that is over, or about less than it would bar.
    """
    if is_over(approved, seen):
        return ()
    if to_version is None:
        return approved[:1] if len(approved) > 1 else ()
    return tuple(each for each in approved if each > to_version) if to_version in approved else ()
