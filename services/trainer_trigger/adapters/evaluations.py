"""What the pipeline wrote below `runs/`."""

from __future__ import annotations

from dataclasses import dataclass

from shared import layout
from shared.aws import S3Objects
from shared.evaluated import read_evaluation
from shared.evaluation import Evaluation


@dataclass(frozen=True, slots=True)
class S3Evaluations:
    """What the pipeline wrote below `runs/`."""

    objects: S3Objects

    def read(self, run_id: str) -> Evaluation | None:
        """Return a run's evaluation, or None while there is none."""
        return read_evaluation(self.objects, run_id)

    def uri(self, run_id: str) -> str:
        """Return where a run's evaluation is."""
        return layout.uri(self.objects.bucket, layout.evaluation(run_id))

    def report_uri(self, run_id: str) -> str:
        """Return where a run's report is."""
        return layout.uri(self.objects.bucket, layout.report(run_id))
