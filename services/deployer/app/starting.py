"""Starts a deployment, once, whatever dies in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.deployer.app.chronicle import Chronicle
from services.deployer.app.comparing import Comparing
from services.deployer.app.holding import Holding
from services.deployer.app.trial import Trial
from services.deployer.domain import alarms, deployment
from services.deployer.domain.deployment import Endpoint, InProgress, Version
from services.deployer.ports import Configuration, Endpoints, Progress, Registry, Setbacks
from shared.clock import Clock
from shared.errors import NotReadyError
from shared.model_config import EndpointConfig


@dataclass(frozen=True, slots=True)
class Starting:
    """Remembers a deployment before AWS is asked for it, so that a crash is taken up again."""

    registry: Registry
    configuration: Configuration
    endpoints: Endpoints
    progress: Progress
    setbacks: Setbacks
    trial: Trial
    comparing: Comparing
    holding: Holding
    chronicle: Chronicle
    clock: Clock

    def desired(
        self, model_id: str, approved: tuple[int, ...], endpoint: Endpoint | None
    ) -> int | None:
        """Return the version that should serve: the newest approved one that may begin now.

        What serves already is kept, and so is everything while AWS is not to be asked again yet. Where what
        serves is barred, a version that served before goes first: the next one is compared with it.
        """
        if not approved:
            return None
        if endpoint is not None and endpoint.version == approved[0]:
            return approved[0]
        serving = endpoint.version if endpoint is not None else None
        setback = self.setbacks.setback(model_id)
        waiting = setback.version if setback and self.clock() < setback.again_at else None
        if endpoint is None and waiting is None and deployment.asks_for_older(setback):
            approved = self._known_first(model_id, approved, setback.version if setback else None)
        if serving is not None and serving not in approved:
            approved = self._known_first(model_id, approved, waiting)
        for number in approved:
            if number in {serving, waiting}:
                return serving
            version = self.registry.version(model_id, number)
            if version is None or not version.is_approved:
                continue
            if not self.trial.may_begin(version):
                self.chronicle.untested(model_id, number)
            elif self._is_known(version) or self.holding.lets_pass(version):
                return number
        return None

    def _known_first(
        self, model_id: str, approved: tuple[int, ...], waiting: int | None
    ) -> tuple[int, ...]:
        for number in approved:
            if number != waiting and self.chronicle.has_served(model_id, number):
                return (number, *approved)
        return approved

    def _is_known(self, version: Version) -> bool:
        return self.chronicle.has_served(version.model_id, version.number)

    def nothing_to_begin(
        self, model_id: str, endpoint: Endpoint | None, coming: int | InProgress | None
    ) -> None:
        """Where a person rejected what serves and nothing else may serve: hold the model and say so, once.

        Parameters
        ----------
        coming
            What is desired or was begun.
        """
        if endpoint is None or endpoint.version is None or coming is not None:
            return
        version = self.registry.version(model_id, endpoint.version)
        decision = deployment.decision_of_person(version) if version is not None else None
        if version is None or version.is_approved or decision is None:
            return
        if not self.chronicle.has_said_serves_on(version):
            self.holding.hold_after_rejection(version, version.number)
            self.chronicle.serves_on(version, decision)

    def create(self, model_id: str, number: int) -> None:
        """Start the first deployment of a model."""
        goes_back = self.chronicle.has_served(model_id, number)
        version = self.registry.version(model_id, number)
        if version is None:
            return  # it was deleted from the registry meanwhile
        if not goes_back:
            self.comparing.prepare(version, None)
        self._forget_other_settings(version)
        begun = InProgress(number, None, self.clock(), goes_back=goes_back)
        self._begin(model_id, begun, self._created)

    def _forget_other_settings(self, version: Version) -> None:
        """What was begun ends where the YAML has changed since: what is created is as it says now."""
        begun = self.progress.in_progress(version.model_id)
        config = self.configuration.endpoint(version.model_id)
        if begun is None or not begun.configuration or config.mode is None:
            return
        if begun.configuration != deployment.configuration_name(version, config):
            self.progress.finish(version.model_id, begun)

    def update(self, model_id: str, number: int, endpoint: Endpoint) -> None:
        """Start the replacement of the version that serves.

        A version that served before is known to be good: it comes back at once, and no alarm that rings
        because of its successor may stop it. Any other waits while one rings, because it would be blamed;
        unless a person says that it shall not wait for what rings because of the version that serves.

        Raises
        ------
        NotReadyError
            An alarm of the endpoint rings, or may soon ring for what serves.
        """
        if number == endpoint.version:
            self._reconfigure_again(model_id, endpoint)
            return
        goes_back = self.chronicle.has_served(model_id, number)
        serving = self.registry.version(model_id, endpoint.version) if endpoint.version else None
        if serving is not None and number < serving.number:
            self.holding.hold_after_rejection(serving, number)
        version = self.registry.version(model_id, number)
        if version is None:
            return  # it was deleted from the registry meanwhile
        has_canary = endpoint.mode == "realtime"
        ignores = self._ignored(version) if has_canary and not goes_back else ()
        if not goes_back:
            self.comparing.prepare(version, endpoint.version)
        begun = InProgress(
            number,
            endpoint.version,
            self.clock(),
            goes_back=goes_back,
            ignores=ignores,
            mode=endpoint.mode,
        )
        config = deployment.in_mode_of(self.configuration.endpoint(model_id), endpoint)
        self._begin(model_id, begun, self._updated_to(config))

    def reconfigure(self, model_id: str, endpoint: Endpoint) -> bool:
        """Start to give a version that serves other instances; return whether there is anything to do.

        It is known to be good, so all traffic moves at once, to another mode too. Where only the scaling
        changed, that is set.

        Raises
        ------
        NotReadyError
            The endpoint is being changed by somebody else.
        """
        config = deployment.settled(self.configuration.endpoint(model_id), endpoint.mode)
        version = None
        if endpoint.version is not None:
            version = self.registry.version(model_id, endpoint.version)
        if version is None or not version.is_approved:
            return False
        wanted = deployment.configuration_name(version, config)
        setback = self.setbacks.setback(model_id)
        if setback and setback.version == version.number and self.clock() < setback.again_at:
            return False
        if endpoint.configuration == wanted:
            self.endpoints.keep_scaling(model_id, config)
            self.endpoints.keep_alarms(model_id)
            return False
        begun = InProgress(
            version.number, version.number, self.clock(), goes_back=True, configuration=wanted
        )
        self._begin(model_id, begun, self._updated_to(config))
        return True

    def _reconfigure_again(self, model_id: str, endpoint: Endpoint) -> None:
        """Whoever began to give what serves other instances died before AWS was asked."""
        begun = self.progress.in_progress(model_id)
        if not self.reconfigure(model_id, endpoint) and begun is not None:
            self.progress.finish(model_id, begun)  # the YAML says again what is

    def _ignored(self, version: Version) -> tuple[str, ...]:
        """Return the ringing alarms that a person says are about what serves.

        Raises
        ------
        NotReadyError
            An alarm rings, and nobody said so.
        """
        rings = self.endpoints.ringing(version.model_id)
        urgent = version.is_urgent and deployment.decision_of_person(version) is not None
        if all(urgent and alarms.may_be_ignored(each, version.model_id) for each in rings):
            return rings
        self.chronicle.waits(version, rings)
        message = f"{', '.join(rings)} rings; a new version would be blamed for it"
        raise NotReadyError(message)

    def was_taken(self, model_id: str, progress: InProgress) -> None:
        """AWS took the request; tell people before that is forgotten."""
        version = self.registry.version(model_id, progress.version) if progress.ignores else None
        self.chronicle.started(model_id, progress, version)
        self.progress.mark_called(model_id, progress)

    def _begin(
        self, model_id: str, begun: InProgress, ask: Callable[[Version, InProgress], None]
    ) -> None:
        known = self.progress.in_progress(model_id)
        if known is not None and known.called and known.version == begun.version:
            begun = known
        elif not self.progress.begin(model_id, begun):
            return  # another deployment was begun meanwhile; its events lead here again
        version = self.registry.version(model_id, begun.version)
        if version is None:
            return  # it was deleted from the registry meanwhile
        ask(version, begun)
        self.was_taken(model_id, begun)

    def _created(self, version: Version, _: InProgress) -> None:
        self.endpoints.create(version, self.configuration.endpoint(version.model_id))

    def _updated_to(self, config: EndpointConfig) -> Callable[[Version, InProgress], None]:
        def ask(version: Version, begun: InProgress) -> None:
            self.endpoints.update(version, config, goes_back=begun.goes_back, ignores=begun.ignores)

        return ask
