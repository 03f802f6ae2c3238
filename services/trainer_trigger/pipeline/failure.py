"""A run that cannot end in a verdict says what happened and what to do next, in one line."""

from __future__ import annotations

from shared.errors import PermanentError


class RunFailedError(PermanentError):
    """A job cannot go on.

    Parameters
    ----------
    cause
        What happened and where.
    next_step
        What a person can do about it.
    """

    def __init__(self, cause: str, next_step: str) -> None:
        super().__init__(f"{cause}; {next_step}")
        self.cause = cause
        self.next_step = next_step
