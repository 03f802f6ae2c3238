"""Reference rows that an evaluation left beside its report."""

from __future__ import annotations

from dataclasses import dataclass

from services.deployer.domain.reference import Reference
from shared import layout
from shared.aws import S3Objects
from shared.errors import NotFoundError
from shared.evaluated import read_evaluation
from shared.evaluation import Evaluation


@dataclass(frozen=True, slots=True)
class S3References:
    """Reference rows that an evaluation left beside its report."""

    objects: S3Objects

    def evaluation(self, run_id: str) -> Evaluation | None:
        """Return a run's evaluation, or None where it left none."""
        return read_evaluation(self.objects, run_id)

    def of_run(self, run_id: str) -> Reference | None:
        """Return a run's reference rows, or None where it left none."""
        try:
            found = self.objects.read_json(layout.reference(run_id))
        except NotFoundError:
            return None
        expected = tuple(found["expected_kw"])
        tolerance = found["tolerance_kw"]
        if not isinstance(tolerance, list):
            tolerance = [tolerance] * len(expected)  # as runs of earlier releases wrote it
        return Reference(found["request"], expected, tuple(tolerance))
