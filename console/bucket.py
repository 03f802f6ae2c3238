"""Objects of the data bucket that hold JSON."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from console.state import state
from shared.aws import error_code


def json_at(key: str) -> dict[str, Any] | None:
    """Return what an object holds, or None where there is none."""
    s3 = state.system.client("s3")
    try:
        body = s3.get_object(Bucket=state.system.bucket, Key=key)["Body"].read()
    except ClientError as error:
        if error_code(error) == "NoSuchKey":
            return None
        raise
    return dict(json.loads(body))
