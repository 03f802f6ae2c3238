"""Reads what a run's evaluation left in the bucket."""

from __future__ import annotations

from shared import layout
from shared.aws import S3Objects
from shared.errors import NotFoundError
from shared.evaluation import Evaluation


def read_evaluation(objects: S3Objects, run_id: str) -> Evaluation | None:
    """Return a run's evaluation, or None where it left none, or none yet."""
    try:
        return Evaluation.model_validate_json(objects.read(layout.evaluation(run_id)))
    except NotFoundError:
        return None
