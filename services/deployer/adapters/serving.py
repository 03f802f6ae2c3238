"""Who serves a model: instances with a canary, a serverless endpoint, or a function without an endpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.deployer.adapters.endpoints import SageMakerEndpoints, answered
from services.deployer.adapters.lines import FunctionLine
from services.deployer.domain import night, serving
from services.deployer.domain.deployment import Endpoint, Version, configuration_name, settled
from services.deployer.domain.night import Spot
from services.deployer.domain.reference import Answer
from services.deployer.domain.serving import Serving, Standing
from services.deployer.ports import ServingMemory
from shared.clock import Clock
from shared.model_config import EndpointConfig, Mode


@dataclass(frozen=True, slots=True)
class ServingByMode:
    """Implements the port `Endpoints`: one story for every mode, as `domain/serving.py` tells it."""

    endpoints: SageMakerEndpoints
    memory: ServingMemory
    function: Any
    spots: Callable[[str], Iterable[Spot]]
    clock: Clock

    # --- what is ------------------------------------------------------------------------------------

    def describe(self, model_id: str) -> Endpoint | None:
        """Return who serves a model, with what is tested beside it; None where nothing does."""
        written, first = self.memory.serving(model_id), self.endpoints.describe(model_id)
        has_second = written.candidate is not None and not written.candidate_is_first
        second = self.endpoints.second(model_id) if has_second else None
        return serving.seen(written, first, second)

    def glance(self, model_id: str) -> Endpoint | None:
        """Return the same where nothing is under way, in one call where there is an endpoint."""
        first = self.endpoints.describe(model_id)
        return first or serving.seen(self.memory.serving(model_id), None, None)

    def invoke(self, model_id: str, request: dict[str, Any], *, candidate: bool = False) -> Answer:
        """Ask who serves, or what is tested beside; its answer says which version gave it.

        Raises
        ------
        NotReadyError
            Nobody answers right now.
        """
        written = self.memory.serving(model_id)
        standing = written.candidate if candidate else written.by_function
        if standing is not None and standing.mode == "none":
            line = FunctionLine(self.function, lambda _: standing.version)
            return answered(line, model_id, request)
        if candidate and not written.candidate_is_first:
            return self.endpoints.invoke_second(model_id, request)
        return self.endpoints.invoke(model_id, request)

    # --- what is done -------------------------------------------------------------------------------

    def create(self, version: Version, config: EndpointConfig) -> None:
        """Let a version serve a model that nothing serves."""
        self.drop(version.model_id)  # what was tested beside another way of serving
        written = self.memory.serving(version.model_id)
        config = settled(config, written.mode)
        standing = _standing(version, config)
        if standing.mode == "none":
            self.memory.keep_serving(version.model_id, Serving(standing, mode="none"))
            return
        if written.mode != standing.mode:
            self.memory.keep_serving(version.model_id, replace(written, mode=standing.mode))
        self.endpoints.create(version, config)

    def update(
        self,
        version: Version,
        config: EndpointConfig,
        *,
        goes_back: bool,
        ignores: tuple[str, ...] = (),
    ) -> None:
        """Begin to let a version serve in place of what does, as `config` says.

        Raises
        ------
        NotReadyError
            What serves is being changed.
        OperatorFaultError
            AWS cannot do it, whatever the version.
        """
        model_id = version.model_id
        written, now = self.memory.serving(model_id), self._mode(model_id) or "realtime"
        standing = _standing(version, config)
        if serving.is_tested_beside(now, standing.mode, goes_back=goes_back):
            self.memory.keep_serving(model_id, replace(written, candidate=standing))
            self._bring_up(version, config, written)
        elif standing.mode == "none":
            self.memory.keep_serving(model_id, Serving(standing, mode="none"))
        elif now == "realtime":
            self.endpoints.update(version, config, goes_back=goes_back, ignores=ignores)
        else:
            name = self.endpoints.configurations.keep(version, config)
            self.endpoints.give(model_id, name)

    def _bring_up(self, version: Version, config: EndpointConfig, written: Serving) -> None:
        """Create what a candidate answers with: the function needs nothing."""
        if config.mode == "none":
            return
        if written.by_function is not None:
            self.endpoints.create(version, config)
        else:
            self.endpoints.check_ours(version.model_id)
            self.endpoints.create_second(version, config)

    def switch(self, model_id: str) -> None:
        """Give all requests to the candidate, which passed its tests.

        AWS makes no serverless endpoint of one with instances: that one is deleted, and created anew by the
        next step. Everything else changes at once.
        """
        written = self.memory.serving(model_id)
        candidate = written.candidate
        if candidate is None:
            return
        if candidate.mode == "none":
            self.memory.keep_serving(model_id, Serving(candidate, mode="none"))
        elif written.by_function is not None:
            self.memory.keep_serving(model_id, Serving(mode=candidate.mode))
        elif self._mode(model_id) == "serverless":
            self.endpoints.give(model_id, candidate.configuration)
            given = replace(candidate, was_given=True)
            self.memory.keep_serving(model_id, replace(written, candidate=given))
        else:
            self.memory.keep_serving(model_id, replace(written, mode=candidate.mode))
            self.endpoints.delete(model_id)

    def drop(self, model_id: str) -> None:
        """Take the candidate away, where there is one; what serves is left alone."""
        written = self.memory.serving(model_id)
        if written.candidate is None:
            return
        if written.candidate.mode != "none":
            if written.candidate_is_first:
                self.endpoints.delete(model_id)
            else:
                self.endpoints.delete_second(model_id)
        self.memory.keep_serving(model_id, replace(written, candidate=None))

    def delete(self, model_id: str) -> None:
        """Let nothing serve a model any more."""
        written = self.memory.serving(model_id)
        if written.candidate is not None:
            self.endpoints.delete_second(model_id)
        if self.endpoints.describe(model_id) is not None:
            self.endpoints.delete(model_id)
        if written != Serving(mode=written.mode):
            self.memory.keep_serving(model_id, Serving(mode=written.mode))

    def tidy(self, model_id: str, in_use: str) -> None:
        """Delete what no longer serves: the endpoint from before, the second one, old configurations."""
        written = self.memory.serving(model_id)
        mode = self._mode(model_id)
        if written.by_function is not None and self.endpoints.describe(model_id) is not None:
            self.endpoints.delete(model_id)
        if written.candidate is not None:
            self.endpoints.delete_second(model_id)
        if written.candidate is not None or written.mode != mode:
            self.memory.keep_serving(model_id, replace(written, candidate=None, mode=mode))
        if mode in {"serverless", "none"}:
            self.endpoints.keep_alarms(model_id, mode)
        self.endpoints.tidy(model_id, in_use)

    def _mode(self, model_id: str) -> Mode | None:
        """Return in which mode a model is served; None where nothing serves it."""
        if self.memory.serving(model_id).by_function is not None:
            return "none"
        first = self.endpoints.describe(model_id)
        return first.mode if first is not None else None

    # --- what only instances have -------------------------------------------------------------------

    def keep_scaling(self, model_id: str, config: EndpointConfig) -> None:
        """Let the instances follow their load, and the sun where the YAML says so, where there are any."""
        if self._mode(model_id) != "realtime":
            return
        wanted = config.night_instance_count is not None
        nights = night.nights(self.spots(model_id), self.clock().year) if wanted else []
        self.endpoints.keep_scaling(model_id, config, nights)

    def keep_alarms(self, model_id: str) -> None:
        """Put the alarms of a model, as this release has them."""
        self.endpoints.keep_alarms(model_id, self._mode(model_id) or "none")

    def ringing(self, model_id: str) -> tuple[str, ...]:
        """Return the endpoint's alarms that are in ALARM."""
        return self.endpoints.ringing(model_id)

    def rang_since(self, model_id: str, since: datetime) -> tuple[str, ...]:
        """Return the endpoint's alarms that went into ALARM at some time or later."""
        return self.endpoints.rang_since(model_id, since)

    def stop_canary(self, model_id: str, reason: str) -> None:
        """Let AWS take a canary back now."""
        self.endpoints.stop_canary(model_id, reason)

    def check_ours(self, model_id: str) -> None:
        """Do nothing where a model's endpoint is this product's, or there is none."""
        self.endpoints.check_ours(model_id)


def _standing(version: Version, config: EndpointConfig) -> Standing:
    mode = config.mode or "realtime"
    return Standing(version.number, configuration_name(version, config), mode)
