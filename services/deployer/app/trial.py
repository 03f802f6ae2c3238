"""Asks a new version for the reference rows of its evaluation: during the canary, and as its smoke test."""

from __future__ import annotations

from dataclasses import dataclass

from services.deployer.domain import reference as rules
from services.deployer.domain.reference import Reference
from services.deployer.ports import Endpoints, Gauge, References, Registry
from shared.errors import NotReadyError

PROBES_PER_CHECK = 4  # at half the traffic, one check misses the new version once in sixteen times


@dataclass(frozen=True, slots=True)
class Trial:
    """Compares what an endpoint predicts with what the evaluation predicted."""

    registry: Registry
    references: References
    endpoints: Endpoints
    gauge: Gauge

    def probe(self, model_id: str, number: int) -> None:
        """Send the reference rows until the new version answers; set the metric behind the rollback alarm."""
        reference = self._reference(model_id, number)
        if reference is None:
            return
        for _ in range(PROBES_PER_CHECK):
            try:
                answer = self.endpoints.invoke(model_id, reference.request)
            except NotReadyError:
                return  # AWS watches the fleet itself; the next check asks again
            if answer.version == number:
                mismatched = not rules.agrees(reference, answer.power_kw)
                self.gauge.mismatch(model_id, mismatched=mismatched)
                return

    def fault(self, model_id: str, number: int) -> str | None:
        """Return why a version in service fails its smoke test, or None where it passes.

        Raises
        ------
        NotReadyError
            The endpoint does not answer yet.
        """
        reference = self._reference(model_id, number)
        if reference is None:
            return None  # a version registered by hand has no reference rows
        answer = self.endpoints.invoke(model_id, reference.request)
        return rules.fault(reference, answer, number)

    def _reference(self, model_id: str, number: int) -> Reference | None:
        version = self.registry.version(model_id, number)
        if version is None or version.run_id is None:
            return None
        return self.references.of_run(version.run_id)
