"""Asks a new version for rows whose answer is known: during the canary, and as its smoke test."""

from __future__ import annotations

from dataclasses import dataclass

from services.deployer.domain import reference as rules
from services.deployer.domain.deployment import Version
from services.deployer.domain.reference import Reference, Tested
from services.deployer.ports import Endpoints, Gauge, References, Registry
from shared.errors import NotReadyError

PROBES_PER_CHECK = 4  # at half the traffic, one check misses the new version once in sixteen times
TRIES = 3  # of a smoke test: a fleet that has just started may stumble once


@dataclass(frozen=True, slots=True)
class Trial:
    """Compares what an endpoint predicts with what the evaluation predicted."""

    registry: Registry
    references: References
    endpoints: Endpoints
    gauge: Gauge

    def may_begin(self, version: Version) -> bool:
        """Whether a version can be tested, or a person approved it although it cannot."""
        return version.is_unchecked or self._own(version) is not None

    def probe(self, model_id: str, number: int) -> None:
        """Send the rows until the new version answers; set the metric behind the rollback alarm."""
        reference = self._reference(model_id, number)
        if reference is None:
            return
        for _ in range(PROBES_PER_CHECK):
            try:
                answer = self.endpoints.invoke(model_id, reference.request)
            except NotReadyError:
                return  # AWS watches the fleet itself; the next check asks again
            if answer.version == number:
                mismatched = rules.fault(reference, answer, number) is not None
                self.gauge.mismatch(model_id, mismatched=mismatched)
                return

    def smoke_test(
        self, model_id: str, number: int, *, candidate: bool = False
    ) -> tuple[str | None, Tested]:
        """Return why a version in service fails, or None where it passes, and what it was compared with.

        Parameters
        ----------
        candidate
            Whether it is asked beside what serves, before anybody else is.

        Raises
        ------
        NotReadyError
            The endpoint does not answer yet.
        """
        reference = self._reference(model_id, number)
        if reference is None:
            return (
                None,
                "nothing",
            )  # approved as unchecked, and no version of the model has rows to ask for
        against: Tested = "evaluation" if reference.is_own else "plausible"
        found = None
        for _ in range(TRIES):
            answer = self.endpoints.invoke(model_id, reference.request, candidate=candidate)
            found = rules.fault(reference, answer, number)
            if found is None:
                break
        return found, against

    def _reference(self, model_id: str, number: int) -> Reference | None:
        """Return the rows of a version's evaluation; where it has none, those of another version's."""
        version = self.registry.version(model_id, number)
        if version is None:
            return None
        own = self._own(version)
        if own is not None:
            return own
        for other in self.registry.approved(model_id):
            known = self.registry.version(model_id, other) if other != number else None
            found = self._own(known) if known is not None else None
            if found is not None:
                return rules.plausible(found)
        return None

    def _own(self, version: Version) -> Reference | None:
        return self.references.of_run(version.run_id) if version.run_id is not None else None
