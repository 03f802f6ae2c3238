"""Objects of the data bucket that a person may look at."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from console.errors import NotFoundError
from console.target import System
from shared import layout
from shared.aws import error_code
from shared.evaluation import Evaluation


def json_at(system: System, key: str) -> dict[str, Any] | None:
    """Return what an object holds, or None where there is none."""
    body = bytes_at(system, key)
    return None if body is None else dict(json.loads(body))


def bytes_at(system: System, key: str, **part: str) -> bytes | None:
    """Return an object's bytes, or None where there is none.

    Parameters
    ----------
    part
        Which version and which bytes of it, as GetObject names them.
    """
    s3 = system.client("s3")
    try:
        return bytes(s3.get_object(Bucket=system.bucket, Key=key, **part)["Body"].read())
    except ClientError as error:
        if error_code(error) in {"NoSuchKey", "NoSuchVersion"}:
            return None
        raise


def of_run(system: System, key: str) -> bytes:
    """Return what a run left.

    Raises
    ------
    NotFoundError
        It left none.
    """
    body = bytes_at(system, key)
    if body is None:
        raise NotFoundError(f"the run left no {key.rpartition('/')[2]} (it failed, or runs)")
    return body


def evaluation_of(system: System, run_id: str) -> Evaluation:
    """Return what a run found.

    Raises
    ------
    NotFoundError
        It left no evaluation.
    """
    return Evaluation.model_validate_json(of_run(system, layout.evaluation(run_id)))
