"""What the pipeline wrote below `runs/`."""

from __future__ import annotations

from dataclasses import dataclass

from shared import layout, report
from shared.aws import S3Objects
from shared.errors import NotFoundError
from shared.evaluated import read_evaluation
from shared.evaluation import Evaluation

_HTML = "text/html; charset=utf-8"


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

    def name_report(self, run_id: str, version: int) -> None:
        """Write the version's number into a run's report; a run without a report has none to name."""
        key = layout.report(run_id)
        try:
            page = self.objects.read(key).decode()
        except NotFoundError:
            return
        named = report.with_version(page, version)
        if named != page:
            self.objects.write(key, named.encode(), content_type=_HTML)
