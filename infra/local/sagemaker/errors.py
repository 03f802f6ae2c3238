"""Errors with AWS's codes."""

from __future__ import annotations


class ApiError(Exception):
    """An operation is refused.

    Parameters
    ----------
    code
        AWS's error code, as botocore shows it.
    message
        AWS's words, where they are known.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def invalid(message: str) -> ApiError:
    """Return SageMaker's usual refusal; most of its "not found" answers are this one too."""
    return ApiError("ValidationException", message)


def not_found(message: str) -> ApiError:
    """Return the refusal of the newer operations (pipelines) for what does not exist."""
    return ApiError("ResourceNotFound", message)


def conflict(message: str) -> ApiError:
    """Return the refusal of a change that the state of the resource does not allow."""
    return ApiError("ConflictException", message)
