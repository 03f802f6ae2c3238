"""What a version was trained and tested on, as its run left it in the bucket."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict

from services.deployer.domain.deployment import LogEntry
from services.deployer.domain.live.unseen import Place, Trained
from shared import layout
from shared.aws import S3Objects
from shared.dataset import coverage, file_ids, providers
from shared.errors import NotFoundError
from shared.evaluated import read_evaluation
from shared.evaluation import Evaluation


class _Site(BaseModel):
    model_config = ConfigDict(extra="ignore", defer_build=True)

    site_id: str
    latitude: float
    longitude: float
    timezone: str
    ac_capacity_kw: float


class _Described(BaseModel):
    model_config = ConfigDict(extra="ignore", defer_build=True)

    step_minutes: int
    sites: tuple[_Site, ...]


@dataclass(frozen=True, slots=True)
class S3Versions:
    """Reads what runs left; a process reads each run once, for nothing of it ever changes."""

    objects: S3Objects
    _known: dict[tuple[str, int], Trained] = field(default_factory=dict)
    _evaluations: dict[str, Evaluation] = field(default_factory=dict)

    def trained(self, model_id: str, served: LogEntry) -> Trained | None:
        """Return what a version was trained on; None where its run left nothing that says so."""
        key = model_id, served.version
        if key not in self._known:
            found = self._read(model_id, served)
            if found is None:
                return None
            self._known[key] = found
        return self._known[key]

    def evaluation(self, run_id: str) -> Evaluation | None:
        """Return a run's evaluation, or None where it left none."""
        if run_id not in self._evaluations:
            found = read_evaluation(self.objects, run_id)
            if found is None:
                return None
            self._evaluations[run_id] = found
        return self._evaluations[run_id]

    def _read(self, model_id: str, served: LogEntry) -> Trained | None:
        if served.run_id is None or served.dataset_id is None:
            return None
        evaluation = self.evaluation(served.run_id)
        if evaluation is None:
            return None
        try:
            described = self.objects.read(layout.dataset(model_id, served.dataset_id))
        except NotFoundError:
            return None
        said = _Described.model_validate_json(described)
        return Trained(
            served.version,
            evaluation.train_window.end,
            evaluation.test_window.end,
            said.step_minutes,
            coverage(described).spans,
            {
                each.site_id: Place(
                    **each.model_dump(exclude={"site_id"}),
                    corrects_clock=each.site_id in evaluation.corrected_clocks,
                )
                for each in said.sites
            },
            file_ids(described),
            _best_first(providers(described), evaluation),
        )


def _best_first(names: frozenset[str], evaluation: Evaluation) -> tuple[str, ...]:
    """Return providers by their error in training, others last."""
    known = evaluation.forecast.best_first if evaluation.forecast else ()
    return (*(name for name in known if name in names), *sorted(names - set(known)))
