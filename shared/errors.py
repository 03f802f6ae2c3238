"""The errors of the product, and whether trying again can help.

SolarError
├── PermanentError        trying again gives the same: becomes state and a message to people
│   ├── InvalidConfigError   a site's or model's YAML says something that cannot be
│   ├── UnreadableFileError  an uploaded file cannot become canonical rows
│   ├── InvalidMessageError  a message is none that this product knows
│   └── NotFoundError        a named thing does not exist
└── RetryableError        the same call may succeed later: the message goes back to its queue
    ├── ConflictError        another writer came first; read again and decide again
    ├── NotReadyError        what is needed is on its way
    └── OperatorFaultError   AWS cannot do it until somebody mends the account, or capacity is back
"""

from __future__ import annotations

from datetime import datetime


class SolarError(Exception):
    """Base of every error the product raises on purpose."""


class PermanentError(SolarError):
    """Trying again gives the same result; the failure becomes state and a message to people."""


class InvalidConfigError(PermanentError):
    """A configuration file cannot be used.

    Parameters
    ----------
    reason
        What is wrong, in the operator's words.
    line
        Line in the YAML file, counted from one, or None where no single line is to blame.
    """

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason if line is None else f"line {line}: {reason}")
        self.reason = reason
        self.line = line


class UnreadableFileError(PermanentError):
    """An uploaded file cannot become canonical rows.

    Parameters
    ----------
    code
        Short stable name of the fault, as in the ledger's `reason_code`.
    reason
        What was found, with figures and place.
    remedy
        What the plant operator can do about it.

    Attributes
    ----------
    covers
        The time [start, end) of its rows; None where their stamps could not be read.
    """

    def __init__(self, code: str, reason: str, remedy: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason
        self.remedy = remedy
        self.covers: tuple[datetime, datetime] | None = None


class InvalidMessageError(PermanentError):
    """A message is no JSON, or none of the shapes that this product reads."""


class NotFoundError(PermanentError):
    """A thing that was named does not exist."""


class RetryableError(SolarError):
    """The same call may succeed later; the message goes back to its queue."""


class ConflictError(RetryableError):
    """A conditional write lost against another writer."""


class NotReadyError(RetryableError):
    """Something that is needed is not there yet."""


class OperatorFaultError(RetryableError):
    """AWS cannot do what was asked: capacity, a quota, a right or a role. No version is to blame."""
