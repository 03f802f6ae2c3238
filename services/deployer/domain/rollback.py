"""Which versions a rollback bars."""

from __future__ import annotations


def is_over(approved: tuple[int, ...], seen: int | None, *, is_held: bool = False) -> bool:
    """Whether another version is the newest than the one that served when a person asked.

    Where a person holds the model, newer versions wait, and do not count.
    """
    if is_held and seen is not None:
        return seen not in approved
    return seen is not None and approved[:1] != (seen,)


def unwanted(
    approved: tuple[int, ...],
    to_version: int | None,
    seen: int | None = None,
    *,
    is_held: bool = False,
) -> tuple[int, ...]:
    """Return the versions that a person's rollback bars; none where nothing else could serve.

    Parameters
    ----------
    approved
        The approved versions, newest first.
    to_version
        The version that should serve; without it, the one before the one that serves.
    seen
        The version that served when somebody asked. Where another one is the newest by now, the request is
        about something that is over, or about less than it would bar.
    is_held
        Whether a person holds the model, so that versions newer than `seen` wait.
    """
    if is_over(approved, seen, is_held=is_held):
        return ()
    if to_version is not None:
        return newer(approved, to_version) if to_version in approved else ()
    serving = seen if seen is not None else max(approved, default=0)
    return (serving,) if before(approved, serving) else ()


def unwanted_by_machine(
    approved: tuple[int, ...], to_version: int | None, seen: int | None
) -> tuple[int, ...]:
    """Return the versions that an exclusion bars: up to the one that served then, and none from later."""
    if to_version not in approved:
        return ()
    return tuple(each for each in newer(approved, to_version) if seen is None or each <= seen)


def newer(approved: tuple[int, ...], than: int) -> tuple[int, ...]:
    """Return the versions that are newer than one."""
    return tuple(each for each in approved if each > than)


def before(approved: tuple[int, ...], version: int) -> int | None:
    """Return the newest version that is older than one."""
    return next((each for each in approved if each < version), None)
