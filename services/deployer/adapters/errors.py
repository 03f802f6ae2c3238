"""SageMaker's error codes.

It says ValidationException both for "exists already" and for "does not exist"; which it is follows from
asking, never from its text.
"""

from __future__ import annotations

VALIDATION = "ValidationException"
ABSENT = {VALIDATION, "ResourceNotFound"}
MODEL_ERROR = "ModelError"  # the container answered, with an error
OPERATORS_FAULTS = {
    "ResourceLimitExceeded",
    "LimitExceededException",
    "ThrottlingException",
    "Throttling",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "InternalFailure",
    "InternalServerException",
    "ResourceInUse",
}
